"""A meeting's WebSocket (RFC 6455): who asks, one client's messages in and out, and its limits.

`{api}/meetings/{appointment}/socket`. What is wrong before anybody is known (a foreign page, a missing or
strange subprotocol, a program without a valid token) is answered in HTTP, with `Refused` of
`service_api.accounts` as body. After that a `refused` tells the reason and a close code goes with it, for a
browser's page can't read an HTTP answer here.

Pings, and the size of a message, are the server's own (uvicorn): PING_S, SIZE_LIMIT.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

from pydantic import ValidationError
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from service.adapters.http.identity import COOKIE, TOKEN_LIMIT
from service.adapters.http.outbox import Outbox
from service.domain.allowance import Allowance
from service.domain.errors import RefusedError, ServiceError
from service.domain.principal import Principal
from service.usecases.meeting_commands import MEDIA_COMMANDS
from service.usecases.meeting_room import Connection, Proof
from service.usecases.meetings import Meetings
from service.usecases.ports import Identities
from service_api.accounts import Refused as HttpRefused
from service_api.meeting import COMMANDS, HELLO_S, SIZE_LIMIT, SUBPROTOCOL, Close, Command, Hello, Refused
from service_api.states import MeetingRefusal

SOCKET_PATH = "/meetings/{appointment}/socket"

COMMANDS_RATE = 20.0
COMMANDS_BURST = 80.0
"""Commands a second, and at once."""

MOST_REFUSED = 50
"""Commands over the rate or unreadable, before the connection is closed."""

CLOSES = {
    MeetingRefusal.MEETING_OVER: Close.OVER,
    MeetingRefusal.MEETING_CANCELLED: Close.OVER,
    MeetingRefusal.NOT_SIGNED_IN: Close.NOT_SIGNED_IN,
}
"""What a refusal of `hello` is closed with where it is not Close.REFUSED."""

GONE_S = 1.0
LANE = 32
"""Commands of one connection that wait their turn."""

log = logging.getLogger(__name__)


def routes(meetings: Meetings, identities: Identities, origin: str, prefix: str = "") -> list[BaseRoute]:
    """The WebSocket's route. `origin`: where browsers load the guest page from, as they write it."""

    return [
        WebSocketRoute(prefix + SOCKET_PATH, Entrance(meetings, identities, origin), name="meeting-socket")
    ]


class Entrance:
    """The handshake, an ASGI application."""

    def __init__(self, meetings: Meetings, identities: Identities, origin: str) -> None:
        self._meetings = meetings
        self._identities = identities
        self._origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        websocket = WebSocket(scope, receive, send)
        refusal = refused_before(websocket, self._origin)
        if refusal is not None:
            await deny(websocket, receive, *refusal)
            return
        who = await identify(websocket, self._identities)
        if who is None and "authorization" in websocket.headers:
            await deny(websocket, receive, 401, MeetingRefusal.NOT_SIGNED_IN)
            return
        await websocket.accept(SUBPROTOCOL)
        await Socket(websocket, self._meetings, self._proof(websocket, who)).run(who)

    def _proof(self, websocket: WebSocket, who: Principal | None) -> Proof:
        """Whether the same token or cookie still tells the same person."""

        async def proof() -> bool:
            return await identify(websocket, self._identities) == who

        return proof


def refused_before(websocket: WebSocket, origin: str) -> tuple[int, MeetingRefusal] | None:
    """Why the handshake is refused, with its HTTP status. A page of another origin learns nothing more
    (RFC 6455 section 10.2); a cookie counts from our own page alone."""
    shown = websocket.headers.get("origin")
    bearer = "authorization" in websocket.headers
    if (shown is not None and shown != origin) or (shown is None and not bearer):
        return 403, MeetingRefusal.NOT_ALLOWED
    if SUBPROTOCOL not in websocket.scope.get("subprotocols", ()):
        return 400, MeetingRefusal.TOO_OLD
    return None


async def identify(websocket: WebSocket, identities: Identities) -> Principal | None:
    """Who asks: a program by its token, a browser by its cookie."""
    authorization = websocket.headers.get("authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        fits = scheme.lower() == "bearer" and len(token) <= TOKEN_LIMIT
        return await identities.bearer(token) if fits else None
    cookie = websocket.cookies.get(COOKIE, "")
    return await identities.cookie(cookie) if 0 < len(cookie) <= TOKEN_LIMIT else None


async def deny(websocket: WebSocket, receive: Receive, status: int, code: MeetingRefusal) -> None:
    """Answer the handshake in HTTP, and stay until the connection is gone: uvicorn takes an application that
    returns before for one that forgot to answer, and says so in its log."""
    body = HttpRefused(code=code.value).model_dump()
    await websocket.send_denial_response(JSONResponse(body, status, headers={"Cache-Control": "no-store"}))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GONE_S):
            for _ in ("connect", "the answer was sent", "the connection is gone"):
                await receive()


