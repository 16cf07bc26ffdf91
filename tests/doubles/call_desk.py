"""Calls with voices on devices that come and go: real services and a real sound adapter in pretended time.

Only the user agent and the devices are doubles. Everybody says a tone of their own, so that it can be told
who is heard where: each call's far end, each microphone, the ring and the service tones.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import numpy as np

from devices.fake import FakeDriver
from devices.registry import Drivers
from devices.types import Pcm
from media.codecs import registry
from media.stream import VoiceStream
from media.tones import period
from media.types import FRAME, RATE, AudioFrame, AudioPacket, CodecSpec
from softphone.adapters.sound import SoundAdapter
from softphone.domain.account import LineState
from softphone.domain.call import EndReason
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.auto_answer import AutoAnswer
from softphone.services.call_quality import CallQualityWatch
from softphone.services.call_table import CallTable
from softphone.services.call_tones import CallTones
from softphone.services.calls import Calls
from softphone.services.numbers import Numbers
from softphone.services.ringing import Ringing
from softphone.services.settings import Settings
from softphone.services.sound_devices import SoundDevices
from tests.doubles.sound_worker import InlineWorker
from tests.doubles.stores import FakeSettingsStore
from tests.doubles.telephony import FakeTelephony
from tests.lab.sound import level_at

PCMU = CodecSpec("PCMU", 0, 8000)
CODEC_SAMPLES = 160

HERTZ = {
    "service tone": 425,
    "ring": 659.3,
    "Mic": 1100,
    "Webcam": 2900,
    "Laptop": 1450,
    "call-1": 1700,
    "call-2": 2400,
}
"""What tells the sounds apart."""

AUDIBLE_DBFS = -45.0
PIECE = RATE // 20
SPOKEN_S = 60

DEVICES = {
    "Mic": (1, 0, False),
    "Webcam": (1, 0, False),
    "Ear": (0, 2, False),
    "Speakers": (0, 2, False),
    "Laptop": (1, 2, True),
    "Bell": (0, 2, False),
    "Gong": (0, 2, False),
    "Clip": (0, 2, False),
}
"""Inputs, outputs, and whether it is the system's default. The clip gives alerts within a call."""

CHOSEN = {
    "audio.microphone": "fake:Mic,fake:Webcam",
    "audio.speaker": "fake:Ear,fake:Speakers",
    "audio.alert": "fake:Clip,speaker",
    "audio.ring": "fake:Bell,fake:Gong",
    "audio.echo_cancel": "off",
    "audio.noise_suppression": "off",
}
"""A steady tone would pass for noise."""


class LoopClock:
    """Implements ports.Clock with the pretended time."""

    def monotonic(self) -> float:
        """Seconds."""
        return asyncio.get_running_loop().time()

    def time(self) -> float:
        """Pretended, too."""
        return self.monotonic()


def sine(hertz: float, seconds: float) -> Pcm:
    """A steady tone."""
    wave: Pcm = (8000 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.int16)
    return wave


class FarEnd:
    """The other side of one call: says its tone all the time, keeps what it hears."""

    def __init__(self, name: str) -> None:
        self.stream = VoiceStream(PCMU)
        self._heard: list[Pcm] = []
        self._decoder = registry.decoder(PCMU)
        encoder, said = registry.encoder(PCMU), sine(HERTZ[name], 1)
        self._says = [encoder.encode(said[at : at + FRAME]) for at in range(0, len(said), FRAME)]

    def hear(self, frame: AudioFrame) -> None:
        """A frame of ours arrives there."""
        self._heard.append(self._decoder.decode(frame.payload))

    def heard(self) -> Pcm:
        """Everything so far."""
        return np.concatenate([np.zeros(0, np.int16), *self._heard])

    async def speak(self) -> None:
        """Send packets until cancelled."""
        number, loop = 0, asyncio.get_running_loop()
        while True:
            payload = self._says[number % len(self._says)]
            self.stream.receive(AudioPacket(number, number * CODEC_SAMPLES, 0, payload, loop.time()))
            number += 1
            await asyncio.sleep(FRAME / RATE)


class SpeakingTelephony(FakeTelephony):
    """Joins each call's voice to the ear as SipTelephony does. What we hang up ends when the test says so."""

    def __init__(self, ear: SoundAdapter, tasks: Tasks) -> None:
        super().__init__()
        self.registered = True
        self.far_ends: dict[str, FarEnd] = {}
        self._ear = ear
        self._tasks = tasks

    def far_end_rings(self, call_id: str, *, early_media: bool = False) -> None:
        """180, or 183 with sound."""
        if early_media:
            self._join(call_id)
        super().far_end_rings(call_id, early_media=early_media)

    def establish(self, call_id: str, **given: Any) -> None:
        """The call is answered, on whichever side."""
        self._join(call_id)
        super().establish(call_id, **given)

    def media_changed(self, call_id: str, *, held: bool = False, remote_held: bool = False) -> None:
        """A re-INVITE went through."""
        far_end = self.far_ends[call_id]
        if held:
            self._ear.detach(far_end.stream)
        else:
            self._ear.attach(far_end.stream, far_end.hear)
        super().media_changed(call_id, held=held, remote_held=remote_held)

    async def hang_up(self, call_id: str) -> None:
        """See ports.Telephony: asked for, and not answered yet."""
        self.commands.append(("hang_up", call_id))

    def end(self, call_id: str, reason: EndReason = EndReason.REMOTE_HUNG_UP, status: int = 0) -> None:
        """The call is over."""
        if call_id in self.far_ends:
            self._ear.detach(self.far_ends[call_id].stream)
        super().end(call_id, reason, status)

    def _join(self, call_id: str) -> None:
        if call_id not in self.far_ends:
            far_end = self.far_ends[call_id] = FarEnd(call_id)
            self._ear.attach(far_end.stream, far_end.hear)
            self._tasks.spawn(far_end.speak(), f"far end of {call_id}")


