"""Listeners beside the voice path: a recording, a test, a meter."""

from __future__ import annotations

import logging
from collections.abc import Callable

from media.types import Pcm

log = logging.getLogger(__name__)

Tap = Callable[[Pcm], None]


class Taps:
    """Hands each block to everybody who asked for it. Blocks are shared: a tap copies what it changes."""

    def __init__(self) -> None:
        self.taps: list[Tap] = []
        """Who listens now."""

    def add(self, tap: Tap) -> Callable[[], None]:
        """Listen from now on, until the returned function is called (harmless when done already)."""
        mine: Tap = lambda block: tap(block)  # noqa: E731 - the same tap added twice ends twice
        self.taps.append(mine)
        return lambda: self._end(mine)

    def give(self, block: Pcm) -> None:
        """Pass a block on. A tap that fails is taken off: speech must not suffer from a listener."""
        for tap in tuple(self.taps):
            try:
                tap(block)
            except Exception:
                log.warning("a listener of the voice path failed and was taken off", exc_info=True)
                self._end(tap)

    def _end(self, tap: Tap) -> None:
        if tap in self.taps:
            self.taps.remove(tap)
