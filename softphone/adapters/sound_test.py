"""Testing microphone, speaker and echo on the voice path that calls use.

What is recorded is what others would hear; it stays in memory and is gone with `forget`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

from devices.types import DeviceFailure, PlayoutStream, SoundDevice
from media.levels import FLOOR_DBFS
from media.path import VoicePath
from media.probe import Loudness, compare, probe_blocks
from media.taps import Tap
from media.tones import tone
from media.types import BLOCK, RATE, Pcm
from softphone.adapters.ear_tones import EarTones
from softphone.adapters.ringer import play_out
from softphone.adapters.sound_worker import SoundWorker
from softphone.adapters.voice_loop import VoiceLoop
from softphone.domain.errors import DeviceError
from softphone.domain.sound_test import EchoFinding, MicrophoneFinding, judge_echo, judge_microphone

OPEN_S = 3.0
"""How long a device may take to open, and to catch up at the end."""

LONGEST_RECORDING_S = 10.0
ECHO_S = 5.0
ECHO_JUDGED_S = 2.5
"""The canceller learns at the beginning; only the end counts."""

TONE_S = 2.4

Taps = Callable[[Tap], Callable[[], None]]


class SoundTest:
    """Composed by the sound adapter. `needed` makes the voice loop run, `find` looks up an output by id."""

    def __init__(
        self,
        path: VoicePath,
        loop: VoiceLoop,
        tones: EarTones,
        worker: SoundWorker,
        *,
        needed: Callable[[], None],
        find: Callable[[str], SoundDevice | None],
        open_playout: Callable[[str], PlayoutStream],
    ) -> None:
        self._path = path
        self._loop = loop
        self._tones = tones
        self._worker = worker
        self._needed = needed
        self._find = find
        self._open_playout = open_playout
        self._recorded: list[Pcm] = []

    async def record(self, seconds: float) -> MicrophoneFinding:
        """See ports.Sound. Raises DeviceError."""
        self.forget()
        blocks: list[Pcm] = []
        loudest = FLOOR_DBFS
        clipping = False
        enough = asyncio.Event()
        wanted = round(min(seconds, LONGEST_RECORDING_S) * RATE) // BLOCK

        def heard(block: Pcm) -> None:
            nonlocal loudest, clipping
            state = self._path.microphone()
            loudest, clipping = max(loudest, state.level_dbfs), clipping or state.clipping
            blocks.append(block.copy())
            if len(blocks) >= wanted:
                enough.set()

        async with self._microphone():
            await self._tapped(self._path.tap(heard), enough, seconds)
            if self._path.source is None:
                raise DeviceError("microphone")
            zero_for_s = self._path.microphone().zero_for_s
        self._recorded = blocks
        hearing = judge_microphone(loudest, clipping=clipping, zero_for_s=zero_for_s)
        return MicrophoneFinding(hearing, loudest, len(blocks) * BLOCK / RATE)

    async def play_recording(self) -> None:
        """See ports.Sound. Raises DeviceError."""
        if self._recorded:
            await self._hear(iter(tuple(self._recorded)), len(self._recorded) * BLOCK / RATE)

    def forget(self) -> None:
        """See ports.Sound."""
        self._recorded = []

    async def tone_on(self, device_id: str) -> None:
        """See ports.Sound. Raises DeviceError."""
        if not device_id:
            await self._hear(tone("test"), TONE_S)
            return
        device = self._find(device_id)
        if device is None:
            raise DeviceError(device_id)
        try:
            stream = await self._worker.open(self._open_playout, device.id)
        except DeviceFailure as failure:
            raise DeviceError(device.name) from failure
        try:
            await self._sound_out(stream, device.name)
        finally:
            self._worker.release(stream)

    async def echo_check(self) -> EchoFinding:
        """See ports.Sound. Raises DeviceError."""
        played, heard = Loudness(), Loudness()
        async with self._microphone():
            ends = self._path.far_tap(played.add), self._path.tap(heard.add)
            try:
                await self._hear(probe_blocks(ECHO_S), ECHO_S)
            finally:
                for end in ends:
                    end()
            state = self._path.microphone()
        blocks = min(len(played.powers), len(heard.powers))
        judged = slice(max(0, blocks - round(ECHO_JUDGED_S * RATE) // BLOCK), blocks)
        found = compare(played.powers[judged], heard.powers[judged])
        verdict = judge_echo(
            found.loss_db, likeness=found.likeness, heard_dbfs=found.heard_dbfs, zero_for_s=state.zero_for_s
        )
        return EchoFinding(verdict, round(found.loss_db, 1), state.echo)

    # --- inside -----------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _microphone(self) -> AsyncIterator[None]:
        """The microphone is open meanwhile. Raises DeviceError where none opens."""
        self._loop.testing = True
        self._needed()
        try:
            await self._opened(self._path.tap, lambda: self._path.source is not None, "microphone")
            yield
        finally:
            self._loop.testing = False

    async def _opened(self, taps: Taps, there: Callable[[], bool], name: str) -> None:
        """Wait until a device has opened. Raises DeviceError where none does."""
        reached = asyncio.Event()
        end = taps(lambda _block: reached.set() if there() else None)
        try:
            async with asyncio.timeout(OPEN_S):
                await reached.wait()
        except TimeoutError:
            raise DeviceError(name) from None
        finally:
            end()

    async def _tapped(self, end: Callable[[], None], enough: asyncio.Event, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds + OPEN_S):
                await enough.wait()
        except TimeoutError:
            raise DeviceError("microphone") from None
        finally:
            end()

    async def _hear(self, blocks: Iterator[Pcm], seconds: float) -> None:
        """Play in the ear, where speech is heard, to the end."""
        over = asyncio.Event()
        sounding = _told_at_the_end(blocks, over)
        self._tones.insert(sounding)
        if not self._path.playing:
            self._path.play(self._tones.blocks())
        self._needed()
        try:
            await self._opened(self._path.far_tap, lambda: self._path.sink is not None, "speaker")
            async with asyncio.timeout(seconds + OPEN_S):
                await over.wait()
        except TimeoutError:
            raise DeviceError("speaker") from None
        finally:
            self._tones.take_out(sounding)
        if self._path.sink is None:
            raise DeviceError("speaker")

    async def _sound_out(self, stream: PlayoutStream, name: str) -> None:
        """The tone to its end. Raises DeviceError for a device that opens and then takes nothing."""
        try:
            async with asyncio.timeout(TONE_S + OPEN_S):
                alive = await play_out(stream, tone("test"))
        except TimeoutError:
            raise DeviceError(name) from None
        if not alive:
            raise DeviceError(name)


def _told_at_the_end(blocks: Iterator[Pcm], over: asyncio.Event) -> Iterator[Pcm]:
    """The same blocks; `over` is set when they have ended or nobody wants them any more."""
    try:
        yield from blocks
    finally:
        over.set()
