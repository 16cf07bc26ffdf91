"""Calls that stand, or ring: what one phone asks inside its dialog is asked inside the other's (RFC 7092)."""

from __future__ import annotations

from demo.carrying import carried, hops_left
from demo.legs import Leg, Legs, replacing
from demo.lines import Lines
from demo.passing import PassingInCall, Probe, Reinvite
from sip_bridge.core.effects import Flow
from sip_bridge.core.headers import EventHeader, NameAddr, RAck, ReplacesHeader
from sip_bridge.core.message import Request
from sip_bridge.core.transaction import Transaction
from sip_bridge.core.uri import SipUri

PROBE_S = 30.0
"""How often each phone in a call is asked whether it is still there."""
LOST_S = 10.0
"""How long a phone whose connection broke may take to come back."""
GONE = 'SIP;cause=408;text="The other phone is gone"'
_WITH_CONTACT = frozenset({"INVITE", "UPDATE", "REFER", "NOTIFY", "OPTIONS"})


class Talks:
    """Everything inside dialogs."""

    def __init__(self, lines: Lines, legs: Legs) -> None:
        self._lines = lines
        self._legs = legs

    def find(self, request: Request) -> Leg | None:
        """The leg a request belongs to."""
        return self._legs.find(request)

    # --- what phones say ----------------------------------------------------------------------------

    def request(self, transaction: Transaction, now: float) -> None:
        """A request inside a dialog."""
        request = transaction.request
        leg = self._legs.find(request)
        if leg is None:
            self._lines.respond(transaction, 481, now)
        elif not leg.dialog.in_order(request):
            self._lines.respond(transaction, 500, now)
        elif request.method == "BYE":
            self._bye(leg, transaction, now)
        else:
            leg.dialog.flow = transaction.flow
            self._pass(leg, transaction, now)

    def ack(self, request: Request, now: float) -> None:
        """The ACK of a 2xx, with the answer to an offer that came late."""
        leg = self._legs.find(request)
        number = leg.invites.get(request.cseq.number) if leg is not None else None
        if leg is None or number is None:
            return
        leg.invites = {ours: theirs for ours, theirs in leg.invites.items() if theirs >= number}
        flow = self.way(leg.other, now)
        if flow is not None:
            self._lines.layer.send(leg.other.dialog.ack(number, carried(request), request.body), flow)

    def _bye(self, leg: Leg, transaction: Transaction, now: float) -> None:
        self._lines.respond(transaction, 200, now)
        self._end(leg.other, now, carried(transaction.request))

    def _pass(self, leg: Leg, transaction: Transaction, now: float) -> None:
        request, other = transaction.request, leg.other
        flow = self.way(other, now)
        if flow is None:
            self._lines.respond(transaction, 480, now)
            return
        headers = [*self._translated(leg, request), *carried(request)]
        if request.method in _WITH_CONTACT:
            headers.append(self._lines.contact(leg.user, flow))
        if request.method in {"INVITE", "UPDATE"}:
            leg.dialog.refresh_target(request)
        if request.method == "INVITE":
            self._lines.respond(transaction, 100, now)
        onward = other.dialog.request(request.method, headers, request.body)
        onward.headers.set("Max-Forwards", hops_left(request))
        self._number(leg, request, onward)
        passing = PassingInCall(self._lines, transaction, other, self.died)
        transaction.user = Reinvite(self._lines, self._lines.send(onward, flow, passing, now))

    # --- what names the other leg's numbers, tags and dialogs ---------------------------------------

    def _number(self, leg: Leg, request: Request, onward: Request) -> None:
        if request.method == "INVITE":
            leg.invites[request.cseq.number] = onward.cseq.number
        elif request.method == "REFER":
            leg.other.refers[onward.cseq.number] = request.cseq.number

    def _translated(self, leg: Leg, request: Request) -> list[tuple[str, str]]:
        headers = []
        rack = request.parsed("RAck", RAck.parse)
        if rack is not None:
            number = leg.invites.get(rack.cseq, rack.cseq)
            headers.append(("RAck", str(RAck(rack.response, number, rack.method))))
        event = request.parsed("Event", EventHeader.parse)
        if event is not None:
            headers.append(("Event", str(_renumbered(event, leg))))
        refer_to = request.parsed("Refer-To", NameAddr.parse)
        if refer_to is not None:
            headers.append(("Refer-To", self._refer_to(refer_to)))
        return headers

    def _refer_to(self, refer_to: NameAddr) -> str:
        """Our own address becomes the person's; a dialog named there the one its phone knows (RFC 5589 7)."""
        uri = refer_to.uri
        if uri is None or not self._lines.ours(uri):
            return str(refer_to)
        target = SipUri("sip", uri.user, host=self._lines.realm)
        text = uri.header("Replaces")
        if text is not None:
            named = ReplacesHeader.parse(text)
            leg = self._legs.meant_by(named)
            if leg is not None:
                text = str(replacing(leg, early_only=named.early_only))
            target = target.with_header("Replaces", text)
        return str(NameAddr(refer_to.display_name, target, refer_to.parameters))

    # --- life and death -----------------------------------------------------------------------------

    def began(self, leg: Leg, now: float) -> None:
        """A call stands: from now on both phones are looked after."""
        for each in (leg, leg.other):
            self._look_after(each, now + PROBE_S)

    def surplus(self, leg: Leg, now: float) -> None:
        """A phone took a call that another one has, or that nobody wants any more."""
        flow = leg.dialog.flow
        if flow is not None:
            self._lines.layer.send(leg.dialog.ack(1), flow)
        self._end(leg, now, [])

    def flow_closed(self, flow_id: int, now: float) -> None:
        """The phone may come back over another connection; if it does not, its calls are over."""
        for leg in self._legs.over(flow_id):
            leg.dialog.flow = None
            if self._lines.agenda.waits(leg):
                self._look_after(leg, now + LOST_S)

    def way(self, leg: Leg, now: float) -> Flow | None:
        """The flow the phone spoke over last, or the one it is registered over since that broke."""
        if leg.dialog.flow is not None:
            return leg.dialog.flow
        bound = self._lines.bindings.find(leg.user, now)
        return next((one.flow for one in bound if one.flow.secure or not leg.secure), None)

    def comes_from(self, leg: Leg, flow: Flow, now: float) -> bool:
        """Whether the leg's phone is known to be behind `flow`."""
        if leg.dialog.flow is not None and leg.dialog.flow.id == flow.id:
            return True
        bound = self._lines.bindings.find(leg.user, now)
        return (flow.secure or not leg.secure) and any(one.flow.id == flow.id for one in bound)

    def died(self, leg: Leg, now: float) -> None:
        """The leg's phone is gone: the other one is told, unless the call only rings."""
        if leg in self._legs and not leg.dialog.early:
            self._end(leg.other, now, [("Reason", GONE)])

    def _look_after(self, leg: Leg, when: float) -> None:
        self._lines.agenda.set(leg, when, lambda now: self._probe(leg, now))

    def _probe(self, leg: Leg, now: float) -> None:
        flow = self.way(leg, now)
        if flow is None:
            self.died(leg, now)
            return
        options = leg.dialog.request("OPTIONS", [self._lines.contact(leg.other.user, flow)])
        self._lines.send(options, flow, Probe(leg, self.died), now)
        self._look_after(leg, now + PROBE_S)

    def _end(self, leg: Leg, now: float, headers: list[tuple[str, str]]) -> None:
        """BYE to the leg's phone; both legs are forgotten."""
        for each in (leg, leg.other):
            self._lines.agenda.clear(each)
        self._legs.forget(leg)
        flow = self.way(leg, now)
        if flow is not None:
            self._lines.send(leg.dialog.request("BYE", headers), flow, None, now)


def _renumbered(event: EventHeader, leg: Leg) -> EventHeader:
    """A REFER's subscription is named by the REFER's number (RFC 3515 2.4.6)."""
    number = leg.refers.get(int(event.id)) if event.id.isdecimal() else None
    return event if number is None else EventHeader(event.package, str(number), event.parameters)
