"""The sign-in screen: what is filled in, whether it is busy, and why it was refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from resources.words import Words
from softphone.domain.account import Account, Credentials, LineState, Refusal, Transport
from softphone.domain.errors import SignInRefused, SoftphoneError
from softphone.domain.events import AccountChanged, Event
from softphone.presenters import sentences
from softphone.presenters.parts import Advice, Choice, Option
from softphone.presenters.presenter import Presenter
from softphone.services.session import Session


@dataclass(frozen=True, slots=True)
class SignInView:
    """`wrong_field` is "", server, user or password. The prefill is read once, when the form opens."""

    server: str
    user: str
    ca_file: str
    remember: bool
    transport: Choice
    needed: bool
    busy: bool
    busy_text: str
    refusal: Advice | None
    wrong_field: str


class SignInPresenter(Presenter[SignInView]):
    """Signs in with what a person typed; a refusal leaves the form as it is."""

    def __init__(
        self,
        session: Session,
        words: Words,
        emit: Callable[[SignInView], None],
    ) -> None:
        super().__init__(words, emit)
        self._session = session
        self._account: Account = session.account
        self._attempt: asyncio.Task[Account] | None = None
        self._server = session.account.server
        self._refused, self._other = session.account.reason, ""

    def compose(self) -> SignInView:
        """The form as it stands."""
        prefill = self._session.remembered()
        code = self._refused
        refusal = sentences.refusal(self.words, code, self._server, self._other) if code else None
        known = Refusal(code) if code in set(Refusal) else Refusal.SERVER_ERROR
        return SignInView(
            server=prefill.server,
            user=prefill.user,
            ca_file=prefill.ca_file,
            remember=prefill.remember,
            transport=self._transports(prefill.transport),
            needed=self._attempt is not None
            or self._account.state in (LineState.SIGNED_OUT, LineState.REFUSED),
            busy=self._attempt is not None,
            busy_text=self._("Signing in to {server} …").format(server=self._server),
            refusal=refusal if self._attempt is None else None,
            wrong_field=sentences.WRONG_FIELD.get(known, "") if code else "",
        )

    def _transports(self, chosen: Transport) -> Choice:
        return Choice(
            (
                Option(Transport.AUTO, self._("Automatic (encrypted if possible)")),
                Option(Transport.TLS, self._("TLS (encrypted)")),
                Option(Transport.TCP, self._("TCP (not encrypted)")),
                Option(Transport.UDP, self._("UDP (not encrypted)")),
            ),
            chosen,
        )

    def hear(self, event: Event) -> None:
        """Follow the line."""
        if isinstance(event, AccountChanged):
            self._account = event.account
            if event.account.state is LineState.REFUSED:
                self._server, self._refused = event.account.server, event.account.reason
            elif event.account.state is LineState.REGISTERED:
                self._refused = ""
            self.render()

    async def sign_in(self, credentials: Credentials) -> None:
        """Try to sign in; the outcome is in the view. A second press while busy does nothing."""
        if self._attempt is not None:
            return
        self._server, self._refused, self._other = credentials.server.strip(), "", ""
        self._attempt = asyncio.ensure_future(self._session.sign_in(credentials))
        self.render()
        try:
            await self._attempt
        except SignInRefused as refused:
            self._refused, self._other = refused.code, refused.detail
        except SoftphoneError:
            self._refused = Refusal.SERVER_ERROR
        except asyncio.CancelledError:
            self._refused = ""
        finally:
            self._attempt = None
            self.render()

    async def cancel(self) -> None:
        """Stop trying; what was typed stays."""
        if self._attempt is not None:
            self._attempt.cancel()
