from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from devices.fake import FakeDriver
from devices.registry import Drivers
from devices.types import Pcm
from media.stream import VoiceStream
from media.types import AudioFrame, AudioPacket, CodecSpec
from softphone.adapters.role_stream import RETRY_S
from softphone.adapters.sound import TRY_RING_S, SoundAdapter
from softphone.adapters.sound_worker import Closable, SoundWorker
from softphone.adapters.voice_loop import LINGER_S
from softphone.domain.device import ANY_OUTPUT, IN_EAR, SYSTEM_DEFAULT, DeviceState, Reason, Standing
from softphone.domain.errors import DeviceError
from tests.doubles.virtual_time import run_virtually

PCMU = CodecSpec("PCMU", 0, 8000)


class InlineWorker(SoundWorker):
    """Does at once what the real one does in its thread."""

    async def run(self, function: Callable[..., Any], *arguments: object) -> Any:
        return function(*arguments)

    async def open(self, opener: Callable[[str], Any], device: str) -> Any:
        return opener(device)

    def release(self, stream: Closable) -> None:
        stream.close()


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


@at_desk
async def test_nothing_is_open_until_somebody_needs_it(desk: Desk) -> None:
    await asyncio.sleep(60)
    assert desk.driver.open_streams(desk.headset) == 0


@at_desk
async def test_a_call_opens_both_ways_and_speech_comes_back(desk: Desk) -> None:
    desk.driver.heard[desk.headset].put(tone(3))
    echo = desk.echo()
    await asyncio.sleep(2)
    assert desk.driver.open_streams(desk.headset) == 2
    assert echo.frames == pytest.approx(100, abs=3)
    assert level(desk.heard_on(desk.headset)[48_000:]) == pytest.approx(level(tone(1)), abs=1)
    assert not desk.heard_on(desk.speakers).any()


@at_desk
async def test_devices_close_a_little_after_the_last_need(desk: Desk) -> None:
    echo = desk.echo()
    await asyncio.sleep(1)
    desk.sound.detach(echo.stream)
    await asyncio.sleep(LINGER_S - 0.1)
    assert desk.driver.open_streams(desk.headset) == 2
    await asyncio.sleep(0.2)
    assert desk.driver.open_streams(desk.headset) == 0
    desk.sound.detach(echo.stream)


@at_desk
async def test_a_second_call_within_that_time_opens_nothing_anew(desk: Desk) -> None:
    echo = desk.echo()
    await asyncio.sleep(1)
    desk.sound.detach(echo.stream)
    await asyncio.sleep(1)
    before = desk.sound.path.sink
    desk.echo()
    await asyncio.sleep(5)
    assert before is not None
    assert desk.sound.path.sink is before


@at_desk
async def test_the_ring_is_heard_where_it_is_set_and_nowhere_else(desk: Desk) -> None:
    desk.echo()
    await desk.sound.start_ring()
    await asyncio.sleep(1)
    await desk.sound.stop_ring()
    await asyncio.sleep(0.1)
    assert level(desk.heard_on(desk.speakers)) > -40
    assert not desk.heard_on(desk.headset).any()
    assert desk.driver.open_streams(desk.speakers) == 0


@at_desk
async def test_the_ring_can_play_on_several_devices(desk: Desk) -> None:
    await desk.sound.choose(
        microphone=(desk.headset,),
        speaker=(desk.headset,),
        ring=(desk.speakers, SYSTEM_DEFAULT, desk.headset),
    )
    await desk.sound.start_ring()
    await desk.sound.start_ring()
    await asyncio.sleep(1)
    assert desk.driver.open_streams(desk.headset) == desk.driver.open_streams(desk.speakers) == 1
    assert level(desk.heard_on(desk.speakers)) == pytest.approx(level(desk.heard_on(desk.headset)), abs=1)
    assert desk.sound.state().ring_used == ("Speakers", "Headset")


