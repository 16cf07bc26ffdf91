"""A meeting's connection in pretended time: lost, slow, refused, gapped; nothing twice, nothing left out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from service_api import meeting as wire
from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from softphone.ports.meetings import Bearer, ServiceAccess
from softphone.runtime.tasks import Tasks
from softphone.services.meeting_line import FIRST_PAUSE_S, LONGEST_PAUSE_S, PATIENT_PAUSE_S, MeetingLine
from softphone.services.meeting_ways import GuestWay, Way
from tests.doubles.application import settle
from tests.doubles.meeting_ports import FakeMeetingServer, a_chat_line, a_picture
from tests.doubles.virtual_time import run_virtually

ACCESS = ServiceAccess("https://meet.example.com/api/v1")


class Rig:
    """A line, its server, and what it said."""

    def __init__(self, way: Way | None = None, *, resume: str = "") -> None:
        self.server = FakeMeetingServer()
        self.tasks = Tasks()
        self.events: list[Any] = []
        self.away = 0
        self.ends: list[str] = []
        self.line = MeetingLine(
            self.server,
            way or GuestWay(ACCESS, Bearer("place")),
            "appointment1",
            self.tasks,
            resume=resume,
            on_event=self.events.append,
            on_away=self._away,
            on_end=self.ends.append,
            chance=lambda: 0.5,
        )

    def _away(self) -> None:
        self.away += 1


def plays(script: Callable[[Rig], Awaitable[None]], rig: Callable[[], Rig] = Rig) -> None:
    """Run a script in pretended time, and end what it began."""

    async def run() -> None:
        made = rig()
        try:
            await script(made)
        finally:
            await made.line.close()
            await made.tasks.close()

    run_virtually(run())


def say(number: int = 1) -> wire.Say:
    """A command."""
    return wire.Say(id=f"say{number}", text="hello")


def test_the_first_event_is_the_welcome_and_its_token_is_the_next() -> None:
    async def script(rig: Rig) -> None:
        await rig.line.open()
        assert rig.line.up
        assert [event.type for event in rig.events] == ["welcome"]
        assert rig.line.resume == "resume1".ljust(43, "x")
        await rig.line.open()
        assert rig.server.connects == 1

    plays(script)


def test_a_lost_connection_comes_back_with_the_token() -> None:
    async def script(rig: Rig) -> None:
        await rig.line.open()
        rig.server.lose()
        assert (rig.away, rig.line.up) == (1, False)
        await asyncio.sleep(0.1)
        assert rig.line.up, "the first try is at once"
        assert [hello.resume_token for hello in rig.server.of(wire.Hello)] == [None, "resume1".ljust(43, "x")]

    plays(script)


def test_everybody_is_back_soon_after_the_service_is() -> None:
    async def script(rig: Rig) -> None:
        loop = asyncio.get_running_loop()
        await rig.line.open()
        rig.server.down = True
        rig.server.lose()
        await asyncio.sleep(300)
        rig.server.down, returned = False, loop.time()
        while not rig.line.up:
            await asyncio.sleep(0.01)
        assert loop.time() - returned <= 1.3 * LONGEST_PAUSE_S
        assert len(rig.server.bearers) < 2 + 300 / FIRST_PAUSE_S, "and nobody is flooded meanwhile"

    plays(script)


def test_a_hurry_tries_at_once() -> None:
    async def script(rig: Rig) -> None:
        await rig.line.open()
        rig.server.down = True
        rig.server.lose()
        await asyncio.sleep(60)
        rig.server.down = False
        rig.line.keep_trying()
        await asyncio.sleep(0.01)
        assert rig.line.up

    plays(script)


def test_an_unanswered_command_is_sent_again_with_its_id() -> None:
    async def script(rig: Rig) -> None:
        await rig.line.open()
        rig.server.deaf = True
        asked = asyncio.create_task(rig.line.command(say()))
        await asyncio.sleep(0.1)
        rig.server.deaf = False
        rig.server.lose()
        assert (await asked).id == "say1"
        assert [command.id for command in rig.server.of(wire.Say)] == ["say1"]
        assert rig.server.repeated == ["say1"]

    plays(script)


def test_a_command_waits_for_the_service_but_not_for_ever() -> None:
    async def script(rig: Rig) -> None:
        await rig.line.open()
        rig.server.down = True
        rig.server.lose()
        with pytest.raises(ServiceUnreachable):
            await rig.line.command(say())
        patient = asyncio.create_task(rig.line.command(say(2), patience_s=None))
        await asyncio.sleep(120)
        rig.server.down = False
        assert (await patient).id == "say2"

    plays(script)


def test_a_signal_is_of_this_connection_alone() -> None:
    async def script(rig: Rig) -> None:
        await rig.line.open()
        rig.server.down = True
        rig.server.lose()
        with pytest.raises(ServiceUnreachable):
            await rig.line.signal(say())
        assert rig.server.of(wire.Say) == []

    plays(script)


def test_a_missed_number_asks_for_the_whole_picture_once() -> None:
    async def script(rig: Rig) -> None:
        await rig.line.open()
        rig.server.tell(wire.ChatAdded(line=a_chat_line(1)), skip=1)
        rig.server.tell(wire.ChatAdded(line=a_chat_line(2)), skip=3)
        await settle()
        assert len(rig.server.of(wire.Resync)) == 1
        rig.server.tell(wire.Snapshot(picture=a_picture()))
        rig.server.tell(wire.ChatAdded(line=a_chat_line(3)), skip=1)
        await settle()
        assert len(rig.server.of(wire.Resync)) == 2
        assert [event.type for event in rig.events].count("chat-added") == 3

    plays(script)


def test_a_number_told_twice_is_told_once() -> None:
    async def script(rig: Rig) -> None:
        await rig.line.open()
        event = wire.ChatAdded(line=a_chat_line(1))
        rig.server.tell(event)
        assert rig.server.socket is not None
        rig.server.socket.repeat(event)
        assert [told.type for told in rig.events] == ["welcome", "chat-added"]

    plays(script)


def test_what_a_former_connection_still_says_is_not_heard() -> None:
    async def script(rig: Rig) -> None:
        await rig.line.open()
        former = rig.server.socket
        assert former is not None
        await rig.line.renew()
        before = len(rig.events)
        former.tell(wire.ChatAdded(line=a_chat_line(1)))
        former.lose()
        assert (len(rig.events), rig.away, rig.line.up) == (before, 0, True)

    plays(script)


@pytest.mark.parametrize("reason", ["taken-over", "meeting-over", "not-allowed"])
def test_where_coming_back_is_no_use_nobody_tries(reason: str) -> None:
    async def script(rig: Rig) -> None:
        await rig.line.open()
        rig.server.lose(reason)
        await asyncio.sleep(60)
        assert (rig.ends, rig.away, rig.server.connects) == ([reason], 0, 1)

    plays(script)


def test_a_refusal_on_the_way_back_ends_it_and_a_fault_of_the_server_does_not() -> None:
    async def script(rig: Rig) -> None:
        await rig.line.open()
        rig.server.connect_refusals = [MeetingRefused("server-error"), MeetingRefused("link-expired")]
        rig.server.lose()
        await asyncio.sleep(10)
        assert rig.ends == ["link-expired"]
        assert not rig.line.up

    plays(script)


def test_a_service_that_asks_for_patience_is_not_pressed() -> None:
    async def script(rig: Rig) -> None:
        await rig.line.open()
        rig.server.connect_refusals = [MeetingRefused("too-many-tries"), MeetingRefused("too-early")]
        rig.server.lose()
        await asyncio.sleep(PATIENT_PAUSE_S - 1)
        assert len(rig.server.bearers) == 2
        await asyncio.sleep(PATIENT_PAUSE_S + 3)
        assert rig.line.up

    plays(script)


def test_a_refused_hello_is_raised_and_leaves_no_connection() -> None:
    async def script(rig: Rig) -> None:
        rig.server.refusals = {"hello": MeetingRefused("meeting-cancelled")}
        with pytest.raises(MeetingRefused) as refused:
            await rig.line.open()
        assert refused.value.code == "meeting-cancelled"
        assert not rig.line.up
        assert rig.server.socket is not None
        assert rig.server.socket.closed

    plays(script)


class Account:
    """Implements Way: the first token is spoiled, the next works."""

    def __init__(self) -> None:
        self.number = 1

    async def open(self) -> tuple[ServiceAccess, Bearer]:
        """See Way."""
        return ACCESS, Bearer(f"access{self.number}")

    def spoiled(self, bearer: Bearer) -> bool:
        """See Way."""
        self.number += 1
        return self.number < 4


def test_an_account_whose_token_ran_out_brings_another() -> None:
    async def script(rig: Rig) -> None:
        rig.server.connect_refusals = [MeetingRefused("not-signed-in")]
        await rig.line.open()
        assert rig.server.bearers == ["access1", "access2"]
        rig.server.lose("not-signed-in")
        await asyncio.sleep(1)
        assert rig.line.up

    plays(script, lambda: Rig(Account()))


def test_a_guest_whose_place_is_gone_is_not_asked_twice() -> None:
    async def script(rig: Rig) -> None:
        rig.server.connect_refusals = [MeetingRefused("not-signed-in")]
        with pytest.raises(MeetingRefused):
            await rig.line.open()
        assert len(rig.server.bearers) == 1

    plays(script)


def test_after_closing_nobody_tries() -> None:
    async def script(rig: Rig) -> None:
        await rig.line.open()
        rig.server.down = True
        rig.server.lose()
        await asyncio.sleep(3)
        await rig.line.close()
        tried = len(rig.server.bearers)
        await asyncio.sleep(60)
        assert len(rig.server.bearers) == tried

    plays(script)


def test_whoever_waits_for_a_connection_hears_that_there_will_be_none() -> None:
    async def script(rig: Rig) -> None:
        loop = asyncio.get_running_loop()
        await rig.line.open()
        rig.server.down = True
        rig.server.lose()
        asked = asyncio.create_task(rig.line.command(say()))
        await asyncio.sleep(1)
        began = loop.time()
        rig.server.down = False
        rig.server.connect_refusals = [MeetingRefused("meeting-over")]
        with pytest.raises(ServiceUnreachable):
            await asked
        assert loop.time() - began < 2
        assert not rig.line.up
        with pytest.raises(ServiceUnreachable):
            await rig.line.command(say(2))
        await rig.line.open()
        assert (await rig.line.command(say(3))).id == "say3", "but one may come again"

    plays(script)
