"""Who gets our credentials: the configured server over its flow in its realm, and nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sip_bridge.core.digest_values import Answer
from sip_bridge.core.effects import Flow
from sip_bridge.core.events import Ended, IncomingInvite, OfferReceived, ReofferFailed
from sip_bridge.core.message import Request
from tests.doubles.sip_rig import (
    ACCOUNT,
    CHALLENGE,
    CONTACT,
    LOCAL,
    PEER,
    ROUTE,
    SERVER,
    Rig,
    call_for_us,
    calling,
    inside,
    talking,
)

PROXY = ("Proxy-Authenticate", CHALLENGE)
WWW = ("WWW-Authenticate", CHALLENGE)
PEER_UDP = Flow(8, "udp", LOCAL, PEER, PEER[0])
PINNED = replace(ACCOUNT, realm="example.com")


def _pinned(rig: Rig) -> None:
    rig.agent.register(PINNED, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 200, ("Expires", "1000000"))


def _credentials(messages: list[object]) -> list[str]:
    return [
        value
        for message in messages
        if isinstance(message, Request)
        for name in ("Authorization", "Proxy-Authorization")
        for value in message.headers.get_lines(name)
    ]


def _challenged(
    rig: Rig, request: Request, status: int, *headers: tuple[str, str], **how: object
) -> list[str]:
    rig.reply(request, status, *headers, **how)  # type: ignore[arg-type]
    return _credentials(list(rig.sent()))


@pytest.mark.parametrize(("status", "header"), [(407, PROXY), (401, WWW)])
def test_our_server_may_challenge_a_call(status: int, header: tuple[str, str]) -> None:
    rig = Rig()
    _pinned(rig)
    rig.agent.invite("sip:bob@example.com", b"offer", rig.now)
    invite = rig.request("INVITE")
    rig.reply(invite, status, header)
    ack, again = rig.sent()
    assert isinstance(ack, Request)
    assert isinstance(again, Request)
    assert again.cseq.number == invite.cseq.number + 1
    assert (again.call_id, again.from_.tag, again.body) == (invite.call_id, invite.from_.tag, b"offer")
    answer = Answer.parse(
        again.headers.get("Proxy-Authorization") or again.headers.get("Authorization") or ""
    )
    assert (answer.uri, answer.realm) == ("sip:bob@example.com", "example.com")
    rig.reply(again, 200, CONTACT, ROUTE, body=b"answer")
    ack = rig.request("ACK")
    assert _credentials([ack]) == _credentials([again])
    assert ack.cseq.number == again.cseq.number


@pytest.mark.parametrize("found", [True, False])
def test_an_ack_that_leaves_our_server_leaves_the_credentials_behind(found: bool) -> None:
    rig = Rig()
    _pinned(rig)
    rig.agent.invite("sip:bob@example.com", b"offer", rig.now)
    rig.reply(rig.request("INVITE"), 407, PROXY)
    again = rig.sent()[-1]
    assert isinstance(again, Request)
    assert len(_credentials([again])) == 1
    rig.reply(again, 200, CONTACT, body=b"answer")
    if found:
        rig.open(rig.peer_flow)
    else:
        rig.refuse("exhausted")
    ack = rig.request("ACK")
    assert rig.raw[-1].flow_id == (rig.peer_flow.id if found else rig.flow.id)
    assert _credentials([ack]) == []


def test_a_weaker_algorithm_than_the_registrars_is_never_answered() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    strong = CHALLENGE.replace("MD5", "SHA-256-sess")
    rig.reply(rig.request("REGISTER"), 401, ("WWW-Authenticate", strong))
    rig.reply(rig.request("REGISTER"), 200, ("Expires", "1000000"))
    rig.agent.invite("sip:bob@example.com", b"o", rig.now)
    invite = rig.request("INVITE")
    unknown = ("Proxy-Authenticate", CHALLENGE.replace("MD5", "ROT13"))
    assert _challenged(rig, invite, 407, PROXY, unknown) == []
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    assert len(_challenged(rig, rig.request("REGISTER"), 401, WWW)) == 1


def test_a_call_before_the_realm_is_known_answers_nothing() -> None:
    rig = Rig()
    _, invite = calling(rig)
    assert _challenged(rig, invite, 407, PROXY) == []
    assert rig.last(Ended).reason_key == "not-allowed"


def test_a_peer_we_call_directly_gets_nothing() -> None:
    rig = Rig()
    rig.agent.invite("sip:bob@198.51.100.7", b"o", rig.now)
    rig.open(rig.peer_flow)
    invite = rig.request("INVITE")
    assert _challenged(rig, invite, 401, WWW, flow=rig.peer_flow) == []
    assert rig.last(Ended).status == 401


@pytest.mark.parametrize(("status", "name"), [(401, "WWW-Authenticate"), (407, "Proxy-Authenticate")])
def test_another_realm_gets_nothing(status: int, name: str) -> None:
    rig = Rig()
    _pinned(rig)
    rig.agent.invite("sip:bob@example.com", b"o", rig.now)
    invite = rig.request("INVITE")
    foreign = CHALLENGE.replace("example.com", "evil.example")
    assert _challenged(rig, invite, status, (name, foreign)) == []


def test_of_two_realms_only_ours_is_answered() -> None:
    rig = Rig()
    _pinned(rig)
    rig.agent.invite("sip:bob@example.com", b"o", rig.now)
    invite = rig.request("INVITE")
    foreign = (
        "Proxy-Authenticate",
        CHALLENGE.replace("example.com", "evil.example").replace("MD5", "SHA-256"),
    )
    (value,) = _challenged(rig, invite, 407, foreign, PROXY)
    assert Answer.parse(value).realm == "example.com"


def test_the_same_question_twice_is_not_answered_twice() -> None:
    rig = Rig()
    _pinned(rig)
    rig.agent.invite("sip:bob@example.com", b"o", rig.now)
    rig.reply(rig.request("INVITE"), 407, PROXY)
    again = rig.sent()[-1]
    assert isinstance(again, Request)
    rig.reply(again, 407, PROXY)
    assert rig.names() == ["ACK"]
    assert rig.last(Ended).reason_key == "not-allowed"


@pytest.mark.parametrize(("status", "header"), [(401, WWW), (407, PROXY)])
def test_a_peer_that_challenges_our_bye_over_its_own_flow_gets_nothing(
    status: int, header: tuple[str, str]
) -> None:
    rig = Rig()
    _pinned(rig)
    handle = rig.agent.invite("sip:bob@example.com", b"offer", rig.now)
    rig.reply(rig.request("INVITE"), 200, CONTACT, body=b"answer")
    rig.open(rig.peer_flow)
    rig.request("ACK")
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.open(rig.peer_flow)
    bye = rig.request("BYE")
    assert _challenged(rig, bye, status, header, flow=rig.peer_flow) == []


def test_a_peer_that_came_directly_and_challenges_our_bye_gets_nothing() -> None:
    rig = Rig()
    _pinned(rig)
    handle = rig.agent.invite("sip:bob@example.com", b"offer", rig.now)
    rig.reply(rig.request("INVITE"), 200, CONTACT, body=b"answer")
    rig.open(rig.peer_flow)
    ack = rig.request("ACK")
    rig.receive(inside(ack, "INFO", 1), rig.peer_flow)
    rig.response(200)
    rig.agent.cancel_or_bye(handle, rig.now)
    bye = rig.request("BYE")
    assert rig.raw[-1].flow_id == rig.peer_flow.id
    assert _challenged(rig, bye, 407, PROXY, flow=rig.peer_flow) == []


def test_a_peer_behind_our_server_that_challenges_our_bye_gets_nothing() -> None:
    rig = Rig()
    _pinned(rig)
    handle = rig.agent.invite("sip:bob@example.com", b"offer", rig.now)
    rig.reply(rig.request("INVITE"), 200, CONTACT, ROUTE, body=b"answer")
    rig.request("ACK")
    rig.agent.cancel_or_bye(handle, rig.now)
    bye = rig.request("BYE")
    assert rig.raw[-1].flow_id == rig.flow.id
    assert _challenged(rig, bye, 401, WWW) == []


def test_our_proxy_may_challenge_inside_a_call() -> None:
    rig = Rig()
    _pinned(rig)
    handle = rig.agent.invite("sip:bob@example.com", b"offer", rig.now)
    rig.reply(rig.request("INVITE"), 200, CONTACT, ROUTE, body=b"answer")
    rig.request("ACK")
    rig.agent.reoffer(handle, b"hold", rig.now)
    invite = rig.request("INVITE")
    (value,) = _challenged(rig, invite, 407, PROXY)
    assert Answer.parse(value).realm == "example.com"
    assert rig.of(ReofferFailed) == []


def test_a_server_that_is_the_other_end_itself_may_challenge_inside_a_call() -> None:
    rig = Rig()
    _pinned(rig)
    handle = rig.agent.invite("sip:bob@example.com", b"offer", rig.now)
    rig.reply(rig.request("INVITE"), 200, ("Contact", "<sip:pbx@192.0.2.1>"), body=b"answer")
    rig.request("ACK")
    rig.agent.cancel_or_bye(handle, rig.now)
    assert len(_challenged(rig, rig.request("BYE"), 401, WWW)) == 1


def test_a_challenge_that_comes_by_another_host_is_not_even_heard() -> None:
    rig = Rig()
    _pinned(rig)
    rig.agent.invite("sip:bob@example.com", b"o", rig.now)
    invite = rig.request("INVITE")
    assert _challenged(rig, invite, 407, PROXY, flow=Flow(9, "udp", LOCAL, PEER)) == []
    assert rig.of(Ended) == []


def test_before_the_realm_is_known_nothing_inside_a_call_is_answered() -> None:
    rig = Rig()
    handle, _ = talking(rig)
    rig.agent.cancel_or_bye(handle, rig.now)
    assert _challenged(rig, rig.request("BYE"), 407, PROXY) == []


# --- a server reached by TLS


def _over_tls() -> tuple[Rig, Flow]:
    """Registered by TLS; and a datagram on which somebody wrote our server's address."""
    rig = Rig(transport="tls")
    rig.register()
    return rig, Flow(9, "udp", LOCAL, SERVER, SERVER[0])