@at_desk
async def test_no_ring_device_chosen_is_silence(desk: Desk) -> None:
    await desk.sound.choose(microphone=(desk.headset,), speaker=(desk.headset,), ring=())
    await desk.sound.start_ring()
    await asyncio.sleep(1)
    assert not desk.heard_on(desk.speakers).any()
    assert not desk.heard_on(desk.headset).any()


@at_desk
async def test_a_ring_device_that_fails_touches_neither_call_nor_the_other_ring(desk: Desk) -> None:
    usb = desk.driver.plug("USB", outputs=2)
    await desk.sound.choose(microphone=(desk.headset,), speaker=(desk.headset,), ring=(desk.speakers, usb))
    echo = desk.echo()
    await desk.sound.start_ring()
    await asyncio.sleep(1)
    sink = desk.sound.path.sink
    desk.driver.unplug(desk.speakers)
    await asyncio.sleep(2)
    assert level(desk.heard_on(usb)[-48_000:]) > -40
    assert desk.sound.path.sink is sink
    assert echo.frames == pytest.approx(150, abs=3)
    assert desk.sound.state().ring_used == ("USB",)


@at_desk
async def test_the_default_rings_when_no_chosen_device_can(desk: Desk) -> None:
    desk.driver.refuses.add(desk.speakers)
    await desk.sound.start_ring()
    await asyncio.sleep(1)
    assert level(desk.heard_on(desk.headset)) > -40
    desk.driver.refuses.clear()
    await asyncio.sleep(RETRY_S + 0.5)
    assert level(desk.heard_on(desk.speakers)) > -40
    assert desk.driver.open_streams(desk.headset) == 0


@at_desk
async def test_a_device_pulled_in_a_call_gives_way_to_the_default_and_comes_back(desk: Desk) -> None:
    usb = desk.driver.plug("USB", inputs=1, outputs=2)
    await desk.sound.choose(microphone=(usb,), speaker=(usb,), ring=(desk.speakers,))
    desk.driver.heard[desk.headset].put(tone(2))
    echo = desk.echo()
    await asyncio.sleep(1)
    assert desk.driver.open_streams(usb) == 2
    desk.driver.unplug(usb)
    await asyncio.sleep(1)
    assert level(desk.heard_on(desk.headset)[-24_000:]) > -20
    assert (desk.sound.state().microphone, desk.sound.state().microphone_used) == ((usb,), "Headset")
    desk.driver.plug("USB", inputs=1, outputs=2)
    await asyncio.sleep(0.1)
    assert (desk.driver.open_streams(usb), desk.driver.open_streams(desk.headset)) == (2, 0)
    assert echo.frames == pytest.approx(105, abs=4)
    assert [state.speaker_used for state in desk.states][-3:] == ["USB", "Headset", "USB"]


@at_desk
async def test_a_device_that_dies_without_notice_is_opened_again(desk: Desk) -> None:
    desk.driver.heard[desk.headset].put(tone(9))
    echo = desk.echo()
    await asyncio.sleep(5)
    desk.driver.kill(desk.headset)
    await asyncio.sleep(2)
    assert desk.driver.open_streams(desk.headset) == 2
    assert level(desk.heard_on(desk.headset)[-24_000:]) > -20
    assert echo.frames == pytest.approx(350, abs=4)


@at_desk
async def test_a_device_that_keeps_dying_at_once_is_left_alone_for_a_while(desk: Desk) -> None:
    desk.echo()
    await asyncio.sleep(0.5)
    desk.driver.kill(desk.headset)
    await asyncio.sleep(0.1)
    assert (desk.driver.open_streams(desk.headset), desk.driver.open_streams(desk.speakers)) == (2, 0)
    desk.driver.kill(desk.headset)
    await asyncio.sleep(0.1)
    assert (desk.driver.open_streams(desk.headset), desk.driver.open_streams(desk.speakers)) == (0, 1)
    await asyncio.sleep(RETRY_S)
    assert (desk.driver.open_streams(desk.headset), desk.driver.open_streams(desk.speakers)) == (2, 0)


