"""Tones in the ear: one that goes on, and short ones before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from devices.types import Pcm

SHORT = frozenset({"beep", "call_waiting", "test"})
"""Tones that end by themselves."""

STOPPABLE = frozenset({"test"})
"""Short tones that `stop` cuts; a beep or a waiting call is always heard out."""


class EarTones:
    """Gives the path one sequence of blocks. A short tone interrupts the lasting one, which then goes on."""

    def __init__(self, tone: Callable[[str], Iterator[Pcm]]) -> None:
        self._tone = tone
        self._short: Iterator[Pcm] = iter(())
        self._short_name = ""
        self._lasting: Iterator[Pcm] = iter(())

    def play(self, name: str) -> None:
        """Start a tone: a short one at once, a lasting one instead of the lasting one before."""
        if name in SHORT:
            self._short, self._short_name = self._tone(name), name
        else:
            self._lasting = self._tone(name)

    def insert(self, blocks: Iterator[Pcm]) -> None:
        """Play these at once, in place of a short tone."""
        self._short, self._short_name = blocks, "test"

    def take_out(self, blocks: Iterator[Pcm]) -> None:
        """Stop what was inserted; harmless when it is over."""
        if self._short is blocks:
            self._short = iter(())

    def stop(self) -> None:
        """Stop what lasts."""
        self._lasting = iter(())
        if self._short_name in STOPPABLE:
            self._short = iter(())

    def blocks(self) -> Iterator[Pcm]:
        """What is to be heard, until nothing is left."""
        while True:
            block = next(self._short, None)
            if block is None:
                block = next(self._lasting, None)
            if block is None:
                return
            yield block
