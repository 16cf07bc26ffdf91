"""The packets of frames that are not whole yet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Slot:
    """A packet: `begins` says that a frame begins with it, `marker` that one ends."""

    timestamp: int
    marker: bool
    begins: bool
    data: bytes


class Slots:
    """The packets that are here, as runs: unbroken ones of one frame. Whoever sends chooses the packets, so
    that no packet may cost a look at all the others: of each run the two ends know each other.
    """

    def __init__(self) -> None:
        self._slots: dict[int, Slot] = {}
        self._last: dict[int, int] = {}
        self._first: dict[int, int] = {}

    def __contains__(self, number: int) -> bool:
        return number in self._slots

    def clear(self) -> None:
        """Forget all."""
        for numbers in (self._slots, self._last, self._first):
            numbers.clear()

    def put(self, number: int, slot: Slot) -> int:
        """Keep a packet; the first number of its run."""
        self._slots[number] = slot
        first = self._first.pop(number - 1) if self._together(number - 1) else number
        last = self._last.pop(number + 1) if self._together(number) else number
        self._last[first], self._first[last] = last, first
        return first

    def run_until(self, last: int) -> int | None:
        """The first number of the run that ends there; None where none does."""
        return self._first.get(last)

    def end_of(self, first: int) -> int | None:
        """The last number of the frame that begins there, where all of it is here."""
        last = self._last.get(first)
        if last is None or not (self._slots[last].marker or last + 1 in self._slots):
            return None
        return last

    def pop(self, number: int) -> Slot | None:
        """Forget a packet; whole runs are forgotten, from their first number on."""
        self._last.pop(number, None)
        self._first.pop(number, None)
        return self._slots.pop(number, None)

    def _together(self, number: int) -> bool:
        """Whether this packet and the next one are both here and of one frame."""
        one, other = self._slots.get(number), self._slots.get(number + 1)
        return bool(one and other and not one.marker and one.timestamp == other.timestamp)
