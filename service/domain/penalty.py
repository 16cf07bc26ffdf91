"""Counting what went wrong, by whom, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict


class Penalty:
    """`limit` failures at once, and as many more in every `window_s` seconds, for each key.

    Of the keys the `size` last used are remembered. Success costs nothing, so many people behind one address
    don't stand in each other's way.
    """

    def __init__(self, limit: int, window_s: float, size: int = 20_000) -> None:
        self._limit = limit
        self._leak = limit / window_s
        self._size = size
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def exceeded(self, key: str, now: float) -> bool:
        """Whether this key has to wait."""
        return self.level(key, now) > self._limit - 1

    def level(self, key: str, now: float) -> float:
        """Failures that still count."""
        level, at = self._levels.get(key, (0.0, now))
        return max(0.0, level - (now - at) * self._leak)

    def count(self, key: str, now: float) -> None:
        """One more failure."""
        self._levels[key] = (min(self.level(key, now) + 1, self._limit), now)
        self._levels.move_to_end(key)
        if len(self._levels) > self._size:
            self._levels.popitem(last=False)

    def forgive(self, key: str, now: float) -> None:
        """One that was counted was no failure."""
        if key in self._levels:
            self._levels[key] = (max(0.0, self.level(key, now) - 1), now)

    def __len__(self) -> int:
        return len(self._levels)
