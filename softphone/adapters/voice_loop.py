"""The loop that moves the voice path, running only while somebody needs sound."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from media.path import VoicePath

log = logging.getLogger(__name__)

T = TypeVar("T")

BLOCK_S = 0.010
LATER_S = 0.0025
"""A step that came just before the microphone's sound moves away from that moment, or others would too."""

LINGER_S = 2.0
"""Devices stay open for so long after the last need: between a tone and the call nothing is opened anew."""

LATE_S = 0.2
"""A loop that woke up later than this does not try to keep its old schedule."""


class VoiceLoop:
    """Knows which devices are needed: both by a call, the speaker by a tone, the microphone by a level meter
    or a test.

    `before_step` is called ahead of each step, `ended` when nobody needs sound any more.
    """

    def __init__(
        self,
        path: VoicePath,
        clock: Callable[[], float],
        before_step: Callable[[], None],
        ended: Callable[[], None],
    ) -> None:
        self._path = path
        self._clock = clock
        self._before_step = before_step
        self._ended = ended
        self._loop: asyncio.AbstractEventLoop
        self._next: asyncio.Handle | None = None
        self._due = 0.0
        self._faulted = False
        self.patience = 1
        """Blocks for which the speaker can be left alone: as many as its device takes at a time."""
        self.metering = False
        self.testing = False
        self.microphone_until = 0.0
        """Until when the microphone stays open although nobody needs it."""
        self.speaker_until = 0.0
        """Until when the speaker stays open although nobody needs it."""

    @property
    def needs_microphone(self) -> bool:
        """Whether a call, the level meter or a test needs it, or needed it just now."""
        return bool(self._path.streams) or self._heard or self._clock() < self.microphone_until

    @property
    def needs_speaker(self) -> bool:
        """Whether a call or a tone needs it, or needed it just now."""
        return bool(self._path.streams) or self._path.playing or self._clock() < self.speaker_until

    @property
    def _heard(self) -> bool:
        """Whether somebody listens to the microphone outside calls."""
        return self.metering or self.testing

    def run(self) -> None:
        """Somebody needs sound now; harmless when it runs already."""
        if self._next is None:
            self._due = self._clock()
            self._loop = asyncio.get_running_loop()
            self._next = self._loop.call_soon(self._step)

    def stop(self) -> None:
        """Move nothing any more; harmless when it does not run."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def fill(self) -> None:
        """Give a new speaker its first sound at once, not at the next step."""
        self._move(self._path.play_out)

    def _step(self) -> None:
        """Timers alone, no task that sleeps: fifty times a second that is worth it."""
        self._next = None
        if not self._needed():
            self._ended()
            return
        self._before_step()
        self._move(self._path.play_out)
        self._take()

    def _take(self) -> None:
        """Decoding, treating two blocks and encoding take over 1 ms together: between the blocks whatever
        else waits gets its turn."""
        taken = self._move(self._path.capture_block)
        if taken and self._path.blocks_due:
            self._next = self._loop.call_soon(self._take)
            return
        if not taken and self.patience > 1:
            self._due += LATER_S
        self._rest()

    def _rest(self) -> None:
        """Until there is something to do: each step finds its caches cold, whatever it does.

        The schedule is absolute, so that nothing drifts; the path makes up for steps that came late.
        """
        self._due += BLOCK_S * min(self._path.blocks_missing, self.patience)
        now = self._clock()
        if now - self._due > LATE_S:
            self._due = now
        loop = self._loop
        self._next = loop.call_at(loop.time() + max(0.0, self._due - now), self._step)

    def _needed(self) -> bool:
        """Whether anybody needs sound, or needed it just now."""
        now = self._clock()
        if self._path.streams:
            self.microphone_until = self.speaker_until = now + LINGER_S
            return True
        if self._heard:
            self.microphone_until = now + LINGER_S
        if self._path.playing:
            self.speaker_until = now + LINGER_S
        return now < max(self.microphone_until, self.speaker_until)

    def _move(self, half: Callable[[float], T]) -> T | None:
        try:
            return half(self._clock())
        except Exception:
            if not self._faulted:
                log.exception("the voice path failed; it goes on, later failures are not logged")
            self._faulted = True
            return None
