"""The voice of calls on devices that are opened late, fail, come and go."""

from __future__ import annotations

import asyncio

import pytest

from devices.fake import FakeDriver
from devices.registry import Drivers
from softphone.adapters.role_stream import RETRY_S
from softphone.adapters.sound import SoundAdapter
from softphone.adapters.voice_loop import LINGER_S
from softphone.domain.device import SYSTEM_DEFAULT, Reason, Standing
from tests.doubles.sound_worker import InlineWorker
from tests.doubles.virtual_time import run_virtually
from tests.unit.softphone.adapters.sound_desk import Desk, at_desk, level, tone


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
async def test_the_devices_are_told_as_they_come_and_go(desk: Desk) -> None:
    desk.driver.plug("USB", inputs=1, outputs=2)
    await asyncio.sleep(0.1)
    assert [device.name for device in desk.states[-1].devices] == ["Headset", "Speakers", "USB"]
    assert [device.name for device in desk.states[-1].inputs] == ["Headset", "USB"]
    told = len(desk.states)
    await desk.sound.choose(microphone=(desk.headset,), speaker=(desk.headset,), ring=(desk.speakers,))
    assert len(desk.states) == told


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
