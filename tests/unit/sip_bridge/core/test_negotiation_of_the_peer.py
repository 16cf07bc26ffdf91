"""Offers of the far end inside a standing call: hold, refresh, glare, overlap."""

from __future__ import annotations

import pytest

from sip_bridge.core.events import AnswerReceived, Ended, OfferReceived, OfferWanted
from sip_bridge.core.message import Request
from sip_bridge.core.turn import TURNS, IllegalTurn, Turn
from tests.doubles.sip_rig import (
    CONTACT,
    NEW_PLACE,
    Rig,
    call_for_us,
    calling,
    cancelling,
    inside,
    other_flow,
    reoffering,
    talking,
)


def test_the_peer_holds_and_we_answer() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.receive(inside(ack, "INVITE", 1, NEW_PLACE, body=b"their hold"))
    rig.response(100)
    assert rig.last(OfferReceived) == OfferReceived(handle, b"their hold", "reinvite")
    rig.agent.answer_offer(handle, b"our recvonly", rig.now)
    ok = rig.response(200)
    assert ok.body == b"our recvonly"
    rig.agent.answer_offer(handle, b"again", rig.now)
    rig.wait(1)
    assert rig.names() == ["200 INVITE"]
    rig.receive(inside(ack, "ACK", 1))
    rig.wait(10)
    assert rig.sent() == []
    rig.agent.cancel_or_bye(handle, rig.now)
    assert rig.request("BYE").uri == "sip:bob@203.0.113.44:5060"


def test_an_unacknowledged_2xx_to_a_reinvite_ends_the_call() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.receive(inside(ack, "INVITE", 1, CONTACT, body=b"their hold"))
    rig.agent.answer_offer(handle, b"ours", rig.now)
    rig.wait(32.1)
    assert rig.names()[-1] == "BYE"


def test_a_refused_offer_leaves_everything_as_it_was() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.receive(inside(ack, "INVITE", 1, CONTACT, body=b"video"))
    rig.response(100)
    rig.agent.refuse_offer(handle, 488, rig.now)
    rig.response(488)
    rig.agent.refuse_offer(handle, 488, rig.now)
    assert rig.sent() == []
    rig.receive(inside(ack, "INVITE", 2, CONTACT, body=b"hold"))
    assert len(rig.of(OfferReceived)) == 2


def test_a_reinvite_without_offer_gets_ours_and_the_ack_answers() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.receive(inside(ack, "INVITE", 1, CONTACT))
    rig.response(100)
    assert rig.last(OfferWanted) == OfferWanted(handle)
    rig.agent.answer_offer(handle, b"wrong command", rig.now)
    rig.agent.provide_offer(handle, b"our offer", rig.now)
    assert rig.response(200).body == b"our offer"
    rig.agent.provide_offer(handle, b"twice", rig.now)
    rig.receive(inside(ack, "ACK", 1, body=b"their answer"))
    assert rig.last(AnswerReceived) == AnswerReceived(handle, b"their answer", "far")


def test_an_offer_we_do_not_want_to_make_is_refused() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.receive(inside(ack, "INVITE", 1, CONTACT))
    rig.response(100)
    rig.agent.refuse_offer(handle, 488, rig.now)
    rig.response(488)


def test_update_with_an_offer_is_answered_in_its_200() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.receive(inside(ack, "UPDATE", 1, NEW_PLACE, body=b"their hold"))
    assert rig.last(OfferReceived) == OfferReceived(handle, b"their hold", "update")
    rig.agent.answer_offer(handle, b"ours", rig.now)
    ok = rig.response(200)
    assert (ok.cseq.method, ok.body) == ("UPDATE", b"ours")
    rig.wait(10)
    assert rig.sent() == []


def test_update_without_a_body_only_refreshes() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.receive(inside(ack, "UPDATE", 1, NEW_PLACE))
    ok = rig.response(200)
    assert "Contact" in ok.headers
    assert rig.of(OfferReceived) == []
    rig.agent.cancel_or_bye(handle, rig.now)
    assert rig.request("BYE").uri == "sip:bob@203.0.113.44:5060"


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_an_offer_that_meets_ours_is_491(method: str) -> None:
    rig = Rig()
    handle, ack = talking(rig)
    reoffering(rig, handle)
    rig.receive(inside(ack, method, 1, CONTACT, body=b"theirs"))
    rig.response(491)


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_a_second_offer_before_the_first_is_answered_is_500_with_retry_after(method: str) -> None:
    rig = Rig()
    _, ack = talking(rig)
    rig.receive(inside(ack, "INVITE", 1, CONTACT, body=b"first"))
    rig.response(100)
    rig.receive(inside(ack, method, 2, CONTACT, body=b"second"))
    refusal = rig.response(500)
    assert 0 <= int(refusal.headers.get("Retry-After") or "") <= 10


