"""A whole application with a headset below it: from the bytes of a press to the call, and back to lights."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from softphone.adapters.headset import HidHeadset
from softphone.assemble import Application
from softphone.control.client import request
from softphone.domain.account import Credentials
from softphone.domain.call import CallState
from tests.doubles.application import Doubles, running_application, settle
from tests.doubles.hid import PATIENCE_S, FakeHid, FakeHidLibrary
from tests.doubles.hid_shapes import JABRA_LIKE, LATCHED, PLAIN


class Desk:
    """Somebody signed in, with this headset plugged in."""

    def __init__(self, application: Application, doubles: Doubles, device: FakeHid) -> None:
        self.application, self.doubles, self.device = application, doubles, device

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for threads and tasks."""
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():
                await asyncio.sleep(0.01)

    async def written(self, *reports: str) -> None:
        """Wait until these were written, and forget them."""
        await asyncio.to_thread(self.device.wait_written, *(bytes.fromhex(report) for report in reports))

    async def rings(self) -> str:
        """A call comes in."""
        call_id = self.doubles.telephony.incoming()
        await settle()
        return call_id

    async def sends(self, *reports: str) -> None:
        """The headset speaks."""
        self.device.send(*(bytes.fromhex(report) for report in reports))

    async def ctl(self, command: str) -> dict[str, object]:
        """Somebody drives the program from outside."""
        return await asyncio.to_thread(request, self.application.profile.folder, command, {}, PATIENCE_S)

    def state(self, call_id: str) -> CallState:
        """Where the call is."""
        return self.application.calls.get(call_id).state


async def _desk(folder: Path, device: FakeHid) -> AsyncIterator[Desk]:
    doubles = Doubles()
    doubles.headset = HidHeadset(lambda: FakeHidLibrary(device))
    async with running_application(folder, doubles) as (application, _):
        await application.session.sign_in(Credentials("vip.example.com", "0401234567", "a secret of nobody"))
        yield Desk(application, doubles, device)
    assert device.closed == device.opened


@pytest.fixture
async def plain(tmp_path: Path) -> AsyncIterator[Desk]:
    async for desk in _desk(tmp_path, FakeHid(PLAIN)):
        yield desk


@pytest.fixture
async def jabra(tmp_path: Path) -> AsyncIterator[Desk]:
    async for desk in _desk(tmp_path, FakeHid(JABRA_LIKE)):
        yield desk


@pytest.fixture
async def latched(tmp_path: Path) -> AsyncIterator[Desk]:
    async for desk in _desk(tmp_path, FakeHid(LATCHED)):
        yield desk


async def test_answered_muted_both_ways_held_and_ended(jabra: Desk) -> None:
    call_id = await jabra.rings()
    await jabra.written("022400")
    await jabra.sends("020100")
    await jabra.until(lambda: jabra.state(call_id) is CallState.ANSWERING)
    await jabra.written("020100")
    jabra.doubles.telephony.establish(call_id)
    await jabra.ctl("mute")
    await jabra.written("020300")
    told = await jabra.ctl("devices")
    assert told["buttons"] == {"headsets": ["Headset of nobody"], "problem": ""}
    await asyncio.sleep(0.3)
    await jabra.sends("020900", "020100")
    await jabra.until(lambda: not jabra.application.calls.get(call_id).muted)
    await jabra.written("020100")
    await asyncio.sleep(0.3)
    await jabra.sends("020900", "020100")
    await jabra.until(lambda: jabra.application.calls.get(call_id).muted)
    await jabra.written("020300")
    await jabra.sends("021100", "020100")
    await jabra.written("020b00")
    assert jabra.application.calls.get(call_id).held
    await asyncio.sleep(0.2)
    await jabra.sends("021100", "020100")
    await jabra.written("020300")
    await jabra.sends("020000")
    await jabra.until(lambda: jabra.application.calls.calls() == ())
    await jabra.written("020000")
    assert ("hang_up", call_id) in jabra.doubles.telephony.commands


async def test_a_switch_that_stays(latched: Desk) -> None:
    call_id = await latched.rings()
    await latched.written("0401")
    await latched.application.calls.answer(call_id)
    await latched.written("0201", "0300", "0400")
    latched.doubles.telephony.establish(call_id)
    await latched.sends("0101", "0103")
    await latched.until(lambda: latched.application.calls.get(call_id).muted)
    await latched.written("0301")
    await latched.sends("0101")
    await latched.until(lambda: not latched.application.calls.get(call_id).muted)
    await latched.written("0300")


async def test_while_another_programs_call_is_on_our_call_leaves_the_headset_alone(plain: Desk) -> None:
    await plain.until(lambda: bool(plain.application.headset_buttons.state().names))
    await plain.sends("01")
    await asyncio.sleep(0.1)
    call_id = await plain.rings()
    await plain.sends("03", "01")
    await asyncio.sleep(0.2)
    assert plain.device.written == []
    assert plain.state(call_id) is CallState.RINGING
    await plain.sends("00")
    await plain.written("0004")
    await plain.sends("01")
    await plain.until(lambda: plain.state(call_id) is CallState.ANSWERING)


async def test_pulled_out_in_a_call_the_call_goes_on_and_the_headset_is_taken_up_again(plain: Desk) -> None:
    call_id = await plain.rings()
    await plain.written("0004")
    await plain.application.calls.answer(call_id)
    plain.doubles.telephony.establish(call_id)
    await plain.written("0001")
    plain.device.pull()
    await plain.until(lambda: plain.device.closed == 1)
    assert plain.state(call_id) is CallState.ACTIVE
    await plain.application.calls.mute(True)
    plain.device.plug()
    await plain.written("0003")
    await plain.sends("01", "00")
    await plain.until(lambda: plain.application.calls.calls() == ())


async def test_a_headset_that_hangs_holds_up_no_call_and_no_end(tmp_path: Path) -> None:
    device = FakeHid(PLAIN)
    device.hangs = True
    doubles = Doubles()
    doubles.headset = HidHeadset(lambda: FakeHidLibrary(device))
    loop = asyncio.get_running_loop()
    async with running_application(tmp_path, doubles) as (application, _):
        await application.session.sign_in(Credentials("vip.example.com", "0401234567", "a secret of nobody"))
        call_id = doubles.telephony.incoming()
        await settle()
        await application.calls.answer(call_id)
        assert application.calls.get(call_id).state is CallState.ANSWERING
        ends = loop.time()
    assert loop.time() - ends < 3.0
    device.release()
    await asyncio.to_thread(device.wait, lambda device: device.closed == 1)


async def test_the_end_of_the_program_puts_the_lights_out(tmp_path: Path) -> None:
    device = FakeHid(PLAIN)
    async for desk in _desk(tmp_path, device):
        await desk.rings()
        await desk.written("0004")
    assert device.written == [b"\x00\x00"]
