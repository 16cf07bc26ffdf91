"""SIGTERM in every state of the line and of its calls: who is on the other side is told, the registration is
gone, the call stands in the history, and the program ends with 0 and soon."""

from __future__ import annotations

import re
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from softphone.control.protocol import ControlError
from tests.e2e.conftest import SECRET, THEM, THIRD, US, USERS, NewPhone, sign_in
from tests.lab.baresip import Baresip
from tests.lab.certificates import Authority
from tests.lab.kamailio import Kamailio, Options
from tests.lab.ports import LOOPBACK, free_ports
from tests.lab.process import wait_until
from tests.lab.program import Program
from tests.lab.scenarios import callee, recv, recv_with, recv_without, registrar, reply
from tests.lab.sipp import Sipp
from tests.lab.sound import tone, write_wav

pytestmark = pytest.mark.peer

ODD = "7001"
SOON_S, SILENT_S = 4.0, 10.0
"""How long the end may take with a server that answers, and with one that does not."""

CANCELLED = (
    recv("CANCEL"),
    reply("200 OK"),
    reply("487 Request Terminated", "a", to_noted=True),
    recv("ACK"),
)


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    """Of the odd phone, and of who asks the server whether somebody is registered."""
    odd, asking = free_ports(2)
    return odd, asking


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority, ports: tuple[int, int]
) -> Iterator[Kamailio]:
    options = Options(
        USERS,
        certificate=authority.issue("localhost", LOOPBACK),
        routes=((ODD, ports[0]), ("7002", ports[1])),
    )
    kamailio = Kamailio(tmp_path_factory.mktemp("kamailio") / "server", options)
    kamailio.start()
    yield kamailio
    kamailio.stop()


@pytest.fixture(scope="module")
def whistle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("whistle") / "whistle.wav", tone(800, 30, -20))


@pytest.fixture
def line(program: Program, server: Kamailio, authority: Authority) -> Program:
    """A program that is signed in."""
    sign_in(program, server, authority)
    return program


def ended(program: Program, within_s: float = SOON_S) -> None:
    """SIGTERM; it ends with 0 within this time."""
    started = time.monotonic()
    assert program.terminate() == 0
    assert time.monotonic() - started < within_s


