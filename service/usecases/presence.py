"""Coming, going, being away: who is connected, and the steps that follow from it."""

from __future__ import annotations

import hmac
from dataclasses import replace

from service.domain.booking import Booking, Claim
from service.domain.errors import RefusedError
from service.domain.session import MOST_AT_ONCE, TABLE, Session, Step
from service.usecases.meeting_ports import Change, Outlet
from service.usecases.meeting_room import Connection, Proof, Room, digest
from service.usecases.ports import Chance, Clock
from service_api.meeting import Close, Done, Ended, Hello, Knock, Knocked, Leave, TakenOver
from service_api.states import MeetingRefusal, Seat, SessionState


class Presence:
    """Every method that changes a room is called under its lock."""

    def __init__(self, clock: Clock, chance: Chance) -> None:
        self._clock = clock
        self._chance = chance

    async def open(self, room: Room, claim: Claim, hello: Hello, outlet: Outlet, proof: Proof) -> Connection:
        """Take one's place, anew or back. Raises RefusedError, ServiceError."""
        former = _by_key(room, claim.key)
        self._check_time(room, claim, former)
        self._check_count(room, claim, former)
        token = self._chance.secret()
        session = self._connected(room, claim, former, hello, token)
        await room.keep(Change(sessions=(session,)))
        _take_over(room, session.id)
        connection = Connection(room, session.id, outlet, proof, token)
        room.connections[session.id] = connection
        room.settle()
        return connection

    async def knock(self, room: Room, session: Session, command: Knock) -> Done:
        """From the test page on. Raises RefusedError, ServiceError."""
        if room.scene.barred(session):
            raise RefusedError(MeetingRefusal.NOT_ALLOWED)
        if session.state is not SessionState.PREJOIN:
            raise RefusedError(MeetingRefusal.WRONG_STATE)
        if not room.allowances[session.participant].knocks.take(self._clock.monotonic()):
            raise RefusedError(MeetingRefusal.TOO_MANY_TRIES)
        ready = replace(
            session, equipment=command.equipment, camera=command.camera, microphone=command.microphone
        )
        await (self._host_enters(room, ready) if session.host else self._knock(room, ready))
        return Done(id=command.id)

    async def leave(self, room: Room, session: Session, command: Leave) -> Done:
        """Goodbye. Raises RefusedError, ServiceError."""
        if session.state is not SessionState.REMOVED and session.state is not SessionState.LEFT:
            await room.commit(Change(sessions=(session.step(Step.LEAVE, self._clock.time()),)))
        return Done(id=command.id)

    async def lost(self, room: Room, connection: Connection, close: Close = Close.NORMAL) -> None:
        """The connection is gone, kept or not. Its media ends; the place stays for a while.

        Raises ServiceError.
        """
        if not room.detach(connection, close):
            return
        session = room.session(connection)
        if session.over:
            return
        moved = session.lost(self._clock.time())
        try:
            await room.keep(Change(sessions=(moved,)))
        finally:
            room.scene = room.scene.with_sessions((moved,))
            room.settle()

    async def end(self, room: Room) -> None:
        """Everybody is out; nobody but a host may come again. `dismiss` follows. Raises ServiceError."""
        now = self._clock.time()
        everybody = tuple(
            one.step(Step.LEAVE, now) for one in room.scene.sessions if (one.state, Step.LEAVE) in TABLE
        )
        await room.commit(Change(sessions=everybody, record=replace(room.record, ended_at=now)))

    def dismiss(self, room: Room, reason: str = "") -> None:
        """Close every connection: the meeting is over."""
        for connection in tuple(room.connections.values()):
            connection.tell(Ended(reason=reason))
            room.detach(connection, Close.OVER)

    async def expel(self, room: Room, key: str, close: Close = Close.NOT_SIGNED_IN) -> None:
        """The device's right to be here has ended. Raises ServiceError."""
        session = _by_key(room, key)
        if session is None or (session.state, Step.LEAVE) not in TABLE:
            return
        await room.commit(Change(sessions=(session.step(Step.LEAVE, self._clock.time()),)))
        connection = room.connections.get(session.id)
        if connection is not None:
            room.detach(connection, close)

    async def uninvited(self, room: Room) -> None:
        """Who is no longer in the appointment goes. Whose link was replaced may try to come back.

        Raises ServiceError.
        """
        for connection in tuple(room.connections.values()):
            if not await connection.proof():
                await self.lost(room, connection, Close.GOING_AWAY)
        appointment = room.scene.booking.appointment
        for session in room.scene.sessions:
            if not session.host and appointment.participant(session.participant) is None:
                await self.expel(room, session.key, Close.REFUSED)

    async def tick(self, room: Room) -> None:
        """What time brings: places given up, and the end of a meeting nobody is in. Raises ServiceError."""
        now = self._clock.time()
        gone = tuple(one.step(Step.LEAVE, now) for one in room.scene.sessions if one.gone(now))
        if gone:
            await room.commit(Change(sessions=gone))
        over = now >= room.scene.booking.appointment.closes_at
        if over and room.connections and not room.scene.anybody_inside:
            await self.end(room)
            self.dismiss(room)

    def _check_time(self, room: Room, claim: Claim, former: Session | None) -> None:
        appointment, now = room.scene.booking.appointment, self._clock.time()
        if appointment.cancelled:
            raise RefusedError(MeetingRefusal.MEETING_CANCELLED)
        if now >= appointment.closes_at and not room.scene.anybody_inside:
            raise RefusedError(MeetingRefusal.MEETING_OVER)
        if claim.seat is Seat.HOST:
            return
        if room.record.ended_at is not None and room.record.ended_at >= appointment.opens_at:
            raise RefusedError(MeetingRefusal.MEETING_OVER)
        if now < appointment.opens_at and (former is None or not former.inside):
            raise RefusedError(MeetingRefusal.TOO_EARLY)

    def _check_count(self, room: Room, claim: Claim, former: Session | None) -> None:
        here = [s for s in room.scene.sessions if s.participant == claim.participant and not s.over]
        enough = former is not None or len(here) < MOST_AT_ONCE
        if not enough or not room.allowances[claim.participant].opens.take(self._clock.monotonic()):
            raise RefusedError(MeetingRefusal.TOO_MANY_TRIES)

    def _connected(
        self, room: Room, claim: Claim, former: Session | None, hello: Hello, token: str
    ) -> Session:
        now, last, presented = self._clock.time(), b"", b""
        if former is not None:
            last, presented = former.resume_hash, _presented(former, hello)
        place = former or _place(room.scene.booking, claim, self._chance.token(), now)
        place = replace(
            place,
            participant=claim.participant,
            name=claim.name,
            seat=claim.seat,
            assurance=claim.assurance,
            other_device=claim.other_device,
            resume_hash=digest(token),
            former_resume_hash=presented or last,
        )
        if presented and place.state is SessionState.DECLINED:
            return replace(place, away_since=None, client=hello.client)
        return place.connected(now, hello.client)

    async def _host_enters(self, room: Room, session: Session) -> None:
        """Who waits for the host comes in too, or to the lobby where that is asked for by now."""
        now = self._clock.time()
        others = (
            one.step(Step.ENTER if _free(room, one) else Step.KNOCK, now)
            for one in room.scene.sessions
            if one.state is SessionState.WAITING_FOR_OTHERS
        )
        record = replace(room.record, started_at=room.record.started_at or now, ended_at=None)
        await room.commit(Change(sessions=(session.step(Step.ENTER, now), *others), record=record))

    async def _knock(self, room: Room, session: Session) -> None:
        now = self._clock.time()
        if not _free(room, session):
            await room.commit(Change(sessions=(session.step(Step.KNOCK, now),)))
            room.tell_hosts(Knocked(session=session.id))
            return
        step = Step.ENTER if room.scene.host_inside else Step.WAIT
        await room.commit(Change(sessions=(session.step(step, now),)))


def _free(room: Room, session: Session) -> bool:
    """Whether this one comes in without asking, as the appointment is now."""
    appointment = room.scene.booking.appointment
    known = session.assurance.rank >= appointment.demanded.rank and not session.other_device
    return known and not appointment.lobby


def _by_key(room: Room, key: str) -> Session | None:
    return next((one for one in room.scene.sessions if one.key == key), None)


def _place(booking: Booking, claim: Claim, session_id: str, now: float) -> Session:
    return Session(
        id=session_id,
        appointment=booking.id,
        key=claim.key,
        participant=claim.participant,
        name=claim.name,
        seat=claim.seat,
        assurance=claim.assurance,
        made_at=now,
    )


def _presented(session: Session, hello: Hello) -> bytes:
    """The hash of a resume token that is this session's, else nothing."""
    if hello.resume_token is None:
        return b""
    shown = digest(hello.resume_token)
    known = (session.resume_hash, session.former_resume_hash)
    return shown if any(hmac.compare_digest(shown, one) for one in known) else b""


def _take_over(room: Room, session_id: str) -> None:
    """One connection for each session: the newest."""
    connection = room.connections.get(session_id)
    if connection is not None:
        connection.tell(TakenOver())
        room.detach(connection, Close.TAKEN_OVER)
