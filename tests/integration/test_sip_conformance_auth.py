"""Challenges of every kind to REGISTER, INVITE and requests in a call, played by sipp."""

from __future__ import annotations

import asyncio
import hashlib
import re
from pathlib import Path

import pytest

from sip_bridge.client_types import AccountConfig, RegistrationError
from tests.lab.caller import Caller
from tests.lab.ports import LOOPBACK
from tests.lab.scenarios import ANSWERED, bye, pause, recv, recv_with, recv_without, registrar, reply
from tests.lab.scenarios_stage import SETTINGS, call_and_end, ended, facing, hang_up
from tests.lab.sipp import Sipp

pytestmark = pytest.mark.peer

REALM = "phone.test"
ACCEPTED = reply("200 OK", "r", headers="[last_Contact:]\n").replace(
    "Contact: <sip:peer@[local_ip]:[local_port]>\n", ""
)


def asks(nonce: str, *, kind: str = "WWW", algorithm: str = "MD5", realm: str = REALM, more: str = "") -> str:
    """A challenge; `kind` WWW or Proxy."""
    value = f'realm="{realm}", nonce="{nonce}", algorithm={algorithm}, qop="auth"{more}'
    return f"{kind}-Authenticate: Digest {value}\n"


def refuses(headers: str, status: str = "401 Unauthorized") -> str:
    return reply(status, "r", headers=headers)


def answered(messages: str, name: str) -> list[str]:
    """The nonces we answered, each once, in order."""
    nonces = re.findall(rf'^{name}: Digest .*\bnonce="([^"]*)"', messages, re.M)
    return list(dict.fromkeys(nonces))


async def sign_in(folder: Path, *steps: str) -> tuple[Sipp, RegistrationError | None]:
    """Register at a sipp that plays `steps`; what came of it."""
    peer = Sipp(folder / "peer", registrar(*steps))
    peer.start()
    refused = None
    try:
        async with Caller(SETTINGS) as caller:
            try:
                await caller.start(AccountConfig(LOOPBACK, "1001", "secret", peer.port, "udp"))
            except RegistrationError as failure:
                refused = failure
            await asyncio.to_thread(peer.finish)
    finally:
        peer.stop()
    return peer, refused


# --- REGISTER -------------------------------------------------------------------------------------


SCHEMES = [
    ("MD5 with qop", "MD5", "auth"),
    ("MD5 without qop", "MD5", ""),
    ("MD5 over the body", "MD5", "auth-int"),
    ("MD5 with a session key", "MD5-sess", "auth"),
    ("SHA-256 with qop", "SHA-256", "auth"),
    ("SHA-256 over the body", "SHA-256", "auth-int"),
]


@pytest.mark.conformance("RFC 2617 3.2.2", "{what}: the answer is what the RFC's formula gives")
@pytest.mark.conformance("RFC 7616 3.4.1", "{what}: the answer is what the RFC's formula gives")
@pytest.mark.parametrize(("what", "algorithm", "qop"), SCHEMES, ids=[case[0] for case in SCHEMES])
async def test_the_answer_itself(tmp_path: Path, what: str, algorithm: str, qop: str) -> None:
    challenge = asks("n1", algorithm=algorithm).replace(', qop="auth"', f', qop="{qop}"' if qop else "")
    peer, refused = await sign_in(tmp_path, recv("REGISTER"), refuses(challenge), recv("REGISTER"), ACCEPTED)
    assert refused is None
    (said,) = re.findall(r"^Authorization: Digest (.*)$", peer.messages, re.M)
    value = {name: text.strip('"') for name, text in re.findall(r'(\w+)=("[^"]*"|[^,\s]+)', said)}

    def digest(text: str) -> str:
        name = algorithm.removesuffix("-sess").replace("-", "").lower()
        return hashlib.new(name, text.encode()).hexdigest()

    person = digest(f"1001:{REALM}:secret")
    if algorithm.endswith("-sess"):
        person = digest(f"{person}:n1:{value['cnonce']}")
    body = ":" + digest("") if qop == "auth-int" else ""
    request = digest(f"REGISTER:{value['uri']}{body}")
    middle = f"n1:{value['nc']}:{value['cnonce']}:{qop}" if qop else "n1"
    expected = digest(f"{person}:{middle}:{request}")
    assert value["response"] == expected


@pytest.mark.conformance("RFC 7616 3.3", "a nonce that is always stale: four answers, then it is given up")
async def test_a_registrar_that_is_never_content(tmp_path: Path) -> None:
    rounds = [(refuses(asks(f"n{n}", more=", stale=true")), recv("REGISTER")) for n in range(4)]
    steps = (recv("REGISTER"), *(step for one in rounds for step in one))
    peer, refused = await sign_in(tmp_path, *steps, refuses(asks("n4", more=", stale=true")))
    assert refused is not None and refused.code == "wrong-credentials"
    assert answered(peer.messages, "Authorization") == ["n0", "n1", "n2", "n3"]


