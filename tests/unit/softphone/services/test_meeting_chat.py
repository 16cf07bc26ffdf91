"""What is typed while the service comes and goes: in order, once, and refused where it must be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from service_api import meeting as wire
from softphone.domain.errors import MeetingRefused
from softphone.services.meeting_chat import SENT_S, Outbox
from tests.doubles.meetings import START
from tests.doubles.virtual_time import run_virtually
from tests.unit.softphone.services.test_meeting_line import Rig as LineRig


class Rig(LineRig):
    """A line with an outbox."""

    def __init__(self) -> None:
        super().__init__()
        self.changes, self.refused = 0, list[str]()
        self.outbox = Outbox(self.line, self.tasks, on_changed=self._changed, on_refused=self.refused.append)

    def _changed(self) -> None:
        self.changes += 1

    async def write(self, text: str) -> None:
        """To everybody."""
        await self.outbox.write(wire.Say(id=f"id-{text}", text=text), START)

    async def written_and_shown(self, text: str) -> list[str]:
        """Written to everybody; the ids of what was shown as waiting meanwhile."""
        shown = set[str]()
        writing = asyncio.create_task(self.write(text))
        while not writing.done():
            shown |= {line.id for line in self.outbox.pending("me", "Me")}
            await asyncio.sleep(0.1)
        await writing
        return sorted(shown)

    def full(self, command: wire.AnyCommand) -> None:
        """A chat with as many lines as there may be."""
        if isinstance(command, wire.Say):
            raise MeetingRefused("too-many-tries")

    def pending(self) -> list[str]:
        """What waits."""
        return [line.text for line in self.outbox.pending("me", "Me")]

    def arrived(self) -> list[str]:
        """What the service got, each once."""
        return [command.text for command in self.server.of(wire.Say)]


def plays(script: Callable[[Rig], Awaitable[None]]) -> None:
    """In pretended time, connected."""

    async def run() -> None:
        rig = Rig()
        await rig.line.open()
        try:
            await script(rig)
        finally:
            rig.outbox.close()
            await rig.line.close()
            await rig.tasks.close()

    run_virtually(run())


def test_a_line_goes_out_and_waits_no_more() -> None:
    async def script(rig: Rig) -> None:
        await rig.write("one")
        assert (rig.arrived(), rig.pending()) == (["one"], [])
        assert rig.changes == 2, "it is shown while it is under way"

    plays(script)


def test_typed_while_away_is_kept_and_sent_in_order() -> None:
    async def script(rig: Rig) -> None:
        rig.server.down = True
        rig.server.lose()
        for text in ("one", "two", "three"):
            await rig.write(text)
        await asyncio.sleep(120)
        assert (rig.arrived(), rig.pending()) == ([], ["one", "two", "three"])
        assert all(line.pending and line.mine for line in rig.outbox.pending("me", "Me"))
        rig.server.down = False
        await asyncio.sleep(5)
        assert (rig.arrived(), rig.pending()) == (["one", "two", "three"], [])

    plays(script)


def test_a_line_whose_answer_was_lost_arrives_once() -> None:
    async def script(rig: Rig) -> None:
        rig.server.deaf = True
        began = asyncio.get_running_loop().time()
        await rig.write("one")
        assert asyncio.get_running_loop().time() - began == pytest.approx(SENT_S), "nobody waits longer"
        rig.server.deaf = False
        rig.server.lose()
        await asyncio.sleep(1)
        assert (rig.arrived(), rig.server.repeated, rig.pending()) == (["one"], ["id-one"], [])

    plays(script)


def test_a_refused_line_is_told_its_writer_and_the_next_goes_out() -> None:
    async def script(rig: Rig) -> None:
        rig.server.refusals = {"say": MeetingRefused("code-in-chat")}
        with pytest.raises(MeetingRefused) as refused:
            await rig.write("123456")
        assert refused.value.code == "code-in-chat"
        await rig.write("two")
        assert (rig.pending(), rig.refused) == ([], [])

    plays(script)


def test_refused_when_nobody_waits_any_more_is_told_all_the_same() -> None:
    async def script(rig: Rig) -> None:
        rig.server.down = True
        rig.server.lose()
        await rig.write("123456")
        rig.server.refusals = {"say": MeetingRefused("code-in-chat")}
        rig.server.down = False
        await asyncio.sleep(5)
        assert (rig.refused, rig.pending()) == (["code-in-chat"], [])

    plays(script)


def test_lines_that_come_too_fast_for_the_service_go_out_a_little_later() -> None:
    async def script(rig: Rig) -> None:
        rig.server.refusals = {"say": MeetingRefused("too-many-tries")}
        [shown] = await rig.written_and_shown("one")
        await rig.write("two")
        assert (rig.arrived(), rig.pending(), rig.refused) == (["one", "one", "two"], [], [])
        first, again, _ = rig.server.of(wire.Say)
        assert first.id == shown != again.id, "an answer is kept by its command's id: no would stay no"

    plays(script)


def test_a_chat_that_takes_nothing_more_says_so_to_the_writer() -> None:
    async def script(rig: Rig) -> None:
        rig.server.on_command = rig.full
        began = asyncio.get_running_loop().time()
        with pytest.raises(MeetingRefused) as refused:
            await rig.write("one")
        assert refused.value.code == "too-many-tries"
        assert asyncio.get_running_loop().time() - began < SENT_S, "the text stays in its field"
        assert rig.pending() == []

    plays(script)


def test_a_line_that_came_back_before_its_answer_waits_no_more() -> None:
    async def script(rig: Rig) -> None:
        rig.server.deaf = True
        writing = asyncio.create_task(rig.write("one"))
        await asyncio.sleep(0.1)
        rig.outbox.came("something else")
        assert rig.pending() == ["one"]
        rig.outbox.came("one")
        assert rig.pending() == []
        await writing

    plays(script)


def test_after_the_meeting_nothing_is_sent() -> None:
    async def script(rig: Rig) -> None:
        rig.server.down = True
        rig.server.lose()
        await rig.write("one")
        rig.outbox.close()
        rig.server.down = False
        await asyncio.sleep(5)
        assert (rig.arrived(), rig.pending()) == ([], [])

    plays(script)


def test_to_the_lobby() -> None:
    async def script(rig: Rig) -> None:
        rig.server.down = True
        rig.server.lose()
        await rig.outbox.write(wire.LobbySay(id="1", text="Soon", session="a"), START)
        await rig.outbox.write(wire.LobbySay(id="2", text="Soon"), START)
        assert [(line.lobby, line.to) for line in rig.outbox.pending("me", "Me")] == [(True, "a"), (True, "")]

    plays(script)