class Socket:
    """One accepted WebSocket, from `hello` to its close."""

    def __init__(self, websocket: WebSocket, meetings: Meetings, proof: Proof) -> None:
        self._websocket = websocket
        self._meetings = meetings
        self._proof = proof
        self._outbox = Outbox(websocket)
        self._allowance = Allowance(COMMANDS_RATE, COMMANDS_BURST)
        self._refused = 0
        self._states: asyncio.Queue[Command | None] = asyncio.Queue()
        self._media: asyncio.Queue[Command | None] = asyncio.Queue()

    async def run(self, who: Principal | None) -> None:
        """Until either side ends it."""
        sending = asyncio.create_task(self._outbox.run())
        try:
            connection = await self._hello(who)
            if connection is not None:
                await self._serve(connection, sending)
        except WebSocketDisconnect:
            self._outbox.end(Close.NORMAL)
        except Exception:
            log.exception("a meeting's connection failed")
            self._outbox.end(Close.SERVER_ERROR)
        finally:
            await self._outbox.close(sending)

    async def _hello(self, who: Principal | None) -> Connection | None:
        """The first message, in time, and the place it takes; None where there is none."""
        try:
            async with asyncio.timeout(HELLO_S):
                hello = await self._receive()
        except TimeoutError:
            self._outbox.end(Close.NO_HELLO)
            return None
        if not isinstance(hello, Hello):
            self._no(hello.id if hello else "", MeetingRefusal.BAD_REQUEST, Close.BAD_REQUEST)
            return None
        if who is None:
            self._no(hello.id, MeetingRefusal.NOT_SIGNED_IN, Close.NOT_SIGNED_IN)
            return None
        return await self._open(who, hello)

    async def _open(self, who: Principal, hello: Hello) -> Connection | None:
        appointment = self._websocket.path_params["appointment"]
        try:
            return await self._meetings.open(who, appointment, hello, self._outbox, self._proof)
        except RefusedError as refusal:
            self._no(hello.id, refusal.code, CLOSES.get(refusal.code, Close.REFUSED))
        except ServiceError as error:
            log.error("a meeting could not be opened: %s", error)
            self._no(hello.id, MeetingRefusal.SERVER_ERROR, Close.SERVER_ERROR)
        return None

    def _no(self, command: str, code: MeetingRefusal, close: Close) -> None:
        self._outbox.tell(Refused(id=command, code=code))
        self._outbox.end(close)

    async def _serve(self, connection: Connection, sending: asyncio.Task[None]) -> None:
        """Read, carry out and send beside each other, until one of them is done. What was asked for until
        then happens whole: half a removal, or half a line of chat, would be everybody's trouble. Media ends
        anyway."""
        reading = asyncio.create_task(self._read())
        states = asyncio.create_task(self._carry_out(connection, self._states))
        media = asyncio.create_task(self._carry_out(connection, self._media))
        work = {reading, states, media}
        try:
            done, _ = await asyncio.wait({*work, sending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            reading.cancel()
            media.cancel()
            self._states.put_nowait(None)
            await asyncio.wait(work)
            await self._meetings.lost(connection)
        for task in (states, *done):
            task.result()

    async def _read(self) -> None:
        """Never waits for a command to be carried out, so that pings are answered meanwhile."""
        while self._refused < MOST_REFUSED:
            command = await self._receive()
            if command is None:
                self._refused += 1
                continue
            if not self._allowance.take(asyncio.get_running_loop().time()):
                self._refused += 1
                self._outbox.tell(Refused(id=command.id, code=MeetingRefusal.TOO_MANY_TRIES))
                continue
            lane = self._media if isinstance(command, MEDIA_COMMANDS) else self._states
            if lane.qsize() >= LANE:
                break
            lane.put_nowait(command)
        self._outbox.end(Close.TOO_FAST)

    async def _carry_out(self, connection: Connection, lane: asyncio.Queue[Command | None]) -> None:
        """One after the other, until None comes."""
        while (command := await lane.get()) is not None:
            await self._meetings.command(connection, command)

    async def _receive(self) -> Command | None:
        """The next command; None for what is none, after `refused`. Raises WebSocketDisconnect."""
        message = await self._websocket.receive()
        if message["type"] != "websocket.receive":
            raise WebSocketDisconnect(message.get("code", 1005))
        text = message.get("text")
        if text is None:
            self._outbox.tell(Refused(id="", code=MeetingRefusal.BAD_REQUEST))
            return None
        if len(text) > SIZE_LIMIT:
            self._outbox.end(Close.TOO_BIG)
            raise WebSocketDisconnect(Close.TOO_BIG)
        try:
            return COMMANDS.validate_json(text)
        except ValidationError:
            self._outbox.tell(Refused(id=_id_of(text), code=MeetingRefusal.BAD_REQUEST))
            return None


def _id_of(text: str) -> str:
    """The id of a command that is otherwise not to be read, so that its sender knows which one it was."""
    try:
        return _Named.model_validate_json(text).id
    except ValidationError:
        return ""


class _Named(Command):
    """Any command, as far as its id."""
