"""Registering where the registrar or a proxy asks for the password."""

from __future__ import annotations

from dataclasses import replace

from sip_bridge.core.digest_values import Answer
from sip_bridge.core.events import RegistrationFailed
from sip_bridge.core.message import Request
from tests.doubles.sip_rig import ACCOUNT, CHALLENGE, Rig, granted


def _answer_of(request: Request, header: str = "Authorization") -> Answer:
    return Answer.parse(request.headers.get(header) or "")


def test_a_challenge_is_answered_once_and_the_next_register_answers_beforehand() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    first = rig.request("REGISTER")
    rig.reply(first, 401, ("WWW-Authenticate", CHALLENGE))
    second = rig.request("REGISTER")
    answer = _answer_of(second)
    assert (answer.username, answer.realm, answer.nc) == ("alice", "example.com", "00000001")
    assert second.call_id == first.call_id
    assert second.cseq.number == first.cseq.number + 1
    granted(rig, second, 100)
    rig.wait(80.1)
    third = rig.request("REGISTER")
    assert _answer_of(third).nc == "00000002"
    assert third.call_id == first.call_id
    assert third.cseq.number == second.cseq.number + 1


def test_the_same_challenge_again_means_a_wrong_password_and_nothing_is_tried_again() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 401, ("WWW-Authenticate", CHALLENGE))
    rig.reply(rig.request("REGISTER"), 401, ("WWW-Authenticate", CHALLENGE.replace("n1", "n2")))
    assert rig.last(RegistrationFailed) == RegistrationFailed(401, "wrong-credentials", None)
    rig.wait(7200)
    assert rig.sent() == []
    assert rig.opened == []


def test_a_stale_nonce_is_answered_anew() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 401, ("WWW-Authenticate", CHALLENGE))
    rig.reply(
        rig.request("REGISTER"), 401, ("WWW-Authenticate", CHALLENGE.replace("n1", "n2") + ", stale=true")
    )
    assert _answer_of(rig.request("REGISTER")).nonce == "n2"


def test_a_server_that_always_says_stale_is_not_answered_for_ever() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    for number in range(4):
        stale = CHALLENGE.replace("n1", f"s{number}") + ", stale=true"
        rig.reply(rig.request("REGISTER"), 401, ("WWW-Authenticate", stale))
    last = rig.request("REGISTER")
    rig.reply(last, 401, ("WWW-Authenticate", CHALLENGE + ", stale=true"))
    assert rig.sent() == []
    assert rig.last(RegistrationFailed).reason_key == "wrong-credentials"


def test_of_several_challenges_the_strongest_is_answered() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    strong = CHALLENGE.replace("MD5", "SHA-256")
    rig.reply(rig.request("REGISTER"), 401, ("WWW-Authenticate", CHALLENGE), ("WWW-Authenticate", strong))
    assert _answer_of(rig.request("REGISTER")).algorithm == "SHA-256"


def test_another_realm_than_the_pinned_one_gets_nothing() -> None:
    rig = Rig()
    rig.agent.register(replace(ACCOUNT, realm="example.com"), rig.now)
    rig.open()
    foreign = CHALLENGE.replace("example.com", "evil.example")
    rig.reply(rig.request("REGISTER"), 401, ("WWW-Authenticate", foreign))
    assert rig.sent() == []
    assert rig.last(RegistrationFailed).reason_key == "wrong-credentials"


def test_a_challenge_nobody_can_read_gets_nothing() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 401, ("WWW-Authenticate", "Bearer x"))
    assert rig.sent() == []


def test_a_proxy_and_the_registrar_may_both_ask() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 407, ("Proxy-Authenticate", CHALLENGE))
    second = rig.request("REGISTER")
    assert _answer_of(second, "Proxy-Authorization").nonce == "n1"
    rig.reply(second, 401, ("WWW-Authenticate", CHALLENGE.replace("n1", "n2")))
    third = rig.request("REGISTER")
    assert _answer_of(third, "Proxy-Authorization").nonce == "n1"
    assert _answer_of(third).nonce == "n2"


def test_what_a_proxy_asked_is_not_said_to_the_registrar_beforehand() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 407, ("Proxy-Authenticate", CHALLENGE))
    granted(rig, rig.request("REGISTER"), 100)
    rig.wait(80.1)
    assert "Authorization" not in rig.request("REGISTER").headers


def test_the_configuration_never_shows_the_password() -> None:
    assert "secret" not in repr(ACCOUNT)
