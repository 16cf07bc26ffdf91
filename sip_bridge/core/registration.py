"""Registering, and staying registered (RFC 3261 10, RFC 3581, RFC 3608, RFC 5626)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto

from sip_bridge.core.backoff import BackOff
from sip_bridge.core.config import RegistrationConfig
from sip_bridge.core.context import Context
from sip_bridge.core.effects import REFUSED_CONNECTION, REFUSED_EXHAUSTED, Flow
from sip_bridge.core.events import (
    LocalAddressChanged,
    RegistrationFailed,
    RegistrationSucceeded,
    Unregistered,
)
from sip_bridge.core.keepalive import KeepAlive
from sip_bridge.core.message import Response
from sip_bridge.core.parts import number_of, retry_after
from sip_bridge.core.register_request import (
    LONGEST_BINDING,
    Form,
    build_register,
    granted,
    seen_by_server,
    service_routes,
)
from sip_bridge.core.sending import TIMEOUT, Listener, Outgoing

REFRESH_AT = 0.8
SHORTEST_PAUSE = 2.0
"""Seconds between two REGISTERs, whatever the registrar grants."""

LONGEST_WAIT = 600.0
"""Seconds a refusal can silence us: one may be forged, or say more than anybody meant."""

UNREGISTER_WITHIN = 4.0
FINAL = {401: "wrong-credentials", 407: "wrong-credentials", 403: "forbidden", 404: "not-found"}
"""Refusals nothing is tried after, with their reason keys; 405, 501, 505 and 6xx join them as "forbidden"."""


class Phase(Enum):
    """Where we are with the registrar."""

    IDLE = auto()
    OPENING = auto()
    REGISTERING = auto()
    REGISTERED = auto()
    WAITING = auto()
    UNREGISTERING = auto()


class Registration(Listener):
    """The agent's one registration."""

    def __init__(self, context: Context, on_moved: Callable[[float], None]) -> None:
        """`on_moved(now)`: our Contact has another port, so peers of running calls must be told."""
        self._context = context
        self._on_moved = on_moved
        self._keepalive = KeepAlive(context, self._dead)
        self._backoff = BackOff(context.random)
        self._phase = Phase.IDLE
        self._account: RegistrationConfig  # from the first `register` on
        self._call_id = ""
        self._cseq = 0
        self._attempt = 0
        self._generation = 0
        self._expires = 0
        self._outbound = True
        self._sent: Outgoing | None = None
        self._contact = ""
        self._last_flow: Flow | None = None
        self._trouble = ""
        self._correcting = False

    # --- commands --------------------------------------------------------------------------------

    def register(self, account: RegistrationConfig, now: float) -> None:
        """Register this account; what ran for another is dropped."""
        self._reset()
        self._account = account
        self._context.binding.account = account
        self._context.auth.use(account)
        self._call_id = self._context.tag() + self._context.tag()
        self._expires = account.expires
        self._open(now)

    def unregister(self, now: float) -> None:
        """Remove our binding; the account stays known so that running calls can end."""
        flow = self._context.binding.flow
        self._stop_waiting()
        self._keepalive.stop()
        if not self._contact or flow is None:
            self._phase = Phase.IDLE
            self._context.emit(Unregistered())
            return
        self._phase = Phase.UNREGISTERING
        self._context.agenda.set(("unregister", self), now + UNREGISTER_WITHIN, self._unregistered)
        self._send(flow, now, expires=0)

    def refresh(self, now: float) -> None:
        """Wake: look at the flow, or try again at once."""
        if self._phase is Phase.REGISTERED:
            self._keepalive.poke(now)
        elif self._phase is Phase.WAITING:
            self._open(now)

    def renew(self, now: float) -> None:
        """Ask the registrar now, whether or not it is time: its answer shows that it is there."""
        flow = self._context.binding.flow
        if self._phase is Phase.REGISTERED and flow is not None:
            self._register(flow, now)
        else:
            self.refresh(now)

    def leave_flow(self, now: float) -> None:
        """The local address changed: another flow, and a REGISTER over it."""
        if self._phase in {Phase.IDLE, Phase.UNREGISTERING}:
            return
        flow = self._context.binding.flow
        self._lose_flow()
        if flow is not None:
            self._context.sender.close(flow, "local address changed")
        self._attempt = 0
        self._open(now)

    # --- flows -----------------------------------------------------------------------------------

    def flow_closed(self, flow_id: int, now: float) -> None:
        """The driver lost a flow; if it is ours, we are not registered any more."""
        flow = self._context.binding.flow
        if flow is None or flow.id != flow_id or self._phase is Phase.UNREGISTERING:
            return
        self._lose_flow()
        if self._phase in {Phase.REGISTERED, Phase.REGISTERING}:
            self._retry(0, REFUSED_CONNECTION, now)

    def pong(self, flow: Flow, now: float) -> None:
        """CRLF arrived over `flow`."""
        self._keepalive.pong(flow, now)

    def _dead(self, now: float) -> None:
        """No keep-alive comes back: the flow is worth nothing, whatever the system says of it."""
        flow = self._context.binding.flow
        self._lose_flow()
        if flow is not None and flow.reliable:
            self._context.sender.close(flow, "keep-alive unanswered")
        self._context.emit(RegistrationFailed(0, TIMEOUT, 0.0))
        self._attempt = 0
        self._backoff.next(now)
        self._open(now)

    def _lose_flow(self) -> None:
        self._keepalive.stop()
        self._context.binding.lose()
        self._stop_waiting()

    def _open(self, now: float) -> None:
        self._stop_waiting()
        self._phase = Phase.OPENING
        self._generation += 1
        generation = self._generation
        hop = replace(self._context.binding.hop or self._account.registrar, attempt=self._attempt)
        self._context.sender.open(hop, lambda flow, why, at: self._on_flow(generation, flow, why, at))

    def _on_flow(self, generation: int, flow: Flow | None, reason: str, now: float) -> None:
        if generation != self._generation or self._phase is not Phase.OPENING:
            return
        if flow is None:
            self._try_next(reason, now)
            return
        self._context.binding.take(flow)
        if self._last_flow is not None and self._last_flow.id != flow.id:
            self._context.layer.move(self._last_flow.id, flow)
        self._register(flow, now)

    def _try_next(self, reason: str, now: float) -> None:
        """The registrar's next address at once; after the last one wait and begin with the first."""
        if reason == REFUSED_EXHAUSTED:
            reason, self._trouble, self._attempt = self._trouble or reason, "", 0
            self._retry(0, reason, now)
        else:
            self._trouble = self._trouble or reason
            self._attempt += 1
            self._open(now)

    # --- REGISTER --------------------------------------------------------------------------------

    def _register(self, flow: Flow, now: float) -> None:
        self._phase = Phase.REGISTERING
        self._send(flow, now, expires=self._expires)

    def _send(self, flow: Flow, now: float, *, expires: int, old_contact: str = "") -> None:
        self._abandon()
        self._contact = self._context.binding.contact(flow)
        form = Form(self._account, self._call_id, self._number(), expires, self._contact, self._outbound)
        request = self._context.stamp(build_register(form, self._context.binding, self._context.tag()))
        if old_contact not in {"", self._contact}:
            request.headers.add("Contact", f"{old_contact};expires=0")
        self._context.auth.preempt(request)
        hop = self._account.registrar
        self._sent = Outgoing(request, self, self._number, hop, flow, fixed=True, home=True, upgrade=False)
        self._context.sender.send(self._sent, now)

    def _number(self) -> int:
        self._cseq += 1
        return self._cseq

    # --- what became of it -----------------------------------------------------------------------

    def on_response(self, sent: Outgoing, response: Response, flow: Flow, now: float) -> None:
        """The registrar's word."""
        if response.status < 200:
            return
        self._sent = None
        if self._phase is Phase.UNREGISTERING:
            self._unregistered(now)
        elif response.status < 300:
            self._accepted(response, flow, now)
        elif not self._adapted(response, flow, now):
            self._refused(response, now)

    def on_failure(self, sent: Outgoing, reason: str, now: float) -> None:
        """Nobody answered: the next address of the registrar, if it has one."""
        self._sent = None
        self._lose_flow()
        if self._phase is Phase.UNREGISTERING:
            self._unregistered(now)
        else:
            self._try_next(reason, now)

    def _accepted(self, response: Response, flow: Flow, now: float) -> None:
        binding = self._context.binding
        seen = seen_by_server(response, flow)
        expires = granted(response, self._contact, self._expires)
        if not expires:
            self._retry(response.status, "server-error", now)
            return
        binding.service_routes = service_routes(response)
        self._keepalive.start(flow, self._account.keepalive_s, self._account.keepalive_by_options, now)
        if seen != (binding.public or flow.local) and not self._correcting:
            binding.seen_as(seen, flow)
            self._correcting = True
            self._send(flow, now, expires=self._expires, old_contact=self._contact)
            return
        self._correcting = False
        self._phase = Phase.REGISTERED
        self._trouble = ""
        self._backoff.reset()
        pause = max(REFRESH_AT * expires, SHORTEST_PAUSE)
        self._context.agenda.set(("register", self), now + pause, lambda at: self._register(flow, at))
        self._context.emit(RegistrationSucceeded(flow, expires, self._contact, binding.public))
        self._tell_move(flow, now)

    def _tell_move(self, flow: Flow, now: float) -> None:
        last, self._last_flow = self._last_flow, flow
        if last is None or last.local == flow.local:
            return
        if last.local[0] != flow.local[0]:
            self._context.emit(LocalAddressChanged(last.local, flow.local))
        else:
            self._on_moved(now)

    def _adapted(self, response: Response, flow: Flow, now: float) -> bool:
        """A refusal that names what would be accepted: ask again that way."""
        least = number_of(response, "Min-Expires")
        if response.status == 423 and least is not None:
            if not self._expires < least <= LONGEST_BINDING:
                return False
            self._expires = least
        elif response.status in {420, 439} and self._outbound:
            self._outbound = False
        else:
            return False
        self._register(flow, now)
        return True

    def _refused(self, response: Response, now: float) -> None:
        status = response.status
        if status in FINAL or status in {405, 501, 505} or status >= 600:
            self._phase = Phase.IDLE
            self._keepalive.stop()
            self._contact = ""
            self._context.emit(RegistrationFailed(status, FINAL.get(status, "forbidden"), None))
        else:
            self._retry(status, "server-error", now, retry_after(response))

    def _retry(self, status: int, reason: str, now: float, wait: int | None = None) -> None:
        self._stop_waiting()
        self._phase = Phase.WAITING
        pause = self._backoff.next(now)
        pause = pause if wait is None else max(min(float(wait), LONGEST_WAIT), pause)
        self._context.agenda.set(("register", self), now + pause, self._open)
        self._context.emit(RegistrationFailed(status, reason, pause))

    def _unregistered(self, now: float) -> None:
        self._stop_waiting()
        self._phase = Phase.IDLE
        self._contact = ""
        self._context.binding.service_routes = ()
        self._context.emit(Unregistered())

    def _stop_waiting(self) -> None:
        self._context.agenda.clear(("register", self))
        self._context.agenda.clear(("unregister", self))
        self._abandon()

    def _abandon(self) -> None:
        if self._sent is not None:
            self._context.sender.abandon(self._sent)
            self._sent = None

    def _reset(self) -> None:
        self._stop_waiting()
        self._keepalive.stop()
        self._backoff.reset()
        self._generation += 1
        self._attempt = 0
        self._outbound = True
        self._contact = ""
        self._last_flow = None
        self._trouble = ""
        self._correcting = False
        self._context.binding.clear()
