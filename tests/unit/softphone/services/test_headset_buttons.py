"""What each button does in each state of calls, and what the headset shows then."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from softphone.assemble import Application, Options
from softphone.control.shapes import all_devices_shape
from softphone.domain.account import Credentials
from softphone.domain.call import Call, CallState, Direction, Party
from softphone.domain.errors import CommandRefused
from softphone.domain.events import DevicesChanged, Notice
from softphone.domain.headset import HeadsetEvent, HeadsetLights
from softphone.domain.history import HistoryEntry, Outcome
from softphone.services.headset_buttons import lights_for
from tests.doubles.application import Doubles, settle
from tests.doubles.headset import FakeHeadset
from tests.doubles.sound import HEADSET

RINGS, TALKS = HeadsetLights(ringing=True), HeadsetLights(off_hook=True)
MUTED, HELD = HeadsetLights(off_hook=True, muted=True), HeadsetLights(off_hook=True, held=True)
DARK = HeadsetLights()


def _call(state: CallState, *, held: bool = False, muted: bool = False) -> Call:
    return Call("1", Direction.INCOMING, Party("sip:1@a"), state, held=held, muted=muted)


LIGHTS = [
    ([], DARK),
    ([_call(CallState.RINGING)], RINGS),
    ([_call(CallState.ANSWERING)], TALKS),
    ([_call(CallState.DIALLING)], TALKS),
    ([_call(CallState.EARLY)], TALKS),
    ([_call(CallState.ACTIVE)], TALKS),
    ([_call(CallState.ENDING)], DARK),
    ([_call(CallState.ACTIVE, muted=True)], MUTED),
    ([_call(CallState.ACTIVE, held=True)], HELD),
    ([_call(CallState.ACTIVE, held=True, muted=True)], replace(HELD, muted=True)),
    ([_call(CallState.ACTIVE), _call(CallState.RINGING)], replace(TALKS, ringing=True)),
    ([_call(CallState.ACTIVE, held=True), _call(CallState.ACTIVE)], TALKS),
    ([_call(CallState.ACTIVE, held=True, muted=True), _call(CallState.ACTIVE)], TALKS),
    ([_call(CallState.ACTIVE, muted=True), _call(CallState.ACTIVE, held=True)], MUTED),
    ([_call(CallState.ACTIVE, held=True), _call(CallState.ACTIVE, held=True)], HELD),
    ([_call(CallState.ACTIVE, held=True), _call(CallState.DIALLING)], TALKS),
]


@pytest.mark.parametrize(("calls", "lights"), LIGHTS)
def test_lights(calls: list[Call], lights: HeadsetLights) -> None:
    assert lights_for(calls) == lights


class Desk:
    """Somebody signed in, with a headset on."""

    def __init__(self, folder: Path, policy: dict[str, object] | None = None) -> None:
        self.doubles = Doubles()
        self.telephony = self.doubles.telephony
        self.doubles.headset = self.headset = FakeHeadset()
        self.program = Application(Options(profile=folder), self.doubles.world, policy or {})
        self.notices: list[Notice] = []
        self.program.bus.subscribe(lambda e: self.notices.append(e) if isinstance(e, Notice) else None)

    async def open(self) -> None:
        await self.program.start()
        await self.program.session.sign_in(Credentials("vip.example.com", "0401234567", "a secret of nobody"))
        self.telephony.commands.clear()

    async def press(self, event: HeadsetEvent) -> list[tuple[object, ...]]:
        """What the user agent is told because of it."""
        self.telephony.commands.clear()
        self.headset.press(event)
        await settle()
        commands, self.telephony.commands = self.telephony.commands, []
        return commands

    async def rings(self) -> str:
        call_id = self.telephony.incoming()
        await settle()
        return call_id

    async def talks(self) -> str:
        call_id = await self.rings()
        await self.program.calls.answer(call_id)
        self.telephony.establish(call_id)
        await settle()
        return call_id

    async def dials(self) -> str:
        return await self.program.calls.dial("0501234567")

    async def holds(self) -> str:
        call_id = await self.talks()
        await self.program.calls.hold(call_id)
        return call_id

    async def dialled_before(self, uri: str, direction: Direction = Direction.OUTGOING) -> None:
        """The history's newest entry."""
        now = self.doubles.clock.time()
        entry = HistoryEntry(uri, direction, uri, "", "", now, 5, Outcome.ANSWERED)
        await self.program.history.add(entry)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path)
    await desk.open()
    yield desk
    await desk.program.close()


