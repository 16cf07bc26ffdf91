"""The order of preference of a role: its list, and after it whatever else there is."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from softphone.domain.device import IN_EAR, SYSTEM_DEFAULT, Reason, Role
from softphone.presenters.device_words import DeviceWords, RoleState


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A device and its place. `place` counts from 1, 0 for one that is not on the list."""

    id: str
    text: str
    note: str
    place: int
    away: bool
    in_use: bool
    can_rise: bool
    can_sink: bool
    can_leave: bool


@dataclass(frozen=True, slots=True)
class OrderView:
    """A role's list of preference, and after it whatever else there is."""

    role: Role
    title: str
    help: str
    rows: tuple[OrderRow, ...]
    locked: bool


def known(state: RoleState) -> tuple[str, ...]:
    """The list, then what would be used after it, then what else is plugged in."""
    last = IN_EAR if state.role is Role.ALERT else SYSTEM_DEFAULT
    return tuple(dict.fromkeys((*state.wishes, last, *(device.id for device in state.devices))))


def moved(state: RoleState, identity: str, by: int) -> tuple[str, ...]:
    """The list with one id moved by `by` places; whatever it passes is on the list from then on."""
    order = list(known(state))
    if identity not in order:
        return state.wishes
    at = order.index(identity)
    to = min(max(at + by, 0), len(order) - 1)
    order.insert(to, order.pop(at))
    last = max(order.index(wish) for wish in (*state.wishes, identity))
    return tuple(order[: last + 1])


def removed(state: RoleState, identity: str) -> tuple[str, ...]:
    """The list without an id."""
    return tuple(wish for wish in state.wishes if wish != identity)


def order_view(state: RoleState, words: DeviceWords, *, locked: bool) -> OrderView:
    """The order as things stand."""
    titles = {
        Role.MICROPHONE: words._("Order of microphones"),
        Role.SPEAKER: words._("Order of speakers"),
        Role.ALERT: words._("Order for the tone in a call"),
    }
    order = known(state)
    present = {device.id for device in state.devices} | {SYSTEM_DEFAULT, IN_EAR}
    in_use = _in_use(state, order)
    rows = tuple(
        OrderRow(
            id=identity,
            text=words.name(identity, state),
            note=words._("In use") if identity == in_use else _note(identity, state, present, words),
            place=at + 1 if identity in state.wishes else 0,
            away=identity not in present,
            in_use=identity == in_use,
            can_rise=at > 0,
            can_sink=at < len(order) - 1,
            can_leave=identity in state.wishes and len(state.wishes) > 1,
        )
        for at, identity in enumerate(order)
    )
    text = words._("The first one that is plugged in and works is used.")
    return OrderView(state.role, titles[state.role], text, rows, locked)


def _note(identity: str, state: RoleState, present: Container[str], words: DeviceWords) -> str:
    """Why a device is not the one in use."""
    if identity not in present:
        return words._("Not plugged in")
    if identity == state.standing.wanted and state.standing.reason is Reason.FAILED:
        return words._("Does not work now")
    return "" if identity in state.wishes else words._("Only when nothing above is there")


def _in_use(state: RoleState, order: Sequence[str]) -> str:
    """The row that stands for what is used: a device itself, or the system's choice where it came first."""
    names = {SYSTEM_DEFAULT: state.system, IN_EAR: state.ear}
    for identity in order:
        if identity == state.standing.used or (state.used and names.get(identity) == state.used):
            return identity
    return ""
