"""Our INVITE until its final answer: early dialogs, forks, CANCEL, redirection (RFC 3261 9, 13.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sip_bridge.core.acknowledge import Acknowledgement
from sip_bridge.core.allow import ALLOW, SDP, SUPPORTED
from sip_bridge.core.call import Call, Phase, bye_stray
from sip_bridge.core.calls import Calls
from sip_bridge.core.context import Context
from sip_bridge.core.dialog import Dialog, hop_of
from sip_bridge.core.effects import Flow
from sip_bridge.core.events import AnswerReceived, OfferReceived, Provisional
from sip_bridge.core.message import Headers, Request, Response
from sip_bridge.core.parts import body_of, reasons_of, retry_after, with_body
from sip_bridge.core.reasons import CANCELLED, HUNG_UP, NO_COMMON_CODEC, UNREACHABLE, reason_for_refusal
from sip_bridge.core.redirect import Redirection
from sip_bridge.core.reliable import Acknowledger
from sip_bridge.core.sending import Listener, Outgoing
from sip_bridge.core.transaction import State
from sip_bridge.core.turn import Turn
from sip_bridge.core.uri import SipUri


class OutgoingCall(Listener):
    """The INVITE side of one call of ours."""

    def __init__(
        self, calls: Calls, call: Call, target: str, offer: bytes | None, headers: Sequence[tuple[str, str]]
    ) -> None:
        self._calls = calls
        self._call = call
        self._context: Context = call.context
        self._offer = offer
        self._headers = tuple(headers)
        self._redirection = Redirection(target, call.context.config.max_redirects)
        self._target = target
        self._call_id = call.context.tag() + call.context.tag()
        self._from = str(call.context.binding.identity.with_tag(call.context.tag()))
        self._to = f"<{SipUri.parse(target).without_headers()}>"
        self._cseq = 0
        self._sent: Outgoing  # from `start` on
        self._early: dict[str, Dialog] = {}
        self._acks: dict[str, Acknowledgement] = {}
        self._answers: dict[str, bytes] = {}
        self._reliable = Acknowledger(call, offer is not None, self.refuse_delayed)
        self._cancel_reason: str | None = None

    # --- commands --------------------------------------------------------------------------------

    def start(self, now: float) -> None:
        """Send the INVITE to the present target."""
        context = self._context
        self._early.clear()
        request = self._build()
        uri = SipUri.parse(request.uri)
        home = context.binding.account is not None
        flow = context.binding.flow if home else None
        if flow is not None and uri.secure and not flow.secure:
            flow = None
        hop = context.binding.hop or hop_of(uri)
        hop = replace(hop, secure=hop.secure or uri.secure)
        self._sent = Outgoing(request, self, self._number, hop, flow, home=home)
        context.sender.send(self._sent, now)

    def hang_up(self, now: float, reason: str) -> None:
        """Nobody wants the answer any more (9.1): CANCEL, but not before a provisional response came."""
        if self._call.phase is Phase.TALKING:
            self._acknowledge_all(now)
            self._call.bye(now, HUNG_UP, reason)
        if self._call.phase is not Phase.CALLING:
            return
        self._call.move(Phase.CANCELLING)
        self._cancel_reason = reason
        self._sent.once = True
        pending = self._sent.transaction
        if pending is None or pending.answered:  # nothing is on the wire: a flow is still looked for
            self._context.sender.abandon(self._sent)
            self._finish(487, CANCELLED, now, by_remote=False)
        else:
            self._cancel(now)

    def on_ack(self, request: Request, now: float) -> bool:
        """Nobody acknowledges what we sent: this was our INVITE."""
        return False

    def stop(self) -> None:
        """The call is over."""
        self._context.agenda.clear(("cancelled", self))

    @property
    def unacknowledged(self) -> bool:
        """Whether a delayed answer of ours is still to come."""
        return any(not ack.begun for ack in self._acks.values())

    @property
    def agreed(self) -> bool:
        """Whether the call stands and needs no more answers of ours; before, whether the one who rings has
        answered our offer for good. Of several, none may change what the others hear."""
        if self._call.talking:
            return not self.unacknowledged
        ringing = self._call.phase is Phase.CALLING and len(self._early) == 1
        return ringing and self._offer is not None and self._reliable.answered.issuperset(self._early)

    def answer_delayed(self, sdp: bytes, now: float) -> None:
        """The answer to the offer their 2xx made goes in the ACK."""
        for ack in self._acks.values():
            ack.send(now, [("Content-Type", SDP)], sdp)

    def refuse_delayed(self, status: int, now: float) -> None:
        """Their offer won't do (13.2.2.4): acknowledged and ended at once, or cancelled while it rings."""
        if self._call.phase is Phase.TALKING:
            self._acknowledge_all(now)
            self._call.bye(now, reason_for_refusal(status), status=status)
        else:
            self.hang_up(now, "")

    def _acknowledge_all(self, now: float) -> None:
        """No BYE before the ACK, though a delayed answer never came."""
        for ack in self._acks.values():
            ack.send(now)

    # --- building --------------------------------------------------------------------------------

    def _number(self) -> int:
        self._cseq += 1
        return self._cseq

    def _build(self) -> Request:
        headers = Headers()
        for route in self._context.binding.routes:
            headers.add("Route", route)
        headers.add("Max-Forwards", "70")
        headers.add("From", self._from)
        headers.add("To", self._to)
        headers.add("Call-ID", self._call_id)
        headers.add("CSeq", f"{self._number()} INVITE")
        headers.add("Allow", ALLOW)
        headers.add("Supported", SUPPORTED)
        for name, value in [*self._call.timer.request_headers(), *self._headers]:
            headers.add(name, value)
        for name, value in with_body(self._offer or b"", SDP):
            headers.add(name, value)
        uri = str(SipUri.parse(self._target).without_headers())
        return self._context.stamp(Request("INVITE", uri, headers, self._offer or b""))

    # --- responses -------------------------------------------------------------------------------

    def on_response(self, sent: Outgoing, response: Response, flow: Flow, now: float) -> None:
        """What the far end, or a proxy, says."""
        if response.status < 200:
            self._on_provisional(response, flow, now)
        elif response.status < 300:
            self._on_success(sent, response, flow, now)
        elif self._call.phase is Phase.CANCELLING:
            self._finish(response.status, CANCELLED, now, by_remote=False)
        elif not self._over(sent) and not self._asked_again(response, now):
            self._refused(response, now)

    def on_failure(self, sent: Outgoing, reason: str, now: float) -> None:
        """Nobody answered, at none of the addresses."""
        if self._call.phase is Phase.CANCELLING:
            self._finish(487, CANCELLED, now, by_remote=False)
        else:
            self._finish(0, UNREACHABLE, now, by_remote=True)

    def _over(self, sent: Outgoing) -> bool:
        return self._call.phase is not Phase.CALLING or sent is not self._sent

    def _on_provisional(self, response: Response, flow: Flow, now: float) -> None:
        if self._call.phase is Phase.CANCELLING:
            self._cancel(now)
            return
        if self._call.phase is not Phase.CALLING or response.status == 100:
            return
        dialog = self._early_dialog(response, flow)
        if dialog is None or not self._reliable.accept(response, dialog, now):
            return
        self._report(response.status, now)
        sdp = body_of(response, SDP)
        if sdp is not None and self._offer is not None:
            self._answers[dialog.remote_tag] = sdp
        self._context.emit(
            Provisional(
                self._call.handle,
                response.status,
                response.reason,
                sdp if self._offer is not None else None,
                dialog.remote_tag,
                flow.secure,
            )
        )

    def _early_dialog(self, response: Response, flow: Flow) -> Dialog | None:
        tag = response.to.tag
        dialog = self._early.get(tag)
        if dialog is not None:
            dialog.learn(response)
            return dialog
        if len(self._early) >= self._context.config.max_early_dialogs:
            return None
        dialog = self._dialog(response, flow)
        self._early[tag] = dialog
        self._calls.index(dialog, self._call)
        return dialog

    def _dialog(self, response: Response, flow: Flow) -> Dialog:
        dialog = Dialog.from_response(self._sent.request, response)
        dialog.flow, dialog.home = flow, self._sent.home
        return dialog

    def _on_success(self, sent: Outgoing, response: Response, flow: Flow, now: float) -> None:
        tag = response.to.tag
        ack = self._acks.get(tag)
        if ack is not None:
            ack.again()
            return
        if len(self._acks) >= self._context.config.max_early_dialogs:
            return
        dialog = self._early.pop(tag, None) or self._dialog(response, flow)
        dialog.confirm(response)
        ack = Acknowledgement(self._context, dialog, sent.request, flow)
        self._acks[tag] = ack
        if self._call.phase is Phase.CALLING:
            self._won(dialog, ack, response, flow, now)
        else:
            self._too_late(dialog, ack, now)

    def _won(self, dialog: Dialog, ack: Acknowledgement, response: Response, flow: Flow, now: float) -> None:
        call = self._call
        for other in self._early.values():
            self._calls.drop(other)
        self._calls.index(dialog, call)
        call.dialog = dialog
        sdp = body_of(response, SDP)
        answer = sdp or self._answers.get(dialog.remote_tag)
        if self._offer is not None and answer is None:
            self._unanswered(ack, now)
            return
        self._report(response.status, now)
        updated = bool(call.local_sdp) and call.updated_by == dialog.remote_tag
        if self._offer is not None and answer is not None and not updated:
            call.local_sdp, call.remote_sdp = self._offer, answer
            self._context.emit(AnswerReceived(call.handle, answer, dialog.remote_tag))
        call.establish(dialog, flow)
        call.timer.on_answer(response, now)
        if self._offer is None and not self._reliable.agreed:
            self._delayed(ack, sdp, now)
        else:
            ack.send(now)
            call.negotiation.ready(now)

    def _unanswered(self, ack: Acknowledgement, now: float) -> None:
        """A 2xx that leaves our offer without an answer (13.2.1): a call in which nobody could be heard."""
        self._report(488, now)
        ack.send(now)
        self._call.bye(now, NO_COMMON_CODEC, 'SIP;cause=488;text="No answer in 2xx"', status=488)

    def _delayed(self, ack: Acknowledgement, sdp: bytes | None, now: float) -> None:
        if sdp is None or self._call.negotiation.turn is not Turn.STABLE:
            # No offer, or another while the first is with the application: nothing to answer in this ACK.
            ack.send(now)
            self._call.bye(now, UNREACHABLE)
            return
        self._call.negotiation.expect_answer(sdp, self.answer_delayed, self.refuse_delayed)
        self._context.emit(OfferReceived(self._call.handle, sdp, "delayed"))

    def _too_late(self, dialog: Dialog, ack: Acknowledgement, now: float) -> None:
        """A 2xx that nobody waits for: a second fork, or one that crossed our CANCEL."""
        ack.send(now)
        bye_stray(self._context, dialog, now)
        if self._call.phase is Phase.CANCELLING:
            self._finish(487, CANCELLED, now, by_remote=False)

    # --- endings ---------------------------------------------------------------------------------

    def _cancel(self, now: float) -> None:
        sent = self._sent
        if self._cancel_reason is None or sent.transaction is None:
            return
        if sent.transaction.state is not State.PROCEEDING:
            return
        reason, self._cancel_reason = self._cancel_reason, None
        self._context.layer.cancel(sent.transaction, now, reason)
        self._context.agenda.set(("cancelled", self), now + 32.0, self._no_487)

    def _no_487(self, now: float) -> None:
        """The INVITE was never answered although cancelled (9.1)."""
        self._finish(487, CANCELLED, now, by_remote=False)

    def _asked_again(self, response: Response, now: float) -> bool:
        """Whether the refusal says how to ask better: another place, or a longer session interval."""
        target = self._redirection.next(response)
        if target is not None:
            self._target = target
        elif response.status != 422 or not self._call.timer.raise_interval(response):
            return False
        for dialog in self._early.values():
            self._calls.drop(dialog)
        self.start(now)
        return True

    def _refused(self, response: Response, now: float) -> None:
        key = reason_for_refusal(response.status, reasons_of(response))
        self._finish(response.status, key, now, by_remote=True, wait=retry_after(response))

    def _report(self, status: int, now: float) -> None:
        """Whoever asked for this call by REFER is told."""
        if self._call.watcher is not None:
            self._call.watcher.progress(status, now)

    def _finish(self, status: int, key: str, now: float, *, by_remote: bool, wait: int | None = None) -> None:
        self._context.agenda.clear(("cancelled", self))
        for dialog in self._early.values():
            self._calls.drop(dialog)
        self._report(status or 503, now)
        self._call.end(status, key, by_remote=by_remote, retry_after=wait)
