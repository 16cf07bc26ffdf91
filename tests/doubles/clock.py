"""A clock that stands still until a test moves it."""

from __future__ import annotations


class FakeClock:
    """Implements ports.Clock."""

    def __init__(self, monotonic: float = 1000.0, unix: float = 1_700_000_000.0) -> None:
        self._monotonic = monotonic
        self._unix = unix

    def monotonic(self) -> float:
        """Seconds, moved by `advance`."""
        return self._monotonic

    def time(self) -> float:
        """Unix time, moved by `advance`."""
        return self._unix

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._monotonic += seconds
        self._unix += seconds
