"""Trying devices on the voice path that calls use, in pretended time: a microphone that hears the speaker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np
import pytest

from devices.fake import FakeDriver, Heard, Played
from devices.registry import Drivers
from devices.types import Pcm
from softphone.adapters.sound import SoundAdapter
from softphone.domain.errors import DeviceError
from softphone.domain.sound_test import EchoVerdict, Hearing
from tests.doubles.sound_worker import InlineWorker
from tests.doubles.virtual_time import run_virtually
from tests.unit.softphone.adapters.sound_desk import level, tone

RATE = 48_000
DELAY = round(0.06 * RATE)


class Room(Heard):
    """A microphone that hears the speaker `loss_db` weaker, over the noise of a quiet room."""

    def __init__(self, speaker: Played) -> None:
        super().__init__()
        self._speaker = speaker
        self._at = 0
        self.loss_db = 200.0
        self.noise_dbfs = -66.0
        self._chance = np.random.default_rng(3)

    def next(self, samples: int) -> Pcm:
        """What the room gives now."""
        gone = self._at - DELAY + np.arange(samples)
        self._at += samples
        played = self._speaker.pcm()
        there = (gone >= 0) & (gone < len(played))
        out = self._chance.standard_normal(samples) * 32768 * 10 ** (self.noise_dbfs / 20)
        out[there] += played[gone[there]] * 10 ** (-self.loss_db / 20)
        return np.clip(out, -32768, 32767).astype(np.int16) + super().next(samples)


class Dead(Heard):
    """A microphone the system denies: nothing but zeros."""


@dataclass
class Desk:
    """A headset (the default) and loudspeakers."""

    driver: FakeDriver
    sound: SoundAdapter
    headset: str
    speakers: str
    room: Room

    def heard_on(self, device: str) -> Pcm:
        return self.driver.played[device].pcm()


def at_desk(test: Callable[[Desk], Awaitable[None]]) -> Callable[[], None]:
    """Run a test at a desk, in pretended time; in the end every device is closed."""

    async def run() -> None:
        clock = asyncio.get_running_loop().time
        driver = FakeDriver(clock)
        headset = driver.plug("Headset", inputs=1, outputs=2, default=True)
        speakers = driver.plug("Speakers", outputs=2)
        driver.heard[headset] = room = Room(driver.played[headset])
        sound = SoundAdapter(Drivers([driver]), clock=clock, worker=InlineWorker())
        await sound.start()
        await sound.choose(microphone=(headset,), speaker=(headset,), ring=(speakers,))
        try:
            await test(Desk(driver, sound, headset, speakers, room))
            await asyncio.sleep(4)
            assert driver.open_streams(headset) == driver.open_streams(speakers) == 0
        finally:
            await sound.close()

    def runner() -> None:
        run_virtually(run())

    runner.__name__ = test.__name__
    return runner


@at_desk
async def test_what_is_said_is_recorded_and_played(desk: Desk) -> None:
    desk.room.put(tone(5))
    found = await desk.sound.record(3.0)
    assert (found.hearing, found.seconds) == (Hearing.FINE, 3.0)
    assert found.level_dbfs == pytest.approx(level(tone(1)), abs=1)
    assert not desk.heard_on(desk.headset).any()
    began = asyncio.get_running_loop().time()
    await desk.sound.play_recording()
    assert asyncio.get_running_loop().time() - began == pytest.approx(3.0, abs=0.2)
    loud = np.abs(desk.heard_on(desk.headset)) > 3000
    assert np.count_nonzero(loud) > 0.5 * 3 * RATE * 0.6


@at_desk
async def test_a_quiet_room_is_quiet_and_zeros_are_zeros(desk: Desk) -> None:
    assert (await desk.sound.record(1.0)).hearing is Hearing.QUIET
    desk.driver.heard[desk.headset] = Dead()
    await asyncio.sleep(4)
    assert (await desk.sound.record(1.0)).hearing is Hearing.ZEROS


@at_desk
async def test_a_voice_that_is_cut_off_is_too_loud(desk: Desk) -> None:
    desk.room.put(np.where(np.arange(3 * RATE) // 100 % 2, 32767, -32768).astype(np.int16))
    assert (await desk.sound.record(1.0)).hearing is Hearing.TOO_LOUD


@at_desk
async def test_what_is_forgotten_is_not_played(desk: Desk) -> None:
    desk.room.put(tone(2))
    await desk.sound.record(1.0)
    desk.sound.forget_recording()
    await desk.sound.play_recording()
    assert not desk.heard_on(desk.headset).any()


@at_desk
async def test_without_a_microphone_recording_fails(desk: Desk) -> None:
    desk.driver.unplug(desk.headset)
    with pytest.raises(DeviceError):
        await desk.sound.record(1.0)


@at_desk
async def test_a_microphone_pulled_while_recording_fails(desk: Desk) -> None:
    recording = asyncio.create_task(desk.sound.record(2.0))
    await asyncio.sleep(1)
    desk.driver.unplug(desk.headset)
    with pytest.raises(DeviceError):
        await recording


@at_desk
async def test_a_recording_that_plays_can_be_stopped(desk: Desk) -> None:
    desk.room.put(tone(3))
    await desk.sound.record(2.0)
    playing = asyncio.create_task(desk.sound.play_recording())
    await asyncio.sleep(0.5)
    playing.cancel()
    await asyncio.sleep(1)
    heard = np.count_nonzero(np.abs(desk.heard_on(desk.headset)) > 3000)
    assert 0 < heard < 0.8 * RATE


@at_desk
async def test_a_tone_of_a_call_goes_on_after_the_recording_is_stopped(desk: Desk) -> None:
    desk.room.put(tone(3))
    await desk.sound.record(1.0)
    playing = asyncio.create_task(desk.sound.play_recording())
    await asyncio.sleep(0.3)
    await desk.sound.play_tone("busy")
    playing.cancel()
    await asyncio.sleep(2)
    assert desk.heard_on(desk.headset)[-RATE:].any()
    await desk.sound.stop_tone()


@at_desk
async def test_the_tone_is_heard_on_the_output_that_is_tried_and_on_no_other(desk: Desk) -> None:
    await desk.sound.tone_on(desk.speakers)
    assert level(desk.heard_on(desk.speakers)) > -30
    assert not desk.heard_on(desk.headset).any()


@at_desk
async def test_the_tone_is_heard_where_speech_is(desk: Desk) -> None:
    await desk.sound.tone_on("")
    assert level(desk.heard_on(desk.headset)) > -30
    assert not desk.heard_on(desk.speakers).any()


@at_desk
async def test_the_systems_output_can_be_tried(desk: Desk) -> None:
    await desk.sound.tone_on("default")
    assert desk.heard_on(desk.headset).any()


@at_desk
async def test_an_output_that_fails_says_so(desk: Desk) -> None:
    desk.driver.refuses.add(desk.speakers)
    for place in (desk.speakers, "fake:gone"):
        with pytest.raises(DeviceError):
            await desk.sound.tone_on(place)


@at_desk
async def test_an_output_that_dies_meanwhile_says_so(desk: Desk) -> None:
    playing = asyncio.create_task(desk.sound.tone_on(desk.speakers))
    await asyncio.sleep(0.5)
    desk.driver.kill(desk.speakers)
    with pytest.raises(DeviceError):
        await playing


@at_desk
async def test_a_ring_that_is_tried_can_be_silenced(desk: Desk) -> None:
    await desk.sound.try_ring(desk.speakers)
    await asyncio.sleep(0.3)
    desk.sound.stop_trying()
    await asyncio.sleep(0.1)
    before = np.count_nonzero(desk.heard_on(desk.speakers))
    assert before
    assert desk.driver.open_streams(desk.speakers) == 0
    await asyncio.sleep(2)
    assert np.count_nonzero(desk.heard_on(desk.speakers)) == before


@at_desk
async def test_a_ring_silenced_before_it_sounds_leaves_nothing_open(desk: Desk) -> None:
    await desk.sound.try_ring(desk.speakers)
    desk.sound.stop_trying()
    await asyncio.sleep(0.1)
    assert desk.driver.open_streams(desk.speakers) == 0


@at_desk
async def test_without_any_output_the_ear_has_no_tone(desk: Desk) -> None:
    desk.driver.unplug(desk.headset)
    desk.driver.unplug(desk.speakers)
    with pytest.raises(DeviceError):
        await desk.sound.tone_on("")


@at_desk
async def test_a_headset_gives_no_echo(desk: Desk) -> None:
    desk.sound.treat(echo="off", noise="off")
    desk.room.loss_db = 55.0
    assert (await desk.sound.echo_check()).verdict is EchoVerdict.FINE


@at_desk
async def test_a_loudspeaker_without_cancelling_gives_an_echo(desk: Desk) -> None:
    desk.sound.treat(echo="off", noise="off")
    desk.room.loss_db = 12.0
    found = await desk.sound.echo_check()
    assert (found.verdict, found.cancelling) == (EchoVerdict.USE_HEADSET, False)
    assert found.loss_db == pytest.approx(12.0, abs=2.0)


@at_desk
async def test_the_canceller_takes_the_echo_out(desk: Desk) -> None:
    desk.sound.treat(echo="on", noise="low")
    desk.room.loss_db = 12.0
    found = await desk.sound.echo_check()
    assert (found.verdict, found.cancelling) == (EchoVerdict.FINE, True)
    assert found.loss_db > 35


@at_desk
async def test_somebody_talking_meanwhile_spoils_the_measurement(desk: Desk) -> None:
    desk.sound.treat(echo="off", noise="off")
    loud = np.repeat(np.random.default_rng(8).random(60) > 0.5, RATE // 10)
    desk.room.put((tone(6) * loud).astype(np.int16))
    assert (await desk.sound.echo_check()).verdict is EchoVerdict.DISTURBED


@at_desk
async def test_a_muted_microphone_tells_nothing_of_the_echo(desk: Desk) -> None:
    desk.driver.heard[desk.headset] = Dead()
    assert (await desk.sound.echo_check()).verdict is EchoVerdict.ZEROS
