"""The program's side of appointments and meetings at the real service, and at servers that are not as they
should be."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from service_api.meeting import (
    SUBPROTOCOL,
    Close,
    End,
    Hello,
    Knock,
    Leave,
    Refused,
    Say,
    Welcome,
)
from service_api.states import ClientKind, MeetingRefusal, Seat
from softphone.adapters.meeting_service import HttpsAppointments
from softphone.adapters.meeting_socket import WebSockets
from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from softphone.domain.meeting import AppointmentWish, InviteeWish
from softphone.ports.meetings import Bearer, MeetingSocket, ServiceAccess
from softphone.services.meeting_links import read_link
from tests.doubles.meeting_ports import a_picture
from tests.lab.certificates import Authority
from tests.lab.company_service import BASE, CompanyService
from tests.lab.ports import free_port
from tests.lab.service import Employee, LabService, SignedIn, lab_service

pytestmark = pytest.mark.peer

NUMBER, PASSWORD = "0401000009", "Lantern-Orchard-71"
TOKEN = "t" * 43


@dataclass(frozen=True, slots=True)
class Office:
    """The real service, and a professional's device there."""

    service: LabService
    account: SignedIn
    access: ServiceAccess

    @property
    def bearer(self) -> Bearer:
        """What opens the professional's requests."""
        return Bearer(self.account.access_token)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    erja = Employee(NUMBER, PASSWORD, "Erja Expert")
    with lab_service(tmp_path_factory.mktemp("office") / "service", erja) as service:
        account = service.sign_in(NUMBER, PASSWORD)
        yield Office(service, account, ServiceAccess(service.api, service.ca_file))


def a_wish(**changes: Any) -> AppointmentWish:
    """An appointment that is open now."""
    now = datetime.now(UTC).replace(microsecond=0)
    people = (InviteeWish("Casper Customer", phone="0405555555", language="en"), InviteeWish("Maija"))
    wish = AppointmentWish(
        f"draft{now:%H%M%S}", "Loan advice", "Terms", now, now + timedelta(hours=1), "Europe/Helsinki",
        office="Main street", expert_number="+358 40 123 4567", participants=people,
    )  # fmt: skip
    return replace(wish, **changes)


async def refusal(asked: Awaitable[object]) -> str:
    """The code of a no, or of why there was no answer."""
    with pytest.raises((MeetingRefused, ServiceUnreachable)) as refused:
        await asked
    assert TOKEN not in f"{refused.value!r} {refused.value}"
    return str(refused.value.code)


async def test_appointments_from_draft_to_cancelled(office: Office) -> None:
    port, access, bearer = HttpsAppointments(), office.access, office.bearer
    wish = a_wish()
    made, links = await port.make(access, bearer, wish)
    assert (made.title, made.office, made.seat, made.host_name) == (
        "Loan advice", "Main street", Seat.HOST, "Erja Expert",
    )  # fmt: skip
    assert made.start == wish.start
    assert [one.name for one in links] == ["Casper Customer", "Maija"]
    assert links[0].link in links[0].text
    assert links[0].ics.startswith("BEGIN:VCALENDAR")
    again, _ = await port.make(access, bearer, wish)
    assert again.id == made.id, "the same draft is the same appointment"
    stays = tuple(InviteeWish(one.name, id=one.id) for one in made.participants)
    more = replace(wish, title="Another talk", participants=(*stays, InviteeWish("Third")))
    changed, new = await port.change(access, bearer, made.id, more)
    assert changed.title == "Another talk"
    assert [one.name for one in new] == ["Third"]
    link = await port.new_link(access, bearer, made.id, made.participants[1].id)
    assert link.name == "Maija"
    assert made.id in [one.id for one in await port.listed(access, bearer)]
    await port.cancel(access, bearer, made.id)
    assert await refusal(port.open_link(access, read_link(link.link).secret, "Test", "")) in (
        "meeting-cancelled", "link-unknown",
    )  # fmt: skip


async def test_tokens_are_exchanged_and_an_old_one_ends_the_sign_in(office: Office) -> None:
    port, access = HttpsAppointments(), office.access
    device = office.service.sign_in(NUMBER, PASSWORD, "Other")
    first, seconds, refresh = await port.tokens(access, device.credentials.device_id, device.refresh_token)
    assert seconds > 60
    assert await port.listed(access, Bearer(first)) is not None
    _, _, newest = await port.tokens(access, device.credentials.device_id, refresh)
    assert await refusal(port.tokens(access, device.credentials.device_id, TOKEN)) == "not-signed-in"
    assert newest != refresh


async def test_a_link_is_a_place_and_the_same_place_again(office: Office) -> None:
    port, access = HttpsAppointments(), office.access
    _, [link, _] = await port.make(access, office.bearer, a_wish(draft_id="place"))
    found = read_link(link.link)
    assert (found.service_url, found.server) == (office.service.api, office.service.url[8:])
    offer, token = await port.open_link(access, found.secret, "Laptop", "")
    assert (offer.name, offer.appointment.title, offer.other_device) == (
        "Casper Customer", "Loan advice", False,
    )  # fmt: skip
    assert offer.appointment.seat is Seat.PARTICIPANT
    again, same = await port.open_link(access, found.secret, "Laptop", token)
    assert (again.other_device, same) == (False, token)
    other, another = await port.open_link(access, found.secret, "Phone", "")
    assert (other.other_device, another != token) == (True, True)