@pytest.mark.conformance(
    "RFC 3261 22.2", "another nonce that is not stale: the password is wrong, nobody tries on"
)
async def test_a_changed_nonce(tmp_path: Path) -> None:
    steps = (recv("REGISTER"), refuses(asks("n1")), recv("REGISTER"), refuses(asks("n2")))
    peer, refused = await sign_in(tmp_path, *steps)
    assert refused is not None and (refused.code, refused.status) == ("wrong-credentials", 401)
    assert answered(peer.messages, "Authorization") == ["n1"]


@pytest.mark.conformance("RFC 3261 22.3", "proxy and registrar both ask: each gets its own answer")
async def test_a_proxy_before_the_registrar(tmp_path: Path) -> None:
    steps = (
        recv("REGISTER"),
        refuses(asks("p1", kind="Proxy"), "407 Proxy Authentication Required"),
        recv_with("REGISTER", "p1", "Proxy-Authorization"),
        refuses(asks("r1")),
        recv("REGISTER"),
        ACCEPTED,
    )
    peer, refused = await sign_in(tmp_path, *steps)
    assert refused is None
    assert answered(peer.messages, "Authorization") == ["r1"]
    assert answered(peer.messages, "Proxy-Authorization") == ["p1"]


@pytest.mark.conformance("RFC 8760 2.4", "SHA-256 above MD5, whatever their order")
@pytest.mark.parametrize("order", [("MD5", "SHA-256"), ("SHA-256", "MD5")], ids="-".join)
async def test_two_algorithms(tmp_path: Path, order: tuple[str, str]) -> None:
    both = "".join(asks(f"n-{name}", algorithm=name) for name in order)
    peer, refused = await sign_in(tmp_path, recv("REGISTER"), refuses(both), recv("REGISTER"), ACCEPTED)
    assert refused is None
    assert answered(peer.messages, "Authorization") == ["n-SHA-256"]


CHALLENGES = "".join(
    asks(nonce, algorithm=algorithm)
    for nonce, algorithm in (("one", "AKAv2-SHA-256"), ("two", "SHA-256"), ("three", "MD5"))
)


@pytest.mark.conformance(
    "RFC 8760 2.4", "three algorithms, then a stale nonce: the strongest known one, then the new nonce"
)
async def test_of_several_challenges_the_strongest_known_one_is_answered(tmp_path: Path) -> None:
    steps = (
        recv_without("REGISTER", "Authorization"),
        refuses(CHALLENGES),
        recv_with("REGISTER", "SHA-256", "Authorization"),
        refuses(asks("four", algorithm="SHA-256", more=", stale=true")),
        recv_with("REGISTER", "nonce=.four", "Authorization"),
        ACCEPTED,
    )
    peer, refused = await sign_in(tmp_path, *steps)
    assert refused is None
    assert answered(peer.messages, "Authorization") == ["two", "four"]
    assert "secret" not in peer.messages


@pytest.mark.conformance(
    "RFC 3261 22.1", "a registrar that asks for nothing we know: refused, not tried again"
)
async def test_a_registrar_that_only_speaks_of_what_we_do_not_know(tmp_path: Path) -> None:
    _, refused = await sign_in(tmp_path, recv("REGISTER"), refuses(asks("one", algorithm="AKAv1-MD5")))
    assert refused is not None and (refused.code, refused.status) == ("wrong-credentials", 401)


# --- INVITE ---------------------------------------------------------------------------------------

PROXY = "407 Proxy Authentication Required"
PINNED = asks("r0")


@pytest.mark.conformance(
    "RFC 3261 22.2", "INVITE challenged, then with a stale nonce: ACK for each, the CSeq goes up"
)
async def test_a_challenged_call(tmp_path: Path) -> None:
    steps = (
        recv_without("INVITE", "Proxy-Authorization"),
        reply(PROXY, "p", headers=asks("n1", kind="Proxy")),
        recv("ACK"),
        recv_with("INVITE", "n1", "Proxy-Authorization"),
        reply(PROXY, "p", headers=asks("n2", kind="Proxy", more=", stale=true")),
        recv("ACK"),
        recv_with("INVITE", "n2", "Proxy-Authorization"),
        reply("180 Ringing", "a"),
        reply("200 OK", "a", version=1),
        recv_with("ACK", "n2", "Proxy-Authorization"),
        bye(),
    )
    async with facing(tmp_path, *steps, challenge=PINNED) as (caller, peer):
        call_id = await caller.dial("peer")
        assert re.findall(r"^CSeq: (\d) ACK", peer.messages, re.M) == ["1", "2", "3"]
        await hang_up(caller, call_id)


USELESS = [
    ("another realm", asks("n1", kind="Proxy", realm="thief.test")),
    ("an algorithm nobody knows", asks("n1", kind="Proxy", algorithm="AKAv1-MD5")),
    ("a scheme that is none of ours", 'Proxy-Authenticate: Basic realm="phone.test"\n'),
    ("nothing that can be read", "Proxy-Authenticate: Digest ,,realm=\n"),
    ("no challenge at all", ""),
]


