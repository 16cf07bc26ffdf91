"""The embedded engine without the service: whoever is here is a member, and is told of the others' feeds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from service.domain.errors import EngineError
from service.media_engine.embedded import EmbeddedEngine
from service.usecases.engine import EngineEvent, EngineRestarted, FeedEnded
from service_api.meeting import Adjust, Answer, Command, Done, Publish, Subscribe, Unsubscribe
from softphone.adapters.cameras import CameraDesk
from softphone.adapters.meeting_media import AiortcMedia
from softphone.domain.errors import MeetingRefused
from tests.lab.ear import Head

ROOM = "room"


class Guest:
    """One program's media in the room: camera, microphone, ear."""

    def __init__(self, hall: Hall, session: str, head: Head, cameras: CameraDesk) -> None:
        self.session = session
        self.head = head
        self.cameras = cameras
        self.media = AiortcMedia(head, cameras)
        self.troubles: list[str] = []
        self.changes = 0
        self._hall = hall

    async def come(self, *, camera: bool = True) -> None:
        """Join, as after a ticket."""
        await self.media.start(self.signal, self._changed, self.troubles.append)
        await self._hall.enter(self)
        if camera:
            await self.media.camera(True)
        await self.media.join()

    async def go(self) -> None:
        """Leave."""
        await self.media.leave()
        await self._hall.left(self)

    async def signal(self, command: Command) -> Done:
        """What MeetingSocket.send is in the program."""
        try:
            return await self._hall.command(self, command)
        except EngineError as error:
            raise MeetingRefused("engine-down") from error

    def _changed(self) -> None:
        self.changes += 1


class Hall:
    """The room. Use as a context manager."""

    def __init__(self) -> None:
        self.engine = EmbeddedEngine()
        self.commands: list[Command] = []
        self.guests: dict[str, Guest] = {}
        self.feeds: dict[str, str] = {}
        self.through: Callable[[str], str] = lambda sdp: sdp
        """Put something between clients and engine: changes the engine's descriptions."""
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Hall:
        self.engine.on_event = self._event
        await self.engine.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for guest in tuple(self.guests.values()):
            await guest.media.leave()
            await guest.cameras.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.engine.close()

    async def enter(self, guest: Guest) -> None:
        """Give the right to media, and tell of who is here."""
        self.guests[guest.session] = guest
        await self.engine.admit(ROOM, guest.session)
        for feed, session in self.feeds.items():
            await guest.media.feed_added(feed, session, audio=True, video=True)

    async def left(self, guest: Guest) -> None:
        """Take it back."""
        self.guests.pop(guest.session, None)
        await self.engine.remove(ROOM, guest.session)
        await self._forget(guest.session)

    async def command(self, guest: Guest, command: Command) -> Done:
        """Do what a client asks, as the service does."""
        self.commands.append(command)
        engine, member = self.engine, guest.session
        if isinstance(command, Publish):
            return Done(id=command.id, sdp=await self.published(member, command.sdp))
        if isinstance(command, Subscribe):
            offered = await engine.subscribe(
                ROOM, member, command.feed, video=command.video, height=command.height
            )
            return Done(id=command.id, subscription=offered.subscription, sdp=self.through(offered.sdp))
        if isinstance(command, Answer):
            await engine.answer(ROOM, member, command.subscription, command.sdp)
        elif isinstance(command, Adjust):
            await engine.adjust(
                ROOM, member, command.subscription, video=command.video, height=command.height
            )
        elif isinstance(command, Unsubscribe):
            await engine.unsubscribe(ROOM, member, command.subscription)
        else:
            raise AssertionError(command)
        return Done(id=command.id)

    async def published(self, member: str, sdp: str) -> str:
        """Publish for a member; everybody else is told. Gives the engine's answer."""
        await self._forget(member)
        published = await self.engine.publish(ROOM, member, sdp)
        self.feeds[published.feed] = member
        for other in self.guests.values():
            if other.session != member:
                await other.media.feed_added(
                    published.feed, member, audio=published.audio, video=published.video
                )
        return self.through(published.sdp)

    async def _forget(self, member: str) -> None:
        for feed in [feed for feed, session in self.feeds.items() if session == member]:
            del self.feeds[feed]
            for other in tuple(self.guests.values()):
                if other.session != member:
                    await other.media.feed_removed(feed)

    def _event(self, event: EngineEvent) -> None:
        if isinstance(event, EngineRestarted):
            self._spawn(self._restarted())
        elif isinstance(event, FeedEnded) and event.feed in self.feeds:
            self._spawn(self._forget(self.feeds[event.feed]))

    async def _restarted(self) -> None:
        """As the service: the feeds are gone, everybody has a new ticket and redeems it."""
        for member in set(self.feeds.values()):
            await self._forget(member)
        for guest in tuple(self.guests.values()):
            await self.engine.admit(ROOM, guest.session)
            await guest.media.join()

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
