"""Making a confirmation code for one person, and that person's typing it."""

from __future__ import annotations

from dataclasses import replace

from service.domain.confirmation import DIGITS, VALID_S, Binding, attempt, issue
from service.domain.errors import RefusedError
from service.domain.session import Session
from service.usecases.lobby import inside
from service.usecases.meeting_ports import Change
from service.usecases.meeting_room import Room
from service.usecases.ports import Chance, Clock, Keys
from service_api.meeting import CodeTried, ConfirmCode, Done, NewCode
from service_api.states import MeetingRefusal


class Codes:
    """Every method is called under the room's lock, and raises RefusedError and ServiceError."""

    def __init__(self, clock: Clock, chance: Chance, keys: Keys) -> None:
        self._clock = clock
        self._chance = chance
        self._keys = keys

    async def new(self, room: Room, host: Session, command: NewCode) -> Done:
        """A code for one person in the meeting; the answer alone carries it."""
        inside(host)
        session = room.scene.session(command.session)
        if session is None:
            raise RefusedError(MeetingRefusal.NOT_FOUND)
        if session.host or not session.inside:
            raise RefusedError(MeetingRefusal.WRONG_STATE)
        code = self._chance.digits(DIGITS)
        binding = Binding(room.id, session.participant, session.id)
        made = issue(self._keys.confirmation(), binding, code, self._clock.time())
        await room.commit(Change(confirmation=made))
        return Done(id=command.id, code=code, expires_in=VALID_S)

    async def confirm(self, room: Room, session: Session, command: ConfirmCode) -> Done:
        """A try. What it cost is kept before it is answered."""
        if session.host or not session.inside:
            raise RefusedError(MeetingRefusal.WRONG_STATE)
        former, now = room.confirmations.get(session.id), self._clock.time()
        tried = attempt(self._keys.confirmation(), former, command.code, now)
        if tried.confirmation is None or tried.confirmation is former:
            raise RefusedError(tried.refusal or MeetingRefusal.NO_CODE)
        right = tried.refusal is None
        changed = (replace(session, code_confirmed=True),) if right else ()
        await room.commit(Change(sessions=changed, confirmation=tried.confirmation))
        left = tried.confirmation.tries_left
        room.tell_hosts(CodeTried(session=session.id, confirmed=right, tries_left=0 if right else left))
        if tried.refusal is not None:
            raise RefusedError(tried.refusal, tries_left=left)
        return Done(id=command.id)
