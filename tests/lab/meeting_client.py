"""A client of a meeting's WebSocket, on the `websockets` library: commands out, events written down."""

from __future__ import annotations

import asyncio
import itertools
import ssl
import uuid
from collections.abc import Callable
from http.cookies import SimpleCookie
from types import TracebackType
from typing import Self, TypeVar

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from service.adapters.http.identity import COOKIE
from service_api.appointments import Invitation, LinkExchanged
from service_api.meeting import (
    EVENTS,
    SIZE_LIMIT,
    SUBPROTOCOL,
    Admit,
    Command,
    Done,
    Hello,
    Knock,
    MeetingEvent,
    Person,
    PersonChanged,
    PersonGone,
    Picture,
    Redeem,
    Refused,
    Snapshot,
    Ticket,
    Welcome,
    YouChanged,
)
from service_api.states import ClientKind, SessionState
from tests.doubles.meeting_commands import Commanding
from tests.lab.service import API

E = TypeVar("E", bound=MeetingEvent)
ANSWER_S = 10.0


class MeetingClient(Commanding):
    """One connection. What was told is folded into `you` and `people`, as a client does it."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket
        self.told: list[MeetingEvent] = []
        self.refusals: list[Refused] = []
        self.picture: Picture | None = None
        self.people: dict[str, Person] = {}
        self.seq = 0
        self._answers: dict[str, asyncio.Future[Done | Refused]] = {}
        self._changed = asyncio.Condition()
        self._prefix = uuid.uuid4().hex[:8]
        self._ids = itertools.count(1)
        self._reading = asyncio.create_task(self._read())

    @property
    def you(self) -> Person:
        """Oneself, as told last."""
        if self.picture is None:
            raise AssertionError("no picture yet")
        return self.picture.you

    @property
    def session(self) -> str:
        """One's own."""
        return self.you.session

    @property
    def resume_token(self) -> str:
        """The newest."""
        return self.events(Welcome)[-1].resume_token

    def events(self, kind: type[E]) -> list[E]:
        """Those of a kind so far."""
        return [one for one in self.told if isinstance(one, kind)]

    def command_id(self) -> str:
        """A new one."""
        return f"{self._prefix}-{next(self._ids)}"

    async def send(self, command: Command) -> Done | Refused:
        """The command's answer."""
        answer = self._answers[command.id] = asyncio.get_running_loop().create_future()
        await self.websocket.send(command.model_dump_json())
        return await asyncio.wait_for(answer, ANSWER_S)

    async def until(self, condition: Callable[[], bool], timeout_s: float = ANSWER_S) -> None:
        """Wait for what is told to make this true."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(condition)

    async def state(self, state: SessionState, timeout_s: float = ANSWER_S) -> None:
        """Wait until one's own state is this."""
        await self.until(lambda: self.picture is not None and self.you.state is state, timeout_s)

    async def sees(self, session: str, state: SessionState, timeout_s: float = ANSWER_S) -> None:
        """Wait until somebody is seen in this state."""
        await self.until(lambda: session in self.people and self.people[session].state is state, timeout_s)

    async def ticket(self) -> str:
        """The newest, once there is one."""
        await self.until(lambda: bool(self.events(Ticket)))
        return self.events(Ticket)[-1].ticket

    async def redeem(self) -> None:
        """Take up media."""
        await self.done(Redeem, ticket=await self.ticket())

    async def enter(self) -> None:
        """A host's way in, with media."""
        await self.done(Knock)
        await self.redeem()

    async def let_in(self, guest: MeetingClient) -> None:
        """A host's: from the lobby to media."""
        await self.done(Admit, session=guest.session)
        await guest.redeem()

    async def closed(self) -> int | None:
        """The close code, once the connection has ended."""
        await asyncio.wait_for(self._reading, ANSWER_S)
        return self.websocket.close_code

    async def close(self) -> None:
        """Hang up."""
        await self.websocket.close()
        await asyncio.wait((self._reading,))

    async def break_off(self) -> None:
        """The network is gone: no goodbye."""
        self.websocket.transport.abort()
        await asyncio.wait((self._reading,))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _read(self) -> None:
        try:
            async for message in self.websocket:
                await self._take(EVENTS.validate_json(message))
        except ConnectionClosed:
            pass
        finally:
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(ConnectionError("the connection ended"))
                    answer.exception()

    async def _take(self, event: MeetingEvent | Done | Refused) -> None:
        async with self._changed:
            if isinstance(event, Done | Refused):
                self._answered(event)
            else:
                self.seq += 1
                assert event.seq == self.seq, (event.seq, self.seq)
                self.told.append(event)
                self._fold(event)
            self._changed.notify_all()

    def _answered(self, answer: Done | Refused) -> None:
        waiting = self._answers.pop(answer.id, None)
        if waiting is not None:
            waiting.set_result(answer)
        elif isinstance(answer, Refused):
            self.refusals.append(answer)

    def _fold(self, event: MeetingEvent) -> None:
        if isinstance(event, Welcome | Snapshot):
            self.picture = event.picture
            self.people = {one.session: one for one in event.picture.people}
        elif isinstance(event, YouChanged) and self.picture is not None:
            self.picture = self.picture.model_copy(
                update={"you": event.you, "place": event.place, "reason": event.reason}
            )
        elif isinstance(event, PersonChanged):
            self.people[event.person.session] = event.person
        elif isinstance(event, PersonGone):
            self.people.pop(event.session, None)


