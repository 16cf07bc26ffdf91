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

Callback = Callable[[float], None]


class Agenda:
    """Callbacks by key and due time. Setting a key again moves it; a callback gets `now`."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Hashable]] = []
        self._entries: dict[Hashable, tuple[int, Callback]] = {}
        self._serial = 0

    def set(self, key: Hashable, when: float, callback: Callback) -> None:
        """Run `callback` at `when`, in place of what `key` waited for before."""
        self._serial += 1
        self._entries[key] = (self._serial, callback)
        heapq.heappush(self._heap, (when, self._serial, key))

    def clear(self, key: Hashable) -> None:
        """Forget `key`; unknown keys are fine."""
        self._entries.pop(key, None)

    def waits(self, key: Hashable) -> bool:
        """Whether `key` is still to come."""
        return key in self._entries

    def next(self) -> float | None:
        """When the earliest callback is due."""
        self._drop_stale()
        return self._heap[0][0] if self._heap else None

    def run(self, now: float) -> None:
        """Run what is due, earliest first, including what those callbacks add up to `now`."""
        self._drop_stale()
        while self._heap and self._heap[0][0] <= now:
            _, _, key = heapq.heappop(self._heap)
            _, callback = self._entries.pop(key)
            callback(now)
            self._drop_stale()

    def _drop_stale(self) -> None:
        while self._heap:
            _, serial, key = self._heap[0]
            entry = self._entries.get(key)
            if entry is not None and entry[0] == serial:
                return
            heapq.heappop(self._heap)


def uniform(random: Callable[[int], bytes], low: float, high: float) -> float:
    """A number between `low` and `high`, drawn from four random bytes."""
    return low + (high - low) * int.from_bytes(random(4), "big") / 0xFFFFFFFF