class CallDesk:
    """Somebody with many devices and up to two calls."""

    def __init__(self) -> None:
        clock = LoopClock()
        self.driver = FakeDriver(clock.monotonic)
        for name in DEVICES:
            self.plug(name)
            if name in HERTZ:
                self.driver.heard[_id(name)].put(sine(HERTZ[name], SPOKEN_S))
        self.tasks, bus = Tasks(), Bus()
        self.sound = SoundAdapter(Drivers([self.driver]), clock=clock.monotonic, worker=InlineWorker())
        self.settings = Settings(FakeSettingsStore(), bus)
        self.devices = SoundDevices(self.sound, self.settings, bus, self.tasks)
        self.telephony = SpeakingTelephony(self.sound, self.tasks)
        self.table = CallTable(bus, clock)
        self.calls = Calls(
            self.telephony,
            self.table,
            Numbers(),
            bus,
            clock,
            self.tasks,
            line=lambda: LineState.REGISTERED,
            hurry=_never,
            name_for=lambda number: "",
            auto_answer=AutoAnswer(self.table, self.sound, self.settings),
        )
        self.ringing = Ringing(self.table, self.sound, self.tasks)
        self.tones = CallTones(self.table, self.sound, self.tasks)
        self.quality = CallQualityWatch(self.table, self.telephony, self.sound, clock, self.tasks)

    # --- devices -----------------------------------------------------------------------------------------

    def plug(self, name: str) -> None:
        """Plug one of DEVICES in."""
        inputs, outputs, default = DEVICES[name]
        self.driver.plug(name, inputs=inputs, outputs=outputs, default=default)

    def unplug(self, name: str) -> None:
        """Pull it out."""
        self.driver.unplug(_id(name))

    def kill(self, name: str) -> None:
        """Its streams die and nobody says so."""
        self.driver.kill(_id(name))

    def open(self) -> dict[str, int]:
        """Devices with open streams, and how many."""
        streams = {name: self.driver.open_streams(_id(name)) for name in DEVICES}
        return {name: count for name, count in streams.items() if count}

    # --- what is heard -----------------------------------------------------------------------------------

    async def listen(self, seconds: float) -> dict[str, set[str]]:
        """Which sounds are heard where during the next seconds: on speakers, and at the far ends of calls."""
        before = {place: len(pcm) for place, pcm in self._heard().items()}
        await asyncio.sleep(seconds)
        heard = {place: sounds_in(pcm[before.get(place, 0) :]) for place, pcm in self._heard().items()}
        return {place: sounds for place, sounds in heard.items() if sounds}

    def _heard(self) -> dict[str, Pcm]:
        speakers = {name: self.driver.played[_id(name)].pcm() for name in DEVICES}
        return speakers | {call: far_end.heard() for call, far_end in self.telephony.far_ends.items()}

    def rang_without_a_gap(self, name: str) -> bool:
        """Whether all this speaker ever played is the ring tone from its start, every sample of it."""
        played = np.trim_zeros(self.driver.played[_id(name)].pcm())
        whole = np.trim_zeros(np.tile(period("ring"), len(played) // len(period("ring")) + 2), "f")
        return len(played) > 0 and np.array_equal(played, whole[: len(played)])


def sounds_in(pcm: Pcm) -> set[str]:
    """The sounds of HERTZ that are heard in it for two pieces on end: where a jitter buffer joins sound,
    others seem to be there for a moment."""
    pieces = [pcm[at : at + PIECE] for at in range(0, len(pcm) - PIECE + 1, PIECE)]
    return {name for name, hertz in HERTZ.items() if _lasts([_is_heard(piece, hertz) for piece in pieces])}


def _is_heard(piece: Pcm, hertz: float) -> bool:
    return bool(piece.any()) and level_at(piece, hertz) > AUDIBLE_DBFS


def _lasts(heard: list[bool]) -> bool:
    return any(one and following for one, following in pairwise(heard))


def _id(name: str) -> str:
    return f"fake:{name}"


async def _never() -> bool:
    return False


@asynccontextmanager
async def call_desk() -> AsyncIterator[CallDesk]:
    """A desk where everything is chosen and runs; afterwards nothing is left open."""
    desk = CallDesk()
    await desk.sound.start()
    for key, value in CHOSEN.items():
        await desk.settings.set_text(key, value)
    await desk.devices.start()
    try:
        yield desk
    finally:
        await desk.tasks.close()
        await desk.sound.close()
    assert not desk.open()
