"""The two sides that are compared: a program's media, and Chromium; both on the same embedded engine."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from benchmarks.meeting_client import PIPE_LIMIT
from benchmarks.processes import below, cpu_seconds, own_megabytes
from devices.cameras.fake import wall_milliseconds
from service.domain.errors import EngineError
from service.media_engine.embedded import EmbeddedEngine
from service_api.meeting import COMMANDS, Adjust, Answer, Done, Publish, Subscribe, Unsubscribe
from tests.lab.timed_page import TimedPage, timed_page

ROOM = "benchmark"
CAMERA_S = 0.3
"""A camera is open before one joins: on the test page. Chromium's is open all the time."""
ALIAS = "_copy_"
"""Behind a feed's id: the same feed once more, so that one sender serves for three."""


class Room:
    """The engine, and what stands between it and a side. `through` changes descriptions."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        self.engine = engine
        self.feeds: dict[str, str] = {}
        self.through: Callable[[str], str] = lambda sdp: sdp

    async def published(self, member: str, sdp: str) -> str:
        """Publish; the engine's answer."""
        made = await self.engine.publish(ROOM, member, sdp)
        self.feeds[member] = made.feed
        return self.through(made.sdp)

    async def subscribed(self, member: str, feed: str) -> tuple[str, str]:
        """Subscribe; the subscription and the engine's offer."""
        real = feed.partition(ALIAS)[0]
        made = await self.engine.subscribe(ROOM, member, real, video=True, height=720)
        return made.subscription, self.through(made.sdp)

    async def do(self, member: str, asked: dict[str, Any]) -> Done:
        """A command of the meeting's wire."""
        command = COMMANDS.validate_python(asked)
        engine = self.engine
        match command:
            case Publish():
                return Done(id=command.id, sdp=await self.published(member, command.sdp))
            case Subscribe():
                subscription, sdp = await self.subscribed(member, command.feed)
                return Done(id=command.id, subscription=subscription, sdp=sdp)
            case Answer():
                await engine.answer(ROOM, member, command.subscription, command.sdp)
            case Unsubscribe():
                await engine.unsubscribe(ROOM, member, command.subscription)
            case Adjust():
                await engine.adjust(
                    ROOM, member, command.subscription, video=command.video, height=command.height
                )
        return Done(id=command.id)


class Side(Protocol):
    """One that is measured."""

    name: str

    async def join(self, feeds: dict[str, str], *, send: bool = True, timed: bool = False) -> int:
        """Send, and show these feeds (id → session); wall milliseconds when the join began."""
        ...

    async def leave(self) -> None:
        """Out again."""
        ...

    async def seen(self, session: str) -> dict[str, Any]:
        """See tests.lab.timed_page."""
        ...

    def processes(self) -> list[int]:
        """The ids of all it runs in."""
        ...