@pytest.mark.conformance("RFC 3261 22.2", "INVITE challenged by {what}: no answer to it, the call is refused")
@pytest.mark.parametrize(("what", "challenge"), USELESS, ids=[case[0] for case in USELESS])
async def test_challenges_that_get_nothing(tmp_path: Path, what: str, challenge: str) -> None:
    steps = (recv("INVITE"), reply(PROXY, "p", headers=challenge), recv("ACK"), pause(300))
    async with facing(tmp_path, *steps, challenge=PINNED) as (caller, peer):
        await caller.client.dial("peer")
        gone = await ended(caller)
        assert (gone.reason, gone.status) == ("not-allowed", 407)
        await asyncio.to_thread(peer.finish)
        assert "Proxy-Authorization" not in peer.messages


@pytest.mark.conformance("RFC 8760 2.4", "a registrar that asked for SHA-256: its proxy gets no MD5")
async def test_a_call_is_not_weaker_than_the_registration(tmp_path: Path) -> None:
    steps = (recv("INVITE"), reply(PROXY, "p", headers=asks("n1", kind="Proxy")), recv("ACK"), pause(300))
    strong = asks("r0", algorithm="SHA-256")
    async with facing(tmp_path, *steps, challenge=strong) as (caller, peer):
        await caller.client.dial("peer")
        assert (await ended(caller)).reason == "not-allowed"
        await asyncio.to_thread(peer.finish)
        assert "Proxy-Authorization" not in peer.messages


@pytest.mark.conformance(
    "RFC 3261 22.2", "our answer is refused with another nonce: the call ends, nobody tries on"
)
async def test_a_call_whose_answer_is_refused(tmp_path: Path) -> None:
    steps = (
        recv("INVITE"),
        reply(PROXY, "p", headers=asks("n1", kind="Proxy")),
        recv("ACK"),
        recv("INVITE"),
        reply(PROXY, "p", headers=asks("n2", kind="Proxy")),
        recv("ACK"),
        pause(300),
    )
    async with facing(tmp_path, *steps, challenge=PINNED) as (caller, peer):
        await caller.client.dial("peer")
        assert (await ended(caller)).status == 407
        await asyncio.to_thread(peer.finish)
        assert answered(peer.messages, "Proxy-Authorization") == ["n1"]


# --- in a call ------------------------------------------------------------------------------------

BEHIND = "Record-Route: <sip:[local_ip]:[local_port];lr>\nContact: <sip:peer@127.0.0.2:[local_port]>\n"


@pytest.mark.conformance(
    "RFC 3261 22.3", "the person called asks for our password with our realm: it gets nothing"
)
async def test_a_challenge_from_a_peer_behind_the_server(tmp_path: Path) -> None:
    taken = reply("200 OK", "a", version=1, headers=BEHIND).replace(
        "Contact: <sip:peer@[local_ip]:[local_port]>\n", "", 1
    )
    steps = (
        recv("INVITE"),
        taken,
        recv("ACK"),
        recv_without("BYE", "Authorization"),
        reply("401 Unauthorized", headers=asks("thief")),
        pause(300),
    )
    async with facing(tmp_path, *steps, challenge=PINNED) as (caller, peer):
        await hang_up(caller, await caller.dial("peer"))
        await asyncio.to_thread(peer.finish)
        assert answered(peer.messages, "Authorization") == ["r0"]


@pytest.mark.conformance("RFC 3261 22.3", "our server's proxy challenges a BYE: answered, the CSeq goes up")
async def test_a_challenged_bye(tmp_path: Path) -> None:
    steps = (
        *ANSWERED,
        recv("BYE"),
        reply(PROXY, headers=asks("n1", kind="Proxy")),
        recv_with("BYE", "n1", "Proxy-Authorization"),
        reply("200 OK"),
    )
    async with facing(tmp_path, *steps, challenge=PINNED) as (caller, peer):
        await hang_up(caller, await caller.dial("peer"))
        await asyncio.to_thread(peer.finish)
        asked = re.findall(r"^CSeq: (\d) BYE$", peer.messages, re.M)
        assert sorted(set(asked)) == ["2", "3"]


@pytest.mark.conformance("RFC 3261 22.3", "a peer that asks for our password in another realm gets nothing")
async def test_a_peer_that_challenges_our_bye_gets_nothing(tmp_path: Path) -> None:
    steps = (
        *ANSWERED,
        recv_without("BYE", "Proxy-Authorization"),
        reply(PROXY, headers=asks("n", kind="Proxy", realm="thief")),
        pause(700),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        await call_and_end(caller)
    assert len(set(re.findall(r"^CSeq: (\d+) BYE", peer.messages, re.MULTILINE))) == 1
    assert "Proxy-Authorization" not in peer.messages
