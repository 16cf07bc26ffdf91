"""A re-INVITE or UPDATE of ours: its answer, its refusal, and trying again after glare (RFC 3261 14.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip_bridge.core.acknowledge import Acknowledgement
from sip_bridge.core.allow import ALLOW, SDP, SUPPORTED
from sip_bridge.core.effects import Flow
from sip_bridge.core.events import AnswerReceived, ReofferFailed
from sip_bridge.core.message import Response
from sip_bridge.core.parts import body_of, reasons_of, retry_after, with_body
from sip_bridge.core.reasons import NO_ANSWER, UNREACHABLE, reason_for_refusal
from sip_bridge.core.sending import TIMEOUT, Listener, Outgoing
from sip_bridge.core.timers import uniform
from sip_bridge.core.turn import Turn

if TYPE_CHECKING:
    from sip_bridge.core.call import Call
    from sip_bridge.core.negotiation import Negotiation

MOST_TRIES = 6
REFRESH_PAUSE = 10.0
"""Seconds after which a refresh that found no way is tried again: the session has time, an outage ends."""


class Reoffer(Listener):
    """At most one at a time. A refresh is one that changes nothing: its failure is not told."""

    def __init__(self, call: Call, negotiation: Negotiation) -> None:
        self._call = call
        self._negotiation = negotiation
        self._sdp = b""
        self._method = "INVITE"
        self.refreshing = False
        self._tries = 0
        self._sent: Outgoing | None = None
        self._acks: dict[int, Acknowledgement] = {}

    @property
    def pausing(self) -> bool:
        """Whether an offer waits to be tried again."""
        return not self.refreshing and self._call.context.agenda.waits(self)

    @property
    def running(self) -> bool:
        """Whether a request of ours waits for its final response."""
        return self._sent is not None

    def start(self, sdp: bytes, now: float) -> None:
        """Offer `sdp` by re-INVITE; a refresh that waits to be tried again is done with it."""
        self._call.context.agenda.clear(self)
        self._sdp, self._method, self.refreshing, self._tries = sdp, "INVITE", False, 0
        self._send(now)

    def refresh(self, now: float) -> None:
        """UPDATE without a description where the peer allows it, else a re-INVITE with what stands."""
        by_update = "UPDATE" in self._call.dialog.peer_allows
        self._sdp = b"" if by_update else self._call.local_sdp
        self._method = "UPDATE" if by_update else "INVITE"
        self.refreshing, self._tries = True, 0
        self._send(now)

    def stop(self) -> None:
        """The call is over. Its 2xx is still acknowledged when it comes."""
        self._call.context.agenda.clear(self)

    def _send(self, now: float) -> None:
        if self._sdp:
            self._negotiation.take(Turn.OURS_OUT)
        headers = [
            ("Allow", ALLOW),
            ("Supported", SUPPORTED),
            *self._call.timer.request_headers(),
            *with_body(self._sdp, SDP),
        ]
        self._tries += 1
        self._sent = self._call.send(self._method, self, now, headers=headers, body=self._sdp)

    # --- what became of it -----------------------------------------------------------------------

    def on_response(self, sent: Outgoing, response: Response, flow: Flow, now: float) -> None:
        """The peer's word on it."""
        if response.status < 200:
            return
        if response.status < 300 and sent.request.method == "INVITE" and self._acknowledged(sent, flow, now):
            return
        if sent is not self._sent or self._call.over:
            return
        self._finish()
        if response.status < 300:
            self._accepted(response, now)
        else:
            self._refused(response, now)

    def on_failure(self, sent: Outgoing, reason: str, now: float) -> None:
        """No answer: the call may outlive a lost network, so it is not ended for that."""
        if sent is self._sent and not self._call.over:
            self._finish()
            if self.refreshing and self._tries < MOST_TRIES:
                self._again_in(REFRESH_PAUSE, now)
                return
            silent = reason == TIMEOUT
            self._give_up(408 if silent else 0, NO_ANSWER if silent else UNREACHABLE, now)

    def _acknowledged(self, sent: Outgoing, flow: Flow, now: float) -> bool:
        """ACK a 2xx; True when it was a retransmission."""
        number = sent.request.cseq.number
        known = self._acks.get(number)
        if known is not None:
            known.again()
            return True
        ack = Acknowledgement(self._call.context, self._call.dialog, sent.request, flow)
        self._acks = {number: ack}
        ack.send(now)
        return False

    def _finish(self) -> None:
        self._sent = None
        if self._sdp:
            self._negotiation.take(Turn.STABLE)

    def _accepted(self, response: Response, now: float) -> None:
        call = self._call
        call.timer.on_answer(response, now)
        self._negotiation.refreshed()
        dialog = call.dialog
        dialog.refresh_target(response)
        dialog.learn(response)
        sdp = body_of(response, SDP)
        if self._sdp and sdp is not None:
            changed = sdp != call.remote_sdp
            call.local_sdp, call.remote_sdp = self._sdp, sdp
            if changed or not self.refreshing:
                call.context.emit(AnswerReceived(call.handle, sdp, dialog.remote_tag))
        self._negotiation.ready(now)

    def _refused(self, response: Response, now: float) -> None:
        status = response.status
        wait = retry_after(response)
        if status in {408, 481}:
            self._call.bye(now, reason_for_refusal(status, reasons_of(response)), by_remote=True)
        elif status == 491 and self._tries < MOST_TRIES:
            self._again_in(self._glare_pause(), now)
        elif status == 500 and wait is not None and wait <= 10 and self._tries < MOST_TRIES:
            self._again_in(float(wait), now)
        elif status == 422 and self._call.timer.raise_interval(response):
            self._again(now)
        else:
            self._give_up(status, reason_for_refusal(status, reasons_of(response)), now)

    def _glare_pause(self) -> float:
        """Who made the Call-ID waits 2.1–4 s, the other up to 2 s (RFC 3261 14.1)."""
        low, high = (2.1, 4.0) if self._call.we_called else (0.0, 2.0)
        return round(uniform(self._call.context.random, low, high), 2)

    def _again_in(self, seconds: float, now: float) -> None:
        self._call.context.agenda.set(self, now + seconds, self._again)

    def _again(self, now: float) -> None:
        if self._negotiation.open_for_us():
            self._send(now)
        else:
            self._again_in(1.0, now)

    def _give_up(self, status: int, key: str, now: float) -> None:
        if not self.refreshing:
            self._call.context.emit(ReofferFailed(self._call.handle, status, key))
        self._negotiation.ready(now)
