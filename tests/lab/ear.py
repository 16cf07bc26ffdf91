"""A mouth that whistles and an ear that keeps all it hears, stepped every 10 ms like a device would."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import numpy as np

from media.path import Send, VoicePath
from media.stream import VoiceStream
from tests.lab.sound import RATE, Pcm, level_at, tone

STEP_S = 0.01
BLOCK = 480


class Whistle:
    """A microphone into which somebody whistles for ever."""

    def __init__(self, frequency: float) -> None:
        self._sound = tone(frequency, 1.0)
        self._at = 0
        self._began: float | None = None

    def available(self) -> int:
        """What was whistled since the first look, and is not read yet."""
        now = time.monotonic()
        self._began = now if self._began is None else self._began
        return BLOCK + int((now - self._began) * RATE) - self._at

    def read(self, samples: int) -> Pcm:
        """The next samples."""
        index = (self._at + np.arange(samples)) % len(self._sound)
        self._at += samples
        return self._sound[index]


class Kept:
    """A speaker that keeps everything."""

    def __init__(self) -> None:
        self.blocks: list[Pcm] = []

    def queued(self) -> int:
        """One block waits at the start of each step, so that the path adds one."""
        return BLOCK

    def write(self, pcm: Pcm) -> int:
        """Keep it."""
        self.blocks.append(pcm)
        return len(pcm)


class Head:
    """Mouth and ear of one person; voices of calls are attached and detached. Use as a context manager."""

    def __init__(self, frequency: float) -> None:
        self._kept = Kept()
        self.path = VoicePath(Whistle(frequency), self._kept)
        self._living: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Head:
        self._living = asyncio.get_running_loop().create_task(self._live())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._living is not None:
            self._living.cancel()
            with suppress(asyncio.CancelledError):
                await self._living

    async def _live(self) -> None:
        clock = asyncio.get_running_loop().time
        due = clock()
        while True:
            self.path.step(clock())
            due += STEP_S
            await asyncio.sleep(max(0.0, due - clock()))

    def attach(self, stream: VoiceStream, send: Send) -> None:
        """Join a call's voice."""
        self.path.add(stream, send)

    def detach(self, stream: VoiceStream) -> None:
        """Part with a call's voice."""
        self.path.remove(stream)

    async def hears(self, frequency: float, least_dbfs: float = -18.0) -> bool:
        """Whether `frequency` is as loud as that within a few seconds."""
        for _ in range(10):
            if await self.level(frequency, 0.3) > least_dbfs:
                return True
        return False

    async def level(self, frequency: float, over_s: float = 0.6) -> float:
        """Listen for a while from now; the level of `frequency` in dBFS."""
        return level_at(await self.listen(over_s), frequency)

    async def listen(self, over_s: float) -> Pcm:
        """What is heard from now on."""
        start = len(self._kept.blocks)
        await asyncio.sleep(over_s)
        return np.concatenate([np.zeros(0, np.int16), *self._kept.blocks[start:]])