def test_a_datagram_with_our_servers_address_is_a_strangers_once_we_came_by_tls() -> None:
    rig, forged = _over_tls()
    rig.receive(call_for_us(), forged)
    assert rig.names() == ["403 INVITE"]
    assert rig.of(IncomingInvite) == []


@pytest.mark.parametrize("method", ["INVITE", "BYE", "UPDATE"])
def test_a_call_over_tls_hears_nothing_in_the_clear(method: str) -> None:
    rig = Rig(transport="tls")
    _, ack = talking(rig)
    rig.receive(inside(ack, method, 5, CONTACT, body=b"keys" if method != "BYE" else b""), PEER_UDP)
    assert rig.names() == [f"481 {method}"]
    assert rig.of(OfferReceived) == []
    assert rig.of(Ended) == []


def test_a_call_over_tls_says_nothing_in_the_clear_though_its_proxy_left_the_route() -> None:
    rig = Rig(transport="tls")
    handle, invite = calling(rig)
    rig.reply(invite, 200, CONTACT, body=b"answer")
    rig.request("ACK")
    rig.agent.reoffer(handle, b"keys", rig.now)
    rig.request("INVITE")
    assert rig.opened == []
    assert {sent.flow_id for sent in rig.raw} == {rig.flow.id}


def test_a_call_over_tls_waits_for_tls_when_its_flow_is_lost() -> None:
    rig = Rig(transport="tls")
    handle, invite = calling(rig)
    rig.reply(invite, 200, CONTACT, body=b"answer")
    rig.request("ACK")
    rig.closed_flow()
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.collect()
    assert rig.opened[-1].hop.secure
