"""The sans-IO user agent: bytes, flows and `now` go in; effects and events come out.

`now` is seconds of one monotonic clock. Commands never block and never raise for what a peer does; what
becomes of them is told by events. A command for a call that is already over does nothing: the peer may have
hung up a moment before. `UnknownCall` is raised only for a handle this agent never gave out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sip_bridge.core.call import Call, Phase
from sip_bridge.core.calls import Calls
from sip_bridge.core.config import AgentConfig, RegistrationConfig
from sip_bridge.core.context import Context
from sip_bridge.core.effects import Admitted, CloseFlow, Flow, OpenFlow, Transmit
from sip_bridge.core.errors import MessageError
from sip_bridge.core.events import AgentEvent
from sip_bridge.core.incoming_call import IncomingCall
from sip_bridge.core.keepalive import PING, PONG
from sip_bridge.core.message import Request, parse_message
from sip_bridge.core.outgoing_call import OutgoingCall
from sip_bridge.core.reasons import DECLINED, reason_for_status
from sip_bridge.core.reception import Reception
from sip_bridge.core.registration import Registration
from sip_bridge.core.transaction_layer import (
    AckArrived,
    RequestArrived,
    ResponseArrived,
    TransactionFailed,
)
from sip_bridge.core.uas import Uas
from sip_bridge.core.uri import SipUri
from sip_bridge.core.validate import validate

Random = Callable[[int], bytes]
Effect = OpenFlow | Transmit | CloseFlow


class Agent:
    """One SIP user agent: at most one registration, any number of calls up to the configured limit."""

    def __init__(self, config: AgentConfig, random: Random) -> None:
        """`random(n)` returns n unpredictable bytes."""
        self._context = Context.build(config, random)
        self._calls = Calls(self._context)
        self._uas = Uas(self._context, self._calls)
        self._reception = Reception(self._context, self._calls)
        self._registration = Registration(self._context, self._contact_changed)

    # --- told by the driver ----------------------------------------------------------------------

    def admits(self, data: bytes, flow: Flow, now: float) -> Admitted:
        """Asked before a datagram that came over no open flow; `flow` is the one it would get."""
        return self._reception.admits(data, flow, now)

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """One message (a datagram or a frame of a stream), or a keep-alive: CRLF CRLF, CRLF as its pong."""
        if not data.strip(b"\r\n"):
            self._keepalive(data, flow, now)
            return
        try:
            message = parse_message(data)
        except MessageError:
            return
        problem = validate(message)
        if isinstance(message, Request):
            self._reception.receive(message, problem, flow, now)
        elif problem is None:
            self._context.layer.receive(message, flow, now)
        self._settle(now)

    def flow_opened(self, request: int, flow: Flow, now: float) -> None:
        """Answer to OpenFlow `request`."""
        self._context.sender.flow_opened(request, flow, now)
        self._settle(now)

    def flow_refused(self, request: int, reason: str, now: float) -> None:
        """Answer to OpenFlow `request`: a REFUSED_* word."""
        self._context.sender.flow_refused(request, reason, now)
        self._settle(now)

    def flow_closed(self, flow_id: int, reason: str, now: float) -> None:
        """A flow broke (or a UDP socket reported its peer unreachable). Calls live on."""
        self._registration.flow_closed(flow_id, now)
        self._calls.flow_closed(flow_id)
        self._context.layer.flow_closed(flow_id, now)
        self._settle(now)

    def tick(self, now: float) -> None:
        """Run what is due. Call at `next_timer()`; calling early or late does no harm."""
        self._context.agenda.run(now)
        self._settle(now)

    def next_timer(self) -> float | None:
        """When `tick` has something to do, in seconds of `now`'s clock."""
        return self._context.agenda.next()

    def take_effects(self) -> list[Effect]:
        """What to do, in order; the list is handed over."""
        return self._context.take_effects()

    def take_events(self) -> list[AgentEvent]:
        """What happened, in order; the list is handed over."""
        events, self._context.events = self._context.events, []
        return events

    # --- registration ----------------------------------------------------------------------------

    def register(self, config: RegistrationConfig, now: float) -> None:
        """Register and stay registered until `unregister`. Another account's registration is dropped."""
        self._registration.register(config, now)
        self._settle(now)

    def unregister(self, now: float) -> None:
        """Remove the binding; Unregistered follows. Running calls go on."""
        self._registration.unregister(now)
        self._settle(now)

    def refresh_registration(self, now: float) -> None:
        """The network changed or the machine woke: look at the flow at once instead of at the next timer."""
        self._registration.refresh(now)
        self._settle(now)

    def renew_registration(self, now: float) -> None:
        """Register again at once; RegistrationSucceeded or RegistrationFailed follows."""
        self._registration.renew(now)
        self._settle(now)

    def local_address_changed(self, now: float) -> None:
        """The host's addresses changed: leave the old flow, register over a new one.

        Call it for a real change only, as each call is one REGISTER; `refresh_registration` looks first.
        """
        self._registration.leave_flow(now)
        self._settle(now)

    # --- calls -----------------------------------------------------------------------------------

    def invite(
        self,
        target: str,
        offer: bytes | None,
        now: float,
        *,
        headers: Sequence[tuple[str, str]] = (),
        replaces: str = "",
        referred_by: str = "",
        refer: str | None = None,
    ) -> str:
        """Call the SIP URI `target`; returns the call's handle. Raises MessageError for what is no URI.

        `offer` None asks the peer for its offer. `headers` are added as they stand. `replaces` is the text
        of a Replaces header. `refer` is the call whose accepted REFER this INVITE obeys: its progress is
        reported there (RFC 3515 2.4.5).
        """
        SipUri.parse(target)
        extra = list(headers)
        if replaces:
            extra.append(("Replaces", replaces))
        if referred_by:
            extra.append(("Referred-By", referred_by))
        call = self._calls.new(Phase.CALLING)
        outgoing = OutgoingCall(self._calls, call, target, offer, extra)
        call.invite = outgoing
        referrer = self._call(refer) if refer is not None else None
        if referrer is not None:
            call.watcher = referrer.transfer.watch()
        outgoing.start(now)
        self._settle(now)
        return call.handle

    def ring(self, call: str, now: float, sdp: bytes | None = None) -> None:
        """Send 180, or 183 with an early answer."""
        incoming = self._incoming(call)
        if incoming is not None:
            incoming.ring(sdp, now)
        self._settle(now)

    def answer(self, call: str, sdp: bytes, now: float) -> None:
        """Send 200 with the answer (or our offer, where the INVITE brought none)."""
        incoming = self._incoming(call)
        if incoming is not None:
            incoming.answer(sdp, now)
        self._settle(now)

    def reject(self, call: str, status: int, now: float, reason: str = "") -> None:
        """Refuse an incoming call with a final status (486, 603, 488…); `reason` is a Reason header."""
        incoming = self._incoming(call)
        if incoming is not None:
            key = DECLINED if status in {486, 600, 603} else reason_for_status(status)
            incoming.reject(status, key, now, reason)
        self._settle(now)

    def cancel_or_bye(self, call: str, now: float, reason: str = "") -> None:
        """End a call whatever its state: CANCEL, BYE or a refusal. `reason` is a Reason header value."""
        found = self._call(call)
        if found is not None and found.invite is not None:
            found.invite.hang_up(now, reason)
        self._settle(now)

    def reoffer(self, call: str, sdp: bytes, now: float) -> None:
        """Offer a changed session (hold, resume, new address); AnswerReceived or ReofferFailed follows."""
        found = self._call(call)
        if found is not None:
            found.negotiation.reoffer(sdp, now)
        self._settle(now)

    def answer_offer(self, call: str, sdp: bytes, now: float) -> None:
        """Reply to OfferReceived."""
        found = self._call(call)
        if found is not None:
            found.negotiation.answer_offer(sdp, now)
        self._settle(now)

    def refuse_offer(self, call: str, status: int, now: float) -> None:
        """Reply to OfferReceived or OfferWanted with a refusal (488); the session stays as it was."""
        found = self._call(call)
        if found is not None:
            found.negotiation.refuse_offer(status, now)
        self._settle(now)

    def provide_offer(self, call: str, sdp: bytes, now: float) -> None:
        """Reply to OfferWanted."""
        found = self._call(call)
        if found is not None:
            found.negotiation.provide_offer(sdp, now)
        self._settle(now)

    def send_info(self, call: str, content_type: str, body: bytes, now: float) -> None:
        """Send an INFO inside the call."""
        found = self._call(call)
        if found is not None and found.talking:
            found.send_info(content_type, body, now)
        self._settle(now)

    # --- transfer --------------------------------------------------------------------------------

    def refer(self, call: str, target: str, now: float) -> None:
        """Blind transfer: ask the peer to call `target`; ReferProgress follows."""
        found = self._call(call)
        if found is not None and found.talking:
            found.transfer.refer(target, now)
        self._settle(now)

    def refer_to_call(self, call: str, other: str, now: float) -> None:
        """Attended transfer: connect the peers of `call` and `other` (RFC 5589 7); ReferProgress follows."""
        found, second = self._call(call), self._call(other)
        if found is not None and second is not None and found.talking:
            found.transfer.refer_to_call(second, now)
        self._settle(now)

    def accept_refer(self, call: str, now: float) -> None:
        """Accept ReferReceived with 202; call `invite(..., refer=call)` next."""
        found = self._call(call)
        if found is not None:
            found.transfer.accept(now)
        self._settle(now)

    def refuse_refer(self, call: str, status: int, now: float) -> None:
        """Refuse ReferReceived (603), or say after `accept_refer` that it came to nothing."""
        found = self._call(call)
        if found is not None:
            found.transfer.refuse(status, now)
        self._settle(now)

    # --- inside ----------------------------------------------------------------------------------

    def _call(self, handle: str) -> Call | None:
        call = self._calls.get(handle)
        return call if call is not None and not call.over else None

    def _incoming(self, handle: str) -> IncomingCall | None:
        call = self._call(handle)
        return call.invite if call is not None and isinstance(call.invite, IncomingCall) else None

    def _keepalive(self, data: bytes, flow: Flow, now: float) -> None:
        if data == PONG:
            self._registration.pong(flow, now)
        elif data.startswith(PING) and flow.reliable:
            self._context.transmits.append(Transmit(flow.id, PONG))

    def _contact_changed(self, now: float) -> None:
        for call in self._calls.all():
            call.negotiation.refresh(now)

    def _settle(self, now: float) -> None:
        """Let what happened in the transactions reach its owners, until nothing more happens."""
        while events := self._context.layer.take_events():
            for event in events:
                match event:
                    case RequestArrived():
                        self._uas.request_arrived(event, now)
                    case AckArrived():
                        self._uas.ack_arrived(event, now)
                    case ResponseArrived():
                        self._context.sender.response_arrived(event, now)
                    case TransactionFailed():
                        self._context.sender.transaction_failed(event, now)
                    case _:
                        pass  # a refusal nobody acknowledged: what it refused is over anyway
        self._calls.prune()
