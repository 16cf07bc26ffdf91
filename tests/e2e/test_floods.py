"""Floods and liars: datagrams by the thousand, calls by the hundred, a registrar that lies or dribbles.

Whatever comes, the call that runs keeps its sound, the program stays as big as it was, and its person is told
once what happens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest

from softphone.control.protocol import ControlError
from tests.e2e.conftest import SECRET, THEM, THIRD, US, USERS, NewPhone, sign_in
from tests.lab.baresip import Baresip
from tests.lab.certificates import Authority
from tests.lab.flood import Aim, flooding
from tests.lab.kamailio import Kamailio, Options
from tests.lab.liar import Dribbler, Liar, answer
from tests.lab.ports import LOOPBACK, free_port
from tests.lab.process import wait_until
from tests.lab.program import Program
from tests.lab.pulse import Pcm, PulseRig, Recording
from tests.lab.sound import level_at, tone, write_wav
from tests.lab.vitals import Vitals, listening_ports, udp_ports, vitals

pytestmark = pytest.mark.peer

OUR_HZ, THEIR_HZ = 1300.0, 800.0
FOR_EVER_S = 120.0
AUDIBLE_DBFS = -40.0
STEPS_A_SECOND = 50
FLOOD_S = 10.0
SETTLED_S = 2.0
ATTEMPTS = 3
"""What other programs do to sound meanwhile is no question of these tests: the best one counts."""

MISHAPS = 5
"""Steps of 20 ms in 10 s that may be missing beside what is missing without a flood."""

MOST_GROWTH = 20_000_000
STRANGER = "127.0.0.66"
MALFORMED, INVITES = 5000, 200
GATE = "7001"
"""A number of the server's that leads to the flood's own port: what comes from there need not sign in."""


@pytest.fixture(scope="module")
def gate() -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, authority: Authority, gate: int) -> Iterator[Kamailio]:
    pair = authority.issue("localhost", LOOPBACK)
    kamailio = Kamailio(
        tmp_path_factory.mktemp("kamailio") / "server",
        Options(USERS, certificate=pair, routes=((GATE, gate),)),
    )
    kamailio.start()
    yield kamailio
    kamailio.stop()


@pytest.fixture(scope="module")
def whistle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("whistle") / "whistle.wav", tone(THEIR_HZ, FOR_EVER_S, -20))


# --- what a call is worth -------------------------------------------------------------------------------


class Sound(NamedTuple):
    """Steps of 20 ms in which the other's tone was missing at our ear and at theirs."""

    ours: int
    theirs: int


def holes(pcm: Pcm, rate: int, hertz: float) -> int:
    step = rate // STEPS_A_SECOND
    starts = range(0, len(pcm) - step + 1, step)
    return sum(level_at(pcm[at : at + step], hertz, rate) < AUDIBLE_DBFS for at in starts)


@dataclass
class Talk:
    """A call in which both sides sound all the time."""

    program: Program
    phone: Baresip
    ear: Recording
    sip_port: int
    media_port: int

    def listen(self, seconds: float) -> Sound:
        """What is missing from now on, for so long."""
        began = time.monotonic()
        time.sleep(seconds)
        theirs, rate = self.phone.heard(seconds)
        ours = self.ear.pcm(began)
        assert len(ours) > 0.8 * seconds * 48_000, "the ear was not recorded"
        assert len(theirs) > 0.8 * seconds * rate, "nothing came to the other phone"
        return Sound(holes(ours, 48_000, THEIR_HZ), holes(theirs, rate, OUR_HZ))

    def look(self) -> Vitals:
        """What the program holds now."""
        return vitals(self.program.pid)

    def states(self) -> list[str]:
        """The states of all calls there are."""
        return sorted(call["state"] for call in self.program.calls())

    def told(self) -> list[str]:
        """What the person was told since the start."""
        return [event["code"] for event in self.program.events("notice")]


