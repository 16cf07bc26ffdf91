"""What the parts of the exchange share: flows, transactions and the people's phones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from demo.bindings import Bindings
from sip_bridge.core.effects import Flow
from sip_bridge.core.message import Request, Response
from sip_bridge.core.timers import GIVE_UP, T1, Agenda
from sip_bridge.core.transaction import State, Transaction
from sip_bridge.core.transaction_layer import TransactionLayer
from sip_bridge.core.uri import SipUri, format_host

RING_S = 180.0
"""How long an INVITE may stay without its final answer."""

Fields = Sequence[tuple[str, str]]


class Errand(ABC):
    """A request of one phone on its way to another: what came of it goes back. The `user` of transactions."""

    @abstractmethod
    def on_response(self, sent: Transaction, response: Response, now: float) -> None:
        """The phone answers, provisionally or finally."""

    @abstractmethod
    def on_failure(self, sent: Transaction, unreachable: bool, now: float) -> None:
        """It does not answer: in time, or because its connection broke."""


class Revocable(ABC):
    """What a CANCEL is about. The `user` of an INVITE that came in."""

    @abstractmethod
    def cancel(self, now: float, reason: str) -> None:
        """Whoever asked wants no answer any more."""


class Lines:
    """Flows by number, the transaction layer, and who is registered where."""

    def __init__(self, realm: str, random: Callable[[int], bytes]) -> None:
        self.realm = realm
        self.agenda = Agenda()
        self.layer = TransactionLayer(random, self.agenda)
        self.bindings = Bindings()
        self.flows: dict[int, Flow] = {}
        self._random = random

    def tag(self) -> str:
        """A fresh tag, or half a Call-ID."""
        return self._random(8).hex()

    def ours(self, uri: SipUri) -> bool:
        """Whether the exchange itself is meant."""
        if uri.host == self.realm and uri.port is None:
            return True
        return any((uri.host, uri.port) == flow.local for flow in self.flows.values())

    def contact(self, user: str, flow: Flow) -> tuple[str, str]:
        """The Contact header under which one phone knows another: the exchange, where `flow` ends."""
        host, port = flow.local
        transport = f";transport={flow.transport}" if flow.reliable else ""
        at = f"{user}@" if user else ""
        return ("Contact", f"<sip:{at}{format_host(host)}:{port}{transport}>")

    def respond(
        self,
        transaction: Transaction,
        status: int,
        now: float,
        *,
        tag: str = "",
        headers: Fields = (),
        body: bytes = b"",
        reason: str | None = None,
    ) -> None:
        """Answer a request; where neither the request nor the caller brings a To tag, a fresh one."""
        to_tag = tag or ("" if status == 100 else self.tag())
        response = transaction.request.reply(status, reason, to_tag=to_tag)
        for name, value in headers:
            response.headers.add(name, value)
        response.body = body
        self.layer.respond(transaction, response, now)

    def send(self, request: Request, flow: Flow, errand: Errand | None, now: float) -> Transaction:
        """Ask a phone; `errand` hears the answer."""
        sent = self.layer.request(request, flow, now)
        sent.user = errand
        if request.method == "INVITE":
            self.agenda.set(sent, now + RING_S, lambda at: self.cancel(sent, at))
        return sent

    def cancel(self, invite: Transaction, now: float, reason: str = "") -> None:
        """CANCEL, but not before a provisional response; who never answers then is forgotten (9.1)."""
        if invite.state is State.CALLING:
            self.agenda.set(invite, now + T1, lambda at: self.cancel(invite, at, reason))
        elif invite.state is State.PROCEEDING:
            self.layer.cancel(invite, now, reason)
            self.agenda.set(invite, now + GIVE_UP, lambda at: self.give_up(invite, at))

    def give_up(self, invite: Transaction, now: float) -> None:
        """There will be no answer."""
        self.done(invite)
        self.layer.forget(invite)
        if isinstance(invite.user, Errand):
            invite.user.on_failure(invite, False, now)

    def done(self, invite: Transaction) -> None:
        """Its final answer is there."""
        self.agenda.clear(invite)
