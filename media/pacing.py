"""How many blocks are due by a clock, and how full the speaker's queue has to be."""

from __future__ import annotations

from media.types import BLOCK, RATE

CATCH_UP = 10
"""Blocks at most in one step: after a stall, what is older is not made up for."""
LEAST = 2 * BLOCK
MOST = 6 * BLOCK
CALM_S = 10.0
CALM_LONGEST_S = 80.0


class Pacer:
    """How many blocks a clock has made due."""

    def __init__(self) -> None:
        self._due: float | None = None

    def reset(self) -> None:
        """Start anew at the next call."""
        self._due = None

    def blocks(self, now: float) -> int:
        """Blocks due since the last call, CATCH_UP at most."""
        if self._due is None:
            self._due = now
        count = int((now - self._due) * RATE / BLOCK + 1e-6) + 1 if now >= self._due else 0
        self._due += count * BLOCK / RATE
        return min(count, CATCH_UP)


class Fill:
    """The samples to be kept in the speaker's queue: more where steps come too late for less.

    After a calm time it shrinks again. Where that was too early, it waits twice as long from then on: while
    two clocks drift past each other, steps are late for half a minute, and each growth is heard.
    """

    def __init__(self) -> None:
        self.samples = LEAST
        self.underflows = 0
        """How often the queue was found empty."""
        self.reset()

    def reset(self) -> None:
        """Another speaker."""
        self.samples = LEAST
        self._patience = CALM_S
        self._calm_since: float | None = None
        self._shrunk_at: float | None = None

    def observe(self, queued: int, now: float) -> int:
        """The queue as it was found; returns the samples it should hold."""
        if self._calm_since is None:
            self._calm_since = now
        elif queued == 0:
            self._grow(now)
        elif now - self._calm_since > self._patience and self.samples > LEAST:
            self.samples -= BLOCK
            self._calm_since = self._shrunk_at = now
        return self.samples

    def _grow(self, now: float) -> None:
        if self._shrunk_at is not None and now - self._shrunk_at < self._patience:
            self._patience = min(2 * self._patience, CALM_LONGEST_S)
            self._shrunk_at = None
        self.underflows += 1
        self.samples = min(self.samples + BLOCK, MOST)
        self._calm_since = now
