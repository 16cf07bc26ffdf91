"""Appointments and meetings at servers that are not as they should be."""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from service_api.meeting import SUBPROTOCOL, Close, Refused, Say, Welcome
from service_api.states import MeetingRefusal
from softphone.adapters.meeting_service import HttpsAppointments
from softphone.adapters.meeting_socket import WebSockets
from softphone.ports.meetings import Bearer, MeetingSocket, ServiceAccess
from tests.doubles.meeting_ports import a_picture
from tests.integration.meeting_side import TOKEN, Heard, a_hello, refusal
from tests.lab.certificates import Authority
from tests.lab.company_service import BASE, CompanyService
from tests.lab.ports import free_port

pytestmark = pytest.mark.peer


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[tuple[CompanyService, ServiceAccess]]:
    """A server that answers what a test says."""
    authority = Authority(tmp_path)
    server = CompanyService(authority.issue("127.0.0.1"), {})
    server.start()
    yield server, ServiceAccess(server.url, str(authority.ca_file))
    server.stop()


@pytest.mark.parametrize(
    ("status", "headers", "body", "code"),
    [
        (200, {}, b"", "server-error"),
        (200, {}, b"[]", "server-error"),
        (200, {}, b'{"appointments":[{"id":"x"}]}', "server-error"),
        (200, {}, b'{"appointments":[' + b" " * 5_000_000 + b"]}", "server-error"),
        (302, {"Location": "https://127.0.0.1:1/elsewhere"}, b"", "server-error"),
        (401, {}, b"no", "not-signed-in"),
        (404, {}, b"<html>", "not-found"),
        (429, {}, b"", "too-many-tries"),
        (403, {}, b'{"code":"link-expired"}', "link-expired"),
        (403, {}, b'{"code":"something-new"}', "server-error"),
        (500, {}, b'{"code":["x"]}', "server-error"),
        (403, {}, b"[" * 100_000, "server-error"),
    ],
)
async def test_odd_answers(
    odd: tuple[CompanyService, ServiceAccess], status: int, headers: dict[str, str], body: bytes, code: str
) -> None:
    server, access = odd
    server.replies[f"{BASE}/appointments"] = (status, headers, body)
    assert await refusal(HttpsAppointments().listed(access, Bearer(TOKEN))) == code


async def test_who_is_not_trusted_is_shown_nothing(odd: tuple[CompanyService, ServiceAccess]) -> None:
    server, access = odd
    stranger, plain = replace(access, ca_file=""), replace(access, url=access.url.replace("https", "http"))
    assert await refusal(HttpsAppointments().listed(stranger, Bearer(TOKEN))) == "certificate"
    assert await refusal(WebSockets().connect(stranger, "a", Bearer(TOKEN), print, print)) == "certificate"
    for nowhere in (plain, replace(access, url="file:///etc/passwd")):
        assert await refusal(HttpsAppointments().listed(nowhere, Bearer(TOKEN))) == "server-error"
        assert (
            await refusal(WebSockets().connect(nowhere, "a", Bearer(TOKEN), print, print)) == "server-error"
        )
    assert server.asked == []


async def test_a_place_without_a_token_is_none(odd: tuple[CompanyService, ServiceAccess]) -> None:
    server, access = odd
    server.replies[f"{BASE}/invitations"] = (200, {}, b"{}")
    assert await refusal(HttpsAppointments().open_link(access, "s" * 43, "x", "")) == "server-error"


Talk = Callable[[ServerConnection], Awaitable[None]]


class OddSocket:
    """A WebSocket server over TLS that does what a test says; `seen` are the requests."""

    def __init__(self, folder: Path) -> None:
        authority = Authority(folder)
        pair = authority.issue("127.0.0.1")
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(pair.certificate, pair.key)
        self.port = free_port()
        self.access = ServiceAccess(f"https://127.0.0.1:{self.port}/company", str(authority.ca_file))
        self.seen: list[Request] = []
        self.answer: Callable[[ServerConnection], Response | None] = lambda connection: None

    @asynccontextmanager
    async def serving(self, talk: Talk, *subprotocols: str) -> AsyncIterator[OddSocket]:
        """Until the end of the block."""

        def request(connection: ServerConnection, asked: Request) -> Response | None:
            self.seen.append(asked)
            return self.answer(connection)

        async with serve(
            talk, "127.0.0.1", self.port, ssl=self._context, process_request=request,
            subprotocols=[Subprotocol(name) for name in subprotocols] or None,
        ):  # fmt: skip
            yield self

    async def connect(self, heard: Heard) -> MeetingSocket:
        """The program's side."""
        return await WebSockets().connect(
            self.access, "app/../1", Bearer(TOKEN), heard.events.append, heard.lost.append
        )


