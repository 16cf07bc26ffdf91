"""The 10 ms loop that moves the voice path, running only while somebody needs sound."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from media.path import VoicePath
from softphone.runtime.tasks import Tasks

log = logging.getLogger(__name__)

STEP_S = 0.010
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
        tasks: Tasks,
        clock: Callable[[], float],
        before_step: Callable[[], None],
        ended: Callable[[], None],
    ) -> None:
        self._path = path
        self._tasks = tasks
        self._clock = clock
        self._before_step = before_step
        self._ended = ended
        self._task: asyncio.Task[None] | None = None
        self._faulted = False
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
        if self._task is None or self._task.done():
            self._task = self._tasks.spawn(self._run(), "voice path")

    def fill(self) -> None:
        """Give a new speaker its first sound at once, not at the next step."""
        self._move(self._path.play_out)

    async def _run(self) -> None:
        """Keep an absolute schedule, so that nothing drifts; the path makes up for steps that came late.

        Between encoding and decoding, which take over 1 ms together, whatever else waits gets its turn.
        """
        due = self._clock()
        while self._needed():
            self._before_step()
            self._move(self._path.capture)
            await asyncio.sleep(0)
            self._move(self._path.play_out)
            due += STEP_S
            now = self._clock()
            if now - due > LATE_S:
                due = now
            await asyncio.sleep(max(0.0, due - now))
        self._ended()

    def _needed(self) -> bool:
        """Whether anybody needs sound, or needed it just now."""
        now = self._clock()
        calling = bool(self._path.streams)
        if calling or self._heard:
            self.microphone_until = now + LINGER_S
        if calling or self._path.playing:
            self.speaker_until = now + LINGER_S
        return now < max(self.microphone_until, self.speaker_until)

    def _move(self, half: Callable[[float], None]) -> None:
        try:
            half(self._clock())
        except Exception:
            if not self._faulted:
                log.exception("the voice path failed; it goes on, later failures are not logged")
            self._faulted = True
