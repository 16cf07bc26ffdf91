"""The server on a listener of its own: what it does with whoever connects, whatever carries the lines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import cast

from softphone.control.commands import Commands
from softphone.control.protocol import ControlError, Request
from softphone.control.server import EVENTS_WAITING, ControlServer
from softphone.control.shapes import Json
from softphone.control.transport import Connection
from softphone.domain.events import ContactsChanged
from softphone.runtime.bus import Bus
from tests.doubles.application import settle
from tests.doubles.clock import FakeClock


class Line:
    """A connection that says what it is given and writes down what becomes of it."""

    def __init__(self, *lines: bytes, stranger: bool = False) -> None:
        self._lines = list(lines)
        self._stranger = stranger
        self.told: list[dict[str, object]] = []
        self.life: list[str] = []
        self.gone = asyncio.Event()
        self.slow: asyncio.Event | None = None

    def require_own_user(self) -> None:
        if self._stranger:
            raise ControlError("no", code="not-granted")

    async def read_line(self) -> bytes | None:
        return self._lines.pop(0) if self._lines else None

    async def write(self, data: bytes) -> None:
        if self.slow is not None:
            await self.slow.wait()
            raise ConnectionAbortedError("aborted")
        self.told.append(json.loads(data))

    async def until_gone(self) -> None:
        await self.gone.wait()

    async def hear_out(self) -> None:
        self.life.append("heard out")

    def abort(self) -> None:
        self.life.append("aborted")
        if self.slow is not None:
            self.slow.set()

    async def close(self) -> None:
        self.life.append("closed")


class Door:
    """A listener that tests open to whom they like."""

    def __init__(self) -> None:
        self.life: list[str] = []
        self.let_in: Callable[[Connection], None] = lambda connection: None

    async def start(self, connected: Callable[[Connection], None]) -> None:
        self.let_in = connected
        self.life.append("open")

    def stop(self) -> None:
        self.life.append("stopped")

    async def close(self) -> None:
        self.life.append("closed")


class Echo:
    """Commands that answer with their own name."""

    def require_grant(self, request: Request) -> None:
        return None

    async def run(self, request: Request) -> Json:
        return {"did": request.command}


async def served(bus: Bus, test: Callable[[Door], Awaitable[None]]) -> Door:
    """A server around the test, closed at its end."""
    door = Door()
    server = ControlServer(door, cast(Commands, Echo()), bus, FakeClock())
    await server.start()
    try:
        await test(door)
    finally:
        await server.close()
    return door


async def test_it_answers_in_order_and_closes() -> None:
    line = Line(b'{"command":"a"}\n', b'{"command":"b"}\n')

    async def test(door: Door) -> None:
        door.let_in(line)
        await settle()

    door = await served(Bus(), test)
    assert line.told == [{"result": {"did": "a"}}, {"result": {"did": "b"}}]
    assert line.life == ["closed"]
    assert door.life == ["open", "stopped", "closed"]


async def test_a_stranger_is_told_and_heard_out() -> None:
    line = Line(b'{"command":"a"}\n', stranger=True)

    async def test(door: Door) -> None:
        door.let_in(line)
        await settle()

    await served(Bus(), test)
    assert line.told == [{"error": {"code": "not-granted", "message": "no"}}]
    assert line.life == ["heard out", "closed"]


async def test_events_are_the_last_thing_on_a_connection() -> None:
    bus, line = Bus(), Line(b'{"command":"events"}\n', b'{"command":"a"}\n')

    async def test(door: Door) -> None:
        door.let_in(line)
        await settle()
        bus.publish(ContactsChanged())
        await settle()
        line.gone.set()
        await settle()

    await served(bus, test)
    assert line.told == [{"event": "listening"}, {"event": "contacts"}]
    assert line.life == ["closed"]


async def test_a_listener_that_takes_nothing_is_let_go() -> None:
    bus, line = Bus(), Line(b'{"command":"events"}\n')

    async def test(door: Door) -> None:
        door.let_in(line)
        await settle()
        line.slow = asyncio.Event()
        for _ in range(EVENTS_WAITING + 5):
            bus.publish(ContactsChanged())
        await settle()
        assert line.life == ["aborted", "closed"]

    await served(bus, test)


async def test_the_end_of_the_program_closes_who_listens() -> None:
    line = Line(b'{"command":"events"}\n')

    async def test(door: Door) -> None:
        door.let_in(line)
        await settle()

    await served(Bus(), test)
    assert line.life == ["closed"]
