"""REFER inside one call, both sides, and the NOTIFYs it brings (RFC 3515, RFC 3892, RFC 5589, RFC 6665)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sip_bridge.core.effects import Flow
from sip_bridge.core.errors import MessageError
from sip_bridge.core.events import ReferProgress, ReferReceived
from sip_bridge.core.headers import EventHeader, NameAddr, ReplacesHeader, SubscriptionState
from sip_bridge.core.message import Request, Response
from sip_bridge.core.parts import no_subscription, sipfrag_status
from sip_bridge.core.reasons import TRANSFERRED, phrase
from sip_bridge.core.sending import TIMEOUT, Listener, Outgoing, Unheard
from sip_bridge.core.transaction import Transaction
from sip_bridge.core.uri import SipUri

if TYPE_CHECKING:
    from sip_bridge.core.call import Call

OUTCOME_WITHIN = 180.0
"""How long the peer may take to say what became of a transfer."""


class Watcher(Protocol):
    """Who is told how a call of ours goes."""

    def progress(self, status: int, now: float) -> None:
        """A provisional or final status; final ones end the watching."""
        ...


class Transfer(Listener):
    """One call's transfers: at most one asked by us and one asked by the peer at a time."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._context = call.context
        self._asked: Transaction | None = None
        self._other: Call | None = None
        self._sent: Outgoing | None = None
        self._referring = False
        self._accepted = False

    # --- we ask ----------------------------------------------------------------------------------

    def refer(self, target: str, now: float) -> None:
        """Blind: the peer shall call `target`."""
        self._refer(f"<{target}>", now)

    def refer_to_call(self, other: Call, now: float) -> None:
        """Attended: the peer shall call the peer of `other` in our place (RFC 5589 7)."""
        if self._referring:
            return
        if not other.talking:
            self._report(481, now)
            return
        self._other = other
        dialog = other.dialog
        replaces = ReplacesHeader(dialog.call_id, dialog.remote_tag, dialog.local_tag)
        target = SipUri.parse(dialog.target).without_headers()
        self._refer(f"<{target.with_header('Replaces', str(replaces))}>", now)

    def _refer(self, refer_to: str, now: float) -> None:
        if self._referring:
            return
        identity = NameAddr.parse(self._call.dialog.local).uri
        headers = [("Refer-To", refer_to), ("Referred-By", f"<{identity}>"), ("Supported", "norefersub")]
        self._referring, self._accepted = True, False
        self._sent = self._call.send("REFER", self, now, headers=headers)

    def on_response(self, sent: Outgoing, response: Response, flow: Flow, now: float) -> None:
        """202: the outcome comes by NOTIFY. Anything else: there will be no transfer."""
        if not self._referring or sent is not self._sent or response.status < 200:
            return
        if response.status >= 300:
            self._report(response.status, now)
            return
        if no_subscription(response):
            self._report(200, now)
            return
        self._accepted = True
        self._context.agenda.set(("refer", self), now + OUTCOME_WITHIN, self._no_outcome)

    def on_failure(self, sent: Outgoing, reason: str, now: float) -> None:
        """Nobody answered the REFER; its outcome, or the call's end, may have come without that."""
        if self._referring and sent is self._sent:
            self._report(408 if reason == TIMEOUT else 503, now)

    def on_notify(self, transaction: Transaction, request: Request, now: float) -> None:
        """How the transfer goes (RFC 3515 2.4.4)."""
        if not self._is_refer(request) or not self._referring:
            self._context.respond(transaction, 481, now)
            return
        self._context.respond(transaction, 200, now)
        status = sipfrag_status(request)
        over = _state(request) == "terminated"
        if status is not None and (status >= 200 or not over):
            self._report(status, now)
        elif over:
            # The subscription ended before the outcome: nobody will ever say.
            self._report(487, now)

    def _is_refer(self, request: Request) -> bool:
        try:
            return EventHeader.parse(request.headers.get("Event") or "").package == "refer"
        except MessageError:
            return False

    def _report(self, status: int, now: float) -> None:
        final = status >= 200
        self._context.emit(ReferProgress(self._call.handle, status, final))
        if not final:
            return
        self._referring = False
        self._context.agenda.clear(("refer", self))
        other, self._other = self._other, None
        if status < 300:
            for call in (self._call, other):
                if call is not None and call.talking:
                    call.bye(now, TRANSFERRED)

    def _no_outcome(self, now: float) -> None:
        self._report(408, now)

    # --- the peer asks ---------------------------------------------------------------------------

    def on_refer(self, transaction: Transaction, request: Request, now: float) -> None:
        """REFER: the application decides."""
        target = _refer_to(request)
        uri = target.uri if target is not None else None
        if self._asked is not None or not self._call.talking:
            self._context.respond(transaction, 491, now)
        elif target is None:
            self._context.respond(transaction, 400, now)
        elif uri is None or uri.scheme not in {"sip", "sips", "tel"}:
            self._context.respond(transaction, 416, now)
        else:
            self._asked = transaction
            self._tell(uri, request)

    def _tell(self, uri: SipUri, request: Request) -> None:
        self._context.emit(
            ReferReceived(
                self._call.handle,
                str(uri.without_headers()),
                uri.header("Replaces") or "",
                request.headers.get("Referred-By") or "",
            )
        )

    def accept(self, now: float) -> None:
        """202, and the first NOTIFY says 100 (RFC 3515 2.4.4)."""
        transaction = self._asked
        if transaction is None or transaction.answered:
            return
        wanted = not no_subscription(transaction.request)
        headers = [self._context.contact(transaction.flow)]
        if not wanted:
            headers.append(("Refer-Sub", "false"))
        self._context.respond(transaction, 202, now, headers=tuple(headers))
        if wanted:
            self.notify(100, now)
        else:
            self._asked = None

    def refuse(self, status: int, now: float) -> None:
        """No; to a REFER that was accepted already the last NOTIFY says so (RFC 3515 2.4.5)."""
        if self._asked is not None and self._asked.answered:
            self.notify(status, now)
        else:
            self._decline(status, now)

    def _decline(self, status: int, now: float) -> None:
        if self._asked is not None and not self._asked.answered:
            transaction, self._asked = self._asked, None
            self._context.respond(transaction, status, now)

    def watch(self) -> Watcher | None:
        """Who hears of the INVITE that obeys the accepted REFER; None when nobody asked to hear."""
        return _Notifier(self) if self._asked is not None else None

    def notify(self, status: int, now: float) -> None:
        """Tell the peer how far its transfer is."""
        if self._asked is None or not self._call.talking:
            return
        number = self._asked.request.cseq.number
        over = status >= 200
        state = "terminated;reason=noresource" if over else "active;expires=180"
        body = f"SIP/2.0 {status} {phrase(status)}\r\n".encode()
        headers = [
            ("Event", f"refer;id={number}"),
            ("Subscription-State", state),
            ("Content-Type", "message/sipfrag;version=2.0"),
        ]
        if over:
            self._asked = None
        self._call.send("NOTIFY", Unheard(), now, headers=headers, body=body)

    def stop(self) -> None:
        """The call is over."""
        self._context.agenda.clear(("refer", self))

    def close(self, now: float) -> None:
        """The call ends: an undecided REFER gets its answer, and nobody waits for an outcome."""
        self._decline(487, now)
        if self._referring:
            self._report_end()
        self.stop()

    def _report_end(self) -> None:
        """The transferee hung up before it told the outcome: most do so because it worked."""
        self._referring = False
        self._context.emit(ReferProgress(self._call.handle, 200 if self._accepted else 487, True))


class _Notifier:
    """Passes what becomes of the referred INVITE to the call that asked for it."""

    def __init__(self, transfer: Transfer) -> None:
        self._transfer = transfer

    def progress(self, status: int, now: float) -> None:
        """One NOTIFY for each step."""
        self._transfer.notify(status, now)


def _refer_to(request: Request) -> NameAddr | None:
    try:
        return NameAddr.parse(request.headers.get("Refer-To") or "")
    except MessageError:
        return None


def _state(request: Request) -> str:
    try:
        return SubscriptionState.parse(request.headers.get("Subscription-State") or "").state
    except MessageError:
        return ""
