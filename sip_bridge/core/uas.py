"""What a request from outside gets (RFC 3261 8.2, 12.2.2): the checks in order, then its method."""

from __future__ import annotations

from collections.abc import Callable

from sip_bridge.core.allow import ALLOW, KNOWN_OPTIONS, SDP, SUPPORTED, refusal_of_method
from sip_bridge.core.call import Call, Phase
from sip_bridge.core.calls import Calls
from sip_bridge.core.context import Context
from sip_bridge.core.dialog import Dialog
from sip_bridge.core.events import (
    IncomingInvite,
    InfoReceived,
    NotifyReceived,
)
from sip_bridge.core.incoming_call import IncomingCall
from sip_bridge.core.message import Request
from sip_bridge.core.parts import accepts, body_of, readable_instead, reasons_of
from sip_bridge.core.reasons import CANCELLED, reason_for_bye
from sip_bridge.core.replaces import replaced_call
from sip_bridge.core.session_timer import too_small
from sip_bridge.core.transaction import Transaction
from sip_bridge.core.transaction_layer import AckArrived, RequestArrived

_ONLY_IN_DIALOG = frozenset({"BYE", "PRACK", "UPDATE", "INFO", "REFER"})
_READS = {"INVITE": SDP, "UPDATE": SDP, "PRACK": SDP}
"""The one type of body a method's meaning is in."""

_InDialog = Callable[[Call, Dialog, Transaction, Request, float], None]


