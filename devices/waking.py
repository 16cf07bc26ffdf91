"""Notice that the computer slept: streams opened before may be dead, or play nothing and never say so.

While a computer sleeps the wall clock goes on. The monotonic clock stands still on Linux and macOS; on
Windows it goes on too, but a thread that waited two seconds wakes up much later.
"""

from __future__ import annotations

import time

from devices.clocked import Clock
from devices.notices import Notice, Notices, Watch

PERIOD_S = 2.0
SLEPT_S = 5.0
"""Less is a busy machine, or a clock that was set right."""


class Waking:
    """Tells its listeners after sleep. Runs a thread while heard."""

    def __init__(
        self, clock: Clock = time.monotonic, wall: Clock = time.time, period_s: float = PERIOD_S
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._period_s = period_s
        self._before = (clock(), wall())
        self._notices = Notices()
        self._watch = Watch("waking", self._notices, self._run, period_s)

    def watch(self, woke: Notice) -> Notice:
        """Call `woke` on the watching thread; the returned function ends it."""
        return self._watch.add(woke)

    def close(self) -> None:
        """Stop the thread."""
        self._watch.close()

    def look(self) -> None:
        """Tell when the computer slept since the last look."""
        now = (self._clock(), self._wall())
        passed, by_wall = (after - before for after, before in zip(now, self._before, strict=True))
        self._before = now
        if by_wall - passed > SLEPT_S or passed - self._period_s > SLEPT_S:
            self._notices.tell()

    def _run(self) -> None:
        self._before = (self._clock(), self._wall())
        while not self._watch.over.wait(self._period_s):
            self.look()
