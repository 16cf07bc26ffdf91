"""Sound for the core: drivers, roles, the voice path's 10 ms loop, ring and tones. Lives on the engine loop.

Microphone and speaker are open only while somebody needs them and a little longer; the ring has streams of
its own. When a device goes, speech moves to the next best one, and back when it returns.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict

from devices.registry import Drivers
from devices.types import CaptureStream, Pcm, PlayoutStream
from media.path import Send, VoicePath
from media.stream import VoiceStream
from media.tones import tone
from media.types import BLOCK
from softphone.adapters.bells import Bells
from softphone.adapters.ear_tones import EarTones
from softphone.adapters.roles import Roles, Wishes
from softphone.adapters.sound_test import SoundTest
from softphone.adapters.sound_worker import SoundWorker
from softphone.adapters.treatment import Treatment
from softphone.adapters.voice_loop import BLOCK_S, VoiceLoop
from softphone.domain.device import IN_EAR, DeviceState, MicrophoneState
from softphone.domain.sound_test import EchoFinding, MicrophoneFinding
from softphone.runtime.tasks import Tasks


class SoundAdapter:
    """Implements ports.Sound, and joins calls' voices by `attach` and `detach`."""

    def __init__(
        self,
        drivers: Drivers,
        *,
        region: Callable[[], str] = str,
        permission: Callable[[], str] = str,
        clock: Callable[[], float] = time.monotonic,
        worker: SoundWorker | None = None,
    ) -> None:
        self.path = VoicePath()
        self._drivers = drivers
        self._clock = clock
        self._worker = worker or SoundWorker()
        self._tasks = Tasks()
        self._tones = EarTones(lambda name: tone(name, region()))
        self._treatment = Treatment(self.path)
        joined = (self._join_microphone, self._join_speaker)
        self._roles = Roles(drivers, self._worker, clock, permission, joined)
        self._bells = self._put_bells_together(lambda name: tone(name, region()))
        self._told = DeviceState()
        self._callbacks: list[Callable[[DeviceState], None]] = []
        self._changed = asyncio.Event()
        self._stale = True
        self._closed = False
        self._settling = asyncio.Lock()
        self._unwatch: Callable[[], None] | None = None
        self._loop = VoiceLoop(self.path, clock, self._drop_lost, self._changed.set)
        self._test = SoundTest(
            self.path,
            self._loop,
            self._tones,
            self._worker,
            needed=self._needed,
            find=self._roles.output,
            open_playout=drivers.open_playout,
        )

    def _put_bells_together(self, tones: Callable[[str], Iterator[Pcm]]) -> Bells:
        return Bells(
            self._drivers.open_playout,
            tones,
            self._roles,
            self._worker,
            self._tasks,
            in_ear=self._play_in_ear,
            failed=self._plugged,
            alerted=self._tell,
        )

    async def start(self) -> None:
        """Look for devices and follow plugging from now on."""
        loop = asyncio.get_running_loop()

        def plugged() -> None:
            with suppress(RuntimeError):  # the loop may have closed while the notice was under way
                loop.call_soon_threadsafe(self._plugged)

        self._unwatch = await self._worker.run(self._drivers.watch, plugged)
        await self._settle()
        self._tasks.spawn(self._supervise(), "sound devices")

    async def close(self) -> None:
        """Silence everything and release the devices; harmless when done already."""
        if self._closed:
            return
        self._closed = True
        self._loop.stop()
        await self._tasks.close()
        self._roles.let_go()
        if self._unwatch is not None:
            await self._worker.run(self._unwatch)
        await self._worker.run(self._drivers.close)
        self._worker.close()

    # --- ports.Sound ------------------------------------------------------------------------------------

    def listen(self, callback: Callable[[DeviceState], None]) -> None:
        """See ports.Sound."""
        self._callbacks.append(callback)

    def state(self) -> DeviceState:
        """See ports.Sound."""
        return self._roles.state()

    async def choose(
        self,
        *,
        microphone: Sequence[str],
        speaker: Sequence[str],
        ring: Sequence[str],
        alert: Sequence[str] = (IN_EAR,),
    ) -> None:
        """See ports.Sound."""
        self._roles.wishes = Wishes(tuple(microphone), tuple(speaker), tuple(ring), tuple(alert))
        self._stale = True
        await self._settle()

    def treat(self, *, echo: str, noise: str) -> None:
        """See ports.Sound."""
        self._treatment.choose(echo=echo, noise=noise)

    async def start_ring(self) -> None:
        """See ports.Sound."""
        self._bells.start()

    async def stop_ring(self) -> None:
        """See ports.Sound."""
        self._bells.stop()

    async def call_waiting(self) -> None:
        """See ports.Sound."""
        await self.play_tone("call_waiting")

    async def play_tone(self, tone: str) -> None:
        """See ports.Sound."""
        self._bells.play(tone)

    async def stop_tone(self) -> None:
        """See ports.Sound."""
        self._tones.stop()

    def levels(self) -> tuple[float, float]:
        """See ports.Sound."""
        return self.path.levels()

    def underflows(self) -> int:
        """See ports.Sound."""
        return self.path.underflows

    def microphone(self) -> MicrophoneState:
        """See ports.Sound."""
        return MicrophoneState(**asdict(self.path.microphone()))

    async def listen_to_microphone(self, on: bool) -> None:
        """See ports.Sound."""
        self._loop.metering = on
        self._needed()

    async def try_ring(self, device_id: str) -> None:
        """See ports.Sound. Raises DeviceError."""
        await self._bells.try_on(device_id)

    def stop_trying(self) -> None:
        """See ports.Sound."""
        self._bells.end_tries()

    async def record(self, seconds: float) -> MicrophoneFinding:
        """See ports.Sound."""
        return await self._test.record(seconds)

    async def play_recording(self) -> None:
        """See ports.Sound."""
        await self._test.play_recording()

    def forget_recording(self) -> None:
        """See ports.Sound."""
        self._test.forget()

    async def tone_on(self, device_id: str) -> None:
        """See ports.Sound."""
        await self._test.tone_on(device_id)

    async def echo_check(self) -> EchoFinding:
        """See ports.Sound."""
        return await self._test.echo_check()

    # --- voices of calls --------------------------------------------------------------------------------

    def attach(self, stream: VoiceStream, send: Send) -> None:
        """Join a call's voice to microphone and speaker; `send` gets its frames."""
        self.path.add(stream, send)
        self._needed()

    def detach(self, stream: VoiceStream) -> None:
        """Part with a call's voice; harmless when done already."""
        self.path.remove(stream)

    def _needed(self) -> None:
        """Somebody needs a device: see to it, and let the loop run."""
        self._loop.run()
        self._changed.set()

    def _drop_lost(self) -> None:
        if self._roles.drop_lost():
            self._plugged()

    def _play_in_ear(self, name: str) -> None:
        self._tones.play(name)
        if not self.path.playing:
            self.path.play(self._tones.blocks())
        self._needed()

    def _join_microphone(self, stream: CaptureStream | None) -> None:
        self.path.source = stream

    def _join_speaker(self, stream: PlayoutStream | None) -> None:
        self.path.sink = stream
        self._treatment.follow(self._roles.speaker.device)
        if stream is not None:
            self._loop.patience = max(1, stream.takes // BLOCK)
            self._loop.fill()

    # --- devices and roles ------------------------------------------------------------------------------

    def _plugged(self) -> None:
        self._stale = True
        self._changed.set()

    async def _supervise(self) -> None:
        while True:
            self._changed.clear()
            await self._settle()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience()):
                    await self._changed.wait()

    def _patience(self) -> float | None:
        """Until when nothing has to be looked at again by itself."""
        moments = self._roles.moments(self._loop.microphone_until, self._loop.speaker_until)
        return max(BLOCK_S, min(moments) - self._clock()) if moments else None

    async def _settle(self) -> None:
        """Bring list, open streams and ring in line with what is there, chosen and needed."""
        async with self._settling:
            if self._stale:
                self._stale = False
                await self._roles.look()
            await self._roles.use(microphone=self._loop.needs_microphone, speaker=self._loop.needs_speaker)
            self._bells.follow()
            self._tell()

    def _tell(self) -> None:
        state = self.state()
        if state == self._told:
            return
        self._told = state
        for callback in tuple(self._callbacks):
            callback(state)