def test_an_offer_before_the_ack_of_the_first_answer_is_refused() -> None:
    rig = Rig()
    rig.register()
    rig.receive(call_for_us())
    rig.agent.answer("call-1", b"answer", rig.now)
    ok = rig.sent()[-1]
    rig.receive(inside(ok, "INVITE", 2, CONTACT, body=b"theirs", ours=False))
    rig.response(491)
    rig.receive(inside(ok, "UPDATE", 3, CONTACT, body=b"theirs", ours=False))
    rig.response(500)


def test_a_reinvite_before_the_call_stands_is_refused() -> None:
    rig = Rig()
    rig.register()
    rig.receive(call_for_us())
    rig.agent.ring("call-1", rig.now)
    ringing = rig.sent()[-1]
    rig.receive(inside(ringing, "INVITE", 2, CONTACT, body=b"theirs", ours=False))
    rig.response(500)
    other = Rig()
    _, invite = calling(other)
    other.reply(invite, 180, CONTACT)
    early = inside(invite, "INVITE", 1, CONTACT, body=b"theirs")
    early.headers.set("From", f"{invite.headers.get('To')};tag=far")
    other.receive(early)
    other.response(491)


def test_an_offer_before_the_first_one_is_answered_is_refused() -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, 180, CONTACT)
    for number, body in enumerate([b"theirs", b""], start=1):
        early = inside(invite, "UPDATE", number, CONTACT, body=body)
        early.headers.set("From", f"{invite.headers.get('To')};tag=far")
        rig.receive(early)
    assert rig.names() == ["491 UPDATE", "200 UPDATE"]
    other = Rig()
    other.register()
    other.receive(call_for_us())
    other.agent.ring("call-1", other.now)
    ringing = other.sent()[-1]
    other.receive(inside(ringing, "UPDATE", 2, CONTACT, body=b"theirs", ours=False))
    other.response(500)


def test_the_peer_cancels_its_reinvite() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    invite = inside(ack, "INVITE", 1, CONTACT, body=b"theirs")
    rig.receive(invite)
    rig.response(100)
    rig.receive(cancelling(invite))
    assert rig.names() == ["200 CANCEL", "487 INVITE"]
    assert rig.of(Ended) == []
    reoffering(rig, handle)


def test_bye_during_the_peers_reinvite_answers_both() -> None:
    rig = Rig()
    _, ack = talking(rig)
    rig.receive(inside(ack, "INVITE", 1, CONTACT, body=b"theirs"))
    rig.response(100)
    rig.receive(inside(ack, "BYE", 2))
    assert rig.names() == ["200 BYE", "487 INVITE"]
    assert rig.last(Ended).by_remote


def test_our_bye_during_the_peers_reinvite_answers_it() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.receive(inside(ack, "INVITE", 1, CONTACT, body=b"theirs"))
    rig.response(100)
    rig.agent.cancel_or_bye(handle, rig.now)
    assert rig.names() == ["487 INVITE", "BYE"]
    rig.agent.answer_offer(handle, b"late", rig.now)
    assert rig.sent() == []


def test_a_body_that_is_no_session_description_is_415() -> None:
    rig = Rig()
    _, ack = talking(rig)
    rig.receive(inside(ack, "INVITE", 1, CONTACT, body=b"x", content_type="text/plain"))
    refusal = rig.response(415)
    assert refusal.headers.get("Accept") == "application/sdp"


def test_an_ack_nobody_waits_for_is_ignored() -> None:
    rig = Rig()
    _, ack = talking(rig)
    rig.receive(inside(ack, "ACK", 9))
    stray = inside(ack, "ACK", 9)
    stray.headers.set("Call-ID", "elsewhere")
    rig.receive(stray)
    assert rig.sent() == []


def test_our_own_steps_out_of_turn_raise() -> None:
    assert set(TURNS) == set(Turn)
    rig = Rig()
    talking(rig)
    with pytest.raises(IllegalTurn):
        rig.agent._calls.all()[0].negotiation.take(Turn.STABLE)


def test_a_contact_with_another_port_refreshes_the_running_call() -> None:
    for allow, method in (("INVITE, UPDATE", "UPDATE"), ("INVITE", "INVITE")):
        rig = Rig(transport="tcp")
        talking(rig, ("Allow", allow))
        rig.closed_flow()
        rig.wait(4.01)
        new = other_flow(rig.flow, 9, local=("192.0.2.10", 41000))
        rig.open(new)
        register = next(m for m in rig.sent() if isinstance(m, Request) and m.method == "REGISTER")
        rig.reply(register, 200, flow=new)
        refresh = rig.request(method)
        assert refresh.headers.get("Contact") == "<sip:alice@192.0.2.10:41000;transport=tcp>"
        assert refresh.body == (b"" if method == "UPDATE" else b"offer")
        rig.reply(refresh, 200, CONTACT, body=b"" if method == "UPDATE" else b"answer", flow=new)
        assert len(rig.of(AnswerReceived)) == 1
