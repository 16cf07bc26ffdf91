"""ports.Headset on HID: started and let go as often as wanted, and never in anybody's way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from devices.hid.library import HidFailure, Library
from softphone.adapters.headset import HidHeadset
from softphone.domain.headset import HeadsetEvent, HeadsetLights, HeadsetState
from tests.doubles.hid import PATIENCE_S, FakeHid, FakeHidLibrary
from tests.doubles.hid_shapes import PLAIN


async def _until(is_so: Callable[[], bool]) -> None:
    """Threads say nothing to a loop that waits; it looks."""
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():
            await asyncio.sleep(0.01)


async def test_lights_and_names_known_before_the_start_are_used() -> None:
    used, other = FakeHid(PLAIN, "Jabra Evolve2"), FakeHid(PLAIN, "Desk phone")
    headset = HidHeadset(lambda: FakeHidLibrary(used, other))
    headset.show(HeadsetLights(off_hook=True, muted=True))
    headset.prefer(("Jabra Evolve2 Mono",))
    await headset.start()
    await asyncio.to_thread(used.wait_written, b"\x00\x03")
    await _until(lambda: len(headset.state().names) == 2)
    await headset.close()
    assert used.written == [b"\x00\x00"]


async def test_presses_arrive_on_the_loop_and_none_after_the_end() -> None:
    device = FakeHid(PLAIN)
    headset = HidHeadset(lambda: FakeHidLibrary(device))
    heard: list[HeadsetEvent] = []
    headset.listen(heard.append)
    headset.show(HeadsetLights(ringing=True))
    await headset.start()
    await asyncio.to_thread(device.wait_written, b"\x00\x04")
    device.send(b"\x01")
    await _until(lambda: heard == [HeadsetEvent.PICK_UP])
    headset.show(HeadsetLights(off_hook=True))
    await asyncio.to_thread(device.wait_written, b"\x00\x01")
    await headset.close()
    device.send(b"\x00")
    await headset.close()
    assert heard == [HeadsetEvent.PICK_UP]


async def test_switched_off_and_on_at_once_it_is_let_go_before_it_is_taken_up() -> None:
    device = FakeHid(PLAIN)
    headset = HidHeadset(lambda: FakeHidLibrary(device))
    headset.show(HeadsetLights(off_hook=True))
    await headset.start()
    await headset.start()
    await asyncio.to_thread(device.wait_written, b"\x00\x01")
    await asyncio.gather(headset.close(), headset.start())
    await asyncio.to_thread(device.wait_written, b"\x00\x00", b"\x00\x01")
    assert (device.opened, device.closed) == (2, 1)
    await headset.close()


async def test_without_the_library_it_starts_all_the_same() -> None:
    def missing() -> Library:
        raise HidFailure("no libudev")

    headset = HidHeadset(missing)
    await headset.start()
    await _until(lambda: headset.state() == HeadsetState((), "no libudev"))
    headset.show(HeadsetLights(ringing=True))
    await headset.close()
    assert headset.state() == HeadsetState()
