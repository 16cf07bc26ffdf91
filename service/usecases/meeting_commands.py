"""A client's commands: each goes to who carries it out, works once, and is answered."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from service.domain.errors import IllegalTransition, RefusedError, ServiceError
from service.domain.scene import Pictures
from service.domain.session import Session
from service.usecases.chat import Chat
from service.usecases.confirm import Codes
from service.usecases.lobby import Lobby
from service.usecases.media_access import MediaAccess
from service.usecases.meeting_ports import MeetingStore
from service.usecases.meeting_room import Connection, Room
from service.usecases.ports import Chance, Clock, Keys
from service.usecases.presence import Presence
from service_api import meeting as wire
from service_api.meeting import Close, Done, Refused, Snapshot
from service_api.states import MeetingRefusal

MEDIA_COMMANDS = (
    wire.Redeem,
    wire.Publish,
    wire.Unpublish,
    wire.Subscribe,
    wire.Answer,
    wire.Adjust,
    wire.Unsubscribe,
)
"""They wait for the engine, so they have an order of their own beside the other commands."""

Handlers = dict[type[wire.Command], Callable[[Room, Session, Any], Awaitable[Done]]]
MediaHandlers = dict[type[wire.Command], Callable[[Room, Connection, Any], Awaitable[Done]]]

log = logging.getLogger(__name__)


class MeetingCommands:
    """States change under the room's lock, media under the session's."""

    def __init__(
        self,
        store: MeetingStore,
        clock: Clock,
        chance: Chance,
        keys: Keys,
        presence: Presence,
        media: MediaAccess,
    ) -> None:
        self._presence = presence
        self._commands = _handlers(
            presence, Lobby(clock, presence), Chat(store, clock, chance, keys), Codes(clock, chance, keys)
        )
        self._media_commands = _media_handlers(media)

    async def carry_out(self, connection: Connection, command: wire.Command) -> None:
        """Carry out a command and tell its answer."""
        if isinstance(command, MEDIA_COMMANDS):
            await self._media_command(connection, command)
        elif isinstance(command, wire.Resync):
            self._resync(connection, command)
        else:
            await self._state_command(connection, command)

    async def _state_command(self, connection: Connection, command: wire.Command) -> None:
        room = connection.room
        async with room.lock:
            if not connection.current:
                return
            answers = room.memory[connection.session].answers
            answer = answers.get(command.id)
            if answer is None:
                answer = await self._answer(command, self._state_handled(connection, command))
                if isinstance(answer, Done) or answer.code is not MeetingRefusal.SERVER_ERROR:
                    answers.put(answer)
        await room.cuts_done()
        connection.answer(answer)
        if isinstance(answer, Done) and isinstance(command, wire.Leave):
            room.detach(connection, Close.NORMAL)
        elif isinstance(answer, Done) and isinstance(command, wire.End):
            self._presence.dismiss(room)

    async def _state_handled(self, connection: Connection, command: wire.Command) -> Done:
        handler = self._commands.get(type(command))
        if handler is None:
            raise RefusedError(MeetingRefusal.BAD_REQUEST)
        return await handler(connection.room, connection.room.session(connection), command)

    async def _media_command(self, connection: Connection, command: wire.Command) -> None:
        room = connection.room
        memory = room.memory[connection.session]
        async with memory.media_lock:
            if not connection.current:
                return
            answer = connection.media_answers.get(command.id)
            if answer is None:
                handler = self._media_commands[type(command)]
                answer = await self._answer(command, handler(room, connection, command))
                connection.media_answers.put(answer)
        connection.answer(answer)

    async def _answer(self, command: wire.Command, doing: Awaitable[Done]) -> Done | Refused:
        try:
            return await doing
        except RefusedError as refusal:
            return Refused(id=command.id, code=refusal.code, tries_left=refusal.tries_left)
        except IllegalTransition:
            return Refused(id=command.id, code=MeetingRefusal.WRONG_STATE)
        except ServiceError as error:
            log.error("%s failed: %s", type(command).__name__, error)
            return Refused(id=command.id, code=MeetingRefusal.SERVER_ERROR)

    def _resync(self, connection: Connection, command: wire.Resync) -> None:
        """The whole picture; and where a ticket was not redeemed in time or in vain, a new one."""
        if not connection.current:
            return
        room, session = connection.room, connection.room.session(connection)
        connection.picture = Pictures(room.scene).of(session)
        connection.tell(Snapshot(picture=connection.picture))
        access = connection.access
        if session.inside and access is not None and not access.redeemed and not access.pending:
            room.give_ticket(connection)
        connection.answer(Done(id=command.id))


def _handlers(presence: Presence, lobby: Lobby, chat: Chat, codes: Codes) -> Handlers:
    return {
        wire.Knock: presence.knock,
        wire.Leave: presence.leave,
        wire.Admit: lobby.admit,
        wire.AdmitAll: lobby.admit_all,
        wire.Decline: lobby.decline,
        wire.PutBack: lobby.put_back,
        wire.Remove: lobby.remove,
        wire.End: lobby.end,
        wire.Say: chat.say,
        wire.LobbySay: chat.lobby_say,
        wire.MediaState: chat.media_state,
        wire.NewCode: codes.new,
        wire.ConfirmCode: codes.confirm,
    }


def _media_handlers(media: MediaAccess) -> MediaHandlers:
    return {
        wire.Redeem: media.redeem,
        wire.Publish: media.publish,
        wire.Unpublish: media.unpublish,
        wire.Subscribe: media.subscribe,
        wire.Answer: media.answer,
        wire.Adjust: media.adjust,
        wire.Unsubscribe: media.unsubscribe,
    }
