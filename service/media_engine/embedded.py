"""The embedded engine as the service uses it: a process of its own, watched, started again when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable
from typing import Any

from service.domain.errors import EngineError
from service.media_engine.child import Child
from service.media_engine.messages import event_in, members_in
from service.media_engine.sdp import SIZE_LIMIT
from service.usecases.engine import (
    CALL_S,
    EngineEvent,
    EngineRestarted,
    Member,
    Published,
    Subscription,
)

log = logging.getLogger(__name__)

START_S = 15.0
PING_EVERY_S = 2.0
BACKOFF_S = (0.0, 0.25, 1.0, 2.0, 5.0)
"""Waits before starting again after 1, 2, … deaths in a row; the last one from there on."""

HEALTHY_S = 30.0
"""A process that lived this long died for the first time."""


class EmbeddedEngine:
    """Implements MediaEngine. Clients are offered `address` alone, and one UDP port of `ports`.

    `bind` is the address of this computer's own behind it, where that's another one.
    """

    def __init__(
        self, address: str = "127.0.0.1", ports: tuple[int, int] | None = None, bind: str = ""
    ) -> None:
        self._address = address
        self._bind = bind
        self._ports = ports
        self._child: Child | None = None
        self._ids = itertools.count(1)
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._watch: asyncio.Task[None] | None = None
        self.on_event: Callable[[EngineEvent], None] = lambda _: None

    @property
    def pid(self) -> int:
        """Its process, 0 while there is none."""
        return self._child.pid if self._child is not None else 0

    async def start(self) -> None:
        """Ready when it returns. Raises EngineError."""
        if self._watch is not None:
            return
        child = await self._spawn()
        self._watch = asyncio.create_task(self._watch_over(child), name="media engine")

    async def close(self) -> None:
        """End the process; harmless twice."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
        child, self._child = self._child, None
        if child is not None:  # cancelled before its first step, the watch ends nothing
            await child.end()
        self._fail_calls()

    async def admit(self, room: str, member: str) -> None:
        """Give a session its right to media."""
        await self._call("admit", room=room, member=member)

    async def remove(self, room: str, member: str) -> None:
        """Cut what it sends and receives at once."""
        await self._call("remove", room=room, member=member)

    async def end_room(self, room: str) -> None:
        """Remove every member."""
        await self._call("end_room", room=room)

    async def members(self) -> tuple[Member, ...]:
        """The process's own list."""
        return members_in(await self._call("members"))

    async def publish(self, room: str, member: str, sdp: str) -> Published:
        """Answer a sender's offer."""
        return Published(**await self._call("publish", room=room, member=member, sdp=sdp))

    async def unpublish(self, room: str, member: str) -> None:
        """End its feed."""
        await self._call("unpublish", room=room, member=member)

    async def subscribe(self, room: str, member: str, feed: str, *, video: bool, height: int) -> Subscription:
        """Offer another member's feed."""
        return Subscription(
            **await self._call("subscribe", room=room, member=member, feed=feed, video=video, height=height)
        )

    async def answer(self, room: str, member: str, subscription: str, sdp: str) -> None:
        """The receiver's answer."""
        await self._call("answer", room=room, member=member, subscription=subscription, sdp=sdp)

    async def adjust(self, room: str, member: str, subscription: str, *, video: bool, height: int) -> None:
        """Less or more of a picture."""
        await self._call(
            "adjust", room=room, member=member, subscription=subscription, video=video, height=height
        )

    async def unsubscribe(self, room: str, member: str, subscription: str) -> None:
        """End one."""
        await self._call("unsubscribe", room=room, member=member, subscription=subscription)

    async def _call(self, name: str, **arguments: object) -> Any:
        child = self._child
        if child is None:
            raise EngineError("the media engine is down")
        if len(str(arguments.get("sdp", ""))) > SIZE_LIMIT:
            raise EngineError("description too large")
        ident = next(self._ids)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._calls[ident] = answer
        child.say({"id": ident, "call": name, **arguments})
        try:
            return await asyncio.wait_for(answer, CALL_S)
        except TimeoutError:
            raise EngineError("the media engine did not answer in time") from None
        finally:
            self._calls.pop(ident, None)

    async def _spawn(self) -> Child:
        child = Child(self._address, self._bind, self._ports, self._heard)
        try:
            await asyncio.wait_for(child.start(), START_S)
            self._child = child
        except (OSError, TimeoutError, EngineError) as error:
            raise EngineError(f"the media engine did not start: {error}") from error
        finally:
            if self._child is not child:
                await child.end(hung=True)
        return child

    async def _watch_over(self, child: Child) -> None:
        """Outermost: the process ends with this task."""
        loop = asyncio.get_running_loop()
        deaths = 0
        try:
            while True:
                born = loop.time()
                await self._until_dead(child)
                self._child = None
                self._fail_calls()
                await child.end(hung=not child.dead.is_set())
                deaths = 1 if loop.time() - born > HEALTHY_S else deaths + 1
                child, deaths = await self._again(deaths)
                loop.call_soon(self.on_event, EngineRestarted())
        finally:
            self._child = None
            await child.end()

    async def _again(self, deaths: int) -> tuple[Child, int]:
        while True:
            wait = BACKOFF_S[min(deaths, len(BACKOFF_S)) - 1]
            log.warning("the media engine died; starting it again in %.2f s", wait)
            await asyncio.sleep(wait)
            try:
                return await self._spawn(), deaths
            except EngineError as error:
                log.warning("%s", error)
                deaths += 1

    async def _until_dead(self, child: Child) -> None:
        """Dead is also what runs and does not answer."""
        while not child.dead.is_set():
            try:
                await asyncio.wait_for(child.dead.wait(), PING_EVERY_S)
            except TimeoutError:
                try:
                    await self._call("ping")
                except EngineError:
                    return

    def _heard(self, message: dict[str, Any]) -> None:
        if "event" in message:
            self.on_event(event_in(message))
            return
        call = self._calls.get(message.get("id", 0))
        if call is None or call.done():
            return
        if "error" in message:
            call.set_exception(EngineError(str(message["error"])))
        else:
            call.set_result(message["result"])

    def _fail_calls(self) -> None:
        for call in self._calls.values():
            if not call.done():
                call.set_exception(EngineError("the media engine died"))
