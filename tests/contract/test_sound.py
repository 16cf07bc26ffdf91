"""What the core may expect of its sound: the double its tests use, and the adapter on fake devices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import numpy as np
import pytest

from devices.fake import FakeDriver, Played
from devices.registry import Drivers
from softphone.adapters.sound import SoundAdapter
from softphone.domain.device import (
    ANY_OUTPUT,
    IN_EAR,
    SYSTEM_DEFAULT,
    Device,
    DeviceState,
    Reason,
    Standing,
)
from softphone.domain.errors import DeviceError
from softphone.ports import Sound
from tests.doubles.sound import FakeSound


@dataclass
class Bench:
    """Sound with a microphone and speakers (both default) and a headset.

    `said` grows with whatever is played.
    """

    sound: Sound
    headset: str
    said: Callable[[], int]

    async def hears(self, command: Awaitable[None]) -> None:
        """Something new is played on the command."""
        before = self.said()
        await command
        async with asyncio.timeout(5.0):
            while self.said() <= before:
                await asyncio.sleep(0.01)


def _loud(played: Played) -> int:
    """How many samples are not silence."""
    return int(np.count_nonzero(played.pcm()))


@pytest.fixture(params=["double", "adapter"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    if request.param == "double":
        double = FakeSound(
            Device("fake:Microphone", "Microphone", True, False, is_default_input=True),
            Device("fake:Speakers", "Speakers", False, True, is_default_output=True),
            Device("fake:Headset", "Headset", True, True),
        )
        yield Bench(double, "fake:Headset", lambda: len(double.played) + len(double.tried))
        return
    driver = FakeDriver()
    driver.plug("Microphone", inputs=1, default=True)
    driver.plug("Speakers", outputs=2, default=True)
    headset = driver.plug("Headset", inputs=1, outputs=2)
    adapter = SoundAdapter(Drivers([driver]))
    await adapter.start()
    yield Bench(adapter, headset, lambda: sum(_loud(played) for played in driver.played.values()))
    await adapter.close()


async def test_at_first_the_system_decides(bench: Bench) -> None:
    state = bench.sound.state()
    assert (state.microphone, state.speaker, state.ring) == (
        (SYSTEM_DEFAULT,),
        (SYSTEM_DEFAULT,),
        (SYSTEM_DEFAULT,),
    )
    assert (state.microphone_used, state.speaker_used) == ("Microphone", "Speakers")
    assert state.ring_used == ("Speakers",)
    assert {device.name for device in state.inputs} == {"Microphone", "Headset"}
    assert {device.name for device in state.outputs} == {"Speakers", "Headset"}


async def test_a_choice_is_used_and_told(bench: Bench) -> None:
    told: list[DeviceState] = []
    bench.sound.listen(told.append)
    await bench.sound.choose(
        microphone=(bench.headset,), speaker=(bench.headset,), ring=(SYSTEM_DEFAULT, bench.headset)
    )
    assert told[-1] == bench.sound.state()
    assert (told[-1].microphone, told[-1].microphone_used) == ((bench.headset,), "Headset")
    assert (told[-1].speaker, told[-1].speaker_used) == ((bench.headset,), "Headset")
    assert told[-1].ring_used == ("Speakers", "Headset")


async def test_a_choice_that_is_gone_is_kept_and_the_default_used(bench: Bench) -> None:
    await bench.sound.choose(microphone=("fake:Gone",), speaker=("fake:Gone",), ring=("fake:Gone",))
    state = bench.sound.state()
    assert (state.microphone, state.speaker, state.ring) == (("fake:Gone",),) * 3
    assert (state.microphone_used, state.speaker_used, state.ring_used) == (
        "Microphone",
        "Speakers",
        ("Speakers",),
    )


async def test_stopping_what_does_not_play_is_harmless(bench: Bench) -> None:
    await bench.sound.stop_ring()
    await bench.sound.stop_tone()
    assert bench.said() == 0
    await bench.hears(bench.sound.start_ring())
    await bench.sound.stop_ring()
    await bench.sound.stop_ring()


@pytest.mark.parametrize("tone", ["ringback", "busy", "congestion", "beep", "test"])
async def test_every_tone_plays(bench: Bench, tone: str) -> None:
    await bench.hears(bench.sound.play_tone(tone))
    await bench.sound.stop_tone()


async def test_a_second_call_is_announced(bench: Bench) -> None:
    await bench.hears(bench.sound.call_waiting())


async def test_levels_are_dbfs(bench: Bench) -> None:
    await bench.sound.listen_to_microphone(True)
    assert all(level <= 0 for level in bench.sound.levels())
    await bench.sound.listen_to_microphone(False)


async def test_a_device_that_is_there_can_be_tried(bench: Bench) -> None:
    await bench.hears(bench.sound.try_ring(bench.headset))


async def test_the_first_of_a_list_that_is_there_is_used_with_the_reason(bench: Bench) -> None:
    wishes = ("fake:Gone", bench.headset, SYSTEM_DEFAULT)
    await bench.sound.choose(
        microphone=wishes, speaker=(bench.headset,), ring=(), alert=("fake:Gone", IN_EAR)
    )
    state = bench.sound.state()
    assert (state.microphone, state.microphone_used) == (wishes, "Headset")
    gone = Standing("fake:Gone", bench.headset, Reason.NOT_PLUGGED_IN, True)
    assert (state.microphone_why, state.alert_why) == (gone, gone)
    assert state.speaker_why == Standing(bench.headset, bench.headset, Reason.AS_WISHED, True)
    assert state.alert_used == "Headset"


async def test_an_alert_has_its_own_place(bench: Bench) -> None:
    await bench.sound.choose(
        microphone=(SYSTEM_DEFAULT,), speaker=(SYSTEM_DEFAULT,), ring=(), alert=(bench.headset, IN_EAR)
    )
    state = bench.sound.state()
    assert (state.speaker_used, state.alert_used, state.alert_why.reason) == (
        "Speakers",
        "Headset",
        Reason.AS_WISHED,
    )
    await bench.hears(bench.sound.call_waiting())


async def test_every_output_can_ring(bench: Bench) -> None:
    await bench.sound.choose(microphone=(SYSTEM_DEFAULT,), speaker=(SYSTEM_DEFAULT,), ring=(ANY_OUTPUT,))
    assert bench.sound.state().ring_used == ("Speakers", "Headset")


async def test_what_is_recorded_can_be_played_until_it_is_forgotten(bench: Bench) -> None:
    found = await bench.sound.record(0.2)
    assert found.seconds == pytest.approx(0.2)
    before = bench.said()
    bench.sound.forget_recording()
    await bench.sound.play_recording()
    assert bench.said() == before


@pytest.mark.parametrize("place", ["", "headset", SYSTEM_DEFAULT])
async def test_a_tone_is_heard_on_an_output(bench: Bench, place: str) -> None:
    await bench.hears(bench.sound.tone_on(bench.headset if place == "headset" else place))


async def test_an_output_that_is_away_has_no_tone(bench: Bench) -> None:
    with pytest.raises(DeviceError):
        await bench.sound.tone_on("fake:gone")