ONE_CALL = [
    ("rings", HeadsetEvent.PICK_UP, ["answer"]),
    ("rings", HeadsetEvent.DECLINE, ["reject"]),
    ("rings", HeadsetEvent.DROP, ["reject"]),
    ("rings", HeadsetEvent.HANG_UP, []),
    ("rings", HeadsetEvent.FLASH, []),
    ("rings", HeadsetEvent.MUTE_TOGGLE, []),
    ("rings", HeadsetEvent.MUTE_ON, []),
    ("rings", HeadsetEvent.REDIAL, []),
    ("dials", HeadsetEvent.PICK_UP, []),
    ("dials", HeadsetEvent.HANG_UP, ["hang_up"]),
    ("dials", HeadsetEvent.DROP, ["hang_up"]),
    ("dials", HeadsetEvent.FLASH, []),
    ("dials", HeadsetEvent.MUTE_TOGGLE, ["mute"]),
    ("dials", HeadsetEvent.REDIAL, []),
    ("talks", HeadsetEvent.PICK_UP, []),
    ("talks", HeadsetEvent.HANG_UP, ["hang_up"]),
    ("talks", HeadsetEvent.DROP, ["hang_up"]),
    ("talks", HeadsetEvent.DECLINE, []),
    ("talks", HeadsetEvent.FLASH, ["hold"]),
    ("talks", HeadsetEvent.MUTE_TOGGLE, ["mute"]),
    ("talks", HeadsetEvent.MUTE_ON, ["mute"]),
    ("talks", HeadsetEvent.REDIAL, []),
    ("holds", HeadsetEvent.HANG_UP, ["resume"]),
    ("holds", HeadsetEvent.DROP, []),
    ("holds", HeadsetEvent.FLASH, ["resume"]),
    ("holds", HeadsetEvent.MUTE_TOGGLE, ["mute"]),
]


@pytest.mark.parametrize(("state", "event", "commands"), ONE_CALL)
async def test_one_call(desk: Desk, state: str, event: HeadsetEvent, commands: list[str]) -> None:
    await desk.dialled_before("0201234567")
    call_id = await getattr(desk, state)()
    told = await desk.press(event)
    assert [command[0] for command in told] == commands
    assert all(command[1] == call_id for command in told)


@pytest.mark.parametrize("event", HeadsetEvent)
async def test_no_call(desk: Desk, event: HeadsetEvent) -> None:
    assert await desk.press(event) == []


async def test_every_press_is_answered_by_the_lights(desk: Desk) -> None:
    for event in set(HeadsetEvent) - {HeadsetEvent.REDIAL}:
        desk.headset.shown.clear()
        await desk.press(event)
        assert desk.headset.shown == [DARK]
    await _redialled(desk)
    assert desk.headset.shown == [DARK]


async def test_a_whole_call(desk: Desk) -> None:
    call_id = await desk.rings()
    assert desk.headset.lights == RINGS
    await desk.press(HeadsetEvent.PICK_UP)
    assert desk.headset.lights == TALKS
    desk.telephony.establish(call_id)
    await desk.press(HeadsetEvent.MUTE_TOGGLE)
    assert desk.program.calls.get(call_id).muted
    assert desk.headset.lights == MUTED
    await desk.press(HeadsetEvent.MUTE_TOGGLE)
    assert desk.headset.lights == TALKS
    await desk.press(HeadsetEvent.FLASH)
    assert desk.headset.lights == HELD
    await desk.press(HeadsetEvent.FLASH)
    await desk.press(HeadsetEvent.HANG_UP)
    assert desk.headset.lights == DARK
    assert desk.program.calls.calls() == ()


async def test_mute_in_the_program_is_shown_and_a_switch_says_which_way(desk: Desk) -> None:
    call_id = await desk.talks()
    await desk.program.calls.mute(True)
    assert desk.headset.lights == MUTED
    assert await desk.press(HeadsetEvent.MUTE_OFF) == [("mute", call_id, False)]
    assert await desk.press(HeadsetEvent.MUTE_OFF) == [("mute", call_id, False)]
    assert await desk.press(HeadsetEvent.MUTE_ON) == [("mute", call_id, True)]


async def test_with_a_call_waiting_the_buttons_are_for_whom_they_say(desk: Desk) -> None:
    first = await desk.talks()
    second = await desk.rings()
    assert desk.headset.lights == replace(TALKS, ringing=True)
    assert await desk.press(HeadsetEvent.MUTE_TOGGLE) == [("mute", first, True)]
    assert await desk.press(HeadsetEvent.FLASH) == [("hold", first), ("answer", second)]
    desk.telephony.establish(second)
    assert await desk.press(HeadsetEvent.FLASH) == [("hold", second), ("resume", first)]
    assert await desk.press(HeadsetEvent.HANG_UP) == [("hang_up", first)]
    assert desk.headset.lights == HELD
    assert await desk.press(HeadsetEvent.HANG_UP) == [("resume", second)]
    assert desk.headset.lights == TALKS


