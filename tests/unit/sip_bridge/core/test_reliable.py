"""Reliable provisional responses (RFC 3262)."""

from __future__ import annotations

import pytest

from sip_bridge.core.events import (
    AnswerReceived,
    Ended,
    Established,
    IncomingInvite,
    OfferReceived,
    Provisional,
)
from sip_bridge.core.message import Request
from tests.doubles.sip_rig import CONTACT, ROUTE, Rig, call_for_us, calling, inside

RELIABLE = ("Require", "100rel")


def _invited(rig: Rig, body: bytes = b"offer") -> str:
    rig.register()
    rig.receive(call_for_us(RELIABLE, body=body))
    rig.response(100)
    return rig.last(IncomingInvite).call


# --- we called -----------------------------------------------------------------------------------


def test_a_reliable_provisional_gets_its_prack_and_is_heard_once() -> None:
    rig = Rig()
    _, invite = calling(rig)
    for _ in range(2):
        rig.reply(invite, 183, CONTACT, ROUTE, RELIABLE, ("RSeq", "17"), body=b"early")
    prack = rig.request("PRACK")
    assert prack.headers.get("RAck") == f"17 {invite.cseq.number} INVITE"
    assert [str(route) for route in prack.routes] == ["<sip:192.0.2.1;lr>"]
    assert len(rig.of(Provisional)) == 1
    rig.reply(prack, 200)
    rig.reply(invite, 180, CONTACT, ROUTE, RELIABLE, ("RSeq", "19"))
    assert rig.sent() == []
    rig.reply(invite, 180, CONTACT, ROUTE, RELIABLE, ("RSeq", "18"))
    second = rig.request("PRACK")
    assert second.cseq.number == prack.cseq.number + 1
    rig.reply(invite, 200, CONTACT, ROUTE)
    assert rig.last(AnswerReceived).sdp == b"early"


def _early_update(rig: Rig, invite: Request, number: int = 1, tag: str = "far") -> None:
    """Who rings changes the session before it answers."""
    update = inside(invite, "UPDATE", number, CONTACT, ("Supported", "timer"), body=b"theirs")
    update.headers.set("From", f"{invite.headers.get('To')};tag={tag}")
    rig.receive(update)


def test_who_has_answered_reliably_may_change_the_session_before_the_200() -> None:
    rig = Rig()
    handle, invite = calling(rig)
    rig.reply(invite, 183, CONTACT, ROUTE, RELIABLE, ("RSeq", "1"), body=b"early")
    rig.reply(rig.request("PRACK"), 200)
    _early_update(rig, invite)
    assert rig.last(OfferReceived).sdp == b"theirs"
    rig.agent.answer_offer(handle, b"ours", rig.now)
    ok = rig.response(200)
    assert (ok.body, ok.headers.get("Session-Expires")) == (b"ours", None)
    rig.reply(invite, 200, CONTACT, ROUTE)
    assert rig.names() == ["ACK"]
    assert rig.of(AnswerReceived) == [] and len(rig.of(Established)) == 1
    rig.agent.reoffer(handle, b"again", rig.now)
    assert rig.request("INVITE").body == b"again"


def test_a_change_of_one_who_rings_is_nothing_to_the_one_who_answers() -> None:
    rig = Rig()
    handle, invite = calling(rig)
    rig.reply(invite, 183, CONTACT, ROUTE, RELIABLE, ("RSeq", "1"), tag="a", body=b"early")
    rig.reply(rig.request("PRACK"), 200)
    _early_update(rig, invite, tag="a")
    rig.agent.answer_offer(handle, b"ours", rig.now)
    rig.response(200)
    rig.reply(invite, 180, CONTACT, ROUTE, tag="b")
    _early_update(rig, invite, 2, tag="a")
    rig.response(491)
    rig.reply(invite, 200, CONTACT, ROUTE, tag="b", body=b"answer")
    assert rig.last(AnswerReceived).sdp == b"answer"


def test_each_fork_counts_for_itself() -> None:
    rig = Rig()
    _, invite = calling(rig)
    for tag in ("one", "two"):
        rig.reply(invite, 180, CONTACT, ROUTE, RELIABLE, ("RSeq", "5"), tag=tag)
    assert rig.names() == ["PRACK", "PRACK"]