@contextmanager
def talking(program: Program, phone: Baresip, rig: PulseRig) -> Iterator[Talk]:
    """Call the phone, or be called by one that answers by hand, and let both sound."""
    before = udp_ports(program.pid)
    if phone.phone.answer == "auto":
        program.control("dial", target=THEM)
    else:
        phone.dial(US)
        program.call_in("ringing")
        program.control("answer")
    program.call_in("active")
    media = min(port for port in udp_ports(program.pid) - before if port % 2 == 0)
    with ExitStack() as stack:
        stack.enter_context(rig.saying("headset_mic", tone(OUR_HZ, FOR_EVER_S, -20)))
        ear = stack.enter_context(rig.recording("headset"))
        time.sleep(SETTLED_S)
        yield Talk(program, phone, ear, min(before, default=0), media)


@pytest.fixture
def talk(
    program: Program,
    new_phone: NewPhone,
    server: Kamailio,
    authority: Authority,
    rig: PulseRig,
    whistle: Path,
) -> Iterator[Talk]:
    """A call by way of the server, over UDP."""
    sign_in(program, server, authority)
    with talking(program, new_phone(whistle), rig) as running:
        yield running


def survives(talk: Talk, aims: Sequence[Aim], folder: Path) -> None:
    """The call sounds as it did before, and the program grows neither in size nor in parts."""
    quiet: list[Sound] = []
    flooded: list[Sound] = []
    before = talk.look()
    for _ in range(ATTEMPTS):
        quiet.append(talk.listen(FLOOD_S / 2))
        with ExitStack() as stack:
            floods = [stack.enter_context(flooding(aim, folder)) for aim in aims]
            began, start = talk.look(), time.monotonic()
            flooded.append(talk.listen(FLOOD_S))
            share = (talk.look().cpu_s - began.cpu_s) / (time.monotonic() - start)
            for flood in floods:
                flood.wait()
        sent = sum(flood.sent for flood in floods)
        print(f"{sent} sent, {100 * share:.0f} % of a core; {quiet[-1]}, {flooded[-1]}")
        if better(quiet, flooded):
            break
    after = talk.look()
    assert better(quiet, flooded), (quiet, flooded)
    assert all(flood.sent > 0.9 * aim.rate * FLOOD_S for flood, aim in zip(floods, aims, strict=True))
    assert after.memory - before.memory < MOST_GROWTH
    assert after.threads == before.threads
    assert "active" in talk.states()


def better(quiet: Sequence[Sound], flooded: Sequence[Sound]) -> bool:
    """Whether one flood took no more than was missing without one, but for a mishap."""
    usual = Sound(max(each.ours for each in quiet), max(each.theirs for each in quiet))
    return any(
        each.ours <= usual.ours + MISHAPS and each.theirs <= usual.theirs + MISHAPS for each in flooded
    )


def rings_for(program: Program, phone: Baresip, timeout_s: float) -> bool:
    """Whether a call of this phone gets through when it is tried again and again."""

    def tried() -> bool:
        phone.dial(US)
        number = phone.phone.number
        if wait_until(
            lambda: any(c["remote"] == number and c["state"] == "ringing" for c in program.calls()), 1.5
        ):
            return True
        if phone.events("CALL_RINGING"):
            phone.hang_up()
        return False

    return wait_until(tried, timeout_s, 0.5)


# --- floods ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [STRANGER, LOOPBACK], ids=["of a stranger", "as if of the server"])
def test_malformed_datagrams(talk: Talk, tmp_path: Path, source: str) -> None:
    survives(talk, [Aim("malformed", LOOPBACK, talk.sip_port, MALFORMED, FLOOD_S, source)], tmp_path)
    assert talk.told() == []
    assert talk.states() == ["active"]


@pytest.mark.parametrize(
    ("transport", "encryption", "method"),
    [("udp", "", "none"), ("tls", "srtp", "sdes"), ("udp", "dtls_srtp", "dtls")],
    ids=["open", "sdes", "dtls"],
)
def test_noise_at_the_media_port(
    program: Program,
    new_phone: NewPhone,
    server: Kamailio,
    authority: Authority,
    rig: PulseRig,
    whistle: Path,
    tmp_path: Path,
    transport: str,
    encryption: str,
    method: str,
) -> None:
    sign_in(program, server, authority, transport)
    answers = "manual" if method == "dtls" else "auto"
    phone = new_phone(whistle, transport=transport, media_encryption=encryption, answer=answers)
    half = MALFORMED // 2
    with talking(program, phone, rig) as talk:
        port = talk.media_port
        aims = [Aim("rtp", LOOPBACK, port, half, FLOOD_S, source) for source in (STRANGER, LOOPBACK)]
        survives(talk, aims, tmp_path)
        assert [call["encryption"] for call in program.calls()] == [method]
        assert talk.told() == []