@at_desk
async def test_a_call_lives_without_any_device(desk: Desk) -> None:
    echo = desk.echo()
    desk.driver.unplug(desk.headset)
    desk.driver.unplug(desk.speakers)
    await asyncio.sleep(2)
    assert echo.frames == pytest.approx(100, abs=3)
    assert desk.sound.state().speaker_used == ""
    desk.driver.plug("Headset", inputs=1, outputs=2, default=True)
    await asyncio.sleep(0.1)
    assert desk.driver.open_streams(desk.headset) == 2


@at_desk
async def test_another_choice_is_used_at_once_in_a_running_call(desk: Desk) -> None:
    desk.echo()
    await asyncio.sleep(1)
    await desk.sound.choose(microphone=(desk.headset,), speaker=(desk.speakers,), ring=())
    await asyncio.sleep(0.1)  # what was queued in the headset is still heard
    assert (desk.driver.open_streams(desk.headset), desk.driver.open_streams(desk.speakers)) == (1, 1)
    assert desk.states[-1].speaker_used == "Speakers"


@at_desk
async def test_the_system_default_is_followed(desk: Desk) -> None:
    await desk.sound.choose(microphone=(SYSTEM_DEFAULT,), speaker=(SYSTEM_DEFAULT,), ring=())
    desk.echo()
    await asyncio.sleep(0.1)
    usb = desk.driver.plug("USB", inputs=1, outputs=2, default=True)
    await asyncio.sleep(0.1)
    assert (desk.driver.open_streams(usb), desk.driver.open_streams(desk.headset)) == (2, 0)


@at_desk
async def test_a_lasting_tone_plays_until_stopped(desk: Desk) -> None:
    await desk.sound.play_tone("busy")
    await asyncio.sleep(10)
    await desk.sound.stop_tone()
    await asyncio.sleep(LINGER_S + 1)
    pcm = desk.heard_on(desk.headset)
    assert level(pcm[:480_000]) > -40
    assert len(pcm) == pytest.approx((10 + LINGER_S) * 48_000, rel=0.05)
    assert not pcm[-48_000:].any()
    assert desk.driver.open_streams(desk.headset) == 0


@at_desk
async def test_a_beep_interrupts_a_lasting_tone_and_is_heard_out(desk: Desk) -> None:
    await desk.sound.play_tone("busy")
    await asyncio.sleep(0.5)
    await desk.sound.play_tone("beep")
    await desk.sound.stop_tone()
    await asyncio.sleep(1)
    pcm = desk.heard_on(desk.headset)
    spectrum = np.abs(np.fft.rfft(pcm[24_480:48_000].astype(float)))
    assert np.argmax(spectrum) * 48_000 / 23_520 == pytest.approx(880, abs=8)
    assert not pcm[-24_000:].any()


@at_desk
async def test_a_waiting_call_is_a_soft_tone_in_the_ear(desk: Desk) -> None:
    desk.echo()
    await asyncio.sleep(1)
    await desk.sound.call_waiting()
    await asyncio.sleep(1)
    assert -50 < level(desk.heard_on(desk.headset)[48_000:]) < -30
    assert not desk.heard_on(desk.speakers).any()


@at_desk
async def test_the_level_meter_opens_the_microphone_alone(desk: Desk) -> None:
    desk.driver.heard[desk.headset].put(tone(3))
    await desk.sound.listen_to_microphone(True)
    await asyncio.sleep(1)
    assert desk.driver.open_streams(desk.headset) == 1
    assert desk.sound.levels()[0] == pytest.approx(level(tone(1)), abs=1)
    await desk.sound.listen_to_microphone(False)
    await asyncio.sleep(LINGER_S + 0.1)
    assert desk.driver.open_streams(desk.headset) == 0


@at_desk
async def test_the_ring_can_be_tried_on_one_device(desk: Desk) -> None:
    await desk.sound.try_ring(desk.headset)
    await asyncio.sleep(TRY_RING_S + 0.5)
    assert level(desk.heard_on(desk.headset)) > -40
    assert desk.driver.open_streams(desk.headset) == 0
    assert not desk.heard_on(desk.speakers).any()


