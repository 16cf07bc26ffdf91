"""A company service of paper for the guest page: a test says what it tells, and reads what it was sent.

It knows one link and one meeting. With an engine, media commands are carried out for real.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from service.adapters.http import pages
from tests.lab.certificates import KeyPair
from tests.lab.ports import LOOPBACK, free_port

SECRET = "Hn7c0YB1zv9dKq2MfXw5sR8tLpJ4eGaU"
COOKIE = "__Host-softphone-place"
APPOINTMENT, YOU, HOST = "appointment-1", "session-you", "session-host"
Json = dict[str, Any]


def in_minutes(minutes: float) -> str:
    """A moment from now, as the wire writes it."""
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


def appointment(**changes: Any) -> Json:
    """What the guest sees of it."""
    return {
        "id": APPOINTMENT,
        "title": "Lending talk",
        "description": "Please have your loan papers at hand.\nWe go through them together.",
        "start": in_minutes(5),
        "end": in_minutes(65),
        "opens_at": in_minutes(-10),
        "closes_at": in_minutes(125),
        "time_zone": "Europe/Helsinki",
        "office": "Helsinki, Aleksanterinkatu",
        "host_name": "Olli Asiantuntija",
        "expert_number": "010 123 4567",
        "lobby": True,
        "demanded": "link",
        "seat": "participant",
        "cancelled": False,
        "waiting": 0,
        "participants": [],
        **changes,
    }


def person(session: str, name: str, seat: str = "participant", **changes: Any) -> Json:
    """Somebody's place."""
    return {
        "session": session,
        "participant": f"of-{session}",
        "name": name,
        "seat": seat,
        "state": "connected",
        "assurance": "signed-in" if seat == "host" else "link",
        "code_confirmed": False,
        "camera": False,
        "microphone": False,
        "other_device": False,
        "client": "browser",
        "waiting_since": None,
        "equipment": {},
        **changes,
    }


def you(state: str, **changes: Any) -> Json:
    """The guest's own place."""
    return person(YOU, "Aino Asiakas", state=state, **changes)


def host(**changes: Any) -> Json:
    """The host's place."""
    return person(HOST, "Olli Asiantuntija", "host", client="program", **changes)


def line(text: str, *, by: str = HOST, name: str = "Olli Asiantuntija", lobby: bool = False) -> Json:
    """A chat line."""
    return {
        "id": f"line-{abs(hash((text, by)))}",
        "session": by,
        "name": name,
        "text": text,
        "at": in_minutes(0),
        "lobby": lobby,
        "to": YOU if lobby else "",
    }


