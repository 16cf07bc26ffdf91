"""What rings, beeps and alerts, and on which devices."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from softphone.adapters.bells import TRY_RING_S
from softphone.adapters.role_stream import RETRY_S
from softphone.adapters.voice_loop import LINGER_S
from softphone.domain.device import ANY_OUTPUT, IN_EAR, SYSTEM_DEFAULT, Reason
from softphone.domain.errors import DeviceError
from tests.unit.softphone.adapters.sound_desk import Desk, at_desk, level


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
async def test_every_output_rings_those_plugged_in_later_too(desk: Desk) -> None:
    await desk.sound.choose(microphone=(desk.headset,), speaker=(desk.headset,), ring=(ANY_OUTPUT,))
    await desk.sound.start_ring()
    await asyncio.sleep(1)
    usb = desk.driver.plug("USB", outputs=2)
    await asyncio.sleep(2)
    for device in (desk.headset, desk.speakers, usb):
        assert level(desk.heard_on(device)) > -40
    assert desk.sound.state().ring_used == ("Headset", "Speakers", "USB")