def test_calls_of_strangers_do_not_ring_and_those_of_the_server_do(
    talk: Talk, tmp_path: Path, new_phone: NewPhone, whistle: Path
) -> None:
    third = new_phone(whistle, number=THIRD)
    aim = Aim("invites", LOOPBACK, talk.sip_port, INVITES, FLOOD_S, STRANGER, target=US)
    survives(talk, [aim], tmp_path)
    assert talk.states() == ["active"]
    assert talk.told() == []
    with flooding(aim, tmp_path) as flood:
        third.dial(US)
        ringing = talk.program.call_in("ringing")
        flood.wait()
    assert ringing["remote"] == THIRD
    assert flood.answered(200) == flood.answered(180) == 0
    assert flood.answered(403) < aim.rate * FLOOD_S / 4


def test_calls_by_way_of_the_server_ring_once_and_are_told_once(
    talk: Talk, tmp_path: Path, new_phone: NewPhone, whistle: Path, server: Kamailio, gate: int
) -> None:
    """Each is another caller's. When it is over, people get through again."""
    third = new_phone(whistle, number=THIRD)
    files = talk.look().files
    aim = Aim("invites", LOOPBACK, server.port, INVITES, FLOOD_S, LOOPBACK, gate, US)
    survives(talk, [aim], tmp_path)
    assert set(talk.told()) == {"call-flood"}
    assert talk.states() == ["active", "ringing"]
    rang = {
        event["call"]["id"] for event in talk.program.events("call") if event["call"]["state"] == "ringing"
    }
    assert len(rang) == 1
    assert talk.look().files - files <= 4
    talk.program.control("decline")
    assert rings_for(talk.program, third, 40.0)


def test_one_callers_flood_leaves_the_line_to_others(
    talk: Talk, tmp_path: Path, new_phone: NewPhone, whistle: Path, server: Kamailio, gate: int
) -> None:
    third = new_phone(whistle, number=THIRD)
    aim = Aim("caller", LOOPBACK, server.port, INVITES, FLOOD_S, LOOPBACK, gate, US)
    with flooding(aim, tmp_path) as flood:
        talk.program.wait_for(lambda event: event.get("code") == "call-flood")
        talk.program.call_in("ringing")
        talk.program.control("decline")
        assert rings_for(talk.program, third, FLOOD_S)
        flood.wait()
    assert talk.told() == ["call-flood"]
    assert [call["remote"] for call in talk.program.calls() if call["state"] == "ringing"] == [THIRD]


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

    def lies(self, lie: Callable[[], tuple[str, ...]], seconds: float = 5.0) -> int:
        """Lie for a while; how often it was asked."""
        before = self.liar.told
        self.liar.lie = lambda response: answer(response, *lie())
        missing = [self.talk.listen(seconds)]
        while not better([Sound(0, 0)], missing) and len(missing) < ATTEMPTS:
            missing.append(self.talk.listen(seconds))
        asked = (self.liar.told - before) // len(missing)
        print(f"asked {asked} times, {missing}")
        assert better([Sound(0, 0)], missing), missing
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
    assert after.threads == before.threads
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
    missing = registrar.talk.listen(3.0)
    assert better([Sound(0, 0)], [missing]), missing
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
            missing = [talk.listen(FLOOD_S)]
            assert better([Sound(0, 0)], missing), missing
            assert listening_ports(program.pid) == set()
            assert wait_until(lambda: way.accepted > 1, 60.0), "the connection was kept"
            way.slow = False
            program.line_is("registered", 40.0)
            after = talk.look()
            assert after.memory - before.memory < MOST_GROWTH
            assert after.threads == before.threads
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