async def test_the_call_button_with_a_call_waiting_ends_one_and_lets_the_other_ring(desk: Desk) -> None:
    first, second = await desk.talks(), await desk.rings()
    assert await desk.press(HeadsetEvent.HANG_UP) == [("hang_up", first)]
    assert desk.headset.lights == RINGS
    assert await desk.press(HeadsetEvent.PICK_UP) == [("answer", second)]


async def test_a_press_that_is_refused_is_told_back(desk: Desk) -> None:
    await desk.talks()
    desk.telephony.refuse["hold"] = CommandRefused("488")
    desk.headset.shown.clear()
    assert await desk.press(HeadsetEvent.FLASH)
    assert desk.headset.shown == [TALKS]


async def test_a_ring_silenced_in_the_program_is_silenced_on_the_head(desk: Desk) -> None:
    first = await desk.rings()
    await desk.program.ringing.silence()
    assert desk.headset.lights == replace(RINGS, silenced=True)
    second = await desk.rings()
    assert desk.headset.lights == RINGS
    assert await desk.press(HeadsetEvent.PICK_UP) == [("answer", first)]
    await desk.program.calls.hang_up(second)
    assert desk.headset.lights == TALKS


async def test_ctl_tells_whose_buttons_are_in_use(desk: Desk) -> None:
    told = all_devices_shape(desk.program.devices.state(), desk.program.headset_buttons.state())
    assert told["buttons"] == {"headsets": ["Headset of nobody"], "problem": ""}


async def test_redial_dials_what_was_dialled_last(desk: Desk) -> None:
    await desk.dialled_before("sip:anna@other.example")
    await desk.dialled_before("0401111111", Direction.INCOMING)
    told = await _redialled(desk)
    assert told == [("dial", "sip:anna@other.example", False)]
    assert desk.headset.lights == TALKS


async def test_redial_asks_before_it_calls_for_help(desk: Desk) -> None:
    await desk.dialled_before("112")
    assert await _redialled(desk) == []
    assert Notice("dial-confirm", {"target": "112"}) in desk.notices


async def _redialled(desk: Desk) -> list[tuple[object, ...]]:
    """The history is read on another thread, so its end is waited for."""
    desk.headset.shown.clear()
    desk.headset.press(HeadsetEvent.REDIAL)
    while not desk.headset.shown:
        await desk.program.history.missed()
    return desk.telephony.commands


async def test_a_line_that_is_off_takes_no_redial(desk: Desk) -> None:
    await desk.dialled_before("0401111111")
    await desk.program.session.sign_out()
    desk.telephony.commands.clear()
    assert await _redialled(desk) == []


async def test_the_headset_in_use_is_told_by_the_sound_devices(desk: Desk) -> None:
    await desk.program.devices.choose(microphone=HEADSET.id, speaker=HEADSET.id)
    desk.program.bus.publish(DevicesChanged(desk.program.devices.state()))
    assert desk.headset.preferred == (HEADSET.name, HEADSET.name)


async def test_the_setting_switches_it_off_and_on_also_in_a_call(desk: Desk) -> None:
    assert desk.program.headset_buttons.state().names == ("Headset of nobody",)
    await desk.program.settings.set("headset.buttons", False)
    await settle()
    assert desk.program.headset_buttons.state().names == ()
    await desk.talks()
    await desk.program.settings.set("headset.buttons", True)
    await settle()
    assert desk.program.headset_buttons.state().names == ("Headset of nobody",)
    assert desk.headset.lights == TALKS


async def test_the_policy_switches_it_off(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"headset.buttons": False})
    await desk.open()
    assert not desk.headset.started
    assert desk.program.settings.locked("headset.buttons")
    await desk.program.close()


async def test_at_the_end_the_headset_is_let_go(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.open()
    await desk.talks()
    await desk.program.close()
    assert desk.headset.lights == DARK
    assert not desk.headset.started


def test_both_rooms_name_the_presses_alike() -> None:
    source = Path(__file__).parents[4] / "devices" / "hid" / "types.py"
    named = set(re.findall(r'^    [A-Z_]+ = "([a-z-]+)"$', source.read_text("utf-8"), re.MULTILINE))
    assert named == {event.value for event in HeadsetEvent}