def test_a_prack_that_fails_ends_nothing() -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, 180, CONTACT, ROUTE, RELIABLE, ("RSeq", "5"))
    rig.wait(40)
    assert rig.of(Ended) == []


def test_a_broken_rseq_makes_it_an_ordinary_provisional() -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, 180, CONTACT, RELIABLE, ("RSeq", "x"))
    assert rig.sent() == []
    assert len(rig.of(Provisional)) == 1


def test_an_offer_in_a_reliable_provisional_is_answered_in_the_prack() -> None:
    rig = Rig()
    handle, invite = calling(rig, offer=None)
    rig.reply(invite, 183, CONTACT, ROUTE, RELIABLE, ("RSeq", "1"), body=b"their offer")
    assert rig.sent() == []
    assert rig.last(OfferReceived) == OfferReceived(handle, b"their offer", "delayed")
    rig.agent.answer_offer(handle, b"our answer", rig.now)
    assert rig.request("PRACK").body == b"our answer"
    rig.reply(invite, 200, CONTACT, ROUTE)
    assert rig.request("ACK").body == b""
    assert len(rig.of(Established)) == 1


@pytest.mark.parametrize(("tag", "number"), [("two", "1"), ("one", "2")])
def test_a_second_offer_while_the_first_is_unanswered_gets_no_prack(tag: str, number: str) -> None:
    rig = Rig()
    handle, invite = calling(rig, offer=None)
    rig.reply(invite, 183, CONTACT, ROUTE, RELIABLE, ("RSeq", "1"), body=b"first", tag="one")
    rig.reply(invite, 183, CONTACT, ROUTE, RELIABLE, ("RSeq", number), body=b"second", tag=tag)
    assert rig.sent() == []
    assert [event.sdp for event in rig.of(OfferReceived)] == [b"first"]
    rig.agent.answer_offer(handle, b"our answer", rig.now)
    prack = rig.request("PRACK")
    assert (prack.to.tag, prack.body) == ("one", b"our answer")


@pytest.mark.parametrize(("tag", "body"), [("one", b""), ("one", b"their offer"), ("two", b"another")])
def test_a_2xx_before_the_reliable_offer_is_answered_is_ended(tag: str, body: bytes) -> None:
    rig = Rig()
    _, invite = calling(rig, offer=None)
    rig.reply(invite, 183, CONTACT, ROUTE, RELIABLE, ("RSeq", "1"), body=b"their offer", tag="one")
    rig.reply(invite, 200, CONTACT, ROUTE, body=body, tag=tag)
    assert rig.names() == ["ACK", "BYE"]
    assert len(rig.of(Ended)) == 1


def test_refusing_the_offer_of_a_ringing_peer_cancels() -> None:
    rig = Rig()
    handle, invite = calling(rig, offer=None)
    rig.reply(invite, 183, CONTACT, ROUTE, RELIABLE, ("RSeq", "1"), body=b"their offer")
    rig.agent.refuse_offer(handle, 488, rig.now)
    assert rig.names() == ["CANCEL"]


# --- we are called -------------------------------------------------------------------------------


def test_where_the_caller_requires_it_ringing_is_repeated_until_its_prack() -> None:
    rig = Rig()
    handle = _invited(rig)
    rig.agent.ring(handle, rig.now)
    ringing = rig.response(180)
    assert ringing.require == ("100rel",)
    rig.wait(4)
    assert rig.names() == ["180 INVITE"] * 3
    said = ringing.headers.get("RSeq")
    for number, rack in enumerate(("9 1 INVITE", f"{said} 2 INVITE", f"{said} 1 UPDATE", "x"), start=2):
        rig.receive(inside(ringing, "PRACK", number, ("RAck", rack), ours=False))
    assert rig.names() == ["481 PRACK"] * 4
    rig.receive(inside(ringing, "PRACK", 6, ("RAck", f"{said} 1 INVITE"), ours=False))
    assert rig.names() == ["200 PRACK"]
    rig.wait(20)
    assert rig.sent() == []


def test_a_second_provisional_and_the_answer_wait_for_the_prack() -> None:
    rig = Rig()
    handle = _invited(rig)
    rig.agent.ring(handle, rig.now, b"early")
    first = rig.response(183)
    assert first.body == b"early"
    rig.agent.ring(handle, rig.now)
    rig.agent.answer(handle, b"early", rig.now)
    assert rig.sent() == []
    rig.receive(inside(first, "PRACK", 2, ("RAck", "1 1 INVITE"), ours=False))
    assert rig.names() == ["180 INVITE", "200 PRACK"]
    rig.receive(inside(first, "PRACK", 3, ("RAck", "2 1 INVITE"), ours=False))
    prack_ok, ok = rig.sent()
    assert (prack_ok.cseq.method, ok.cseq.method, ok.body) == ("PRACK", "INVITE", b"")
    assert len(rig.of(Established)) == 1


