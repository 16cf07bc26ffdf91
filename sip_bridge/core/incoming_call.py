"""A call for us until its ACK: ringing, reliable provisionals, the answer, CANCEL (RFC 3261 9.2, 13.3)."""

from __future__ import annotations

from sip_bridge.core.allow import ALLOW, SDP, SUPPORTED
from sip_bridge.core.answered import Answered
from sip_bridge.core.call import Call, Phase
from sip_bridge.core.dialog import Dialog
from sip_bridge.core.events import AnswerReceived, Replaced
from sip_bridge.core.message import Request, Response
from sip_bridge.core.parts import body_of, number_of, reasons_of, with_body
from sip_bridge.core.reasons import (
    DECLINED,
    HUNG_UP,
    NETWORK_LOST,
    NO_ANSWER,
    reason_for_cancel,
    reason_for_status,
)
from sip_bridge.core.reliable import ReliableResponses
from sip_bridge.core.transaction import Transaction
from sip_bridge.core.turn import Turn

RING_AGAIN = 60.0
"""Proxies give up on a silent INVITE after three minutes; a provisional each minute holds them (13.3.1.1)."""


class IncomingCall:
    """The INVITE side of one call from outside."""

    def __init__(self, call: Call, transaction: Transaction, dialog: Dialog) -> None:
        self._call = call
        self._context = call.context
        self._transaction = transaction
        self._dialog = dialog
        self._offer = body_of(transaction.request, SDP)
        self._early: bytes = b""
        self._ringing: int = 0
        self._waiting_answer: bytes | None = None
        self._answered: Answered | None = None
        self._bye_reason = ""
        self._must_be_reliable = "100rel" in transaction.request.require
        self._reliable = ReliableResponses(call, transaction, self._no_prack)

    def start(self, now: float) -> None:
        """Say 100 and wait for a person, but not for ever."""
        self._context.respond(self._transaction, 100, now)
        wait, late = self._context.config.ring_timeout, self._not_answered
        expires = number_of(self._transaction.request, "Expires")
        if expires and expires < wait:
            wait, late = float(expires), self._expired
        self._context.agenda.set(("ring", self), now + wait, late)

    # --- commands --------------------------------------------------------------------------------

    def ring(self, sdp: bytes | None, now: float) -> None:
        """180, or 183 with an early answer (or, reliably, our offer)."""
        if self._call.phase is not Phase.RINGING:
            return
        if self._offer is None and not self._must_be_reliable:
            sdp = None  # an offer of ours may not go in what can be lost (RFC 3261 13.2.1)
        self._ringing = 183 if sdp else 180
        response = self._build(self._ringing, sdp or b"")
        if self._must_be_reliable:
            if sdp and not self._early:
                self._early = sdp
                self._call.local_sdp, self._call.remote_sdp = sdp, self._offer or b""
            self._reliable.send(response, now)
        else:
            self._early = sdp or self._early
            self._context.layer.respond(self._transaction, response, now)
        self._context.agenda.set(("again", self), now + RING_AGAIN, self._ring_again)

    def answer(self, sdp: bytes, now: float) -> None:
        """200. A reliable description that waits for its PRACK goes first (RFC 3262 3)."""
        if self._call.phase is not Phase.RINGING:
            return
        if self._reliable.waiting:
            self._waiting_answer = sdp
            return
        self._accept(sdp, now)

    def reject(self, status: int, key: str, now: float, reason: str = "", *, by_remote: bool = False) -> None:
        """A final refusal."""
        if self._call.phase is not Phase.RINGING:
            return
        self._stop()
        headers = (("Reason", reason),) if reason else ()
        self._context.respond(self._transaction, status, now, to_tag=self._dialog.local_tag, headers=headers)
        self._call.end(status, key, by_remote=by_remote)

    def hang_up(self, now: float, reason: str) -> None:
        """End it whatever its phase; a BYE before the ACK is not ours to send (15)."""
        call = self._call
        if call.phase is Phase.RINGING:
            self.reject(603, DECLINED, now, reason)
        elif self.unacknowledged:
            self._bye_reason, call.lingers = reason, True
            call.end(0, HUNG_UP, by_remote=False)
        else:
            call.bye(now, HUNG_UP, reason)

    # --- from the caller -------------------------------------------------------------------------

    def on_cancel(self, cancel: Request, now: float) -> None:
        """CANCEL: 487 to the INVITE, unless it is answered already."""
        self.reject(487, reason_for_cancel(reasons_of(cancel)), now, by_remote=True)

    def on_prack(self, transaction: Transaction, request: Request, now: float) -> None:
        """PRACK: 200 if it is for what waits; it may bring the answer to a reliable offer of ours."""
        if not self._reliable.acknowledge(request, now):
            self._context.respond(transaction, 481, now)
            return
        sdp = body_of(request, SDP)
        if sdp is not None and self._offer is None and self._early:
            self._agree(self._early, sdp)
            self._context.respond(transaction, 200, now)
        elif sdp is not None and self.agreed:
            self._call.negotiation.on_update(transaction, request, now)
        else:
            self._context.respond(transaction, 200 if sdp is None else 488, now)
        if self._waiting_answer is not None and not self._reliable.waiting:
            waiting, self._waiting_answer = self._waiting_answer, None
            self._accept(waiting, now)

    def on_ack(self, request: Request, now: float) -> bool:
        """Whether the ACK of our 2xx is meant."""
        return self._answered is not None and self._answered.acknowledge(request, now)

    def stop(self) -> None:
        """The call is over."""
        self._stop()
        if self._answered is not None:
            self._answered.stop()

    @property
    def unacknowledged(self) -> bool:
        """Whether our 2xx waits for its ACK."""
        return self._answered is not None and self._answered.waiting

    @property
    def agreed(self) -> bool:
        """Whether offer and answer are both said and heard: by ACK, or by the PRACK of a reliable answer."""
        if self._call.talking:
            return not self.unacknowledged
        return self._must_be_reliable and bool(self._early) and not self._reliable.waiting

    @property
    def transaction(self) -> Transaction:
        """The INVITE's transaction: a CANCEL names it."""
        return self._transaction

    # --- sending ---------------------------------------------------------------------------------

    def _build(self, status: int, body: bytes) -> Response:
        request = self._transaction.request
        response = request.reply(status, to_tag=self._dialog.local_tag)
        for value in request.headers.get_all("Record-Route"):
            response.headers.add("Record-Route", value)
        response.headers.add(*self._context.contact(self._transaction.flow))
        response.headers.add("Allow", ALLOW)
        response.headers.add("Supported", SUPPORTED)
        response.headers.add("Server", self._context.config.user_agent)
        for name, value in with_body(body, SDP):
            response.headers.add(name, value)
        response.body = body
        return response

    def _accept(self, sdp: bytes, now: float) -> None:
        call = self._call
        self._stop()
        agreed = self._must_be_reliable and bool(self._early)
        response = self._build(200, b"" if agreed else sdp)
        for name, value in call.timer.answer_headers(self._transaction.request, now):
            response.headers.add(name, value)
        self._answered = Answered(self._context, self._transaction, response, self._acked, self._unacked)
        self._answered.start(now)
        if not agreed:
            call.local_sdp, call.remote_sdp = sdp, self._offer or b""
            if self._offer is None:
                call.negotiation.take(Turn.GIVEN)
        call.establish(self._dialog, self._transaction.flow)
        if call.replaces is not None:
            self._take_place_of(call.replaces, now)

    def _take_place_of(self, old: Call, now: float) -> None:
        """RFC 3891 3: the replaced call ends when the new one is answered."""
        if old.over or old.invite is None:
            return
        self._context.emit(Replaced(old.handle, self._call.handle))
        old.invite.hang_up(now, "")

    def _agree(self, ours: bytes, theirs: bytes) -> None:
        self._call.local_sdp, self._call.remote_sdp = ours, theirs
        self._context.emit(AnswerReceived(self._call.handle, theirs, self._dialog.remote_tag))

    def _acked(self, ack: Request, now: float) -> None:
        if self._call.over:
            self._leave(now)
            return
        negotiation = self._call.negotiation
        if negotiation.turn is Turn.GIVEN:
            negotiation.accept_answer(body_of(ack, SDP), now)
        negotiation.ready(now)

    def _unacked(self, now: float) -> None:
        if self._call.over:
            self._leave(now)
            return
        self._call.bye(now, NETWORK_LOST, 'SIP;cause=408;text="No ACK"')

    def _leave(self, now: float) -> None:
        """The BYE that had to wait for the ACK."""
        self._call.lingers = False
        self._call.send_bye(now, self._bye_reason)

    # --- time ------------------------------------------------------------------------------------

    def _ring_again(self, now: float) -> None:
        self.ring(None if self._must_be_reliable else self._early or None, now)

    def _not_answered(self, now: float) -> None:
        self.reject(480, NO_ANSWER, now)

    def _expired(self, now: float) -> None:
        """The caller's own limit has passed (13.3.1)."""
        self.reject(487, NO_ANSWER, now)

    def _no_prack(self, now: float) -> None:
        self.reject(504, reason_for_status(504), now, by_remote=True)

    def _stop(self) -> None:
        self._context.agenda.clear(("ring", self))
        self._context.agenda.clear(("again", self))
        self._reliable.stop()