@pytest.fixture
def odd_socket(tmp_path: Path) -> OddSocket:
    return OddSocket(tmp_path)


async def silence(connection: ServerConnection) -> None:
    """Say nothing until the other side is gone."""
    await connection.wait_closed()


def a_welcome() -> str:
    """As it travels."""
    return Welcome(seq=1, resume_token="r" * 43, picture=a_picture()).model_dump_json()


async def test_the_token_goes_in_the_header_alone(
    odd_socket: OddSocket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def welcomes(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(a_welcome())
        await silence(connection)

    heard = Heard()
    async with odd_socket.serving(welcomes, SUBPROTOCOL):
        socket = await odd_socket.connect(heard)
        await socket.send(a_hello(resume_token="e" * 43))
        await socket.close()
        await socket.close()
    [asked] = odd_socket.seen
    assert asked.path == "/company/meetings/app%2F..%2F1/socket"
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert "Origin" not in asked.headers
    ours = "".join(r.getMessage() for r in caplog.records if r.name.startswith("softphone"))
    assert not any(secret in ours for secret in (TOKEN, "e" * 43, "r" * 43))
    assert (heard.kinds(), heard.lost) == (["welcome"], []), "whoever closes is told of no loss"


async def test_a_redirect_is_not_followed(odd_socket: OddSocket) -> None:
    def away(connection: ServerConnection) -> Response:
        answer = connection.respond(302, "")
        answer.headers["Location"] = f"wss://127.0.0.1:{odd_socket.port}/elsewhere"
        return answer

    odd_socket.answer = away
    async with odd_socket.serving(silence):
        assert await refusal(odd_socket.connect(Heard())) == "server-error"
    assert len(odd_socket.seen) == 1


async def test_a_refused_handshake_tells_its_code(odd_socket: OddSocket) -> None:
    odd_socket.answer = lambda connection: connection.respond(403, '{"code":"meeting-cancelled"}')
    async with odd_socket.serving(silence):
        assert await refusal(odd_socket.connect(Heard())) == "meeting-cancelled"


async def test_another_version_of_the_protocol_is_too_old(odd_socket: OddSocket) -> None:
    async with odd_socket.serving(silence):
        assert await refusal(odd_socket.connect(Heard())) == "too-old"


async def test_nonsense_is_passed_over(odd_socket: OddSocket) -> None:
    async def babbles(connection: ServerConnection) -> None:
        await connection.recv()
        for text in ("", "[]", "{", '{"type":"new-thing"}', b"\x00\xff", '{"type":"done","id":"nobody"}'):
            await connection.send(text)
        await connection.send('{"type":"you-changed","you":{"session":"x"}}')
        await connection.send(a_welcome())
        await silence(connection)

    heard = Heard()
    async with odd_socket.serving(babbles, SUBPROTOCOL):
        socket = await odd_socket.connect(heard)
        await socket.send(a_hello())
        assert heard.kinds() == ["welcome"]
        await socket.close()


@pytest.mark.parametrize(
    ("code", "said", "why"),
    [
        (Close.GOING_AWAY, "", ""),
        (Close.SERVER_ERROR, "", ""),
        (Close.TOO_SLOW, "", ""),
        (Close.NOT_SIGNED_IN, "", "not-signed-in"),
        (Close.REFUSED, "", "not-allowed"),
        (Close.REFUSED, "meeting-cancelled", "meeting-cancelled"),
        (Close.OVER, "", "meeting-over"),
        (Close.TAKEN_OVER, "", "taken-over"),
        (Close.TOO_FAST, "", "too-many-tries"),
        (4999, "", ""),
    ],
)
async def test_why_a_connection_ended(odd_socket: OddSocket, code: int, said: str, why: str) -> None:
    async def ends(connection: ServerConnection) -> None:
        if said:
            await connection.send(Refused(id="", code=MeetingRefusal(said)).model_dump_json())
        await connection.close(code)

    heard = Heard()
    async with odd_socket.serving(ends, SUBPROTOCOL):
        socket = await odd_socket.connect(heard)
        await heard.until(lambda: heard.lost)
        await socket.close()
    assert heard.lost == [why]


async def test_an_unanswered_command_ends_with_its_connection(odd_socket: OddSocket) -> None:
    async def vanishes(connection: ServerConnection) -> None:
        await connection.recv()
        connection.transport.abort()

    heard = Heard()
    async with odd_socket.serving(vanishes, SUBPROTOCOL):
        socket = await odd_socket.connect(heard)
        assert await refusal(socket.send(Say(id="1", text="hello"))) == "server-silent"
        await heard.until(lambda: heard.lost)
        await socket.close()
    assert heard.lost == [""]
