"""Servers that lie or dribble: the call that runs keeps its sound, and the line comes back by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest

from softphone.control.protocol import ControlError
from tests.e2e.conftest import SECRET, THIRD, US, NewPhone
from tests.e2e.flood_rig import (
    FOR_EVER_S,
    MOST_GROWTH,
    SPARE_THREADS,
    THEIR_HZ,
    Talk,
    keeps_sounding,
    talking,
)
from tests.lab.certificates import Authority
from tests.lab.kamailio import Kamailio
from tests.lab.liar import Dribbler, Liar, answer
from tests.lab.ports import LOOPBACK
from tests.lab.process import wait_until
from tests.lab.program import Program
from tests.lab.pulse import PulseRig
from tests.lab.sound import tone, write_wav
from tests.lab.vitals import listening_ports

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def whistle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("whistle") / "whistle.wav", tone(THEIR_HZ, FOR_EVER_S, -20))


# --- a registrar that lies ------------------------------------------------------------------------------


def others(number: int) -> str:
    return ", ".join(f"<sip:{each}@192.0.2.7:5060>;expires=60" for each in range(number))


NONCES = count()
HONEST = ("200 OK", "Expires: 3")
"""What makes the phone ask again soon."""

LIES: dict[str, Callable[[], tuple[str, ...]]] = {
    "nothing granted": lambda: ("200 OK", "Expires: 0"),
    "a negative time": lambda: ("200 OK", "Expires: -600", "Expires: 3"),
    "other devices": lambda: ("200 OK", f"Contact: {others(1)}", "Expires: 3"),
    "a thousand devices": lambda: ("200 OK", *[f"Contact: {others(300)}"] * 4, "Expires: 3"),
    "too long a list": lambda: ("200 OK", f"Contact: {others(900)}", "Expires: 3"),
    "an interval of years": lambda: ("423 Interval Too Brief", "Min-Expires: 4294967295"),
    "elsewhere": lambda: ("302 Moved Temporarily", f"Contact: <sip:{US}@127.0.0.99>"),
    "a way that is none": lambda: (
        *("200 OK", "Service-Route: <<<<\x01", "P-Associated-URI: >>>>, ,,<sip:\xff>", "Expires: 3"),
    ),
    "nonsense": lambda: ("299 \x00", "Contact: *", "Expires: 3"),
}
"""What passes: the next true word mends it."""


class Registrar(NamedTuple):
    """A call that came by way of a registrar that can lie."""

    talk: Talk
    liar: Liar

    def lies(self, lie: Callable[[], tuple[str, ...]], seconds: float = 4.0) -> int:
        """Lie for a while; how often it was asked."""
        before = self.liar.told
        self.liar.lie = lambda response: answer(response, *lie())
        times = keeps_sounding(self.talk, seconds)
        asked = (self.liar.told - before) // times
        print(f"asked {asked} times in {seconds} s")
        assert "active" in self.talk.states()
        return asked

    def is_honest_again(self) -> None:
        """From now on it says the truth, briefly; the phone must find out by itself."""
        self.liar.lie = lambda response: answer(response, *HONEST) if b" 200 " in response[:12] else response
        self.talk.program.line_is("registered", 20.0)


@pytest.fixture
def registrar(
    program: Program, new_phone: NewPhone, server: Kamailio, rig: PulseRig, whistle: Path
) -> Iterator[Registrar]:
    with Liar(server.port) as liar:
        liar.lie = lambda response: answer(response, *HONEST) if b" 200 " in response[:12] else response
        account = program.sign_in(f"{LOOPBACK}:{liar.port}", US, SECRET, transport="udp")
        assert account["state"] == "registered"
        with talking(program, new_phone(whistle), rig) as talk:
            yield Registrar(talk, liar)


def test_lies_about_time_and_way_cost_nothing(registrar: Registrar) -> None:
    before = registrar.talk.look()
    for name, lie in LIES.items():
        print(name, end=": ")
        asked = registrar.lies(lie)
        assert 1 <= asked <= 8, name
        registrar.is_honest_again()
    after = registrar.talk.look()
    assert after.memory - before.memory < MOST_GROWTH
    assert after.threads <= before.threads + SPARE_THREADS
    assert after.files <= before.files + 2
    assert registrar.talk.told() == []


def test_answers_to_what_was_never_asked_change_nothing(registrar: Registrar) -> None:
    ports = f"SIP/2.0/UDP {LOOPBACK}:{registrar.talk.sip_port}"
    told = len(registrar.talk.program.events("account"))
    for number in range(500):
        for status in ("200 OK", "401 Unauthorized", "403 Forbidden", "503 Gone"):
            registrar.liar.say(
                f"SIP/2.0 {status}\r\nVia: {ports};branch=z9hG4bK{number};rport\r\n"
                f"From: <sip:{US}@{LOOPBACK}>;tag=1\r\nTo: <sip:{US}@{LOOPBACK}>;tag=2\r\n"
                f"Call-ID: {number}\r\nCSeq: {number} REGISTER\r\nExpires: 0\r\n"
                "Content-Length: 0\r\n\r\n".encode()
            )
    keeps_sounding(registrar.talk, 3.0)
    assert registrar.talk.program.account()["state"] == "registered"
    assert len(registrar.talk.program.events("account")) == told


@pytest.mark.parametrize(
    ("lie", "state"),
    [
        (("503 Service Unavailable", "Retry-After: 4294967295"), "reconnecting"),
        (("401 Unauthorized",), "refused"),
    ],
    ids=["silenced for years", "challenges for ever"],
)
def test_a_line_that_is_refused_is_not_asked_for_again_and_again(
    registrar: Registrar, lie: tuple[str, ...], state: str
) -> None:
    """The call goes on; whoever signs in again is registered at once."""

    def said() -> tuple[str, ...]:
        if state == "reconnecting":
            return lie
        value = f'Digest realm="phone.test", nonce="n{next(NONCES)}", qop="auth", algorithm=MD5, stale=true'
        return (*lie, f"WWW-Authenticate: {value}")

    asked = registrar.lies(said)
    assert 1 <= asked <= 6
    program = registrar.talk.program
    program.line_is(state)
    assert len([event for event in program.events("account") if event["account"]["state"] == state]) == 1
    registrar.liar.lie = None
    account = program.sign_in(f"{LOOPBACK}:{registrar.liar.port}", US, SECRET, transport="udp")
    assert account["state"] == "registered"


# --- slow-loris -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_a_server_that_says_an_octet_a_second(
    program: Program,
    new_phone: NewPhone,
    server: Kamailio,
    authority: Authority,
    rig: PulseRig,
    whistle: Path,
    transport: str,
) -> None:
    """The connection is given up and made anew. Others can hold none: we listen nowhere."""
    phone, third = new_phone(whistle), new_phone(whistle, number=THIRD)
    with Dribbler(server.tls_port if transport == "tls" else server.port) as way:
        program.sign_in(f"localhost:{way.port}", US, SECRET, transport=transport, ca_file=authority.ca_file)
        with talking(program, phone, rig) as talk:
            before = talk.look()
            way.slow = True
            third.dial(US)
            keeps_sounding(talk, 4.0)
            assert listening_ports(program.pid) == set()
            assert wait_until(lambda: way.accepted > 1, 60.0), "the connection was kept"
            way.slow = False
            program.line_is("registered", 40.0)
            after = talk.look()
            assert after.memory - before.memory < MOST_GROWTH
            assert after.threads <= before.threads + SPARE_THREADS
            assert talk.states() == ["active"]
            assert talk.told() == []
    assert way.dribbled


def test_a_server_that_never_finishes_its_answer(program: Program, server: Kamailio) -> None:
    with Dribbler(server.port) as way:
        way.slow = True
        with pytest.raises(ControlError) as refused:
            program.sign_in(f"{LOOPBACK}:{way.port}", US, SECRET, transport="tcp")
        assert refused.value.code == "server-silent"
        way.slow = False
        account = program.sign_in(f"{LOOPBACK}:{way.port}", US, SECRET, transport="tcp")
        assert account["state"] == "registered"
