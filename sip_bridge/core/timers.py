"""Time: the constants of RFC 3261 (table 4) and one agenda of everything that waits. Seconds throughout."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable

T1 = 0.5
T2 = 4.0
T4 = 5.0
GIVE_UP = 64 * T1
"""Timers B, F, H, J, L and M: how long a transaction is kept alive."""
TIMER_D = 33.0
"""How long answers to a refused INVITE are still acknowledged over UDP: more than 32 s."""

SPARE = 64
"""Entries of an agenda's heap that may be stale beside as many as wait."""

Callback = Callable[[float], None]


class Agenda:
    """Callbacks by key and due time. Setting a key again moves it; a callback gets `now`.

    What is forgotten is let go at once: keys and callbacks hold whole calls, and some would be due in hours.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []
        self._waiting: dict[int, tuple[Hashable, Callback]] = {}
        self._serials: dict[Hashable, int] = {}
        self._serial = 0

    def set(self, key: Hashable, when: float, callback: Callback) -> None:
        """Run `callback` at `when`, in place of what `key` waited for before."""
        self.clear(key)
        self._serial += 1
        self._serials[key] = self._serial
        self._waiting[self._serial] = key, callback
        heapq.heappush(self._heap, (when, self._serial))

    def clear(self, key: Hashable) -> None:
        """Forget `key`; unknown keys are fine."""
        serial = self._serials.pop(key, None)
        if serial is not None:
            del self._waiting[serial]
            if len(self._heap) > SPARE + 2 * len(self._waiting):
                self._heap = [entry for entry in self._heap if entry[1] in self._waiting]
                heapq.heapify(self._heap)

    def waits(self, key: Hashable) -> bool:
        """Whether `key` is still to come."""
        return key in self._serials

    def next(self) -> float | None:
        """When the earliest callback is due."""
        self._drop_stale()
        return self._heap[0][0] if self._heap else None

    def run(self, now: float) -> None:
        """Run what is due, earliest first, including what those callbacks add up to `now`."""
        self._drop_stale()
        while self._heap and self._heap[0][0] <= now:
            key, callback = self._waiting.pop(heapq.heappop(self._heap)[1])
            del self._serials[key]
            callback(now)
            self._drop_stale()

    def _drop_stale(self) -> None:
        while self._heap and self._heap[0][1] not in self._waiting:
            heapq.heappop(self._heap)


def uniform(random: Callable[[int], bytes], low: float, high: float) -> float:
    """A number between `low` and `high`, drawn from four random bytes."""
    return low + (high - low) * int.from_bytes(random(4), "big") / 0xFFFFFFFF
