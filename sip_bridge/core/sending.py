"""Getting one request to its hop and its final response back: flows, fail-over, size, digest.

An `Outgoing` lives from `Sender.send` until its listener has heard a final response or a failure. In
between it may change flow (RFC 3263 4.3), transport (RFC 3261 18.1.1) and number (a challenge, 22.2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from sip_bridge.core.auth import Authenticator
from sip_bridge.core.binding import Binding
from sip_bridge.core.config import AgentConfig
from sip_bridge.core.effects import REFUSED_CONNECTION, CloseFlow, Flow, Hop, OpenFlow
from sip_bridge.core.message import Request, Response
from sip_bridge.core.transaction import Transaction
from sip_bridge.core.transaction_layer import ResponseArrived, TransactionFailed, TransactionLayer

TIMEOUT = "timeout"
_WITH_CONTACT = frozenset({"INVITE", "UPDATE", "REFER", "NOTIFY", "OPTIONS", "SUBSCRIBE"})

OnFlow = Callable[[Flow | None, str, float], None]


class Listener(Protocol):
    """Who hears what becomes of a request."""

    def on_response(self, sent: Outgoing, response: Response, flow: Flow, now: float) -> None:
        """A provisional or final response; several 2xx may come to an INVITE."""
        ...

    def on_failure(self, sent: Outgoing, reason: str, now: float) -> None:
        """No response: "timeout" or a REFUSED_* word."""
        ...


class Unheard(Listener):
    """For a request whose fate changes nothing: INFO, NOTIFY."""

    def on_response(self, sent: Outgoing, response: Response, flow: Flow, now: float) -> None:
        """Any answer will do."""

    def on_failure(self, sent: Outgoing, reason: str, now: float) -> None:
        """And so will none."""


@dataclass(eq=False)
class Outgoing:
    """A request on its way. `fixed`: over `flow` and nothing else.

    `renumber` gives the next CSeq number when a challenge is answered. `home`: it goes to our own server, so
    our credentials may answer. `far_end`: the challenger may be a peer behind the server (see `auth`).
    `once`: whatever comes back is the end of it; nothing is asked again.
    """

    request: Request
    listener: Listener
    renumber: Callable[[], int]
    hop: Hop
    flow: Flow | None = None
    fixed: bool = False
    home: bool = False
    far_end: bool = False
    transaction: Transaction | None = None
    challenged: set[tuple[int, str]] = field(default_factory=set)
    upgrade: bool = True
    once: bool = False
    abandoned: bool = False
    refused: tuple[Response, Flow] | None = None


class Sender:
    """Opens flows and starts client transactions; knows which transaction belongs to which request."""

    def __init__(
        self, config: AgentConfig, layer: TransactionLayer, binding: Binding, auth: Authenticator
    ) -> None:
        self._config = config
        self._layer = layer
        self._binding = binding
        self._auth = auth
        self._serial = 0
        self._opening: dict[int, OnFlow] = {}
        self._closed: list[CloseFlow] = []
        self._opened: list[OpenFlow] = []

    def take_effects(self) -> tuple[list[CloseFlow], list[OpenFlow]]:
        """Flows given up, and flows wanted."""
        closed, self._closed = self._closed, []
        opened, self._opened = self._opened, []
        return closed, opened

    # --- flows -----------------------------------------------------------------------------------

    def open(self, hop: Hop, on_flow: OnFlow) -> None:
        """Ask for a flow; `on_flow(flow, "", now)` or `on_flow(None, reason, now)` follows."""
        self._serial += 1
        self._opening[self._serial] = on_flow
        self._opened.append(OpenFlow(self._serial, hop))

    def close(self, flow: Flow, reason: str) -> None:
        """We need the flow no longer."""
        self._closed.append(CloseFlow(flow.id, reason))

    def flow_opened(self, request: int, flow: Flow, now: float) -> None:
        """The driver's answer."""
        on_flow = self._opening.pop(request, None)
        if on_flow is not None:
            on_flow(flow, "", now)

    def flow_refused(self, request: int, reason: str, now: float) -> None:
        """The driver's answer."""
        on_flow = self._opening.pop(request, None)
        if on_flow is not None:
            on_flow(None, reason, now)

    # --- requests --------------------------------------------------------------------------------

    def send(self, sent: Outgoing, now: float) -> None:
        """Start, over the flow it names or a flow to its hop."""
        if sent.flow is not None:
            self._launch(sent, sent.flow, now)
        else:
            self.open(sent.hop, lambda flow, reason, at: self._on_flow(sent, flow, reason, at))

    def abandon(self, sent: Outgoing) -> None:
        """Nobody wants to hear of it any more; what is on the wire is let be."""
        sent.abandoned = True

    def _on_flow(self, sent: Outgoing, flow: Flow | None, reason: str, now: float) -> None:
        if sent.abandoned:
            return
        if flow is not None:
            self._launch(sent, flow, now)
        elif sent.refused is not None:
            sent.listener.on_response(sent, *sent.refused, now)
        else:
            sent.listener.on_failure(sent, reason, now)

    def _launch(self, sent: Outgoing, flow: Flow, now: float) -> None:
        sent.flow = flow
        if sent.request.method in _WITH_CONTACT:
            sent.request.headers.set("Contact", self._binding.contact(flow))
        if self._too_large(sent, flow):
            hop = Hop(flow.remote[0], flow.remote[1], "tcp")
            self.open(hop, lambda stream, _, at: self._on_stream(sent, flow, stream, at))
        else:
            self._start(sent, flow, now)

    def _too_large(self, sent: Outgoing, flow: Flow) -> bool:
        if flow.transport != "udp" or not sent.upgrade:
            return False
        return len(bytes(self._layer.with_via(sent.request, flow))) > self._config.max_udp_request

    def _on_stream(self, sent: Outgoing, datagram: Flow, stream: Flow | None, now: float) -> None:
        if sent.abandoned:
            return
        if stream is None:
            sent.upgrade = False
        else:
            sent.flow = stream
        self._start(sent, stream or datagram, now)

    def _start(self, sent: Outgoing, flow: Flow, now: float) -> None:
        sent.transaction = self._layer.request(sent.request, flow, now)
        sent.transaction.user = sent

    # --- what became of them ---------------------------------------------------------------------

    def response_arrived(self, event: ResponseArrived, now: float) -> None:
        """Hand a response to whoever sent the request, unless it is one we can meet by asking again."""
        sent = _whose(event.transaction)
        if sent is None:
            return
        response = event.response
        if sent.once:
            sent.listener.on_response(sent, response, event.flow, now)
        elif response.status in {401, 407} and self._auth.answer(sent, response):
            self._again(sent, now)
        elif response.status == 503 and self._next_hop(sent):
            sent.refused = (response, event.flow)
            self._again(sent, now)
        else:
            sent.listener.on_response(sent, response, event.flow, now)

    def transaction_failed(self, event: TransactionFailed, now: float) -> None:
        """Try the next address of the hop, or say that nobody answered."""
        sent = _whose(event.transaction)
        if sent is None:
            return
        reason = REFUSED_CONNECTION if event.unreachable else TIMEOUT
        if self._next_hop(sent):
            self._again(sent, now)
        else:
            sent.listener.on_failure(sent, reason, now)

    def _next_hop(self, sent: Outgoing) -> bool:
        if sent.fixed or sent.once:
            return False
        sent.hop = replace(sent.hop, attempt=sent.hop.attempt + 1)
        sent.flow = None
        return True

    def _again(self, sent: Outgoing, now: float) -> None:
        if sent.flow is not None and sent.flow.reliable:
            self._start(sent, sent.flow, now)
        else:
            self.send(sent, now)


def _whose(transaction: Transaction) -> Outgoing | None:
    """The request a transaction is about, if it is still its newest and anybody cares."""
    sent = transaction.user
    if isinstance(sent, Outgoing) and sent.transaction is transaction and not sent.abandoned:
        return sent
    return None
