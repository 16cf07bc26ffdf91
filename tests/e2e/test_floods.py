"""Floods: datagrams by the thousand, calls by the hundred.

Whatever comes, the call that runs keeps its sound, the program stays as big as it was, and its person is told
once what happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import THIRD, US, USERS, NewPhone, sign_in
from tests.e2e.flood_rig import FLOOD_S, FOR_EVER_S, THEIR_HZ, Talk, rings_for, survives, talking
from tests.lab.certificates import Authority
from tests.lab.flood import Aim, flooding
from tests.lab.kamailio import Kamailio, Options
from tests.lab.ports import LOOPBACK, free_port
from tests.lab.program import Program
from tests.lab.pulse import PulseRig
from tests.lab.sound import tone, write_wav

pytestmark = pytest.mark.peer

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