@at_desk
async def test_trying_a_device_that_is_gone_or_refuses_says_so(desk: Desk) -> None:
    desk.driver.refuses.add(desk.headset)
    for device in ("fake:Gone", desk.headset):
        with pytest.raises(DeviceError):
            await desk.sound.try_ring(device)


@at_desk
async def test_the_devices_are_told_as_they_come_and_go(desk: Desk) -> None:
    desk.driver.plug("USB", inputs=1, outputs=2)
    await asyncio.sleep(0.1)
    assert [device.name for device in desk.states[-1].devices] == ["Headset", "Speakers", "USB"]
    assert [device.name for device in desk.states[-1].inputs] == ["Headset", "USB"]
    told = len(desk.states)
    await desk.sound.choose(microphone=(desk.headset,), speaker=(desk.headset,), ring=(desk.speakers,))
    assert len(desk.states) == told


@at_desk
async def test_tones_are_those_of_the_region_in_force_when_they_start(desk: Desk) -> None:
    desk.region[0] = "US"
    await desk.sound.play_tone("busy")
    await asyncio.sleep(1.0)
    await desk.sound.stop_tone()
    await asyncio.sleep(LINGER_S + 1)
    spectrum = np.abs(np.fft.rfft(desk.heard_on(desk.headset)[:24_000].astype(float)))
    assert sorted(2 * int(found) for found in np.argsort(spectrum)[-2:]) == pytest.approx([480, 620], abs=4)


@at_desk
async def test_an_alert_sounds_on_its_own_device_and_speech_goes_on_in_the_ear(desk: Desk) -> None:
    await desk.sound.choose(
        microphone=(desk.headset,), speaker=(desk.headset,), ring=(), alert=(desk.speakers, IN_EAR)
    )
    assert (desk.states[-1].alert_used, desk.states[-1].alert_why.reason) == ("Speakers", Reason.AS_WISHED)
    desk.echo()
    await asyncio.sleep(1)
    for alert in (desk.sound.call_waiting(), desk.sound.play_tone("beep")):
        before = len(desk.heard_on(desk.speakers))
        await alert
        await asyncio.sleep(1)
        assert level(desk.heard_on(desk.speakers)[before:]) > -60
        assert not desk.heard_on(desk.headset).any()
        assert desk.driver.open_streams(desk.speakers) == 0


@at_desk
async def test_an_alert_whose_device_fails_is_heard_in_the_ear(desk: Desk) -> None:
    await desk.sound.choose(
        microphone=(desk.headset,), speaker=(desk.headset,), ring=(), alert=(desk.speakers,)
    )
    desk.driver.refuses.add(desk.speakers)
    desk.echo()
    await desk.sound.call_waiting()
    await asyncio.sleep(1)
    assert level(desk.heard_on(desk.headset)) > -60
    assert (desk.states[-1].alert_used, desk.states[-1].alert_why.reason) == ("Headset", Reason.FAILED)
    desk.driver.refuses.clear()
    await desk.sound.call_waiting()
    await asyncio.sleep(1)
    assert level(desk.heard_on(desk.speakers)) > -60
    assert desk.states[-1].alert_used == "Speakers"


@at_desk
async def test_the_second_on_the_list_is_used_while_the_first_is_away_or_fails(desk: Desk) -> None:
    dock = desk.driver.plug("Dock", inputs=1, outputs=2)
    await desk.sound.choose(
        microphone=("fake:Home", dock, SYSTEM_DEFAULT), speaker=("fake:Home", dock), ring=(desk.speakers,)
    )
    state = desk.sound.state()
    assert (state.microphone_used, state.speaker_used) == ("Dock", "Dock")
    assert state.speaker_why == Standing("fake:Home", dock, Reason.NOT_PLUGGED_IN, True)
    desk.echo()
    await asyncio.sleep(1)
    home = desk.driver.plug("Home", inputs=1, outputs=2)
    await asyncio.sleep(0.1)
    assert desk.driver.open_streams(home) == 2
    assert desk.states[-1].microphone_why == Standing(home, home, Reason.AS_WISHED, True)
    desk.driver.refuses.add(home)
    desk.driver.kill(home)
    await asyncio.sleep(0.5)
    assert desk.driver.open_streams(dock) == 2
    assert desk.states[-1].speaker_why == Standing(home, dock, Reason.FAILED, True)
    desk.driver.unplug(dock)
    await asyncio.sleep(0.1)
    assert (desk.states[-1].microphone_used, desk.states[-1].microphone_why.instead) == ("Headset", True)
    desk.driver.refuses.clear()
    await asyncio.sleep(RETRY_S)
    assert (desk.states[-1].speaker_used, desk.states[-1].speaker_why.reason) == ("Home", Reason.AS_WISHED)


