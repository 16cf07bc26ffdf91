"""A call for us until its ACK."""

from __future__ import annotations

import pytest

from sip_bridge.core.config import AgentConfig
from sip_bridge.core.events import AnswerReceived, Ended, Established, IncomingInvite
from sip_bridge.core.message import Request, Response
from tests.doubles.sip_rig import ROUTE, Rig, answered, call_for_us, cancelling, inside, other_flow


def _ringing(rig: Rig, invite: Request | None = None) -> str:
    rig.register()
    rig.receive(invite or call_for_us())
    rig.response(100)
    return rig.last(IncomingInvite).call


def test_a_call_for_us_is_told_rung_answered_and_acknowledged() -> None:
    rig = Rig()
    handle = _ringing(rig)
    event = rig.last(IncomingInvite)
    assert (event.from_, event.to, event.display_name) == (
        "sip:bob@example.com",
        "sip:alice@example.com",
        "Bob",
    )
    assert (event.offer, event.replaces, event.secure) == (b"offer", None, False)
    rig.agent.ring(handle, rig.now)
    ringing = rig.response(180)
    assert ringing.headers.get_all("Record-Route") == [ROUTE[1]]
    assert ringing.headers.get("Contact") == "<sip:alice@192.0.2.10:5060>"
    rig.agent.answer(handle, b"answer", rig.now)
    ok = rig.response(200)
    assert ok.body == b"answer"
    assert ok.to.tag == ringing.to.tag
    assert len(rig.of(Established)) == 1
    rig.receive(inside(ok, "ACK", 1, ours=False))
    rig.wait(40)
    assert rig.sent() == []
    assert rig.of(Ended) == []


def test_an_early_answer_goes_in_183() -> None:
    rig = Rig()
    handle = _ringing(rig)
    rig.agent.ring(handle, rig.now, b"early")
    assert rig.response(183).body == b"early"


def test_ringing_is_repeated_each_minute_and_ends_by_itself() -> None:
    rig = Rig()
    handle = _ringing(rig)
    rig.agent.ring(handle, rig.now)
    rig.sent()
    rig.wait(125)
    assert rig.names() == ["180 INVITE"] * 2
    rig.wait(60)
    assert rig.names()[0] == "480 INVITE"
    assert rig.last(Ended).reason_key == "no-answer"


def test_the_callers_own_limit_is_respected() -> None:
    rig = Rig()
    _ringing(rig, call_for_us(("Expires", "20")))
    rig.wait(20.1)
    assert rig.names()[0] == "487 INVITE"
    assert rig.last(Ended).reason_key == "no-answer"


def test_the_2xx_is_repeated_until_the_ack_and_a_second_ack_changes_nothing() -> None:
    rig = Rig()
    handle = _ringing(rig)
    rig.agent.answer(handle, b"answer", rig.now)
    ok = rig.response(200)
    rig.wait(8)
    assert rig.names() == ["200 INVITE"] * 4
    rig.receive(inside(ok, "ACK", 1, ours=False))
    rig.receive(inside(ok, "ACK", 1, ours=False))
    rig.wait(30)
    assert rig.sent() == []


def test_a_missing_ack_ends_in_bye_after_32_seconds() -> None:
    rig = Rig()
    handle = _ringing(rig)
    rig.agent.answer(handle, b"answer", rig.now)
    rig.wait(31)
    assert set(rig.names()) == {"200 INVITE"}
    rig.wait(1.1)
    assert rig.names() == ["200 INVITE", "BYE"]
    assert rig.last(Ended).reason_key == "network-lost"


def test_an_ack_of_another_number_is_not_the_one() -> None:
    rig = Rig()
    handle = _ringing(rig)
    rig.agent.answer(handle, b"answer", rig.now)
    ok = rig.response(200)
    rig.receive(inside(ok, "ACK", 7, ours=False))
    rig.wait(0.6)
    assert rig.names() == ["200 INVITE"]