class Way:
    """How one person reaches one meeting: `api` as in LabService, what to trust, and what is shown.

    `opened`: clients are added to it, for whoever closes them in the end.
    """

    def __init__(
        self,
        api: str,
        ca_file: str,
        appointment: str,
        headers: dict[str, str],
        opened: list[MeetingClient],
    ) -> None:
        self._opened = opened
        self._url = f"{api}/meetings/{appointment}/socket".replace("http", "ws", 1)
        self._context = ssl.create_default_context(cafile=ca_file) if ca_file else None
        self._headers = headers

    async def connect(self, *, subprotocol: str = SUBPROTOCOL, origin: str | None = None) -> ClientConnection:
        """A bare WebSocket."""
        return await connect(
            self._url,
            subprotocols=[Subprotocol(subprotocol)],
            additional_headers=self._headers,
            origin=None if origin is None else Origin(origin),
            ssl=self._context,
            proxy=None,
            max_size=SIZE_LIMIT,
        )

    async def open(
        self, *, resume: str | None = None, origin: str | None = None, kind: ClientKind = ClientKind.PROGRAM
    ) -> MeetingClient:
        """A client that has been welcomed, or told why not."""
        client = MeetingClient(await self.connect(origin=origin))
        self._opened.append(client)
        hello = Hello(id="hello", client=kind, resume_token=resume)
        await client.websocket.send(hello.model_dump_json())
        await client.until(lambda: client.picture is not None or bool(client.refusals))
        return client

    async def knock(self) -> MeetingClient:
        """A client in the lobby."""
        client = await self.open()
        await client.done(Knock)
        return client


def bearer(token: str) -> dict[str, str]:
    """What a program shows."""
    return {"Authorization": f"Bearer {token}"}


def cookie(token: str) -> dict[str, str]:
    """What a browser shows."""
    return {"Cookie": f"{COOKIE}={token}"}


def exchange(
    client: httpx.Client, link: str, *, device: str = "Phone", browser_of: str = ""
) -> tuple[Invitation, str]:
    """Open a personal link: the invitation, and the place's token. `browser_of`: as a page of that origin."""
    wish = {"secret": link.partition("#")[2], "client": "program", "device_name": device}
    if browser_of:
        wish["client"] = "browser"
    headers = {"Origin": browser_of} if browser_of else {}
    answer = client.post(f"{API}/invitations", json=wish, headers=headers)
    answer.raise_for_status()
    opened = LinkExchanged.model_validate_json(answer.content)
    given = SimpleCookie(answer.headers.get("set-cookie", ""))
    client.cookies.clear()
    return opened.invitation, given[COOKIE].value if browser_of else opened.token
