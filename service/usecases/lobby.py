"""What a host does with people: let in, decline, put back, remove, end."""

from __future__ import annotations

from service.domain.errors import RefusedError
from service.domain.session import TABLE, Session, Step
from service.usecases.meeting_ports import Change
from service.usecases.meeting_room import Room
from service.usecases.ports import Clock
from service.usecases.presence import Presence
from service_api.meeting import Admit, AdmitAll, Decline, Done, End, PutBack, Remove
from service_api.states import MeetingRefusal, SessionState


class Lobby:
    """Every method is called under the room's lock; raises RefusedError, IllegalTransition, ServiceError."""

    def __init__(self, clock: Clock, presence: Presence) -> None:
        self._clock = clock
        self._presence = presence

    async def admit(self, room: Room, host: Session, command: Admit) -> Done:
        """Let one in: from the lobby, or one who was declined or removed before."""
        inside(host)
        session = _other(room, host, command.session)
        await self._move(room, session, _letting_in(room, session), elsewhere=Step.PARDON)
        return Done(id=command.id)

    async def admit_all(self, room: Room, host: Session, command: AdmitAll) -> Done:
        """Let in whoever waits, has the demanded level and is on the device the link was opened on first."""
        inside(host)
        demanded, now = room.scene.booking.appointment.demanded, self._clock.time()
        queue = room.scene.queue
        known = [one for one in queue if one.assurance.rank >= demanded.rank and not one.other_device]
        sure = [one for one in known if not room.scene.barred(one)]
        if sure:
            await room.commit(Change(sessions=tuple(one.step(Step.ADMIT, now) for one in sure)))
        return Done(id=command.id, passed_over=len(queue) - len(sure))

    async def decline(self, room: Room, host: Session, command: Decline) -> Done:
        """Not this time."""
        seated(host)
        session = _other(room, host, command.session)
        await self._move(room, session, Step.DECLINE, reason=command.reason)
        return Done(id=command.id)

    async def put_back(self, room: Room, host: Session, command: PutBack) -> Done:
        """To the lobby."""
        inside(host)
        session = _other(room, host, command.session)
        step = Step.PUT_BACK if session.id in room.connections or session.inside else Step.PARDON
        await self._move(room, session, step, elsewhere=Step.PARDON)
        return Done(id=command.id)

    async def remove(self, room: Room, host: Session, command: Remove) -> Done:
        """Out, on every device the person is on, until let in again."""
        inside(host)
        session = _other(room, host, command.session)
        await self._move(room, session, Step.REMOVE, elsewhere=Step.REMOVE, reason=command.reason)
        return Done(id=command.id)

    async def end(self, room: Room, host: Session, command: End) -> Done:
        """For everybody."""
        inside(host)
        await self._presence.end(room)
        return Done(id=command.id)

    async def _move(
        self, room: Room, session: Session, step: Step, *, elsewhere: Step | None = None, reason: str = ""
    ) -> None:
        """`elsewhere` is what happens to the person's other devices, where it can."""
        now = self._clock.time()
        moved = [session.step(step, now, reason=reason)]
        if elsewhere is not None:
            others = room.scene.elsewhere(session)
            can = (one for one in others if (one.state, elsewhere) in TABLE)
            moved += [one.step(elsewhere, now, reason=reason) for one in can]
        await room.commit(Change(sessions=tuple(moved)))


def seated(session: Session) -> None:
    """Raises RefusedError for anybody but a host."""
    if not session.host:
        raise RefusedError(MeetingRefusal.NOT_ALLOWED)


def inside(session: Session) -> None:
    """Raises RefusedError for anybody but a host who is in the meeting."""
    seated(session)
    if not session.inside:
        raise RefusedError(MeetingRefusal.WRONG_STATE)


def _other(room: Room, host: Session, session_id: str) -> Session:
    """A participant; hosts don't move hosts."""
    found = room.scene.session(session_id)
    if found is None:
        raise RefusedError(MeetingRefusal.NOT_FOUND)
    if found.host or found.id == host.id:
        raise RefusedError(MeetingRefusal.NOT_ALLOWED)
    return found


def _letting_in(room: Room, session: Session) -> Step:
    """One who was put out and is not there may knock again; who is there comes in."""
    away = session.id not in room.connections
    return Step.PARDON if away and session.state is SessionState.REMOVED else Step.ADMIT
