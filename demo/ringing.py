"""A call until somebody takes it: one INVITE comes in, one goes out to each phone of the person called.

Every dialog a phone makes gets a dialog of its own towards the caller, so that early media, PRACK and UPDATE
of several phones stay apart (RFC 3261 12.1, 13.2.2.4). The first 2xx has the call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from demo.carrying import carried, carried_status, onward
from demo.legs import Leg, Legs
from demo.lines import Errand, Lines, Revocable
from sip_bridge.core.dialog import Dialog
from sip_bridge.core.effects import Flow
from sip_bridge.core.message import Response
from sip_bridge.core.transaction import Transaction

MOST_DIALOGS = 12
ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'
_SAYS_LITTLE = frozenset({408, 480, 503})

OnLeg = Callable[[Leg, float], None]


@dataclass(frozen=True, slots=True)
class Phone:
    """Where to ring: whose phone, its URI and its flow. `replaces` is the header it shall get."""

    user: str
    uri: str
    flow: Flow
    replaces: str = ""


class Ringing(Errand, Revocable):
    """One call on its way. `on_answer` gets the leg of who took it, `on_surplus` that of who was too late."""

    def __init__(
        self, lines: Lines, legs: Legs, invite: Transaction, on_answer: OnLeg, on_surplus: OnLeg
    ) -> None:
        self._lines = lines
        self._legs = legs
        self._invite = invite
        self._on_answer = on_answer
        self._on_surplus = on_surplus
        self._phones: dict[Transaction, Phone] = {}
        self._pending: list[Transaction] = []
        self._dialogs: dict[tuple[Transaction, str], Leg] = {}
        self._refusals: list[Response] = []
        self._winner: Leg | None = None
        self.over = False

    def start(self, phones: Sequence[Phone], now: float) -> None:
        """Let them ring."""
        self._lines.respond(self._invite, 100, now)
        self._invite.user = self
        for phone in phones:
            sent = self._call(phone, now)
            self._phones[sent] = phone
            self._pending.append(sent)

    def _call(self, phone: Phone, now: float) -> Transaction:
        request, lines = self._invite.request, self._lines
        headers = [lines.contact(self._caller, phone.flow)]
        if phone.replaces:
            headers.append(("Replaces", phone.replaces))
        invite = onward(request, phone.uri, lines.tag(), lines.tag() + lines.tag(), headers)
        return lines.send(invite, phone.flow, self, now)

    @property
    def _caller(self) -> str:
        uri = self._invite.request.from_.uri
        return uri.user if uri is not None else ""

    # --- what the phones say ------------------------------------------------------------------------

    def on_response(self, sent: Transaction, response: Response, now: float) -> None:
        """Ringing, taken or refused."""
        if response.status >= 300:
            self._refused(sent, response, now)
        elif response.status > 100:
            leg = self._leg(sent, response)
            if leg is None:
                return
            if response.status < 200:
                self._report(leg, response, now)
            else:
                self._taken(sent, leg, response, now)

    def on_failure(self, sent: Transaction, unreachable: bool, now: float) -> None:
        """A phone that says nothing has refused."""
        self._refused(sent, sent.request.reply(480 if unreachable else 408), now)

    def _leg(self, sent: Transaction, response: Response) -> Leg | None:
        """The leg of the dialog this response belongs to, begun where it is new."""
        known = self._dialogs.get((sent, response.to.tag))
        if known is not None or len(self._dialogs) >= MOST_DIALOGS:
            return known
        invite = self._invite
        numbers = {invite.request.cseq.number: sent.request.cseq.number}
        near = Leg(
            self._caller, Dialog.from_request(invite.request, self._lines.tag()), invite.flow.secure, numbers
        )
        far = Leg(self._phones[sent].user, Dialog.from_response(sent.request, response), sent.flow.secure)
        near.dialog.flow, far.dialog.flow = invite.flow, sent.flow
        self._dialogs[sent, response.to.tag] = far
        self._legs.join(near, far)
        if self.over:
            self._legs.forget(far)
        return far

    def _report(self, leg: Leg, response: Response, now: float) -> None:
        """To the caller, in the dialog that stands for this phone."""
        if self.over and leg is not self._winner:
            return
        contact = self._lines.contact(leg.user, self._invite.flow)
        self._lines.respond(
            self._invite,
            response.status,
            now,
            tag=leg.other.dialog.local_tag,
            headers=[contact, *carried(response)],
            body=response.body,
            reason=response.reason,
        )

    def _taken(self, sent: Transaction, leg: Leg, response: Response, now: float) -> None:
        if leg is self._winner:
            self._report(leg, response, now)
            return
        self._done(sent)
        leg.dialog.confirm(response)
        if leg not in self._legs:
            self.cancel(now, "")  # the caller said BYE to the ringing phone, which crossed this
        if self.over:
            self._on_surplus(leg, now)
            return
        self._winner, leg.other.dialog.early = leg, False
        self._report(leg, response, now)
        self._finish(now, ELSEWHERE)
        self._on_answer(leg, now)

    def _refused(self, sent: Transaction, response: Response, now: float) -> None:
        self._done(sent)
        self._refusals.append(response)
        for (of, _), leg in self._dialogs.items():
            if of is sent:
                self._legs.forget(leg)
        if not self.over and (not self._pending or response.status >= 600):
            self._refuse(min(self._refusals, key=_usefulness), now)

    # --- endings ------------------------------------------------------------------------------------

    def cancel(self, now: float, reason: str) -> None:
        """The caller hung up before anybody answered."""
        if not self.over:
            self._lines.respond(self._invite, 487, now)
            self._finish(now, reason)

    def flow_closed(self, flow_id: int, now: float) -> None:
        """Over a broken connection nobody hears the answer, and nobody gives one."""
        if self._invite.flow.id == flow_id:
            self.cancel(now, "")
        for sent in [sent for sent in self._pending if sent.flow.id == flow_id]:
            self._lines.give_up(sent, now)

    def _done(self, sent: Transaction) -> None:
        if sent in self._pending:
            self._pending.remove(sent)

    def _refuse(self, best: Response, now: float) -> None:
        status = carried_status(best)
        reason = best.reason if status == best.status else None
        self._lines.respond(self._invite, status, now, headers=carried(best), body=best.body, reason=reason)
        self._finish(now, "")

    def _finish(self, now: float, reason: str) -> None:
        """The caller has a final answer: whoever still rings stops."""
        self.over = True
        for sent in self._pending:
            self._lines.cancel(sent, now, reason)
        for leg in self._dialogs.values():
            if leg is not self._winner:
                self._legs.forget(leg)


def _usefulness(response: Response) -> tuple[bool, bool, int]:
    """The best refusal is least (RFC 3261 16.7): 6xx before all, silence behind what a person said."""
    return (response.status < 600, response.status in _SAYS_LITTLE, response.status)
