"""A meeting's WebSocket over verified TLS. What travels is never logged.

`websockets` and the wire types are loaded with the first meeting: a start without one is faster.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

from service_api.states import MeetingRefusal
from softphone.adapters.https import tls_context, why_unreachable
from softphone.adapters.meeting_service import refusal_code
from softphone.domain.account import Refusal
from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from softphone.ports.meetings import TAKEN_OVER, Bearer, MeetingSocket, ServiceAccess
from softphone.runtime.tasks import Tasks

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

    from service_api.meeting import AnyEvent, Command, Done

log = logging.getLogger(__name__)

_library_log = logging.getLogger(f"{__name__}.library")
_library_log.setLevel(logging.WARNING)
"""Below this the library would write every message, tokens and chat among them."""

CONNECT_S = 2.5
"""A meeting that lost its service tries again soon: one try must not use up the time to come back."""

ANSWER_S = 10.0
"""Longer than the service gives its media engine."""

CLOSE_S = 1.0
EVENT_LIMIT = 4 * 1024 * 1024
"""Bytes of one event; the whole picture of a long meeting with its chat stays below."""


class WebSockets:
    """Implements ports.meetings.MeetingSockets."""

    def __init__(self) -> None:
        self._contexts: dict[str, ssl.SSLContext] = {}

    async def connect(
        self,
        access: ServiceAccess,
        appointment_id: str,
        bearer: Bearer,
        on_event: Callable[[AnyEvent], None],
        on_lost: Callable[[str], None],
    ) -> MeetingSocket:
        """See ports.meetings.MeetingSockets."""
        await asyncio.to_thread(_load)
        from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus, InvalidURI

        try:
            connection = await self._open(access, appointment_id, bearer)
        except InvalidStatus as error:
            found = error.response
            raise MeetingRefused(refusal_code(found.status_code, bytes(found.body or b""))) from None
        except (TimeoutError, OSError, InvalidMessage) as error:
            self._contexts.pop(access.ca_file, None)
            log.info("the meeting's service: %s", type(error).__name__)
            raise ServiceUnreachable(_host(access), code=why_unreachable(error)) from None
        except (InvalidHandshake, InvalidURI) as error:
            log.info("the meeting's service: %s", type(error).__name__)
            raise ServiceUnreachable(_host(access), code=Refusal.SERVER_ERROR) from None
        return _Socket(connection, on_event, on_lost)

    async def _open(self, access: ServiceAccess, appointment_id: str, bearer: Bearer) -> ClientConnection:
        from websockets.asyncio.client import connect
        from websockets.typing import Subprotocol

        from service_api.meeting import PING_S, SUBPROTOCOL

        class StayingHere(connect):
            def process_redirect(self, exc: Exception) -> Exception:
                """No redirect is followed: the token is for this server."""
                return exc

        if not access.url.startswith("https://"):
            raise ServiceUnreachable(_host(access), code=Refusal.SERVER_ERROR)
        if access.ca_file not in self._contexts:
            self._contexts[access.ca_file] = await asyncio.to_thread(tls_context, access.ca_file)
        address = access.url.removeprefix("https://")
        connection: ClientConnection = await StayingHere(
            f"wss://{address}/meetings/{quote(appointment_id, safe='')}/socket",
            ssl=self._contexts[access.ca_file],
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            additional_headers={"Authorization": f"Bearer {bearer.token}"},
            user_agent_header=None,
            compression=None,
            proxy=None,
            open_timeout=CONNECT_S,
            close_timeout=CLOSE_S,
            ping_interval=PING_S,
            ping_timeout=2 * PING_S,
            max_size=EVENT_LIMIT,
            logger=_library_log,
        )
        if connection.subprotocol != SUBPROTOCOL:
            await connection.close()
            raise MeetingRefused(MeetingRefusal.TOO_OLD)
        return connection


class _Socket:
    """Implements ports.meetings.MeetingSocket: matches answers to commands, and hands on what is left.

    `hello` is answered by `welcome` alone.
    """

    def __init__(
        self,
        connection: ClientConnection,
        on_event: Callable[[AnyEvent], None],
        on_lost: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._on_event = on_event
        self._on_lost = on_lost
        self._waiting: dict[str, asyncio.Future[Done]] = {}
        self._ended = False
        self._refusal = ""
        self._hello = ""
        self._tasks = Tasks()
        self._reading = self._tasks.spawn(self._read(), "meeting socket")

    async def send(self, command: Command) -> Done:
        """See ports.meetings.MeetingSocket."""
        from websockets.exceptions import ConnectionClosed

        from service_api.meeting import Hello

        if self._ended:
            raise ServiceUnreachable("the meeting's connection has ended")
        answer: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_known)
        self._waiting[command.id] = answer
        if isinstance(command, Hello):
            self._hello = command.id
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._connection.send(command.model_dump_json(exclude_none=True))
                return await answer
        except (TimeoutError, ConnectionClosed):
            raise ServiceUnreachable("the meeting's service does not answer") from None
        finally:
            if self._waiting.get(command.id) is answer:
                del self._waiting[command.id]

    async def close(self) -> None:
        """See ports.meetings.MeetingSocket."""
        self._ended = True
        self._give_up()
        await self._connection.close()
        await self._tasks.close()

    async def _read(self) -> None:
        from websockets.exceptions import ConnectionClosed

        reason = ""
        try:
            while True:
                self._heard(await self._connection.recv())
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 0
            log.info("the meeting's connection ended: %s", code or "no goodbye")
            reason = _final(code, self._refusal)
        finally:
            told, self._ended = self._ended, True
            self._give_up()
            if not told:
                self._on_lost(reason)

    def _heard(self, text: str | bytes) -> None:
        from pydantic import ValidationError

        from service_api.meeting import EVENTS, Done, Refused, Welcome

        try:
            event = EVENTS.validate_json(text)
        except ValidationError as error:
            log.info("the meeting's service tells something unknown: %s", error.error_count())
            return
        if isinstance(event, Done):
            self._answered(event)
        elif isinstance(event, Refused):
            self._refusal = event.code
            answer = self._waiting.get(event.id)
            if answer is not None and not answer.done():
                answer.set_exception(MeetingRefused(event.code, tries_left=event.tries_left))
        else:
            self._on_event(event)
            if isinstance(event, Welcome) and self._hello:
                self._answered(Done(id=self._hello))

    def _answered(self, done: Done) -> None:
        answer = self._waiting.get(done.id)
        if answer is not None and not answer.done():
            answer.set_result(done)

    def _give_up(self) -> None:
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ServiceUnreachable("the meeting's connection ended"))


def _known(answer: asyncio.Future[Done]) -> None:
    """An answer whose asker has gone meanwhile is no fault."""
    if not answer.cancelled():
        answer.exception()


def _final(code: int, refusal: str) -> str:
    """Why nobody comes back after this close code; "" where one does."""
    from service_api.meeting import Close

    meant = {
        Close.TOO_BIG: MeetingRefusal.BAD_REQUEST,
        Close.BAD_REQUEST: MeetingRefusal.BAD_REQUEST,
        Close.NOT_SIGNED_IN: MeetingRefusal.NOT_SIGNED_IN,
        Close.TAKEN_OVER: TAKEN_OVER,
        Close.OVER: MeetingRefusal.MEETING_OVER,
        Close.TOO_FAST: MeetingRefusal.TOO_MANY_TRIES,
    }
    if code == Close.REFUSED:
        return refusal or MeetingRefusal.NOT_ALLOWED
    return str(meant.get(code, ""))  # type: ignore[call-overload]


def _load() -> None:
    """Loading takes long enough to be heard in a call that goes on meanwhile."""
    for name in ("websockets.asyncio.client", "service_api.meeting"):
        importlib.import_module(name)


def _host(access: ServiceAccess) -> str:
    return access.url.removeprefix("https://").partition("/")[0]
