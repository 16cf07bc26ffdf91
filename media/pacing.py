"""How many blocks are due: by a clock, and to a speaker with a queue."""

from __future__ import annotations

from media.types import BLOCK, RATE

CATCH_UP = 10
"""Blocks at most in one step: after a stall, what is older is not made up for."""
LEAST = 2 * BLOCK
MOST = 6 * BLOCK
ABOVE = 2 * BLOCK
"""How much more than it was filled up to may be in the queue."""
CALM_S = 4.0
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
    """How much to give a speaker: what time has made due, and more or less only for a reason.

    Its queue is found at moments that race with the device's own. Where both come every 20 ms and at the same
    time, one step finds a frame too much in it and the next one a frame too little. Filled up to a mark each
    time, it would turn this race into jerks in when sound is asked for, and packets would be late for it. So
    the queue may stand anywhere between two marks. Found empty, it is filled to the lower one, which rises;
    when it was never nearly empty for a calm time, a block is left out. Where that was too early, it waits
    twice as long from then on: while two clocks drift past each other, steps are late for half a minute, and
    each growth is heard.
    """

    def __init__(self) -> None:
        self.samples = LEAST
        """What an empty queue is filled up to."""
        self.underflows = 0
        """How often the queue was found empty."""
        self.reset()

    def reset(self) -> None:
        """Another speaker."""
        self.samples = LEAST
        self._patience = CALM_S
        self._calm_since: float | None = None
        self._shrunk_at: float | None = None
        self._looked_at = self._owed = 0.0
        self._least = 0

    def blocks(self, queued: int, now: float) -> int:
        """How many blocks a queue should get that was found to hold `queued` samples."""
        due = self._elapsed(now)
        self._least = min(self._least, queued)
        if self._calm_since is None:
            self._begin_calm(now)
            due = self._up_to(self.samples, queued)
        elif queued == 0:
            self._grow(now)
            due = self._up_to(self.samples, queued)
        elif now - self._calm_since > self._patience:
            due -= self._spared(now)
        return max(0, min(due, self._up_to(self.samples + ABOVE, queued)))

    def _elapsed(self, now: float) -> int:
        """Blocks played since the last look. What is less than one counts next time: a step that comes a
        little early or late makes no difference."""
        owed = self._owed + (now - self._looked_at) * RATE / BLOCK
        self._looked_at, whole = now, round(owed)
        self._owed = owed - whole
        return whole

    @staticmethod
    def _up_to(mark: int, queued: int) -> int:
        return -(-(mark - queued) // BLOCK)

    def _begin_calm(self, now: float) -> None:
        self._calm_since, self._least = now, self.samples

    def _grow(self, now: float) -> None:
        if self._shrunk_at is not None and now - self._shrunk_at < self._patience:
            self._patience = min(2 * self._patience, CALM_LONGEST_S)
            self._shrunk_at = None
        self.underflows += 1
        self.samples = min(self.samples + BLOCK, MOST)
        self._owed = 0.0
        self._begin_calm(now)

    def _spared(self, now: float) -> int:
        """A block, if one was never needed all the calm time."""
        spare = self._least >= 2 * BLOCK
        if spare:
            self._shrunk_at = now
            self.samples = max(LEAST, self.samples - BLOCK)
        self._begin_calm(now)
        return int(spare)
