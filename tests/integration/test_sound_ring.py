"""The ring tone plays where it is set, on one device or several, while speech stays in the headset."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.sound_desk import Desk, Echo, desk_at, inhabited_rig, tone
from tests.lab.pulse import PulseRig, Recording
from tests.lab.speech import level

pytestmark = pytest.mark.peer

SETTLED_S = 0.5


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PulseRig]:
    with inhabited_rig(tmp_path_factory.mktemp("pulse")) as running:
        running.plug_speaker("usb", "USB Speaker")
        yield running


@pytest.fixture
async def desk(rig: PulseRig, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_at(rig) as made:
        yield made


async def ring_for_a_second(desk: Desk, *speakers: str) -> dict[str, float]:
    """Levels of the speakers in one and the same second of ringing, in dBFS."""
    with ExitStack() as stack:
        recordings: dict[str, Recording] = {
            name: stack.enter_context(desk.rig.recording(name)) for name in speakers
        }
        began = time.monotonic()
        await desk.sound.start_ring()
        await asyncio.sleep(SETTLED_S + 1.0)
        await desk.sound.stop_ring()
        since, until = began + SETTLED_S, began + SETTLED_S + 1.0
        levels = {name: level(recording.pcm(since, until)) for name, recording in recordings.items()}
        loud = [recording.first_loud(since=began) for recording in recordings.values()]
    heard = [f"{(first - began) * 1000:.0f}" for first in loud if first is not None]
    print(f"ring {levels}, first heard after {', '.join(heard)} ms")
    return levels


async def test_the_speakers_ring_and_the_headset_is_silent(desk: Desk) -> None:
    levels = await ring_for_a_second(desk, "speakers", "headset")
    assert levels["speakers"] > -40
    assert levels["headset"] < -70


async def test_several_devices_ring_together(desk: Desk) -> None:
    await desk.sound.choose(
        microphone=("pulse:headset_mic",), speaker=("pulse:headset",), ring=("pulse:speakers", "pulse:usb")
    )
    levels = await ring_for_a_second(desk, "speakers", "usb", "headset")
    assert min(levels["speakers"], levels["usb"]) > -40
    assert levels["headset"] < -70


async def test_speech_stays_in_the_headset_while_it_rings(desk: Desk) -> None:
    echo = Echo()
    desk.sound.attach(echo.stream, echo.send)
    with desk.rig.saying("headset_mic", tone(10, level=2000)):
        await desk.until(lambda: desk.sound.levels()[1] > -40)
        levels = await ring_for_a_second(desk, "speakers", "headset")
    desk.sound.detach(echo.stream)
    assert levels["speakers"] > -40
    assert levels["headset"] == pytest.approx(level(tone(1, level=2000)), abs=1.5)


async def test_a_ring_device_pulled_while_ringing_leaves_the_others_ringing(desk: Desk) -> None:
    await desk.plugging(desk.rig.plug_speaker, "extra", "Extra")
    await desk.sound.choose(
        microphone=("pulse:headset_mic",), speaker=("pulse:headset",), ring=("pulse:speakers", "pulse:extra")
    )
    await desk.sound.start_ring()
    await asyncio.sleep(0.5)
    await desk.plugging(desk.rig.unplug, "extra")
    await desk.until(lambda: desk.states[-1].ring_used == ("Laptop Speakers",))
    pcm = await asyncio.to_thread(desk.rig.record, "speakers", 3.0)
    await desk.sound.stop_ring()
    assert level(pcm) > -40


async def test_it_stops_at_once(desk: Desk) -> None:
    with desk.rig.recording("speakers") as speakers:
        await desk.sound.start_ring()
        await desk.until(lambda: speakers.first_loud() is not None)
        await desk.sound.stop_ring()
        stopped = time.monotonic()
        await asyncio.sleep(1.0)
    after = speakers.first_loud(since=stopped + 0.3)
    assert after is None