def registered(server: Kamailio, ports: tuple[int, int]) -> bool:
    """Whether the server knows a way to our number: it sends an OPTIONS there, or says 404."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.bind((LOOPBACK, ports[1]))
        asking.settimeout(3.0)
        mark = time.monotonic_ns()
        request = (
            f"OPTIONS sip:{US}@phone.test SIP/2.0\r\nVia: SIP/2.0/UDP {LOOPBACK}:{ports[1]};"
            f"branch=z9hG4bK{mark};rport\r\nMax-Forwards: 5\r\nFrom: <sip:ask@phone.test>;tag={mark}\r\n"
            f"To: <sip:{US}@phone.test>\r\nCall-ID: {mark}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        )
        asking.sendto(request.encode(), (LOOPBACK, server.port))
        status = b"100"
        while status == b"100":
            status = asking.recv(4096)[8:11]
    assert status in (b"200", b"404"), status
    return status == b"200"


def history(program: Program) -> list[tuple[str, str, str]]:
    """Direction, number and outcome of every call on the disk."""
    with closing(sqlite3.connect(program.profile / "history.sqlite")) as database:
        sql = "SELECT direction, number, outcome FROM history ORDER BY started_at"
        return database.execute(sql).fetchall()


def call(program: Program, phone: Baresip, number: str) -> None:
    """Call somebody who answers by itself."""
    program.control("dial", target=number)
    phone.wait_for("CALL_ESTABLISHED")


def test_while_registering(
    program: Program, server: Kamailio, authority: Authority, ports: tuple[int, int]
) -> None:
    """The server hears of it only when we are gone."""

    def try_to_sign_in() -> None:
        with suppress(ControlError):
            sign_in(program, server, authority)

    server.pause()
    try:
        trying = threading.Thread(target=try_to_sign_in)
        trying.start()
        program.line_is("signing-in")
        ended(program, SILENT_S)
        trying.join(SILENT_S)
    finally:
        server.resume()
    assert not registered(server, ports)
    assert history(program) == []


def test_while_the_server_thinks_about_the_password(program: Program, tmp_path: Path) -> None:
    """What it may yet accept is taken back: a second REGISTER follows, with the same credentials and 0 s."""
    challenge = 'WWW-Authenticate: Digest realm="phone.test", nonce="one", algorithm=MD5, qop="auth"\n'
    steps = (
        recv_without("REGISTER", "Authorization"),
        reply("401 Unauthorized", "r", headers=challenge),
        recv_with("REGISTER", "nc=00000001", "Authorization"),
        recv_with("REGISTER", "nc=00000002", "Authorization"),
    )
    silent = Sipp(tmp_path / "registrar", registrar(*steps))
    silent.start()

    def try_to_sign_in() -> None:
        with suppress(ControlError):
            program.sign_in(f"{LOOPBACK}:{silent.port}", US, SECRET, transport="udp")

    try:
        trying = threading.Thread(target=try_to_sign_in)
        trying.start()
        assert wait_until(lambda: "nc=00000001" in silent.messages)
        ended(program, SILENT_S)
        trying.join(SILENT_S)
        silent.finish()
        assert re.findall(r"^Expires: (\d+)", silent.messages, re.MULTILINE)[-1] == "0"
    finally:
        silent.stop()


def test_while_registered(line: Program, server: Kamailio, ports: tuple[int, int]) -> None:
    assert registered(server, ports)
    ended(line)
    assert not registered(server, ports)
    assert history(line) == []


def test_while_registered_at_a_server_that_is_silent(line: Program, server: Kamailio) -> None:
    server.pause()
    try:
        ended(line, SILENT_S)
    finally:
        server.resume()


@pytest.mark.parametrize(
    ("state", "answer"),
    [("dialling", reply("100 Trying")), ("early", reply("183 Session Progress", "a", version=1))],
)
def test_while_the_far_end_has_not_answered(
    line: Program, server: Kamailio, ports: tuple[int, int], tmp_path: Path, state: str, answer: str
) -> None:
    """It gets a CANCEL; its 487 is acknowledged."""
    peer = Sipp(tmp_path / "peer", callee(recv("INVITE", note=True), answer, *CANCELLED), port=ports[0])
    peer.start()
    try:
        line.control("dial", target=ODD)
        assert wait_until(lambda: "INVITE sip:" in peer.messages and answer.split("\n")[1] in peer.messages)
        line.call_in(state)
        ended(line)
        peer.finish()
    finally:
        peer.stop()
    assert not registered(server, ports)
    assert history(line) == [("outgoing", ODD, "not-answered")]


def test_while_the_far_end_rings(
    line: Program, server: Kamailio, ports: tuple[int, int], new_phone: NewPhone, whistle: Path
) -> None:
    phone = new_phone(whistle, answer="manual")
    line.control("dial", target=THEM)
    phone.wait_for("CALL_INCOMING")
    line.call_in("early")
    ended(line)
    phone.wait_for("CALL_CLOSED")
    assert not registered(server, ports)
    assert history(line) == [("outgoing", THEM, "not-answered")]


def test_while_the_server_says_nothing_to_a_call(line: Program, server: Kamailio) -> None:
    server.pause()
    try:
        line.control("dial", target=THEM)
        line.call_in("dialling")
        ended(line, SILENT_S)
    finally:
        server.resume()
    assert history(line) == [("outgoing", THEM, "not-answered")]


def test_while_it_rings_here(
    line: Program, server: Kamailio, ports: tuple[int, int], new_phone: NewPhone, whistle: Path
) -> None:
    phone = new_phone(whistle)
    phone.dial(US)
    line.call_in("ringing")
    ended(line)
    refusal = phone.wait_for("CALL_CLOSED")["param"]
    assert refusal.startswith(("480 ", "603 ")), refusal
    assert not registered(server, ports)
    ((direction, number, _),) = history(line)
    assert (direction, number) == ("incoming", THEM)


@pytest.mark.parametrize("held", [False, True])
def test_while_talking(
    line: Program, server: Kamailio, ports: tuple[int, int], new_phone: NewPhone, whistle: Path, held: bool
) -> None:
    phone = new_phone(whistle)
    call(line, phone, THEM)
    line.call_in("active")
    if held:
        line.control("hold")
    ended(line)
    phone.wait_for("CALL_CLOSED")
    assert not registered(server, ports)
    assert history(line) == [("outgoing", THEM, "answered")]


def test_while_talking_by_a_server_that_is_silent(
    line: Program, server: Kamailio, new_phone: NewPhone, whistle: Path
) -> None:
    """The goodbye waits in the server's socket, and is heard when it wakes up."""
    phone = new_phone(whistle)
    call(line, phone, THEM)
    line.call_in("active")
    server.pause()
    try:
        ended(line, SILENT_S)
    finally:
        server.resume()
    phone.wait_for("CALL_CLOSED")
    assert history(line) == [("outgoing", THEM, "answered")]


def test_with_two_calls(
    line: Program, server: Kamailio, ports: tuple[int, int], new_phone: NewPhone, whistle: Path
) -> None:
    phones = new_phone(whistle), new_phone(whistle, number=THIRD)
    for phone, number in zip(phones, (THEM, THIRD), strict=True):
        call(line, phone, number)
        assert wait_until(lambda: {told["state"] for told in line.calls()} == {"active"})
    assert [told["held"] for told in line.calls()] == [True, False]
    ended(line)
    for phone in phones:
        phone.wait_for("CALL_CLOSED")
    assert not registered(server, ports)
    assert history(line) == [("outgoing", THEM, "answered"), ("outgoing", THIRD, "answered")]


def test_while_transferring(
    line: Program, server: Kamailio, ports: tuple[int, int], new_phone: NewPhone, whistle: Path
) -> None:
    """Whom we sent on is told that we are gone; where it was sent still rings."""
    phone, target = new_phone(whistle), new_phone(whistle, number=THIRD, answer="manual")
    call(line, phone, THEM)
    told = line.call_in("active")
    line.control("transfer", id=told["id"], target=THIRD)
    target.wait_for("CALL_INCOMING")
    assert line.calls()[0]["transfer"] in ("trying", "ringing")
    ended(line)
    phone.wait_for("CALL_CLOSED")
    assert not target.events("CALL_CLOSED")
    assert not registered(server, ports)
    assert history(line) == [("outgoing", THEM, "answered")]
