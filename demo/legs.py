"""Legs: the exchange's own dialogs, two and two (RFC 7092)."""

from __future__ import annotations

from dataclasses import dataclass, field

from sip_bridge.core.dialog import Dialog, DialogId
from sip_bridge.core.headers import ReplacesHeader
from sip_bridge.core.message import Request


@dataclass(eq=False)
class Leg:
    """The dialog with one phone, `user`'s, and the leg to whom they talk.

    `secure`: it began over TLS and stays there. `invites`: the number of an INVITE that came in here →
    the one it has on the other leg. `refers`: the number of a REFER sent here → the one it came in with.
    """

    user: str
    dialog: Dialog
    secure: bool
    invites: dict[int, int] = field(default_factory=dict)
    refers: dict[int, int] = field(default_factory=dict)
    other: Leg = field(init=False, repr=False)


class Legs:
    """All legs by dialog."""

    def __init__(self) -> None:
        self._by_dialog: dict[DialogId, Leg] = {}

    def __len__(self) -> int:
        return len(self._by_dialog)

    def __contains__(self, leg: Leg) -> bool:
        return leg.dialog.id in self._by_dialog

    def join(self, one: Leg, two: Leg) -> None:
        """From now on both belong together."""
        one.other, two.other = two, one
        self._by_dialog[one.dialog.id] = one
        self._by_dialog[two.dialog.id] = two

    def forget(self, leg: Leg) -> None:
        """A call is over: both its legs go."""
        self._by_dialog.pop(leg.dialog.id, None)
        self._by_dialog.pop(leg.other.dialog.id, None)

    def find(self, request: Request) -> Leg | None:
        """The leg a request belongs to."""
        return self._by_dialog.get((request.call_id, request.to.tag, request.from_.tag))

    def over(self, flow_id: int) -> list[Leg]:
        """The legs that use a flow."""
        legs = self._by_dialog.values()
        return [leg for leg in legs if leg.dialog.flow is not None and leg.dialog.flow.id == flow_id]

    def meant_by(self, replaces: ReplacesHeader) -> Leg | None:
        """The leg whose phone shall have its call replaced (RFC 3891).

        A phone names its own dialog with the exchange and means the one beyond it; what the exchange has
        translated once already, on a REFER, names that dialog itself.
        """
        call_id, to_tag, from_tag = replaces.call_id, replaces.to_tag, replaces.from_tag
        near = self._by_dialog.get((call_id, to_tag, from_tag))
        return near.other if near is not None else self._by_dialog.get((call_id, from_tag, to_tag))


def replacing(leg: Leg, *, early_only: bool) -> ReplacesHeader:
    """What to say to the leg's phone so that it finds its dialog."""
    dialog = leg.dialog
    return ReplacesHeader(dialog.call_id, dialog.remote_tag, dialog.local_tag, early_only)
