"""The demo's telephone exchange, without input or output: a registrar and a back-to-back user agent.

Each phone of a call has a dialog with the exchange (RFC 7092: a signalling-only B2BUA). Session descriptions
pass as they are, so sound and its keys go from phone to phone.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from demo.admission import Admission
from demo.carrying import onward
from demo.legs import Legs, replacing
from demo.lines import Errand, Lines, Revocable
from demo.passing import Passing
from demo.ringing import Phone, Ringing
from demo.subscribers import Subscribers
from demo.talks import Talks
from sip_bridge.core.allow import ALLOW
from sip_bridge.core.digest import DigestVerifier
from sip_bridge.core.effects import Flow, Transmit
from sip_bridge.core.errors import MessageError
from sip_bridge.core.headers import ReplacesHeader
from sip_bridge.core.message import Request, parse_message
from sip_bridge.core.transaction import Transaction
from sip_bridge.core.transaction_layer import (
    AckArrived,
    AckMissing,
    RequestArrived,
    ResponseArrived,
    TransactionEvent,
    TransactionFailed,
)
from sip_bridge.core.uri import SipUri
from sip_bridge.core.validate import validate

_OUTSIDE = frozenset({"OPTIONS", "MESSAGE"})


class Exchange:
    """Flows are told by `flow_opened` and `flow_closed`.

    After every call `take_effects` has what to send, and `next_timer` says when to `tick`.
    """

    def __init__(self, realm: str, subscribers: Subscribers, random: Callable[[int], bytes]) -> None:
        self._lines = Lines(realm, random)
        self._legs = Legs()
        self._talks = Talks(self._lines, self._legs)
        verifier = DigestVerifier(
            realm,
            subscribers.password_of,
            random,
            algorithms=subscribers.algorithms,
            ha1_of=subscribers.ha1_of,
        )
        self._admission = Admission(verifier, subscribers.number_of, self._talks)
        self._ringing: list[Ringing] = []

    # --- told by the server -------------------------------------------------------------------------

    def flow_opened(self, flow: Flow) -> None:
        """A client connected, or a UDP address was heard for the first time."""
        self._lines.flows[flow.id] = flow

    def flow_closed(self, flow_id: int, now: float) -> None:
        """A connection is gone."""
        self._lines.flows.pop(flow_id, None)
        self._lines.bindings.drop_flow(flow_id)
        for ringing in tuple(self._ringing):
            ringing.flow_closed(flow_id, now)
        self._talks.flow_closed(flow_id, now)
        self._lines.layer.flow_closed(flow_id, now)
        self._settle(now)

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """Take one message."""
        with suppress(MessageError):  # what can't even be answered is dropped
            message = parse_message(data)
            problem = validate(message, forwarding=True)
            if problem is None:
                self._lines.layer.receive(message, flow, now)
            elif isinstance(message, Request) and message.method != "ACK":
                self._lines.layer.refuse(message, flow, problem.status)
        self._settle(now)

    def tick(self, now: float) -> None:
        """Run what is due."""
        self._lines.agenda.run(now)
        self._settle(now)

    def next_timer(self) -> float | None:
        """When `tick` has something to do."""
        return self._lines.agenda.next()

    def take_effects(self) -> list[Transmit]:
        """What to send, in order; over a flow that is gone nothing can be."""
        effects = self._lines.layer.take_effects()
        return [effect for effect in effects if effect.flow_id in self._lines.flows]

    # --- told to whoever asks -----------------------------------------------------------------------

    def registered(self, user: str, now: float) -> bool:
        """Whether a phone is signed in as `user`."""
        return bool(self._lines.bindings.find(user, now))

    def busy(self) -> bool:
        """Whether there is a call, ringing or standing."""
        return bool(self._legs or self._ringing)

    def waiting(self) -> int:
        """How many transactions are alive."""
        return len(self._lines.layer)

    # --- what happened in the transactions ----------------------------------------------------------

    def _settle(self, now: float) -> None:
        while events := self._lines.layer.take_events():
            for event in events:
                self._happened(event, now)
        self._ringing = [ringing for ringing in self._ringing if not ringing.over]

    def _happened(self, event: TransactionEvent, now: float) -> None:
        match event:
            case RequestArrived(transaction=transaction, cancels=cancels, merged=merged):
                self._asked(transaction, cancels, merged, now)
            case AckArrived(request=request):
                self._talks.ack(request, now)
            case ResponseArrived(transaction=sent, response=response):
                if response.status >= 200:
                    self._lines.done(sent)
                if isinstance(sent.user, Errand):
                    sent.user.on_response(sent, response, now)
            case TransactionFailed(transaction=sent, unreachable=unreachable):
                self._lines.done(sent)
                if isinstance(sent.user, Errand):
                    sent.user.on_failure(sent, unreachable, now)
            case AckMissing():
                pass  # what we refused is over, acknowledged or not

    def _asked(self, transaction: Transaction, cancels: Transaction | None, merged: bool, now: float) -> None:
        request = transaction.request
        try:
            if request.method == "CANCEL":
                self._cancel(transaction, cancels, now)
            elif merged:
                self._lines.respond(transaction, 482, now)
            elif refusal := self._admission.refusal(request, transaction.flow, now):
                self._lines.respond(transaction, refusal.status, now, headers=refusal.headers)
            elif request.to.tag:
                self._talks.request(transaction, now)
            else:
                self._outside(transaction, now)
        except MessageError:
            self._lines.respond(transaction, 400, now)

    def _cancel(self, transaction: Transaction, cancels: Transaction | None, now: float) -> None:
        self._lines.respond(transaction, 200 if cancels is not None else 481, now)
        if cancels is not None and isinstance(cancels.user, Revocable):
            cancels.user.cancel(now, transaction.request.headers.get("Reason") or "")

    # --- outside dialogs ----------------------------------------------------------------------------

    def _outside(self, transaction: Transaction, now: float) -> None:
        request, flow = transaction.request, transaction.flow
        target = SipUri.parse(request.uri)
        if request.method == "REGISTER":
            user = request.to.uri.user if request.to.uri is not None else ""
            reply = self._lines.bindings.register(user, request, flow, now)
            reply.headers.set("To", str(reply.to.with_tag(self._lines.tag())))
            self._lines.layer.respond(transaction, reply, now)
        elif request.method == "INVITE":
            self._invite(transaction, target, now)
        elif request.method not in _OUTSIDE:
            self._lines.respond(transaction, 405, now, headers=[("Allow", ALLOW)])
        elif request.method == "OPTIONS" and self._lines.ours(target) and not target.user:
            self._lines.respond(transaction, 200, now, headers=[("Allow", ALLOW)])
        elif phones := self._phones(target, now):
            self._pass(transaction, phones[0], now)
        else:
            self._lines.respond(transaction, 480, now)

    def _invite(self, transaction: Transaction, target: SipUri, now: float) -> None:
        named = transaction.request.parsed("Replaces", ReplacesHeader.parse)
        phones = self._phones(target, now) if named is None else self._replaced(named, now)
        if not phones:
            self._lines.respond(transaction, 480 if named is None else 481, now)
            return
        ringing = Ringing(self._lines, self._legs, transaction, self._talks.began, self._talks.surplus)
        self._ringing.append(ringing)
        ringing.start(phones, now)

    def _phones(self, target: SipUri, now: float) -> list[Phone]:
        """All the phones of the person called."""
        if not self._lines.ours(target):
            return []
        bound = self._lines.bindings.find(target.user, now)
        return [Phone(target.user, str(one.contact.uri), one.flow) for one in bound]

    def _replaced(self, named: ReplacesHeader, now: float) -> list[Phone]:
        """The one phone that has the call to be replaced."""
        leg = self._legs.meant_by(named)
        flow = self._talks.way(leg, now) if leg is not None else None
        if leg is None or flow is None:
            return []
        replaces = replacing(leg, early_only=named.early_only)
        return [Phone(leg.user, leg.dialog.target, flow, str(replaces))]

    def _pass(self, transaction: Transaction, phone: Phone, now: float) -> None:
        tag, call_id = self._lines.tag(), self._lines.tag() + self._lines.tag()
        request = onward(transaction.request, phone.uri, tag, call_id, [])
        self._lines.send(request, phone.flow, Passing(self._lines, transaction), now)