class GuestService:
    """Start it with `running`. `commands` are what the page sent, `picture` is what welcome tells.

    While `shut` it opens no WebSocket, as networks do that know none. Commands of the kinds in `held` are
    answered when `answer_held` is called.
    """

    def __init__(self) -> None:
        self.invitation: Json = {
            "appointment": appointment(),
            "participant_id": "participant-1",
            "name": "Aino Asiakas",
            "language": "fi",
            "server": "meet.example.com",
            "other_device": False,
        }
        self.refusal = ""
        self.shut = False
        self.commands: list[Json] = []
        self.paths: list[str] = []
        self.answers: dict[str, Json] = {}
        self.held: set[str] = set()
        self.state = "prejoin"
        self.others: list[Json] = []
        self.chat: list[Json] = []
        self.started_at: str | None = None
        self.address = ""
        self._socket: WebSocket | None = None
        self._seq = 0
        self._late: list[tuple[WebSocket, Json]] = []
        self._came = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def running(self, certificate: KeyPair) -> AsyncIterator[GuestService]:
        """Serve over TLS on loopback."""
        port = free_port()
        self.address = f"https://{LOOPBACK}:{port}"
        server = uvicorn.Server(
            uvicorn.Config(
                self._app(),
                host=LOOPBACK,
                port=port,
                ssl_certfile=str(certificate.certificate),
                ssl_keyfile=str(certificate.key),
                log_level="warning",
                ws="websockets-sansio",
                lifespan="off",
                timeout_graceful_shutdown=1,
            )
        )
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield self
        finally:
            await self.drop()
            server.should_exit = True
            await serving

    @property
    def link(self) -> str:
        """The personal link."""
        return f"{self.address}/m#{SECRET}"

    async def tell(self, kind: str, **members: Any) -> None:
        """An event to the page."""
        assert self._socket is not None
        self._seq += 1
        await self._socket.send_text(json.dumps({"type": kind, "seq": self._seq, **members}))

    async def move(self, state: str, *, place: int = 0, reason: str = "", **changes: Any) -> None:
        """The guest's own state becomes another one."""
        self.state = state
        await self.tell("you-changed", you=you(state, **changes), place=place, reason=reason)

    async def received(self, kind: str, count: int = 1, within_s: float = 10.0) -> Json:
        """The newest command of a kind, once there are that many."""

        def those() -> list[Json]:
            return [command for command in self.commands if command["type"] == kind]

        async with asyncio.timeout(within_s), self._came:
            await self._came.wait_for(lambda: len(those()) >= count)
        return those()[-1]

    async def answer_held(self) -> None:
        """Answer what was held back, and hold nothing back any more."""
        self.held.clear()
        late, self._late = self._late, []
        for socket, command in late:
            await self._answer(socket, command)

    async def drop(self, code: int = 1011) -> None:
        """Close the page's socket."""
        socket, self._socket = self._socket, None
        if socket is not None:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await socket.close(code)

    def picture(self) -> Json:
        """The whole of what the page may know."""
        return {
            "appointment": self.invitation["appointment"],
            "server": "meet.example.com",
            "you": you(self.state),
            "place": 1 if self.state == "waiting" else 0,
            "people": self.others,
            "chat": self.chat,
            "feeds": [],
            "reason": "",
            "started_at": self.started_at,
        }

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                *pages.routes(self.address),
                Route("/api/v1/invitations", self._exchange, methods=["POST"]),
                Route("/api/v1/invitation", self._show, methods=["GET"]),
                WebSocketRoute("/api/v1/meetings/{appointment}/socket", self._serve),
            ]
        )

    async def _exchange(self, request: Request) -> Response:
        self.paths.append(str(request.url))
        said = await request.json()
        if said["secret"] != SECRET or self.refusal:
            return JSONResponse({"code": self.refusal or "link-unknown"}, status_code=403)
        answer = JSONResponse({"invitation": self.invitation, "token": ""})
        answer.set_cookie(COOKIE, "of-this-browser", secure=True, httponly=True, samesite="strict", path="/")
        return answer

    async def _show(self, request: Request) -> Response:
        self.paths.append(str(request.url))
        if COOKIE not in request.cookies:
            return JSONResponse({"code": "not-signed-in"}, status_code=401)
        if self.refusal:
            return JSONResponse({"code": self.refusal}, status_code=403)
        return JSONResponse(self.invitation)

    async def _serve(self, socket: WebSocket) -> None:
        self.paths.append(str(socket.url))
        if self.shut or self.refusal or COOKIE not in socket.cookies:
            await socket.close(1008)
            return
        await socket.accept(subprotocol="softphone.meeting.v1")
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                await self._take(socket, json.loads(await socket.receive_text()))

    async def _take(self, socket: WebSocket, command: Json) -> None:
        kind = command["type"]
        if kind == "hello":
            self._socket, self._seq = socket, 0
            await self.tell("welcome", resume_token="R" * 32, picture=self.picture())
        elif kind == "resync":
            await self.tell("snapshot", picture=self.picture())
        else:
            await self._answer(socket, command)
        async with self._came:
            self.commands.append(command)
            self._came.notify_all()

    async def _answer(self, socket: WebSocket, command: Json) -> None:
        if command["type"] in self.held:
            self._late.append((socket, command))
            return
        answer = self.answers.pop(command["type"], {"type": "done"})
        await socket.send_text(json.dumps({"id": command["id"], **answer}))
        if command["type"] == "knock" and answer["type"] == "done":
            await self.move("waiting", place=1)
