"""How long to wait before trying a server again: quick in the first minute, then ever slower."""

from __future__ import annotations

from collections.abc import Callable

from sip_bridge.core.timers import uniform

FIRST_MINUTE = 60.0
LOW, HIGH = 1.0, 4.0
LONGEST = 60.0


class BackOff:
    """1–4 s with full jitter in the first minute after a loss, then doubling to 60 s."""

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._since: float | None = None
        self._ceiling = HIGH

    def reset(self) -> None:
        """All is well again."""
        self._since = None
        self._ceiling = HIGH

    def next(self, now: float) -> float:
        """Seconds to wait after a failure at `now`."""
        if self._since is None:
            self._since = now
        if now - self._since >= FIRST_MINUTE:
            self._ceiling = min(2 * self._ceiling, LONGEST)
        return uniform(
            self._random, max(LOW, self._ceiling / 2) if self._ceiling > HIGH else LOW, self._ceiling
        )
