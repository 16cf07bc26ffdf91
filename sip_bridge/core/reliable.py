"""Reliable provisional responses (RFC 3262), on both sides; we never demand them ourselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sip_bridge.core.allow import SDP
from sip_bridge.core.dialog import Dialog
from sip_bridge.core.effects import Flow
from sip_bridge.core.errors import MessageError
from sip_bridge.core.events import OfferReceived
from sip_bridge.core.headers import RAck
from sip_bridge.core.message import Request, Response
from sip_bridge.core.parts import body_of, number_of, with_body
from sip_bridge.core.sending import Listener, Outgoing
from sip_bridge.core.timers import GIVE_UP, T1
from sip_bridge.core.transaction import Transaction
from sip_bridge.core.turn import Turn

if TYPE_CHECKING:
    from sip_bridge.core.call import Call


class Acknowledger(Listener):
    """The caller's side: PRACK for each reliable provisional, in order per early dialog (RFC 3262 4)."""

    def __init__(self, call: Call, offered: bool, on_refusal: Callable[[int, float], None]) -> None:
        """`offered`: our INVITE carried the offer, so a description in a provisional is an answer.

        `on_refusal(status, now)`: the application wants none of the offer that came instead.
        """
        self._on_refusal = on_refusal
        self._call = call
        self._offered = offered
        self._last: dict[str, int] = {}
        self.agreed = False
        self.answered: set[str] = set()
        """The tags of those who have answered our offer reliably."""

    def accept(self, response: Response, dialog: Dialog, now: float) -> bool:
        """Whether this provisional is news; a reliable one is acknowledged.

        An offer while another is with the application is left unacknowledged: whoever made it gives up.
        """
        number = number_of(response, "RSeq")
        if "100rel" not in response.require or number is None:
            return True
        last = self._last.get(dialog.remote_tag)
        if last is not None and number != last + 1:
            return False
        sdp = body_of(response, SDP)
        offer = sdp is not None and not self._offered and not self.agreed
        if offer and self._call.negotiation.turn is not Turn.STABLE:
            return False
        self._last[dialog.remote_tag] = number
        rack = f"{number} {response.cseq}"
        if sdp is not None and offer:
            self._expect_answer(sdp, dialog, rack)
            self._call.context.emit(OfferReceived(self._call.handle, sdp, "delayed"))
        else:
            if sdp is not None:
                self.answered.add(dialog.remote_tag)
            self._prack(dialog, rack, b"", now)
        return True

    def _expect_answer(self, offer: bytes, dialog: Dialog, rack: str) -> None:
        """The answer to an offer that came in a reliable provisional goes in its PRACK (RFC 3262 5)."""

        def answer(sdp: bytes, now: float) -> None:
            self.agreed = True
            self._prack(dialog, rack, sdp, now)

        self._call.negotiation.expect_answer(offer, answer, self._on_refusal)

    def _prack(self, dialog: Dialog, rack: str, body: bytes, now: float) -> None:
        headers = [("RAck", rack), *with_body(body, SDP)]
        self._call.send("PRACK", self, now, headers=headers, body=body, dialog=dialog)

    def on_response(self, sent: Outgoing, response: Response, flow: Flow, now: float) -> None:
        """The far end's retransmission stops by itself."""

    def on_failure(self, sent: Outgoing, reason: str, now: float) -> None:
        """The far end gives up the call by itself."""


class ReliableResponses:
    """The called side: provisionals sent again until their PRACK (RFC 3262 3), one at a time."""

    def __init__(self, call: Call, transaction: Transaction, on_silence: Callable[[float], None]) -> None:
        self._call = call
        self._transaction = transaction
        self._on_silence = on_silence
        self._number = 0
        self._response: Response | None = None
        self._queue: list[Response] = []
        self._interval = T1
        self._deadline = 0.0

    @property
    def waiting(self) -> bool:
        """Whether a PRACK is still to come."""
        return self._response is not None

    def send(self, response: Response, now: float) -> None:
        """Send reliably; behind another that waits for its PRACK, wait."""
        if self._response is not None:
            self._queue.append(response)
            return
        self._number += 1
        response.headers.add("Require", "100rel")
        response.headers.add("RSeq", str(self._number))
        self._response = response
        self._interval, self._deadline = T1, now + GIVE_UP
        self._call.context.layer.respond(self._transaction, response, now)
        self._call.context.agenda.set(self, now + T1, lambda at: self._again(response, at))

    def acknowledge(self, prack: Request, now: float) -> bool:
        """Whether this PRACK is for the provisional that waits."""
        if self._response is None or not self._matches(prack):
            return False
        self._call.context.agenda.clear(self)
        self._response = None
        if self._queue:
            self.send(self._queue.pop(0), now)
        return True

    def stop(self) -> None:
        """A final response went out."""
        self._call.context.agenda.clear(self)
        self._response = None
        self._queue.clear()

    def _matches(self, prack: Request) -> bool:
        try:
            rack = RAck.parse(prack.headers.get("RAck") or "")
        except MessageError:
            return False
        cseq = self._transaction.request.cseq
        return (rack.response, rack.cseq, rack.method) == (self._number, cseq.number, cseq.method)

    def _again(self, response: Response, now: float) -> None:
        if now >= self._deadline:
            self.stop()
            self._on_silence(now)
            return
        self._call.context.layer.respond(self._transaction, response, now)
        self._interval *= 2
        due = min(now + self._interval, self._deadline)
        self._call.context.agenda.set(self, due, lambda at: self._again(response, at))