class Uas:
    """The user agent server of one agent."""

    def __init__(self, context: Context, calls: Calls) -> None:
        self._context = context
        self._calls = calls
        self._in_dialog: dict[str, _InDialog] = {
            "INVITE": self._reinvite,
            "BYE": self._bye,
            "UPDATE": self._update,
            "PRACK": self._prack,
            "INFO": self._info,
            "REFER": self._refer,
            "NOTIFY": self._notify,
            "OPTIONS": lambda call, dialog, transaction, request, now: self._options(transaction, now),
        }
        self._outside: dict[str, Callable[[Transaction, float], None]] = {
            "INVITE": self._invite,
            "OPTIONS": self._options,
            "NOTIFY": self._notify_outside,
        }

    # --- entrances -------------------------------------------------------------------------------

    def request_arrived(self, event: RequestArrived, now: float) -> None:
        """A new request."""
        transaction, request = event.transaction, event.transaction.request
        if request.method == "CANCEL":
            self._cancel(transaction, event.cancels, now)
        elif not self._acceptable(event, now):
            return
        elif request.to.tag:
            self._inside(transaction, request, now)
        elif request.method in _ONLY_IN_DIALOG:
            self._context.respond(transaction, 481, now, to_tag=self._context.tag())
        else:
            self._outside[request.method](transaction, now)

    def ack_arrived(self, event: AckArrived, now: float) -> None:
        """The ACK of one of our 2xx."""
        found = self._calls.find(event.request)
        if found is None:
            return
        call, _ = found
        if call.invite is None or not call.invite.on_ack(event.request, now):
            call.negotiation.on_ack(event.request, now)

    # --- checks ----------------------------------------------------------------------------------

    def _acceptable(self, event: RequestArrived, now: float) -> bool:
        transaction, request = event.transaction, event.transaction.request
        refusal = self._refusal(event)
        if refusal is None:
            return True
        status, headers = refusal
        tag = "" if request.to.tag else self._context.tag()
        self._context.respond(transaction, status, now, to_tag=tag, headers=headers)
        return False

    def _refusal(self, event: RequestArrived) -> tuple[int, tuple[tuple[str, str], ...]] | None:
        request = event.transaction.request
        status = refusal_of_method(request.method)
        if status:
            return status, (("Allow", ALLOW),)
        required = request.headers.get_all("Require")
        unknown = [tag for tag in required if tag and tag.lower() not in KNOWN_OPTIONS]
        if unknown:
            return 420, (("Unsupported", ", ".join(unknown)),)
        reads = _READS.get(request.method)
        if reads is not None and (readable := readable_instead(request, reads)):
            return 415, readable
        if request.method == "INVITE" and not accepts(request, SDP):
            return 406, ()
        if event.merged:
            return 482, ()
        return None

    # --- outside dialogs -------------------------------------------------------------------------

    def _invite(self, transaction: Transaction, now: float) -> None:
        request = transaction.request
        tag = self._context.tag()
        if self._calls.full:
            self._context.respond(transaction, 486, now, to_tag=tag)
            return
        status, replaced = replaced_call(self._calls, request)
        if status:
            self._context.respond(transaction, status, now, to_tag=tag)
            return
        self._ring(transaction, tag, replaced, now)

    def _ring(self, transaction: Transaction, tag: str, replaced: Call | None, now: float) -> None:
        request = transaction.request
        small = too_small(self._context.config, request)
        if small is not None:
            self._context.respond(transaction, 422, now, to_tag=tag, headers=tuple(small))
            return
        call = self._calls.new(Phase.RINGING)
        dialog = Dialog.from_request(request, tag)
        dialog.flow, dialog.home = transaction.flow, self._context.binding.is_home(transaction.flow)
        call.dialog = dialog
        call.replaces = replaced
        call.invite = incoming = IncomingCall(call, transaction, dialog)
        self._calls.index(dialog, call)
        incoming.start(now)
        self._context.emit(
            IncomingInvite(
                call.handle,
                str(request.from_.uri),
                str(request.to.uri),
                request.from_.display_name,
                tuple(request.headers),
                body_of(request, SDP),
                request.content_type,
                replaced.handle if replaced is not None else None,
                request.headers.get("Referred-By") or "",
                transaction.flow.secure,
            )
        )

    def _options(self, transaction: Transaction, now: float) -> None:
        headers = (
            self._context.contact(transaction.flow),
            ("Allow", ALLOW),
            ("Accept", f"{SDP}, message/sipfrag"),
            ("Supported", SUPPORTED),
        )
        status = 486 if self._calls.full and not transaction.request.to.tag else 200
        tag = "" if transaction.request.to.tag else self._context.tag()
        self._context.respond(transaction, status, now, to_tag=tag, headers=headers)

    def _notify_outside(self, transaction: Transaction, now: float) -> None:
        """Unsolicited news of the registrar's (RFC 3842 as practised)."""
        request = transaction.request
        event = (request.headers.get("Event") or "").partition(";")[0].strip().lower()
        if event != "message-summary":
            self._context.respond(transaction, 481, now, to_tag=self._context.tag())
            return
        self._context.respond(transaction, 200, now, to_tag=self._context.tag())
        self._context.emit(NotifyReceived(event, request.content_type, request.body))

    def _cancel(self, transaction: Transaction, cancels: Transaction | None, now: float) -> None:
        if cancels is None:
            self._context.respond(transaction, 481, now, to_tag=self._context.tag())
            return
        tag = cancels.response.to.tag if cancels.response is not None else ""
        self._context.respond(transaction, 200, now, to_tag=tag or self._context.tag())
        for call in self._calls.all():
            if isinstance(call.invite, IncomingCall) and call.invite.transaction is cancels:
                call.invite.on_cancel(transaction.request, now)
                return
        for call in self._calls.all():
            call.negotiation.on_cancel(cancels, now)

    # --- inside dialogs --------------------------------------------------------------------------

    def _inside(self, transaction: Transaction, request: Request, now: float) -> None:
        found = self._calls.find(request)
        if found is None or not self._lives(found[0], request):
            self._context.respond(transaction, 481, now)
            return
        call, dialog = found
        if not dialog.in_order(request):
            self._context.respond(transaction, 500, now)
            return
        dialog.flow = transaction.flow
        dialog.learn(request)
        self._in_dialog[request.method](call, dialog, transaction, request, now)

    def _lives(self, call: Call, request: Request) -> bool:
        """A call that waits only to say BYE hears nothing else than the peer's own."""
        return not call.over or (call.lingers and request.method == "BYE")

    def _reinvite(
        self, call: Call, dialog: Dialog, transaction: Transaction, request: Request, now: float
    ) -> None:
        if not call.talking:
            self._context.respond(transaction, 491 if call.we_called else 500, now)
        elif call.unacknowledged:
            self._context.respond(transaction, 491, now)
        else:
            call.negotiation.on_invite(transaction, request, now)

    def _bye(
        self, call: Call, dialog: Dialog, transaction: Transaction, request: Request, now: float
    ) -> None:
        self._context.respond(transaction, 200, now)
        call.lingers = False
        if call.phase is Phase.TALKING:
            call.negotiation.close(now)
            call.transfer.close(now)
            call.end(0, reason_for_bye(reasons_of(request)), by_remote=True)
        elif isinstance(call.invite, IncomingCall):
            call.invite.reject(487, CANCELLED, now, by_remote=True)

    def _update(
        self, call: Call, dialog: Dialog, transaction: Transaction, request: Request, now: float
    ) -> None:
        dialog.refresh_target(request)
        if request.body and not call.agreed:
            status = 491 if call.we_called else 500
            self._context.respond(transaction, status, now, headers=(("Retry-After", "1"),))
        else:
            if not call.talking:
                call.updated_by = dialog.remote_tag
            call.negotiation.on_update(transaction, request, now)

    def _prack(
        self, call: Call, dialog: Dialog, transaction: Transaction, request: Request, now: float
    ) -> None:
        if isinstance(call.invite, IncomingCall):
            call.invite.on_prack(transaction, request, now)
        else:
            self._context.respond(transaction, 481, now)

    def _info(
        self, call: Call, dialog: Dialog, transaction: Transaction, request: Request, now: float
    ) -> None:
        self._context.respond(transaction, 200, now)
        self._context.emit(InfoReceived(call.handle, request.content_type, request.body))

    def _refer(
        self, call: Call, dialog: Dialog, transaction: Transaction, request: Request, now: float
    ) -> None:
        call.transfer.on_refer(transaction, request, now)

    def _notify(
        self, call: Call, dialog: Dialog, transaction: Transaction, request: Request, now: float
    ) -> None:
        call.transfer.on_notify(transaction, request, now)
