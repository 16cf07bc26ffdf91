"""A connection that breaks in the middle of something: what its person asked for happens whole."""

from __future__ import annotations

import asyncio
import json
from typing import cast

import pytest
from starlette.websockets import WebSocket

from service.adapters.http.socket import Socket
from service.domain.principal import Principal
from service_api.meeting import Admit, Close, Ended, Redeem, Say
from service_api.states import SessionState
from tests.doubles.meeting_hall import APPOINTMENT, HOST, Client, Hall, a_guest
from tests.doubles.web_socket import PaperWebSocket


class Line:
    """Somebody's WebSocket, served by the meeting."""

    def __init__(self, hall: Hall, who: Principal) -> None:
        self.paper = PaperWebSocket(APPOINTMENT)
        self._serving = asyncio.create_task(Socket(cast(WebSocket, self.paper), hall.meetings, good).run(who))
        self.send("hello", client="browser")

    def send(self, kind: str, **members: object) -> None:
        """A command."""
        self.paper.put(json.dumps({"type": kind, "id": f"of-{kind}", **members}))

    async def ended(self) -> None:
        """The service has seen the end of it."""
        await self._serving


@pytest.fixture
def hall() -> Hall:
    return Hall()


async def good() -> bool:
    return True


async def inside(hall: Hall) -> tuple[Client, Line]:
    """A host, and a guest let in who writes over a line of their own."""
    host = await hall.host()
    line = Line(hall, a_guest())
    line.send("knock")
    await quiet()
    (session,) = host.sees()
    await host.done(Admit, session=session)
    return host, line


async def quiet() -> None:
    """Everything that needs nothing from outside has happened."""
    for _ in range(100):
        await asyncio.sleep(0)


async def test_a_line_being_written_when_its_connection_breaks_is_everybodys(hall: Hall) -> None:
    host, line = await inside(hall)
    gate = hall.store.held = asyncio.Event()
    line.send("say", text="one")
    await quiet()
    line.paper.hang_up()
    await quiet()
    gate.set()
    await line.ended()
    await host.done(Say, text="two")
    assert [one.text for one in host.picture.chat] == ["one", "two"]


async def test_what_was_sent_before_hanging_up_is_carried_out(hall: Hall) -> None:
    host, line = await inside(hall)
    gate = hall.store.held = asyncio.Event()
    line.send("say", text="good bye")
    line.send("leave")
    line.paper.hang_up()
    await quiet()
    gate.set()
    await line.ended()
    assert [one.text for one in host.picture.chat] == ["good bye"]
    assert [one.state for one in host.sees().values()] == [SessionState.LEFT]


async def test_a_meeting_ends_for_all_though_the_connection_of_who_ended_it_breaks(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = await hall.waiting(a_guest())
    line = Line(hall, HOST)
    line.send("knock")
    line.send("admit", session=guest.session)
    await quiet()
    await guest.done(Redeem, ticket=guest.ticket)
    gate, remove = asyncio.Event(), hall.engine.remove

    async def slow(room: str, member: str) -> None:
        await gate.wait()
        await remove(room, member)

    monkeypatch.setattr(hall.engine, "remove", slow)
    line.send("end")
    await quiet()
    line.paper.hang_up()
    await quiet()
    gate.set()
    await line.ended()
    assert len(guest.events(Ended)) == 1
    assert guest.ended_by() is Close.OVER
    assert not hall.engine.names()


async def test_a_fault_met_after_the_connection_broke_is_not_passed_over(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    line = (await inside(hall))[1]
    monkeypatch.setattr(hall.store, "said", None)
    line.send("say", text="good bye")
    line.paper.hang_up()
    await line.ended()
    assert "a meeting's connection failed" in caplog.text
    assert [one.state for one in hall.store.sessions.values() if not one.host] == [SessionState.RECONNECTING]
