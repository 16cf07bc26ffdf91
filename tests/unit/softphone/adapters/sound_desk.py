"""A headset, loudspeakers and a sound adapter, in pretended time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np

from devices.fake import FakeDriver
from devices.registry import Drivers
from devices.types import Pcm
from media.stream import VoiceStream
from media.types import AudioFrame, AudioPacket, CodecSpec
from softphone.adapters.sound import SoundAdapter
from softphone.domain.device import DeviceState
from tests.doubles.sound_worker import InlineWorker
from tests.doubles.virtual_time import run_virtually

PCMU = CodecSpec("PCMU", 0, 8000)


@dataclass
class Desk:
    """A headset (the default), loudspeakers, and a sound adapter that knows them."""

    driver: FakeDriver
    sound: SoundAdapter
    headset: str
    speakers: str
    region: list[str]
    states: list[DeviceState] = field(default_factory=list)

    def heard_on(self, device: str) -> Pcm:
        return self.driver.played[device].pcm()

    def echo(self) -> Echo:
        """A call whose far end says everything back."""
        echo = Echo(VoiceStream(PCMU))
        self.sound.attach(echo.stream, echo.send)
        return echo


@dataclass
class Echo:
    stream: VoiceStream
    frames: int = 0

    def send(self, frame: AudioFrame) -> None:
        self.frames += 1
        now = asyncio.get_running_loop().time()
        self.stream.receive(AudioPacket(self.frames, self.frames * 160, 0, frame.payload, now))


def at_desk(test: Callable[[Desk], Awaitable[None]]) -> Callable[[], None]:
    """Run a test at a desk, in pretended time."""

    async def run() -> None:
        clock = asyncio.get_running_loop().time
        driver = FakeDriver(clock)
        headset = driver.plug("Headset", inputs=1, outputs=2, default=True)
        speakers = driver.plug("Speakers", outputs=2)
        region: list[str] = [""]
        drivers = Drivers([driver])
        sound = SoundAdapter(drivers, region=lambda: region[0], clock=clock, worker=InlineWorker())
        desk = Desk(driver, sound, headset, speakers, region)
        sound.listen(desk.states.append)
        await sound.start()
        await sound.choose(microphone=(headset,), speaker=(headset,), ring=(speakers,))
        try:
            await test(desk)
        finally:
            await sound.close()
        assert driver.open_streams(headset) == driver.open_streams(speakers) == 0

    def runner() -> None:
        run_virtually(run())

    runner.__name__ = test.__name__
    return runner


def tone(seconds: float, value: int = 8000) -> Pcm:
    return (value * np.sin(2 * np.pi * 400 * np.arange(int(seconds * 48_000)) / 48_000)).astype(np.int16)


def level(pcm: Pcm) -> float:
    rms = np.sqrt(np.mean(pcm.astype(float) ** 2)) if len(pcm) else 0.0
    return float(20 * np.log10(max(rms, 1e-3) / 32_768))