def test_our_offer_may_go_in_a_reliable_183_and_the_prack_answers() -> None:
    rig = Rig()
    handle = _invited(rig, body=b"")
    rig.agent.ring(handle, rig.now, b"our offer")
    progress = rig.response(183)
    rig.receive(inside(progress, "PRACK", 2, ("RAck", "1 1 INVITE"), body=b"their answer", ours=False))
    rig.response(200)
    assert rig.last(AnswerReceived) == AnswerReceived(handle, b"their answer", "far")
    rig.agent.answer(handle, b"our offer", rig.now)
    ok = rig.response(200)
    assert ok.body == b""
    rig.receive(inside(ok, "ACK", 1, ours=False))
    assert rig.of(Ended) == []


def test_a_prack_may_bring_an_offer_of_its_own() -> None:
    rig = Rig()
    handle = _invited(rig)
    rig.agent.ring(handle, rig.now, b"early")
    progress = rig.response(183)
    rig.receive(inside(progress, "PRACK", 2, ("RAck", "1 1 INVITE"), body=b"second offer", ours=False))
    assert rig.last(OfferReceived).sdp == b"second offer"
    rig.agent.answer_offer(handle, b"second answer", rig.now)
    ok = rig.response(200)
    assert (ok.cseq.method, ok.body) == ("PRACK", b"second answer")


def test_a_prack_with_an_offer_before_our_answer_is_refused() -> None:
    rig = Rig()
    handle = _invited(rig)
    rig.agent.ring(handle, rig.now)
    ringing = rig.response(180)
    rig.receive(inside(ringing, "PRACK", 2, ("RAck", "1 1 INVITE"), body=b"another offer", ours=False))
    rig.response(488)
    assert rig.of(OfferReceived) == []


def test_after_a_reliable_answer_the_caller_may_offer_again_by_update() -> None:
    rig = Rig()
    handle = _invited(rig)
    rig.agent.ring(handle, rig.now, b"early")
    progress = rig.response(183)
    rig.receive(inside(progress, "UPDATE", 2, CONTACT, body=b"too early", ours=False))
    rig.response(500)
    rig.receive(inside(progress, "PRACK", 3, ("RAck", "1 1 INVITE"), ours=False))
    rig.response(200)
    rig.receive(inside(progress, "UPDATE", 4, CONTACT, body=b"second offer", ours=False))
    rig.agent.answer_offer(handle, b"second answer", rig.now)
    assert rig.response(200).body == b"second answer"


def test_without_any_prack_the_call_is_given_up() -> None:
    rig = Rig()
    handle = _invited(rig)
    rig.agent.ring(handle, rig.now)
    rig.wait(32.1)
    assert "504 INVITE" in rig.names()
    assert rig.last(Ended).by_remote


def test_ringing_again_after_a_minute_is_reliable_too() -> None:
    rig = Rig()
    handle = _invited(rig)
    rig.agent.ring(handle, rig.now, b"early")
    first = rig.response(183)
    rig.receive(inside(first, "PRACK", 2, ("RAck", "1 1 INVITE"), ours=False))
    rig.response(200)
    rig.wait(60.1)
    (again,) = rig.sent()
    assert again.require == ("100rel",)
    assert again.body == b""


def test_rejecting_stops_the_repetition() -> None:
    rig = Rig()
    handle = _invited(rig)
    rig.agent.ring(handle, rig.now)
    rig.agent.reject(handle, 486, rig.now)
    assert rig.names() == ["180 INVITE", "486 INVITE"]
    rig.wait(2)
    assert set(rig.names()) == {"486 INVITE"}


def test_a_prack_for_a_call_of_ours_is_481() -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, 180, CONTACT, ROUTE)
    early: Request = inside(invite, "PRACK", 1, ("RAck", "1 1 INVITE"))
    early.headers.set("From", f"{invite.headers.get('To')};tag=far")
    rig.receive(early)
    rig.response(481)
