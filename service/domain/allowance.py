"""How much of something one may do in a time, sans-IO."""

from __future__ import annotations


class Allowance:
    """`burst` at once, and `rate` more each second."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at: float | None = None

    def take(self, now: float, amount: float = 1.0) -> bool:
        """Whether there is that much left; then it is taken. `now` never goes back."""
        if self._at is not None:
            self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < amount:
            return False
        self._left -= amount
        return True
