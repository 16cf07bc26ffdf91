"""Devices of a real sound server: listed as they are plugged, heard where they are chosen, lost in a call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.integration.sound_desk import Desk, Echo, desk_at, inhabited_rig, tone
from tests.lab.pulse import PulseRig
from tests.lab.speech import gaps, level, pesq, speak

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PulseRig]:
    with inhabited_rig(tmp_path_factory.mktemp("pulse")) as running:
        yield running


@pytest.fixture
async def desk(rig: PulseRig, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_at(rig) as made:
        yield made


async def test_the_list_follows_plugging(desk: Desk) -> None:
    assert {"Headset", "Laptop Speakers"} <= {device.name for device in desk.states[-1].outputs}
    assert [device.name for device in desk.states[-1].inputs] == ["Headset Microphone"]
    await desk.plugging(desk.rig.plug_speaker, "usb", "USB Headset é")
    plugged = await desk.until(lambda: "USB Headset é" in [d.name for d in desk.states[-1].outputs])
    await desk.plugging(desk.rig.unplug, "usb")
    pulled = await desk.until(lambda: "USB Headset é" not in [d.name for d in desk.states[-1].outputs])
    print(f"list after plugging {plugged * 1000:.0f} ms, after pulling {pulled * 1000:.0f} ms")
    assert max(plugged, pulled) < 1.0


async def test_a_tone_is_heard_on_the_chosen_device_alone(desk: Desk) -> None:
    with desk.rig.recording("headset") as headset, desk.rig.recording("speakers") as speakers:
        began = time.monotonic()
        await desk.sound.play_tone("ringback")
        await asyncio.sleep(1.0)
        await desk.sound.stop_tone()
    first = headset.first_loud(since=began)
    assert first is not None
    print(f"tone heard {(first - began) * 1000:.0f} ms after it was asked for")
    assert level(headset.pcm(since=first)) > -40
    assert level(speakers.pcm()) < -70


async def test_the_microphone_is_heard(desk: Desk) -> None:
    await desk.sound.listen_to_microphone(True)
    with desk.rig.saying("headset_mic", tone(3)):
        await desk.until(lambda: desk.sound.levels()[0] > -20)
    await desk.until(lambda: desk.sound.levels()[0] < -70)
    await desk.sound.listen_to_microphone(False)


async def test_speech_comes_through_the_devices_and_back(desk: Desk, tmp_path: Path) -> None:
    said = speak(tmp_path)
    desk.sound.attach((echo := Echo()).stream, echo.send)
    await asyncio.sleep(2.0)
    with desk.rig.recording("headset") as headset, desk.rig.saying("headset_mic", said):
        await asyncio.sleep(len(said) / 48_000 + 0.8)
    desk.sound.detach(echo.stream)
    score = pesq(said, headset.pcm())
    print(f"speech through microphone, Opus and speaker: PESQ {score:.2f}")
    assert score >= 3.0


async def frames_a_second(echo: Echo) -> float:
    """How fast the call sends, by the clock and not by how long a sleep was meant to be."""
    began, before = time.monotonic(), echo.frames
    await asyncio.sleep(0.5)
    return (echo.frames - before) / (time.monotonic() - began)


async def test_a_device_pulled_in_a_call_gives_way_to_the_default(desk: Desk) -> None:
    rig = desk.rig
    await desk.plugging(rig.plug_speaker, "usb", "USB Headset")
    await desk.sound.choose(microphone=("pulse:headset_mic",), speaker=("pulse:usb",), ring=())
    echo = Echo()
    desk.sound.attach(echo.stream, echo.send)
    with (
        rig.recording("headset") as headset,
        rig.recording("usb") as usb,
        rig.saying("headset_mic", tone(20)),
    ):
        await desk.until(lambda: usb.first_loud() is not None)
        pulled = await desk.plugging(rig.unplug, "usb")
        await desk.until(lambda: headset.first_loud(since=pulled) is not None)
        await desk.until(lambda: desk.states[-1].speaker_used == "Headset")
        await asyncio.sleep(0.5)
        first = headset.first_loud(since=pulled)
        assert first is not None
        print(f"at the default device {(first - pulled) * 1000:.0f} ms after it was pulled")
        assert first - pulled < 1.0
        assert await frames_a_second(echo) == pytest.approx(50, abs=10)
        replugged = await desk.plugging(rig.plug_speaker, "usb", "USB Headset")
        await desk.until(lambda: desk.states[-1].speaker_used == "USB Headset")
        print(f"back on it {(time.monotonic() - replugged) * 1000:.0f} ms after it was plugged in")
        await asyncio.sleep(0.3)
        assert level(await asyncio.to_thread(rig.record, "usb", 0.4)) > -30
    desk.sound.detach(echo.stream)
    await desk.plugging(rig.unplug, "usb")


async def test_a_microphone_pulled_in_a_call_comes_back(desk: Desk) -> None:
    await desk.plugging(desk.rig.plug_microphone, "desk_mic", "Desk Microphone")
    await desk.sound.choose(microphone=("pulse:desk_mic",), speaker=("pulse:headset",), ring=())
    echo = Echo()
    desk.sound.attach(echo.stream, echo.send)
    await desk.until(lambda: desk.states[-1].microphone_used == "Desk Microphone" and echo.frames > 10)
    with desk.rig.saying("headset_mic", tone(20)):
        await desk.plugging(desk.rig.unplug, "desk_mic")
        taken = await desk.until(lambda: desk.sound.levels()[0] > -20)
        await desk.until(lambda: desk.states[-1].microphone_used == "Headset Microphone")
    print(f"the other microphone heard {taken * 1000:.0f} ms after the first was pulled")
    await desk.plugging(desk.rig.plug_microphone, "desk_mic", "Desk Microphone")
    await desk.until(lambda: desk.states[-1].microphone_used == "Desk Microphone")
    desk.sound.detach(echo.stream)
    await desk.plugging(desk.rig.unplug, "desk_mic")


async def test_steady_sound_has_no_holes(desk: Desk) -> None:
    echo = Echo()
    desk.sound.attach(echo.stream, echo.send)
    await asyncio.sleep(0.5)
    with desk.rig.recording("headset") as headset, desk.rig.saying("headset_mic", tone(20)):
        await desk.until(lambda: headset.first_loud() is not None)
        await asyncio.sleep(1.0)
        since, underflows = time.monotonic(), desk.sound.path.underflows
        device = desk.sound.path.sink
        await asyncio.sleep(5.0)
        until = time.monotonic()
    pcm = headset.pcm(since, until)
    found = gaps(pcm)
    served_late = getattr(device, "underflows", 0)
    print(
        f"in 5 s: {found.number} holes, the longest {found.longest_ms:.0f} ms; the path found its queue "
        f"empty {desk.sound.path.underflows - underflows} times, the device {served_late} since it was opened"
    )
    desk.sound.detach(echo.stream)
    assert level(pcm) == pytest.approx(level(tone(1)), abs=1.5)
    assert found.number <= 5
    assert found.longest_ms < 60


async def test_the_sound_servers_death_and_return_are_survived(tmp_path: Path) -> None:
    with inhabited_rig(tmp_path / "server") as rig:
        async with desk_at(rig) as desk:
            echo = Echo()
            desk.sound.attach(echo.stream, echo.send)
            await desk.until(lambda: echo.frames > 10)
            await desk.plugging(rig.stop)
            await desk.until(lambda: not desk.states[-1].devices, 5)
            assert await frames_a_second(echo) == pytest.approx(50, abs=10)
            await desk.plugging(rig.start)
            await desk.plugging(rig.plug_speaker, "headset", "Headset")
            await desk.plugging(rig.plug_microphone, "headset_mic", "Headset Microphone")
            took = await desk.until(lambda: desk.sound.path.sink is not None, 10)
            print(f"sound is back {took * 1000:.0f} ms after the devices of the new server came")
            desk.sound.detach(echo.stream)
