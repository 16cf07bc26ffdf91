"""A sound adapter on a virtual sound server, and a call whose far end says everything back."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from devices.registry import system_drivers
from devices.types import Pcm
from media.stream import VoiceStream
from media.types import AudioFrame, AudioPacket, CodecSpec
from softphone.adapters.sound import SoundAdapter
from softphone.domain.device import DeviceState
from softphone.runtime.engine import SWITCH_INTERVAL_S
from tests.lab.pulse import PulseRig, pulse_rig

OPUS = CodecSpec("opus", 111, 48_000, 2)


def tone(seconds: float, hertz: int = 440, level: int = 8000) -> Pcm:
    """A steady tone."""
    wave = level * np.sin(2 * np.pi * hertz * np.arange(int(seconds * 48_000)) / 48_000)
    pcm: Pcm = np.rint(wave).astype(np.int16)
    return pcm


@dataclass
class Echo:
    """A call: what it sends comes back as if from the network."""

    stream: VoiceStream = field(default_factory=lambda: VoiceStream(OPUS))
    frames: int = 0

    def send(self, frame: AudioFrame) -> None:
        """Give a frame back at once."""
        self.frames += 1
        packet = AudioPacket(self.frames, self.frames * 960, 111, frame.payload, time.monotonic())
        self.stream.receive(packet)


@dataclass
class Desk:
    """What a test sits at."""

    rig: PulseRig
    sound: SoundAdapter
    states: list[DeviceState]

    async def plugging(self, action: Callable[..., object], *arguments: str) -> float:
        """Plug or unplug without stopping the loop; returns when it began."""
        began = time.monotonic()
        await asyncio.to_thread(action, *arguments)
        return began

    async def until(self, condition: Callable[[], bool], seconds: float = 3.0) -> float:
        """Wait for a condition; returns how long it took. Raises AssertionError when it never held."""
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < seconds, "waited in vain"
            await asyncio.sleep(0.005)
        return time.monotonic() - began


@contextmanager
def inhabited_rig(directory: Path) -> Iterator[PulseRig]:
    """A rig this process sees, with the engine's thread switching."""
    interval = sys.getswitchinterval()
    with pulse_rig(directory) as rig, pytest.MonkeyPatch.context() as patch:
        rig.inhabit(patch)
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        try:
            yield rig
        finally:
            sys.setswitchinterval(interval)


@asynccontextmanager
async def desk_at(rig: PulseRig) -> AsyncIterator[Desk]:
    """A started adapter, speech on the headset, ring on the loudspeakers."""
    sound, states = SoundAdapter(system_drivers()), list[DeviceState]()
    sound.listen(states.append)
    await sound.start()
    await sound.choose(
        microphone=("pulse:headset_mic",), speaker=("pulse:headset",), ring=("pulse:speakers",)
    )
    try:
        yield Desk(rig, sound, states)
    finally:
        await sound.close()