class Program:
    """Our media in benchmarks.meeting_client."""

    name = "ours"

    def __init__(self, room: Room, member: str, process: asyncio.subprocess.Process) -> None:
        self._room = room
        self.member = member
        self._process = process
        self._numbers = itertools.count()
        self._replies: dict[int, asyncio.Future[Any]] = {}
        self._asked: set[asyncio.Task[None]] = set()
        self._reading = asyncio.get_running_loop().create_task(self._read())

    async def join(self, feeds: dict[str, str], *, send: bool = True, timed: bool = False) -> int:
        """See Side."""
        await self._room.engine.admit(ROOM, self.member)
        return int(await self._tell("join", feeds=feeds, camera=send, timed=timed, camera_s=CAMERA_S))

    async def leave(self) -> None:
        """See Side."""
        await self._tell("leave")
        await self._room.engine.remove(ROOM, self.member)

    async def seen(self, session: str) -> dict[str, Any]:
        """See Side."""
        found: dict[str, Any] = await self._tell("seen", session=session)
        return found

    def processes(self) -> list[int]:
        """See Side."""
        return [self._process.pid]

    async def end(self) -> None:
        """Close the pipe; the process ends."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 10)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        self._reading.cancel()

    async def _tell(self, do: str, **more: object) -> Any:
        number = next(self._numbers)
        self._replies[number] = reply = asyncio.get_running_loop().create_future()
        self._write({"do": do, "number": number, **more})
        return await asyncio.wait_for(reply, 20)

    def _write(self, line: dict[str, Any]) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(json.dumps(line).encode() + b"\n")

    async def _read(self) -> None:
        out = self._process.stdout
        while out is not None and (text := await out.readline()):
            line = json.loads(text)
            if "reply" in line:
                self._replies.pop(line["reply"]).set_result(line["with"])
            else:
                task = asyncio.get_running_loop().create_task(self._answer(line["ask"]))
                self._asked.add(task)
                task.add_done_callback(self._asked.discard)

    async def _answer(self, asked: dict[str, Any]) -> None:
        try:
            done = await self._room.do(self.member, asked)
        except EngineError:
            self._write({"id": asked["id"], "refused": "engine-down"})
        else:
            self._write({"id": asked["id"], "done": done.model_dump(mode="json")})


@asynccontextmanager
async def program(
    room: Room, member: str, *, camera: str = "fake:benchmark", height: int = 720
) -> AsyncIterator[Program]:
    """Such a process, ended at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.meeting_client", "--camera", camera, "--height", str(height)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=PIPE_LIMIT,
    )
    side = Program(room, member, process)
    try:
        yield side
    finally:
        await side.end()


class Browser:
    """Chromium: one page."""

    name = "Chromium"

    def __init__(self, room: Room, member: str, page: TimedPage) -> None:
        self._room = room
        self.member = member
        self._page = page
        self._taken: list[str] = []

    async def join(self, feeds: dict[str, str], *, send: bool = True, timed: bool = False) -> int:
        """See Side; the picture to send has to be open."""
        room, page = self._room, self._page
        await room.engine.admit(ROOM, self.member)
        began = wall_milliseconds()

        async def publish() -> None:
            if send:
                await page.accept(await room.published(self.member, await page.offer()))

        async def take(feed: str, session: str) -> None:
            subscription, offer = await room.subscribed(self.member, feed)
            answer = await page.take(session, offer, timed=timed)
            await room.engine.answer(ROOM, self.member, subscription, answer)

        self._taken = [*feeds.values(), *(["sender"] if send else [])]
        await asyncio.gather(publish(), *(take(feed, session) for feed, session in feeds.items()))
        return began

    async def leave(self) -> None:
        """See Side."""
        for name in self._taken:
            await self._page.end(name)
        await self._room.engine.remove(ROOM, self.member)

    async def seen(self, session: str) -> dict[str, Any]:
        """See Side."""
        return await self._page.seen(session)

    def processes(self) -> list[int]:
        """See Side: whatever Chromium runs below this process."""
        return below(os.getpid(), "chrom")


@asynccontextmanager
async def browser(
    room: Room, member: str, *, film: str = "", height: int = 720, kind: str = "device"
) -> AsyncIterator[Browser]:
    """Such a browser with its camera open; `film` is a y4m file to be its camera."""
    extra = [f"--use-file-for-fake-video-capture={film}"] if film else []
    async with timed_page(extra) as page:
        await page.open(kind, height * 16 // 9, height, 800.0)
        yield Browser(room, member, page)


async def cpu_of(side: Side, seconds: float) -> float:
    """CPU seconds per ten seconds."""
    processes = side.processes()
    began, before = time.monotonic(), _used(processes)
    await asyncio.sleep(seconds)
    return 10 * (_used(processes) - before) / (time.monotonic() - began)


def _used(processes: list[int]) -> float:
    return sum(map(cpu_seconds, processes))


def memory_of(side: Side) -> float:
    """Megabytes that belong to it alone: Chromium's processes share much."""
    return sum(map(own_megabytes, side.processes()))
