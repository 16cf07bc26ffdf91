"""Chat in the meeting, and between the host and the lobby; the state of cameras and microphones."""

from __future__ import annotations

from dataclasses import replace

from service.domain.chat import MOST_LINES, MOST_LINES_WAITING, Line
from service.domain.confirmation import given_away, told
from service.domain.errors import RefusedError
from service.domain.session import Session
from service.usecases.meeting_ports import Change, MeetingStore
from service.usecases.meeting_room import Room
from service.usecases.ports import Chance, Clock, Keys
from service_api.meeting import CodeTried, Done, LobbySay, MediaState, Say
from service_api.states import MeetingRefusal


class Chat:
    """Every method is called under the room's lock, and raises RefusedError and ServiceError."""

    def __init__(self, store: MeetingStore, clock: Clock, chance: Chance, keys: Keys) -> None:
        self._store = store
        self._clock = clock
        self._chance = chance
        self._keys = keys

    async def say(self, room: Room, session: Session, command: Say) -> Done:
        """To everybody inside."""
        if not session.inside:
            raise RefusedError(MeetingRefusal.WRONG_STATE)
        audience = frozenset(one.id for one in room.scene.sessions if one.inside)
        await self._add(room, session, self._line(room, session, command, audience))
        return Done(id=command.id)

    async def lobby_say(self, room: Room, session: Session, command: LobbySay) -> Done:
        """The host to one or all who wait; one who waits to the host."""
        if session.host:
            audience = _waiting(room, command.session)
        elif session.in_lobby and command.session is None:
            audience = frozenset()
        else:
            raise RefusedError(MeetingRefusal.WRONG_STATE)
        line = self._line(room, session, command, audience)
        await self._add(room, session, replace(line, lobby=True, to=command.session or ""))
        return Done(id=command.id)

    async def media_state(self, room: Room, session: Session, command: MediaState) -> Done:
        """Camera and microphone as they truly are."""
        if session.over:
            raise RefusedError(MeetingRefusal.WRONG_STATE)
        moved = replace(session, camera=command.camera, microphone=command.microphone)
        if moved != session:
            await room.commit(Change(sessions=(moved,)))
        return Done(id=command.id)

    def _line(self, room: Room, session: Session, command: Say | LobbySay, audience: frozenset[str]) -> Line:
        return Line(
            id=self._chance.token(),
            number=room.line_count + 1,
            appointment=session.appointment,
            session=session.id,
            name=session.name,
            text=command.text.strip(),
            at=self._clock.time(),
            command=command.id,
            audience=audience,
        )

    async def _add(self, room: Room, session: Session, line: Line) -> None:
        """A line is kept once, withheld where it tells a code, and refused where there are too many."""
        if not line.text:
            raise RefusedError(MeetingRefusal.BAD_REQUEST)
        if await self._store.said(session.id, line.command):
            return
        full = room.line_count >= (MOST_LINES_WAITING if session.in_lobby else MOST_LINES)
        if full or not room.allowances[session.participant].chat.take(self._clock.monotonic()):
            raise RefusedError(MeetingRefusal.TOO_MANY_TRIES)
        await self._withhold_codes(room, session, line)
        await room.commit(Change(line=line))

    async def _withhold_codes(self, room: Room, session: Session, line: Line) -> None:
        """A code a participant could write is worth nothing from then on: else the refusal would tell it.

        Hosts are told so; they know the codes, and their own lines end none. Raises RefusedError.
        """
        codes = told(self._keys.confirmation(), room.confirmations.values(), line.text, line.at)
        for code in () if session.host else codes:
            await room.commit(Change(confirmation=given_away(code)))
            room.tell_hosts(CodeTried(session=code.binding.session, confirmed=False))
        if codes:
            raise RefusedError(MeetingRefusal.CODE_IN_CHAT)


def _waiting(room: Room, to: str | None) -> frozenset[str]:
    """Who waits, or the one named. Raises RefusedError where that one does not wait."""
    waiting = frozenset(one.id for one in room.scene.queue)
    if to is None:
        return waiting
    if to not in waiting:
        raise RefusedError(MeetingRefusal.WRONG_STATE)
    return frozenset((to,))
