"""Telling a flood of calls from people who call."""

from __future__ import annotations

from collections import OrderedDict, deque

CALLERS = 64
"""Callers whose calls are counted one by one; of a longer list the one silent longest is forgotten."""


class Rush:
    """Counts calls within the last `window` seconds; `most` of all callers together, `most_of_one` of each.

    Refused calls count too: a flood is over when it is, not every ten seconds for a moment. One caller's
    flood is held against that caller alone.
    """

    def __init__(self, window: float, most: int, most_of_one: int) -> None:
        self._window = window
        self._most_of_one = most_of_one
        self._all: deque[float] = deque(maxlen=most)
        self._of: OrderedDict[str, deque[float]] = OrderedDict()
        self._refused_at: float | None = None
        self._began = False

    def calls(self, caller: str, now: float) -> bool:
        """Another call comes; whether it is too much."""
        refused = self._counted(self._of_one(caller), now) or self._counted(self._all, now)
        self._began = refused and (self._refused_at is None or now - self._refused_at >= self._window)
        self._refused_at = now if refused else self._refused_at
        return refused

    @property
    def began(self) -> bool:
        """Whether the call counted last was the first one refused for a while."""
        return self._began

    def _counted(self, times: deque[float], now: float) -> bool:
        full = len(times) == times.maxlen and now - times[0] < self._window
        times.append(now)
        return full

    def _of_one(self, caller: str) -> deque[float]:
        times = self._of.setdefault(caller, deque(maxlen=self._most_of_one))
        self._of.move_to_end(caller)
        if len(self._of) > CALLERS:
            self._of.popitem(last=False)
        return times
