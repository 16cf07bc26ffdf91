"""What becomes of a request before its transaction: who may ask us, what is malformed, what is too much."""

from __future__ import annotations

from sip_bridge.core.admission import Admission
from sip_bridge.core.allow import ALLOW, refusal_of_method
from sip_bridge.core.calls import Calls
from sip_bridge.core.context import Context
from sip_bridge.core.effects import Admitted, Flow
from sip_bridge.core.events import RushBegan
from sip_bridge.core.message import Request
from sip_bridge.core.rush import Rush
from sip_bridge.core.validate import Problem


class Reception:
    """The door of one agent. What may ask goes to the transaction layer; the rest is refused or lost."""

    def __init__(self, context: Context, calls: Calls) -> None:
        self._context = context
        self._calls = calls
        self._admission = Admission(context.layer, calls)
        config = context.config
        self._rush = Rush(config.rush_window, config.max_rush, config.max_rush_of_one)

    def admits(self, data: bytes, flow: Flow, now: float) -> Admitted:
        """Whether a datagram that came over no open flow is read; `flow` is the one it would get."""
        if self._knows(flow) or self._admission.expects(data):
            return Admitted.KEPT
        return Admitted.ONCE if self._admission.stranger(now) else Admitted.LOST

    def receive(self, request: Request, problem: Problem | None, flow: Flow, now: float) -> None:
        """Only who may ask us something gets a transaction, and with it repeated answers."""
        if problem is not None:
            if request.method != "ACK" and self._knows(flow) and self._admission.complaint(now):
                self._answer_malformed(request, flow, problem.status, problem.reason)
        elif self._may_ask(request, flow):
            self._take(request, flow, now)
        elif request.method != "ACK":
            self._context.layer.refuse(request, flow, 481 if request.to.tag else 403)

    # --- who asks ----------------------------------------------------------------------------------

    def _may_ask(self, request: Request, flow: Flow) -> bool:
        """Our server may, who is in a call with us may, and who asked before gets the same answer again."""
        if self._knows(flow) or self._knows_in_call(request, flow):
            return True
        return self._context.layer.handles(request)

    def _knows(self, flow: Flow) -> bool:
        """Whether requests outside our dialogs are taken from there: from our server, unless configured."""
        return self._context.config.accept_strangers or self._context.binding.is_home(flow)

    def _knows_in_call(self, request: Request, flow: Flow) -> bool:
        """Whether the request belongs to a call and may come that way: a call over TLS stays there."""
        found = self._calls.find(request)
        return found is not None and (flow.secure or not self._context.binding.keeps_to_tls(found[1]))

    # --- how much ----------------------------------------------------------------------------------

    def _take(self, request: Request, flow: Flow, now: float) -> None:
        """Too many new requests are lost, where whoever means one repeats it; too many calls are busy."""
        layer, admission = self._context.layer, self._admission
        inside = self._calls.knows(request.call_id)
        if request.method != "ACK" and not layer.knows_branch(request.top_via.branch):
            taken = admission.request_of(request.call_id, now) if inside else admission.request(now)
            if not taken and not flow.reliable:
                return
            if not inside and self._in_a_rush(request, now):
                layer.refuse(request, flow, 486)
                return
        layer.receive(request, flow, now)

    def _in_a_rush(self, request: Request, now: float) -> bool:
        """Whether this is one of more calls than people make: each costs ports, keys, a popup and a line of
        history. It gets no transaction either: a thousand of them are ten megabytes."""
        if request.method != "INVITE" or request.to.tag:
            return False
        caller = request.headers.get("P-Asserted-Identity") or str(request.from_.uri)
        refused = self._rush.calls(caller, now)
        if self._rush.began:
            self._context.emit(RushBegan())
        return refused

    # --- what can't be read --------------------------------------------------------------------------

    def _answer_malformed(self, request: Request, flow: Flow, status: int, reason: str) -> None:
        """400 and the like, without a transaction; what can't even be answered is dropped."""
        if "Via" not in request.headers or "CSeq" not in request.headers:
            return
        refuse = self._context.layer.refuse
        if status == 400 and refusal_of_method(request.method) == 501:
            # The headers may well be right for a method that we don't know (RFC 4475 3.1.2.18).
            refuse(request, flow, 501, ("Allow", ALLOW))
        else:
            refuse(request, flow, status, reason=reason)
