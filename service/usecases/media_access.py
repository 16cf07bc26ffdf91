"""Media of the admitted: a ticket is redeemed, then feeds are sent and asked for.

Nothing exists in the engine for a session before its ticket was redeemed, nor after it went out. An engine's
answer that comes when the session has been cut meanwhile is thrown away, and the session is cut again.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar

from service.domain.errors import EngineError, RefusedError
from service.domain.session import Step
from service.usecases.engine import MediaEngine
from service.usecases.meeting_ports import Change
from service.usecases.meeting_room import Access, Connection, Room
from service.usecases.ports import Clock
from service_api.meeting import (
    Adjust,
    Answer,
    Done,
    Feed,
    MediaLost,
    Publish,
    Redeem,
    Subscribe,
    Unpublish,
    Unsubscribe,
)
from service_api.states import MeetingRefusal

T = TypeVar("T")


class MediaAccess:
    """Every command is called under its session's media lock, and raises RefusedError."""

    def __init__(self, engine: MediaEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def redeem(self, room: Room, connection: Connection, command: Redeem) -> Done:
        """The ticket of this very connection, once, in time. Raises ServiceError too."""
        access, session = connection.access, room.session(connection)
        fits = access is not None and access.fits(command.ticket, self._clock.monotonic())
        if access is None or not fits or not session.inside:
            raise RefusedError(MeetingRefusal.TICKET_REFUSED)
        access.used = True
        await room.cut_done(session.id)
        room.members.add(session.id)
        await self._engine_does(room, connection, access, self._engine.admit(room.id, session.id))
        access.redeemed = True
        async with room.lock:
            session = room.session(connection)
            if session.inside and connection.access is access:
                await room.commit(Change(sessions=(session.step(Step.REDEEM, self._clock.time()),)))
        return Done(id=command.id)

    async def publish(self, room: Room, connection: Connection, command: Publish) -> Done:
        """Send. The former feed ends."""
        access = _redeemed(room, connection)
        call = self._engine.publish(room.id, connection.session, command.sdp)
        made = await self._engine_does(room, connection, access, call)
        room.put_feed(Feed(id=made.feed, session=connection.session, audio=made.audio, video=made.video))
        return Done(id=command.id, sdp=made.sdp)

    async def unpublish(self, room: Room, connection: Connection, command: Unpublish) -> Done:
        """Send no more."""
        access = _redeemed(room, connection)
        call = self._engine.unpublish(room.id, connection.session)
        await self._engine_does(room, connection, access, call)
        for feed in [one.id for one in room.scene.feeds if one.session == connection.session]:
            room.drop_feed(feed)
        return Done(id=command.id)

    async def subscribe(self, room: Room, connection: Connection, command: Subscribe) -> Done:
        """Ask for somebody else's feed."""
        access = _redeemed(room, connection)
        feed = next((one for one in room.scene.feeds if one.id == command.feed), None)
        if feed is None or feed.session == connection.session:
            raise RefusedError(MeetingRefusal.NO_MEDIA)
        call = self._engine.subscribe(
            room.id, connection.session, feed.id, video=command.video, height=command.height
        )
        made = await self._engine_does(room, connection, access, call)
        return Done(id=command.id, subscription=made.subscription, sdp=made.sdp)

    async def answer(self, room: Room, connection: Connection, command: Answer) -> Done:
        """To a subscription's offer."""
        access = _redeemed(room, connection)
        call = self._engine.answer(room.id, connection.session, command.subscription, command.sdp)
        await self._engine_does(room, connection, access, call)
        return Done(id=command.id)

    async def adjust(self, room: Room, connection: Connection, command: Adjust) -> Done:
        """More or less of a picture."""
        access = _redeemed(room, connection)
        call = self._engine.adjust(
            room.id, connection.session, command.subscription, video=command.video, height=command.height
        )
        await self._engine_does(room, connection, access, call)
        return Done(id=command.id)

    async def unsubscribe(self, room: Room, connection: Connection, command: Unsubscribe) -> Done:
        """No more of it."""
        access = _redeemed(room, connection)
        call = self._engine.unsubscribe(room.id, connection.session, command.subscription)
        await self._engine_does(room, connection, access, call)
        return Done(id=command.id)

    def restarted(self, room: Room) -> None:
        """The engine has forgotten everybody: whoever is inside is given a new ticket."""
        room.members.clear()
        for connection in room.connections.values():
            if room.session(connection).inside:
                connection.tell(MediaLost())
                connection.access = None
        room.scene = replace(room.scene, feeds=())
        room.settle()

    async def _engine_does(self, room: Room, connection: Connection, access: Access, call: Awaitable[T]) -> T:
        try:
            made = await call
        except EngineError:
            access.failed = not access.redeemed
            raise RefusedError(MeetingRefusal.ENGINE_DOWN) from None
        if connection.access is not access:
            await room.remove_member(connection.session)
            raise RefusedError(MeetingRefusal.WRONG_STATE)
        return made


def _redeemed(room: Room, connection: Connection) -> Access:
    access = connection.access
    if access is None or not access.redeemed or not room.session(connection).inside:
        raise RefusedError(MeetingRefusal.TICKET_REFUSED)
    return access