def test_an_invite_without_offer_gets_ours_and_the_ack_brings_the_answer() -> None:
    rig = Rig()
    handle = _ringing(rig, call_for_us(body=b""))
    assert rig.last(IncomingInvite).offer is None
    rig.agent.answer(handle, b"our offer", rig.now)
    ok = rig.response(200)
    assert ok.body == b"our offer"
    rig.receive(inside(ok, "ACK", 1, body=b"their answer", ours=False))
    assert rig.last(AnswerReceived) == AnswerReceived(handle, b"their answer", "far")


def test_our_offer_never_goes_in_a_provisional_that_can_be_lost() -> None:
    rig = Rig()
    handle = _ringing(rig, call_for_us(body=b""))
    rig.agent.ring(handle, rig.now, b"our offer")
    assert rig.response(180).body == b""


def test_an_ack_without_the_answer_ends_the_call() -> None:
    rig = Rig()
    handle = _ringing(rig, call_for_us(body=b""))
    rig.agent.answer(handle, b"our offer", rig.now)
    ok = rig.response(200)
    rig.receive(inside(ok, "ACK", 1, ours=False))
    assert rig.names() == ["BYE"]


# --- endings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "key"), [(486, "declined"), (603, "declined"), (488, "no-common-codec")])
def test_rejecting(status: int, key: str) -> None:
    rig = Rig()
    handle = _ringing(rig)
    rig.agent.reject(handle, status, rig.now, "SIP;cause=600" if status == 603 else "")
    response = rig.response(status)
    assert response.headers.get("Reason") == ("SIP;cause=600" if status == 603 else None)
    assert response.to.tag
    ended = rig.last(Ended)
    assert (ended.status, ended.reason_key, ended.by_remote) == (status, key, False)
    rig.agent.ring(handle, rig.now)
    rig.agent.answer(handle, b"x", rig.now)
    rig.agent.reject(handle, 486, rig.now)
    assert rig.sent() == []


def test_hanging_up_while_it_rings_declines() -> None:
    rig = Rig()
    handle = _ringing(rig)
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.response(603)
    assert rig.last(Ended).reason_key == "declined"


def test_commands_out_of_phase_do_nothing() -> None:
    rig = Rig()
    handle, _ = answered(rig)
    rig.sent()
    rig.agent.ring(handle, rig.now)
    rig.agent.answer(handle, b"x", rig.now)
    rig.agent.reject(handle, 486, rig.now)
    assert rig.sent() == []
    assert rig.of(Ended) == []


@pytest.mark.parametrize(
    ("reason", "key"),
    [("", "cancelled"), ('SIP;cause=200;text="Call completed elsewhere"', "answered-elsewhere")],
)
def test_cancel_ends_it(reason: str, key: str) -> None:
    rig = Rig()
    invite = call_for_us()
    handle = _ringing(rig, invite)
    rig.agent.ring(handle, rig.now)
    ringing = rig.response(180)
    rig.receive(cancelling(invite, *([("Reason", reason)] if reason else [])))
    ok, terminated = rig.sent()
    assert isinstance(ok, Response)
    assert isinstance(terminated, Response)
    assert (ok.status, str(ok.cseq)) == (200, "1 CANCEL")
    assert (terminated.status, str(terminated.cseq)) == (487, "1 INVITE")
    assert ok.to.tag == terminated.to.tag == ringing.to.tag
    ended = rig.last(Ended)
    assert (ended.reason_key, ended.by_remote) == (key, True)


def test_cancel_after_the_answer_changes_nothing() -> None:
    rig = Rig()
    invite = call_for_us()
    handle = _ringing(rig, invite)
    rig.agent.answer(handle, b"answer", rig.now)
    ok = rig.response(200)
    rig.receive(cancelling(invite))
    assert rig.names() == ["200 CANCEL"]
    rig.receive(inside(ok, "ACK", 1, ours=False))
    assert rig.of(Ended) == []


def test_cancel_of_nothing_is_481() -> None:
    rig = Rig()
    rig.register()
    rig.receive(cancelling(call_for_us()))
    rig.response(481)


