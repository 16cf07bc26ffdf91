"""Requests that pass from one phone to another, each with its answer back."""

from __future__ import annotations

from collections.abc import Callable

from demo.carrying import carried, carried_status
from demo.legs import Leg
from demo.lines import Errand, Lines, Revocable
from sip_bridge.core.message import Response
from sip_bridge.core.transaction import Transaction

OnDeath = Callable[[Leg, float], None]
DEAD = frozenset({408, 481})
"""What a phone says, or what its silence says, when the dialog is gone there (RFC 3261 12.2.1.2)."""
_ABOUT_THE_DIALOG = frozenset({"INVITE", "UPDATE", "OPTIONS"})
_REFRESH_TARGET = frozenset({"INVITE", "UPDATE"})


class Passing(Errand):
    """One request outside dialogs; its answer passes back without a Contact."""

    def __init__(self, lines: Lines, asked: Transaction) -> None:
        self._lines = lines
        self._asked = asked

    def on_response(self, sent: Transaction, response: Response, now: float) -> None:
        """The phone's answer."""
        if response.status > 100:
            status = carried_status(response)
            headers = [*self._contact(response), *carried(response)]
            reason = response.reason if status == response.status else None
            self._lines.respond(self._asked, status, now, headers=headers, body=response.body, reason=reason)

    def on_failure(self, sent: Transaction, unreachable: bool, now: float) -> None:
        """It gave none."""
        self._lines.respond(self._asked, 480 if unreachable else 408, now)

    def _contact(self, response: Response) -> list[tuple[str, str]]:
        return []


class PassingInCall(Passing):
    """One request inside a call, to the phone of `leg`."""

    def __init__(self, lines: Lines, asked: Transaction, leg: Leg, on_death: OnDeath) -> None:
        super().__init__(lines, asked)
        self._leg = leg
        self._on_death = on_death

    def on_response(self, sent: Transaction, response: Response, now: float) -> None:
        """The phone's answer; some say that it knows the call no more."""
        if 200 <= response.status < 300 and sent.request.method in _REFRESH_TARGET:
            self._leg.dialog.refresh_target(response)
        super().on_response(sent, response, now)
        if response.status in DEAD and sent.request.method in _ABOUT_THE_DIALOG:
            self._on_death(self._leg, now)

    def on_failure(self, sent: Transaction, unreachable: bool, now: float) -> None:
        """A broken connection may come back; a phone that is silent for 32 s is gone."""
        super().on_failure(sent, unreachable, now)
        if not unreachable:
            self._on_death(self._leg, now)

    def _contact(self, response: Response) -> list[tuple[str, str]]:
        flow = self._leg.other.dialog.flow
        if flow is None or "Contact" not in response.headers or 300 <= response.status < 400:
            return []
        return [self._lines.contact(self._leg.user, flow)]


class Reinvite(Revocable):
    """A re-INVITE on its way can be called back."""

    def __init__(self, lines: Lines, sent: Transaction) -> None:
        self._lines = lines
        self._sent = sent

    def cancel(self, now: float, reason: str) -> None:
        """Its refusal, 487, passes back like any other answer."""
        self._lines.cancel(self._sent, now, reason)


class Probe(Errand):
    """An OPTIONS inside a call: is the phone still there, and does it still know the call?"""

    def __init__(self, leg: Leg, on_death: OnDeath) -> None:
        self._leg = leg
        self._on_death = on_death

    def on_response(self, sent: Transaction, response: Response, now: float) -> None:
        """Every other answer is a sign of life, a refusal of OPTIONS too."""
        if response.status in DEAD:
            self._on_death(self._leg, now)

    def on_failure(self, sent: Transaction, unreachable: bool, now: float) -> None:
        """Silence; a broken connection is waited for elsewhere."""
        if not unreachable:
            self._on_death(self._leg, now)