async def test_what_the_service_refuses_has_its_own_code(office: Office) -> None:
    port, access, bearer = HttpsAppointments(), office.access, office.bearer
    assert await refusal(port.listed(access, Bearer(TOKEN))) == "not-signed-in"
    assert await refusal(port.cancel(access, bearer, "nothing")) == "not-found"
    assert await refusal(port.cancel(access, bearer, "../appointments")) == "not-found"
    assert await refusal(port.open_link(access, "s" * 43, "Laptop", "")) == "link-unknown"
    assert await refusal(port.open_link(access, "short", "Laptop", "")) == "link-unknown"
    backwards = a_wish()
    backwards = replace(backwards, end=backwards.start - timedelta(hours=1))
    assert await refusal(port.make(access, bearer, backwards)) == "bad-request"
    assert await refusal(port.make(access, bearer, a_wish(title=""))) == "bad-request"
    assert await refusal(port.make(access, bearer, a_wish(time_zone="Moon/Base"))) == "bad-request"


class Heard:
    """What a socket told."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.lost: list[str] = []

    async def until(self, wanted: Callable[[], object]) -> None:
        """Wait for it. Raises TimeoutError."""
        async with asyncio.timeout(10):
            while not wanted():
                await asyncio.sleep(0.01)

    def kinds(self) -> list[str]:
        """The events' types."""
        return [event.type for event in self.events]


@asynccontextmanager
async def socket_at(
    access: ServiceAccess, appointment: str, bearer: Bearer
) -> AsyncIterator[tuple[MeetingSocket, Heard]]:
    """A connection, closed at the end."""
    heard = Heard()
    socket = await WebSockets().connect(access, appointment, bearer, heard.events.append, heard.lost.append)
    try:
        yield socket, heard
    finally:
        await socket.close()


def a_hello(**members: Any) -> Hello:
    """The first command."""
    return Hello(id="hello", client=ClientKind.PROGRAM, **members)


async def test_a_meetings_socket_from_hello_to_the_end(office: Office) -> None:
    port, access = HttpsAppointments(), office.access
    made, [link, _] = await port.make(access, office.bearer, a_wish(draft_id="socket"))
    _, token = await port.open_link(access, read_link(link.link).secret, "Laptop", "")
    async with (
        socket_at(access, made.id, office.bearer) as (host, told),
        socket_at(access, made.id, Bearer(token)) as (guest, heard),
    ):
        await host.send(a_hello())
        assert told.kinds()[0] == "welcome"
        await host.send(Knock(id="k"))
        await guest.send(a_hello())
        await guest.send(Knock(id="k"))
        await told.until(lambda: "knocked" in told.kinds())
        assert await refusal(guest.send(Say(id="s", text="let me in"))) == "wrong-state"
        assert (await host.send(Knock(id="k"))).id == "k", "the same command twice is one"
        await host.send(End(id="end"))
        await heard.until(lambda: heard.lost)
        assert heard.kinds()[-1] == "ended"
        assert heard.lost == ["meeting-over"]
        with pytest.raises(ServiceUnreachable):
            await guest.send(Leave(id="l"))


async def test_the_same_place_elsewhere_ends_this_one(office: Office) -> None:
    port, access = HttpsAppointments(), office.access
    made, _ = await port.make(access, office.bearer, a_wish(draft_id="twice"))
    async with (
        socket_at(access, made.id, office.bearer) as (first, told),
        socket_at(access, made.id, office.bearer) as (second, _),
    ):
        await first.send(a_hello())
        await second.send(a_hello())
        await told.until(lambda: told.lost)
        assert (told.kinds()[-1], told.lost) == ("taken-over", ["taken-over"])


async def test_who_may_not_connect_reads_why(office: Office) -> None:
    made, _ = await HttpsAppointments().make(office.access, office.bearer, a_wish(draft_id="who"))

    async def connect(appointment: str, bearer: Bearer) -> None:
        async with socket_at(office.access, appointment, bearer) as (socket, _):
            await socket.send(a_hello())

    assert await refusal(connect(made.id, Bearer(TOKEN))) == "not-signed-in"
    assert await refusal(connect("nothing", office.bearer)) in ("not-found", "not-allowed")


async def test_a_service_that_dies_is_lost_and_not_refused(office: Office) -> None:
    made, _ = await HttpsAppointments().make(office.access, office.bearer, a_wish(draft_id="dies"))
    async with socket_at(office.access, made.id, office.bearer) as (socket, heard):
        await socket.send(a_hello())
        await asyncio.to_thread(office.service.kill)
        await heard.until(lambda: heard.lost)
        assert heard.lost == [""]
        assert await refusal(HttpsAppointments().listed(office.access, office.bearer)) == "server-silent"
        assert (
            await refusal(WebSockets().connect(office.access, made.id, office.bearer, print, print))
            == "server-silent"
        )
    await asyncio.to_thread(office.service.start)


# --- servers that are not as they should be -------------------------------------------------------


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
