"""The sans-IO user agent: bytes, flows and `now` go in; effects and events come out.

`now` is seconds of one monotonic clock. Commands never block and never raise for what a peer does; what
becomes of them is told by events. A command for a call that is already over does nothing: the peer may have
hung up a moment before. `UnknownCall` is raised only for a handle this agent never gave out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sip_bridge.core.config import AgentConfig, RegistrationConfig
from sip_bridge.core.effects import CloseFlow, Flow, OpenFlow, Transmit
from sip_bridge.core.events import AgentEvent

Random = Callable[[int], bytes]
Effect = OpenFlow | Transmit | CloseFlow


class Agent:
    """One SIP user agent: at most one registration, any number of calls up to the configured limit."""

    def __init__(self, config: AgentConfig, random: Random) -> None:
        """`random(n)` returns n unpredictable bytes."""
        raise NotImplementedError

    # --- told by the driver ----------------------------------------------------------------------

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """One message (a datagram or a frame of a stream), or a keep-alive: CRLF CRLF, CRLF as its pong."""
        raise NotImplementedError

    def flow_opened(self, request: int, flow: Flow, now: float) -> None:
        """Answer to OpenFlow `request`."""
        raise NotImplementedError

    def flow_refused(self, request: int, reason: str, now: float) -> None:
        """Answer to OpenFlow `request`: a REFUSED_* word."""
        raise NotImplementedError

    def flow_closed(self, flow_id: int, reason: str, now: float) -> None:
        """A flow broke (or a UDP socket reported its peer unreachable). Calls live on."""
        raise NotImplementedError

    def tick(self, now: float) -> None:
        """Run what is due. Call at `next_timer()`; calling early or late does no harm."""
        raise NotImplementedError

    def next_timer(self) -> float | None:
        """When `tick` has something to do, in seconds of `now`'s clock."""
        raise NotImplementedError

    def take_effects(self) -> list[Effect]:
        """What to do, in order; the list is handed over."""
        raise NotImplementedError

    def take_events(self) -> list[AgentEvent]:
        """What happened, in order; the list is handed over."""
        raise NotImplementedError

    # --- registration ----------------------------------------------------------------------------

    def register(self, config: RegistrationConfig, now: float) -> None:
        """Register and stay registered until `unregister`. Another account's registration is dropped."""
        raise NotImplementedError

    def unregister(self, now: float) -> None:
        """Remove the binding; Unregistered follows. Running calls go on."""
        raise NotImplementedError

    def refresh_registration(self, now: float) -> None:
        """The network changed or the machine woke: look at the flow at once instead of at the next timer."""
        raise NotImplementedError

    def local_address_changed(self, now: float) -> None:
        """The host's addresses changed: leave the old flow, register over a new one."""
        raise NotImplementedError

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
        """Call the SIP URI `target`; returns the call's handle.

        `offer` None asks the peer for its offer. `headers` are added as they stand. `replaces` is the text
        of a Replaces header. `refer` is the call whose accepted REFER this INVITE obeys: its progress is
        reported there (RFC 3515 2.4.5).
        """
        raise NotImplementedError

    def ring(self, call: str, now: float, sdp: bytes | None = None) -> None:
        """Send 180, or 183 with an early answer."""
        raise NotImplementedError

    def answer(self, call: str, sdp: bytes, now: float) -> None:
        """Send 200 with the answer (or our offer, where the INVITE brought none)."""
        raise NotImplementedError

    def reject(self, call: str, status: int, now: float, reason: str = "") -> None:
        """Refuse an incoming call with a final status (486, 603, 488…); `reason` is a Reason header."""
        raise NotImplementedError

    def cancel_or_bye(self, call: str, now: float, reason: str = "") -> None:
        """End a call whatever its state: CANCEL, BYE or a refusal. `reason` is a Reason header value."""
        raise NotImplementedError

    def reoffer(self, call: str, sdp: bytes, now: float) -> None:
        """Offer a changed session (hold, resume, new address); AnswerReceived or ReofferFailed follows."""
        raise NotImplementedError

    def answer_offer(self, call: str, sdp: bytes, now: float) -> None:
        """Reply to OfferReceived."""
        raise NotImplementedError

    def refuse_offer(self, call: str, status: int, now: float) -> None:
        """Reply to OfferReceived or OfferWanted with a refusal (488); the session stays as it was."""
        raise NotImplementedError

    def provide_offer(self, call: str, sdp: bytes, now: float) -> None:
        """Reply to OfferWanted."""
        raise NotImplementedError

    def send_info(self, call: str, content_type: str, body: bytes, now: float) -> None:
        """Send an INFO inside the call."""
        raise NotImplementedError

    # --- transfer --------------------------------------------------------------------------------

    def refer(self, call: str, target: str, now: float) -> None:
        """Blind transfer: ask the peer to call `target`; ReferProgress follows."""
        raise NotImplementedError

    def refer_to_call(self, call: str, other: str, now: float) -> None:
        """Attended transfer: connect the peers of `call` and `other` (RFC 5589 7); ReferProgress follows."""
        raise NotImplementedError

    def accept_refer(self, call: str, now: float) -> None:
        """Accept ReferReceived with 202; call `invite(..., refer=call)` next."""
        raise NotImplementedError

    def refuse_refer(self, call: str, status: int, now: float) -> None:
        """Refuse ReferReceived (603)."""
        raise NotImplementedError
