"""Signing in and out, and the state of the line in between."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

from softphone.domain.account import Account, Credentials, LineState, Refusal, Transport
from softphone.domain.errors import SignInRefused
from softphone.domain.events import AccountChanged
from softphone.ports import (
    Directory,
    Discovery,
    Registered,
    RegistrationLost,
    RegistrationRefused,
    SipAccount,
    Telephony,
    TelephonyEvent,
)
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.account_memory import AccountMemory
from softphone.services.numbers import Numbers, bare
from softphone.services.server_address import ServerAddress, parse_server
from softphone.services.settings import Settings

log = logging.getLogger(__name__)

PASSING = frozenset(
    {Refusal.NO_NETWORK, Refusal.SERVER_SILENT, Refusal.SERVER_NOT_FOUND, Refusal.SERVER_ERROR}
)
"""Refusals that time may heal: a start without network tries again by itself."""

FIRST_RETRY_S = 2.0
LONGEST_RETRY_S = 60.0

_USER = re.compile(r"[A-Za-z0-9\-_.!~*'()&=+$,;?/%]+")


class Session:
    """One person's line at one server."""

    def __init__(
        self,
        telephony: Telephony,
        directory: Directory,
        memory: AccountMemory,
        settings: Settings,
        numbers: Numbers,
        bus: Bus,
        tasks: Tasks,
        *,
        version: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._telephony = telephony
        self._directory = directory
        self._memory = memory
        self._settings = settings
        self._numbers = numbers
        self._bus = bus
        self._tasks = tasks
        self._version = version
        self._sleep = sleep
        self._lock = asyncio.Lock()
        self._retry: asyncio.Task[None] | None = None
        self._account = Account()
        telephony.listen(self._heard)

    @property
    def account(self) -> Account:
        """The line as it stands."""
        return self._account

    def remembered(self) -> Credentials:
        """What the sign-in form starts with; the password in it is always empty."""
        return self._memory.prefill()

    async def sign_in(self, credentials: Credentials) -> Account:
        """Sign in, leaving whatever line was there before. Raises SignInRefused; nothing is retried then."""
        self._stop_retrying()
        async with self._lock:
            return await self._sign_in(credentials)

    async def sign_out(self) -> None:
        """Unregister, and forget the secret and the number."""
        self._stop_retrying()
        async with self._lock:
            await self._telephony.sign_out()
            await self._memory.forget()
            self._set(Account())

    async def restore(self) -> bool:
        """Sign in with the remembered account in the background; False when there is none."""
        credentials = await self._memory.stored()
        if credentials is None:
            return False
        self.keep_signing_in(credentials)
        return True

    def keep_signing_in(self, credentials: Credentials) -> None:
        """Sign in in the background, again and again while only the network or the server is missing."""
        self._stop_retrying()
        self._set(Account(LineState.SIGNING_IN, credentials.user, credentials.server))
        self._retry = self._tasks.spawn(self._persist(credentials), "signing in")

    async def close(self) -> None:
        """Unregister because the program ends; what is remembered stays."""
        self._stop_retrying()
        async with self._lock:
            await self._telephony.sign_out()
            self._set(Account())

    async def _persist(self, credentials: Credentials) -> None:
        pause = FIRST_RETRY_S
        while True:
            try:
                async with self._lock:
                    await self._sign_in(credentials)
                return
            except SignInRefused as refused:
                if refused.code not in PASSING:
                    return
                self._set(replace(self._account, state=LineState.RECONNECTING))
            await self._sleep(pause)
            pause = min(2 * pause, LONGEST_RETRY_S)

    def _stop_retrying(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    async def _sign_in(self, credentials: Credentials) -> Account:
        if self._account.state in (LineState.REGISTERED, LineState.RECONNECTING):
            await self._telephony.sign_out()
        self._set(Account(LineState.SIGNING_IN, credentials.user, credentials.server))
        try:
            registered, number = await self._register(credentials)
        except SignInRefused as refused:
            log.info("sign-in refused: %s", refused.code)
            self._set(replace(self._account, state=LineState.REFUSED, reason=str(refused.code)))
            raise
        except asyncio.CancelledError:
            self._set(Account())
            raise
        self._set(
            replace(self._account, state=LineState.REGISTERED, user=number, transport=registered.transport)
        )
        await self._memory.keep(credentials)
        return self._account

    async def _register(self, credentials: Credentials) -> tuple[Registered, str]:
        """Try the number in the form the server wants; after 404 once in the other form (then remembered)."""
        server = parse_server(credentials.server)
        ca_file = credentials.ca_file or self._settings.text("sip.ca_file")
        typed = self._user(credentials.user)
        offered = await self._directory.discover(server.host, ca_file=ca_file) or Discovery()
        self._check_version(offered, server)
        forms = self._forms(typed, offered.number_format or self._memory.number_form(server.key))
        if offered.number_format:
            forms = forms[:1]
        account = await self._account_for(server, offered, credentials, ca_file)
        while True:
            form, number = forms.pop(0)
            try:
                registered = await self._telephony.sign_in(replace(account, number=number))
            except SignInRefused as refused:
                if not forms or refused.status_code != 404:
                    raise
                continue
            await self._note(server, registered, form if number != typed else "")
            return registered, number

    async def _account_for(
        self, server: ServerAddress, offered: Discovery, credentials: Credentials, ca_file: str
    ) -> SipAccount:
        tls_known = self._memory.tls_known(server.key)
        by_administrator = self._settings.locked("sip.transport")
        chosen = next(
            (t for t in (server.transport, credentials.transport) if t is not Transport.AUTO),
            Transport(self._settings.text("sip.transport")),
        )
        if chosen is Transport.AUTO and offered.transport:
            chosen = Transport(offered.transport)
        if by_administrator:
            chosen = Transport(self._settings.text("sip.transport"))
        elif tls_known:
            chosen = Transport.TLS
        return SipAccount(
            host=offered.sip_domain or server.host,
            port=0 if offered.sip_domain else server.port,
            number="",
            secret=credentials.password,
            transport=chosen.value,
            ca_file=ca_file,
            tls_required=chosen is Transport.TLS,
            instance_id=await self._memory.instance_id(),
        )

    async def _note(self, server: ServerAddress, registered: Registered, form: str) -> None:
        if registered.transport == Transport.TLS:
            await self._memory.note_tls(server.key)
        if form:
            await self._memory.note_number_form(server.key, form)

    def _check_version(self, offered: Discovery, server: ServerAddress) -> None:
        """Too old: by the server's own word, or because it names a service and no SIP side we could use."""
        needed = _version(offered.minimum_version)
        if needed > _version(self._version) or (offered.service_url and not offered.sip_domain):
            raise SignInRefused(Refusal.TOO_OLD, server.host)

    def _user(self, text: str) -> str:
        """The typed number or name without separators. Raises SignInRefused (bad-number)."""
        user = bare(text) if "@" not in text else text
        if not _USER.fullmatch(user) or (user.startswith("+") and not self._numbers.international(user)):
            raise SignInRefused(Refusal.BAD_NUMBER, text)
        return user

    def _forms(self, typed: str, wanted: str) -> list[tuple[str, str]]:
        """The number in every form worth trying, the wanted one first, else as typed."""
        known = [
            (form, number)
            for form, number in (
                ("national", self._numbers.national(typed)),
                ("international", self._numbers.international(typed)),
            )
            if number
        ]
        first = [entry for entry in known if entry[0] == wanted]
        as_typed = [(form, number) for form, number in known if number == typed] or [("", typed)]
        ordered = [*first, *as_typed, *known]
        return [entry for index, entry in enumerate(ordered) if entry not in ordered[:index]]

    def _heard(self, event: TelephonyEvent) -> None:
        """The user agent keeps the registration by itself; here it is only told."""
        if self._account.state not in (LineState.REGISTERED, LineState.RECONNECTING):
            return
        match event:
            case Registered(transport=transport):
                state, reason = LineState.REGISTERED, ""
            case RegistrationLost(refusal=reason):
                state, transport = LineState.RECONNECTING, self._account.transport
            case RegistrationRefused(refusal=reason):
                state, transport = LineState.REFUSED, self._account.transport
            case _:
                return
        self._set(replace(self._account, state=state, transport=transport, reason=reason))

    def _set(self, account: Account) -> None:
        if account != self._account:
            self._account = account
            self._bus.publish(AccountChanged(account))


def _version(text: str) -> tuple[int, ...]:
    """A version as numbers; anything after the first sign that is no digit or dot is ignored."""
    found = re.match(r"\d+(\.\d+)*", text)
    return tuple(int(part) for part in found[0].split(".")) if found else ()