@at_desk
async def test_a_device_that_failed_is_told_after_the_call_too_and_works_again_when_it_does(
    desk: Desk,
) -> None:
    desk.driver.refuses.add(desk.headset)
    echo = desk.echo()
    await asyncio.sleep(1)
    desk.sound.detach(echo.stream)
    await asyncio.sleep(60)
    state = desk.sound.state()
    assert (state.speaker_used, state.speaker_why.reason) == ("Speakers", Reason.FAILED)
    assert (state.microphone_used, state.microphone_why.reason) == ("", Reason.FAILED)
    desk.driver.refuses.clear()
    desk.echo()
    await asyncio.sleep(1)
    assert (desk.sound.state().speaker_used, desk.sound.state().microphone_used) == ("Headset", "Headset")


@at_desk
async def test_every_output_rings_those_plugged_in_later_too(desk: Desk) -> None:
    await desk.sound.choose(microphone=(desk.headset,), speaker=(desk.headset,), ring=(ANY_OUTPUT,))
    await desk.sound.start_ring()
    await asyncio.sleep(1)
    usb = desk.driver.plug("USB", outputs=2)
    await asyncio.sleep(2)
    for device in (desk.headset, desk.speakers, usb):
        assert level(desk.heard_on(device)) > -40
    assert desk.sound.state().ring_used == ("Headset", "Speakers", "USB")


@at_desk
async def test_echo_is_cancelled_where_the_speaker_stands_on_the_desk(desk: Desk) -> None:
    desk.sound.treat(echo="auto", noise="low")
    desk.echo()
    await asyncio.sleep(0.5)
    treated = [(desk.sound.microphone().echo, desk.sound.microphone().noise)]
    await desk.sound.choose(microphone=(desk.headset,), speaker=(desk.speakers,), ring=())
    treated.append((desk.sound.microphone().echo, desk.sound.microphone().noise))
    desk.sound.treat(echo="off", noise="off")
    treated.append((desk.sound.microphone().echo, desk.sound.microphone().noise))
    await desk.sound.choose(microphone=(desk.headset,), speaker=(desk.headset,), ring=())
    desk.sound.treat(echo="on", noise="high")
    treated.append((desk.sound.microphone().echo, desk.sound.microphone().noise))
    assert treated == [(False, "low"), (True, "low"), (False, "off"), (True, "high")]


def test_without_permission_the_microphone_says_so_until_it_is_given() -> None:
    async def run() -> None:
        clock = asyncio.get_running_loop().time
        driver = FakeDriver(clock)
        driver.plug("Headset", inputs=1, outputs=2, default=True)
        said = ["denied"]
        sound = SoundAdapter(
            Drivers([driver]), permission=lambda: said[0], clock=clock, worker=InlineWorker()
        )
        await sound.start()
        state = sound.state()
        assert (state.microphone_why.reason, state.speaker_why.reason) == (
            Reason.PERMISSION,
            Reason.AS_WISHED,
        )
        await sound.listen_to_microphone(True)
        await asyncio.sleep(10)
        assert sound.state().microphone_why.reason is Reason.PERMISSION
        said[0] = "granted"
        await asyncio.sleep(RETRY_S + 0.1)
        assert sound.state().microphone_why.reason is Reason.AS_WISHED
        await sound.close()

    run_virtually(run())
