"""Offers inside a standing call: re-INVITE and UPDATE both ways, one at a time (RFC 3261 14, 3311, 3264)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sip_bridge.core.allow import ALLOW, SDP, SUPPORTED
from sip_bridge.core.answered import Answered
from sip_bridge.core.events import AnswerReceived, OfferReceived, OfferWanted
from sip_bridge.core.message import Request
from sip_bridge.core.parts import body_of, with_body
from sip_bridge.core.reasons import NETWORK_LOST
from sip_bridge.core.reoffer import Reoffer
from sip_bridge.core.session_timer import too_small
from sip_bridge.core.transaction import Transaction
from sip_bridge.core.turn import TURNS, IllegalTurn, Turn

if TYPE_CHECKING:
    from sip_bridge.core.call import Call


Reply = Callable[[bytes, float], None]
Refuse = Callable[[int, float], None]


class Negotiation:
    """One call's offers and answers after (and beside) its first INVITE."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._context = call.context
        self.turn = Turn.STABLE
        self._offer = b""
        self._reply: Reply  # while it is the application's turn
        self._refuse: Refuse
        self._transaction: Transaction | None = None
        self._answered: Answered | None = None
        self._queued: bytes | None = None
        self._refresh_due = False
        self._reoffer = Reoffer(call, self)

    def take(self, turn: Turn) -> None:
        """Pass the move on, by the table."""
        if turn not in TURNS[self.turn]:
            raise IllegalTurn(f"offer/answer: {self.turn.name} → {turn.name}")
        self.turn = turn

    # --- ours ------------------------------------------------------------------------------------

    def reoffer(self, sdp: bytes, now: float) -> None:
        """Offer now, or as soon as it is our turn; a newer offer takes the place of one that waits."""
        if self.open_for_us() and not self._reoffer.pausing:
            self._queued = None
            self._reoffer.start(sdp, now)
        else:
            self._queued = sdp

    def refresh(self, now: float) -> None:
        """Refresh session and target with what is agreed (RFC 4028 10), now or as soon as it is our turn."""
        self._refresh_due = not self.open_for_us() or self._reoffer.pausing
        if not self._refresh_due:
            self._reoffer.refresh(now)

    def refreshed(self) -> None:
        """A 2xx to an INVITE or UPDATE went either way: a refresh that waits has been done by it."""
        self._refresh_due = False

    def ready(self, now: float) -> None:
        """An exchange ended: what waits may go."""
        if self._queued is not None:
            self.reoffer(self._queued, now)
        elif self._refresh_due:
            self.refresh(now)

    def open_for_us(self) -> bool:
        """Whether a request of ours may go now."""
        waiting = self._answered is not None and self._answered.waiting
        busy = waiting or self._call.unacknowledged or self._transaction is not None or self._reoffer.running
        return self._call.talking and self.turn is Turn.STABLE and not busy

    # --- theirs ----------------------------------------------------------------------------------

    def expect_answer(
        self,
        offer: bytes,
        reply: Reply,
        refuse: Refuse,
    ) -> None:
        """The peer's offer is with the application; `reply(sdp, now)` or `refuse(status, now)` follows."""
        self.take(Turn.THEIRS_IN)
        self._offer = offer
        self._reply = reply
        self._refuse = refuse

    def answer_offer(self, sdp: bytes, now: float) -> None:
        """The application's answer."""
        if self.turn is Turn.THEIRS_IN:
            self.take(Turn.STABLE)
            self._call.local_sdp, self._call.remote_sdp = sdp, self._offer
            self._reply(sdp, now)
            self.ready(now)

    def provide_offer(self, sdp: bytes, now: float) -> None:
        """The application's offer for a re-INVITE that brought none."""
        if self.turn is Turn.ASKED:
            self.take(Turn.GIVEN)
            self._call.local_sdp = sdp
            self._reply(sdp, now)

    def refuse_offer(self, status: int, now: float) -> None:
        """The application wants neither: the session stays as it was."""
        if self.turn in {Turn.THEIRS_IN, Turn.ASKED}:
            self.take(Turn.STABLE)
            self._refuse(status, now)
            self.ready(now)

    def on_invite(self, transaction: Transaction, request: Request, now: float) -> None:
        """A re-INVITE (RFC 3261 14.2)."""
        if self._collides(transaction, request, now):
            return
        self._call.dialog.refresh_target(request)
        self._context.respond(transaction, 100, now)
        sdp = body_of(request, SDP)
        self._hold(transaction)
        if sdp is None:
            self.take(Turn.ASKED)
            self._context.emit(OfferWanted(self._call.handle))
        else:
            self.expect_answer(sdp, self._reply, self._refuse)
            self._context.emit(OfferReceived(self._call.handle, sdp, "reinvite"))

    def _hold(self, transaction: Transaction) -> None:
        """The peer's request waits for the application."""
        self._transaction = transaction
        self._reply = lambda sdp, now: self._accept(transaction, sdp, now)
        self._refuse = lambda status, now: self._decline(transaction, status, now)

    def on_update(self, transaction: Transaction, request: Request, now: float) -> None:
        """An UPDATE (RFC 3311 5.2), or a PRACK that brings an offer: answered here or by the application."""
        sdp = body_of(request, SDP)
        if sdp is None:
            self._accept_plain(transaction, request, now)
            return
        if self._collides(transaction, request, now):
            return
        self._hold(transaction)
        self.expect_answer(sdp, self._reply, self._refuse)
        self._context.emit(OfferReceived(self._call.handle, sdp, "update"))

    def on_cancel(self, invite: Transaction, now: float) -> None:
        """CANCEL of a re-INVITE the application has not answered yet: the session stays as it was."""
        if invite is self._transaction and self.turn in {Turn.THEIRS_IN, Turn.ASKED}:
            self.refuse_offer(487, now)

    def on_ack(self, request: Request, now: float) -> bool:
        """Whether the ACK of a re-INVITE of theirs is meant."""
        return self._answered is not None and self._answered.acknowledge(request, now)

    def stop(self) -> None:
        """The call is over."""
        if self._answered is not None:
            self._answered.stop()
        self._reoffer.stop()
        self._queued = self._transaction = None

    def close(self, now: float) -> None:
        """The call ends while a request of the peer is open: it gets its answer (RFC 3261 15.1.2)."""
        transaction = self._transaction
        if transaction is not None and not transaction.answered:
            self._context.respond(transaction, 487, now)
        self.stop()

    def _collides(self, transaction: Transaction, request: Request, now: float) -> bool:
        """Glare is 491, overlap 500 with Retry-After, a short interval 422 (RFC 3261 14.2, RFC 3311 5.2)."""
        small = too_small(self._context.config, request)
        if self.turn in {Turn.OURS_OUT, Turn.GIVEN} or self._reoffer.running:
            self._context.respond(transaction, 491, now)
        elif self.turn is not Turn.STABLE or self._transaction is not None:
            wait = str(self._context.random(1)[0] % 11)
            self._context.respond(transaction, 500, now, headers=(("Retry-After", wait),))
        elif small is not None:
            self._context.respond(transaction, 422, now, headers=tuple(small))
        else:
            return False
        return True

    def _accept_plain(self, transaction: Transaction, request: Request, now: float) -> None:
        small = too_small(self._context.config, request)
        if small is not None:
            self._context.respond(transaction, 422, now, headers=tuple(small))
            return
        self._context.respond(transaction, 200, now, headers=self._headers(transaction, now))

    def _decline(self, transaction: Transaction, status: int, now: float) -> None:
        self._transaction = None
        self._context.respond(transaction, status, now)

    def _accept(self, transaction: Transaction, sdp: bytes, now: float) -> None:
        self._transaction = None
        response = transaction.request.reply(200)
        for name, value in [*self._headers(transaction, now), *with_body(sdp, SDP)]:
            response.headers.add(name, value)
        response.body = sdp
        if transaction.request.method == "INVITE":
            self._answered = Answered(self._context, transaction, response, self._acked, self._unacked)
            self._answered.start(now)
        else:
            self._context.layer.respond(transaction, response, now)

    def _headers(self, transaction: Transaction, now: float) -> tuple[tuple[str, str], ...]:
        timer = []
        if transaction.request.method in {"INVITE", "UPDATE"} and self._call.talking:
            timer = self._call.timer.answer_headers(transaction.request, now)
            self.refreshed()
        flow = transaction.flow
        return (self._context.contact(flow), ("Allow", ALLOW), ("Supported", SUPPORTED), *timer)

    def _acked(self, ack: Request, now: float) -> None:
        if self.turn is Turn.GIVEN:
            self.accept_answer(body_of(ack, SDP), now)
        self.ready(now)

    def accept_answer(self, sdp: bytes | None, now: float) -> None:
        """The answer to an offer of ours that went out in a 2xx; an ACK without one ends the call."""
        self.take(Turn.STABLE)
        if sdp is None:
            self._call.bye(now, NETWORK_LOST, 'SIP;cause=488;text="No answer in ACK"')
            return
        self._call.remote_sdp = sdp
        self._context.emit(AnswerReceived(self._call.handle, sdp, self._call.dialog.remote_tag))

    def _unacked(self, now: float) -> None:
        self._call.bye(now, NETWORK_LOST, 'SIP;cause=408;text="No ACK"')
