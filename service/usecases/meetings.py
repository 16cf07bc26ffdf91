"""Meetings: who connects is given a place, commands go to those who carry them out, time passes."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from service.domain.booking import Booking, claim
from service.domain.errors import EngineError, RefusedError, ServiceError
from service.domain.principal import Guest, Principal
from service.domain.scene import RECENT_LINES
from service.usecases.appointment_view import seen_by
from service.usecases.appointments_reader import AppointmentsReader
from service.usecases.engine import EngineEvent, EngineRestarted, FeedEnded, MediaEngine
from service.usecases.media_access import MediaAccess
from service.usecases.meeting_commands import MeetingCommands
from service.usecases.meeting_ports import Change, MeetingStore, Outlet
from service.usecases.meeting_room import Connection, Proof, Room
from service.usecases.ports import Chance, Clock, Keys
from service.usecases.presence import Presence
from service_api import meeting as wire
from service_api.meeting import Close, Hello
from service_api.states import MeetingRefusal, Seat

TICK_S = 1.0
"""How often time is looked at."""

log = logging.getLogger(__name__)


class Meetings:
    """Implements ports.Watcher. `server` is the name people are shown."""

    def __init__(
        self,
        store: MeetingStore,
        appointments: AppointmentsReader,
        engine: MediaEngine,
        clock: Clock,
        chance: Chance,
        keys: Keys,
        server: str,
    ) -> None:
        self._store = store
        self._appointments = appointments
        self._engine = engine
        self._clock = clock
        self._chance = chance
        self._server = server
        self._rooms: dict[str, Room] = {}
        self._loading = asyncio.Lock()
        self._ticking: asyncio.Task[None] | None = None
        self._presence = Presence(clock, chance)
        self._media = MediaAccess(engine, clock)
        self._commands = MeetingCommands(store, clock, chance, keys, self._presence, self._media)

    async def start(self) -> None:
        """Take up work. Raises ServiceError."""
        self._engine.on_event = self.engine_event
        await self.restore()
        self._ticking = asyncio.create_task(self._tick_on())

    async def restore(self) -> None:
        """Everybody who had a place when the service stopped has it still. Raises ServiceError."""
        for appointment in await self._store.unfinished():
            booking = await self._booking(appointment)
            if booking is not None:
                await self._room(booking)

    async def close(self) -> None:
        """Let go of everybody; their places are kept."""
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.wait((self._ticking,))
        for room in self._rooms.values():
            for connection in tuple(room.connections.values()):
                room.detach(connection, Close.GOING_AWAY)
            await room.cuts_done()
        self._rooms.clear()

    async def open(
        self, who: Principal, appointment: str, hello: Hello, outlet: Outlet, proof: Proof
    ) -> Connection:
        """Take one's place in a meeting; `welcome` is told through `outlet`. `proof` is asked when the place
        is given, however long ago `who` was found out.

        Raises RefusedError, and ServiceError where it can't be kept.
        """
        booking = await self._booked(appointment)
        claim(who, booking.appointment)
        while True:
            room = await self._room(booking)
            async with room.lock:
                if self._rooms.get(appointment) is room:
                    return await self._place(room, who, hello, outlet, proof)

    async def command(self, connection: Connection, command: wire.Command) -> None:
        """Carry out a command and tell its answer."""
        await self._commands.carry_out(connection, command)

    async def lost(self, connection: Connection) -> None:
        """The connection ended, whoever ended it."""
        room = connection.room
        async with room.lock:
            try:
                await self._presence.lost(room, connection)
            except ServiceError as error:
                log.error("room %s: a lost connection could not be kept: %s", room.id, error)
        await room.cuts_done()

    def engine_event(self, event: EngineEvent) -> None:
        """The engine's own news. On the loop."""
        if isinstance(event, EngineRestarted):
            for room in self._rooms.values():
                self._media.restarted(room)
        elif isinstance(event, FeedEnded):
            ended = self._rooms.get(event.room)
            if ended is not None:
                ended.drop_feed(event.feed)

    async def tick(self) -> None:
        """Let time pass in every room; rooms nobody is in are let go."""
        for room in tuple(self._rooms.values()):
            async with room.lock:
                try:
                    await self._presence.tick(room)
                except ServiceError as error:
                    log.error("room %s: %s", room.id, error)
                if room.idle:
                    await room.cuts_done()
                    self._rooms.pop(room.id, None)

    async def sweep(self) -> None:
        """Whoever the engine still has and should not have, after a removal that failed, goes now."""
        try:
            members = await self._engine.members()
        except EngineError:
            return
        for one in members:
            room = self._rooms.get(one.room)
            if room is None or not room.knows_of(one.member):
                log.warning("room %s: the engine still had %s", one.room, one.member)
                with contextlib.suppress(EngineError):
                    await self._engine.remove(one.room, one.member)

    def rooms(self) -> tuple[str, ...]:
        """The appointments whose meetings are held in memory now."""
        return tuple(self._rooms)

    def waiting(self, appointment_id: str) -> int:
        """How many wait in the lobby now."""
        room = self._rooms.get(appointment_id)
        return 0 if room is None else len(room.scene.queue)

    async def appointment_changed(self, appointment_id: str) -> None:
        """Rights are looked at again; a cancelled meeting ends."""
        room = self._rooms.get(appointment_id)
        if room is None:
            return
        async with room.lock:
            booking = await self._booking(appointment_id)
            if booking is None:
                return
            room.rebook(booking)
            try:
                if room.scene.booking.appointment.cancelled:
                    await self._presence.end(room)
                    self._presence.dismiss(room)
                else:
                    await self._presence.uninvited(room)
                    room.settle()
            except ServiceError as error:
                log.error("room %s: a change could not be kept: %s", appointment_id, error)
        await room.cuts_done()

    async def place_opened(self, guest: Guest) -> None:
        """A second device is announced to the host."""
        room = self._rooms.get(guest.appointment_id)
        if room is not None and guest.other_device:
            room.tell_hosts(wire.OtherDevice(participant=guest.participant_id, name=guest.name))

    async def device_gone(self, device_id: str) -> None:
        """Who signed the device out is out of every meeting on it."""
        for room in tuple(self._rooms.values()):
            async with room.lock:
                try:
                    await self._presence.expel(room, f"device:{device_id}")
                except ServiceError as error:
                    log.error("room %s: a sign-out could not be kept: %s", room.id, error)
            await room.cuts_done()

    async def _place(
        self, room: Room, who: Principal, hello: Hello, outlet: Outlet, proof: Proof
    ) -> Connection:
        """Under the room's lock everything is asked anew: whoever is signed out, or taken out of the
        appointment, from here on is found in the room and put out of it. An access token only opens the door:
        it may run out inside. A link can be replaced while its meeting runs."""
        if not await proof():
            raise RefusedError(MeetingRefusal.NOT_SIGNED_IN)
        room.rebook(await self._booked(room.id))
        mine = claim(who, room.scene.booking.appointment)
        lasting = proof if isinstance(who, Guest) else _let_in
        return await self._presence.open(room, mine, hello, outlet, lasting)

    async def _room(self, booking: Booking) -> Room:
        async with self._loading:
            room = self._rooms.get(booking.id)
            if room is None:
                room = self._rooms[booking.id] = await self._load(booking)
            return room

    async def _booked(self, appointment_id: str) -> Booking:
        booking = await self._booking(appointment_id)
        if booking is None:
            raise RefusedError(MeetingRefusal.NOT_FOUND)
        return booking

    async def _booking(self, appointment_id: str) -> Booking | None:
        found = await self._appointments.appointment(appointment_id)
        if found is None:
            return None
        return Booking(found, seen_by(Seat.HOST, found), seen_by(Seat.PARTICIPANT, found))

    async def _load(self, booking: Booking) -> Room:
        """A room is only let go when nobody is away: whoever has a place here lost it with the service, in an
        orderly stop or not, and nobody could come back to it meanwhile. Their time begins now."""
        kept = await self._store.load(booking.id, lines=RECENT_LINES)
        room = Room(booking, kept, self._server, self._store, self._engine, self._clock, self._chance)
        away = tuple(one.lost(self._clock.time()) for one in kept.sessions if not one.over)
        if away:
            await room.keep(Change(sessions=away))
        return room

    async def _tick_on(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                await self.tick()
                await self.sweep()
            except Exception:
                log.exception("time stood still in the meetings")


async def _let_in() -> bool:
    """Who was let in by an account's device is put out by that device's name alone."""
    return True
