"""PortAudio's list beside the system's own, so that the library is started anew only where it must be.

Starting it anew takes 50 ms and stops every stream meanwhile. A device that has gone is struck out of the
frozen list, and another default is marked in it; a device that came, or came back, needs the library anew.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace

from devices.described import Described
from devices.portaudio import Listed, PortAudio
from devices.seats import Told

Describe = Callable[[], tuple[Described, ...] | None]
"""What the system itself says is there; None where it can't be asked."""

Key = tuple[str, bool]
"""A name and whether it records."""


class SystemList:
    """Rows as they are true now. Raises DeviceFailure where PortAudio does."""

    def __init__(self, portaudio: PortAudio, describe: Describe) -> None:
        self._portaudio = portaudio
        self._describe = describe
        self._seen: tuple[Described, ...] | None = None
        self._looked = False
        self._at_start: frozenset[Key] = frozenset()
        """What the system knew when PortAudio froze its list."""

    def look(self, *, changed: bool, anew: bool = False) -> list[Told]:
        """What is there; where something `changed` the system is asked. `anew` starts the library again."""
        if changed or not self._looked:
            self._ask(anew)
        listed = self._portaudio.listed()
        return [(row, None) for row in listed] if self._seen is None else self._told(listed, self._seen)

    def _ask(self, anew: bool) -> None:
        before, now = self._seen, self._describe()
        if self._looked and (anew or before is None or now is None or _needs_start(before, now)):
            self._portaudio.refresh()
            self._at_start = frozenset()
        self._seen = now
        self._at_start = self._at_start or frozenset(map(_key, now or ()))
        self._looked = True

    def _told(self, listed: Iterable[Listed], seen: tuple[Described, ...]) -> list[Told]:
        waiting: dict[Key, list[Described]] = defaultdict(list)
        for one in seen:
            waiting[_key(one)].append(one)
        gone = self._at_start - set(waiting)
        found: list[Told] = []
        for row in listed:
            keys = _keys(row)
            if keys and gone.issuperset(keys):
                continue
            told = {key[1]: waiting[key].pop(0) for key in keys if waiting[key]}
            found.append((_with_defaults(row, told), told.get(False) or told.get(True)))
        return found


def _with_defaults(row: Listed, told: dict[bool, Described]) -> Listed:
    """The system's own defaults, where it knows the row."""
    return replace(
        row,
        default_input=told[True].is_default if True in told else row.default_input,
        default_output=told[False].is_default if False in told else row.default_output,
    )


def _keys(row: Listed) -> list[Key]:
    able = ((False, row.outputs), (True, row.inputs))
    return [(row.name, is_input) for is_input, channels in able if channels]


def _key(one: Described) -> Key:
    return one.name, one.is_input


def _needs_start(before: tuple[Described, ...], now: tuple[Described, ...]) -> bool:
    """Something came, or went that has a twin: PortAudio's rows of one name can't be told apart."""
    names = Counter(map(_key, before))
    was, there = (dict(zip(map(_identity, listed), listed, strict=True)) for listed in (before, now))
    gone = [_key(one) for identity, one in was.items() if identity not in there]
    return bool(there.keys() - was.keys()) or any(names[key] > 1 for key in gone)


def _identity(one: Described) -> tuple[str, bool, str, int]:
    return one.name, one.is_input, one.system_id, one.number