def test_cancel_before_any_tag_of_ours_was_said() -> None:
    rig = Rig(AgentConfig(accept_strangers=False))
    rig.register()
    invite = call_for_us(("Require", "unheard-of"))
    rig.receive(invite)
    rig.response(420)
    rig.receive(cancelling(invite))
    assert rig.names() == ["200 CANCEL"]


def test_a_bye_of_the_caller_before_the_answer_ends_it() -> None:
    rig = Rig()
    handle = _ringing(rig)
    rig.agent.ring(handle, rig.now)
    ringing = rig.response(180)
    rig.receive(inside(ringing, "BYE", 2, ours=False))
    assert rig.names() == ["200 BYE", "487 INVITE"]
    assert rig.last(Ended).by_remote


def test_hanging_up_before_the_ack_waits_for_it() -> None:
    rig = Rig()
    handle = _ringing(rig)
    rig.agent.answer(handle, b"answer", rig.now)
    ok = rig.response(200)
    rig.agent.cancel_or_bye(handle, rig.now, "Q.850;cause=16")
    assert rig.sent() == []
    assert rig.last(Ended).reason_key == "hung-up"
    rig.receive(inside(ok, "ACK", 1, ours=False))
    assert rig.request("BYE").headers.get("Reason") == "Q.850;cause=16"
    rig.receive(inside(ok, "INFO", 2, ours=False))
    rig.response(481)


def test_hanging_up_with_the_ack_lost_still_says_bye() -> None:
    rig = Rig()
    handle = _ringing(rig)
    rig.agent.answer(handle, b"answer", rig.now)
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.wait(32.1)
    assert rig.names()[-1] == "BYE"
    assert len(rig.of(Ended)) == 1


def test_hanging_up_before_the_ack_meets_a_bye() -> None:
    rig = Rig()
    handle = _ringing(rig)
    rig.agent.answer(handle, b"answer", rig.now)
    ok = rig.response(200)
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.receive(inside(ok, "BYE", 2, ours=False))
    rig.response(200)
    rig.wait(40)
    assert rig.sent() == []
    assert len(rig.of(Ended)) == 1


def test_hanging_up_a_standing_call() -> None:
    rig = Rig()
    handle, _ = answered(rig)
    rig.sent()
    rig.agent.cancel_or_bye(handle, rig.now)
    bye = rig.request("BYE")
    assert [str(route) for route in bye.routes] == ["<sip:192.0.2.1;lr>"]
    assert bye.uri == "sip:bob@198.51.100.7:5060"


def test_the_peer_hangs_up_with_a_reason() -> None:
    rig = Rig()
    _, ok = answered(rig)
    rig.sent()
    rig.receive(inside(ok, "BYE", 2, ("Reason", "Q.850;cause=16"), ours=False))
    rig.response(200)
    ended = rig.last(Ended)
    assert (ended.reason_key, ended.by_remote) == ("remote-hung-up", True)
    rig.receive(inside(ok, "BYE", 3, ours=False))
    rig.response(481)


def test_a_flow_lost_while_it_rings_is_replaced_before_the_answer() -> None:
    rig = Rig(transport="tcp")
    handle = _ringing(rig)
    rig.closed_flow()
    rig.wait(4.01)
    new = other_flow(rig.flow, 9)
    rig.open(new)
    rig.reply(rig.request("REGISTER"), 200, flow=new)
    assert rig.of(Ended) == []
    rig.agent.answer(handle, b"answer", rig.now)
    rig.response(200)
    assert rig.raw[-1].flow_id == 9


def test_a_call_survives_a_flow_and_its_bye_takes_the_new_one() -> None:
    rig = Rig(transport="tcp")
    handle, _ = answered(rig)
    rig.closed_flow()
    rig.wait(4.01)
    new = other_flow(rig.flow, 9)
    rig.open(new)
    rig.sent()
    assert rig.of(Ended) == []
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.request("BYE")
    assert rig.raw[-1].flow_id == 9
