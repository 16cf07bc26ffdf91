"""Our INVITE until its final answer: what answers it, forks and refusals."""

from __future__ import annotations

import pytest

from sip_bridge.core.config import AgentConfig
from sip_bridge.core.errors import MessageError
from sip_bridge.core.events import AnswerReceived, Ended, Established, OfferReceived, Provisional
from sip_bridge.core.message import Request
from tests.doubles.sip_rig import (
    CONTACT,
    ROUTE,
    TARGET,
    Rig,
    calling,
    how_it_ended,
    inside,
    other_flow,
    talking,
)

# --- the plain call ------------------------------------------------------------------------------


def test_a_call_rings_is_answered_and_acknowledged() -> None:
    rig = Rig()
    handle, invite = calling(rig)
    assert invite.uri == TARGET
    assert invite.body == b"offer"
    assert invite.content_type == "application/sdp"
    assert invite.headers.get("Contact") == "<sip:alice@192.0.2.10:5060>"
    assert "replaces" in invite.supported
    assert "100rel" not in invite.require
    rig.reply(invite, 100)
    assert rig.of(Provisional) == []
    rig.reply(invite, 180, CONTACT)
    assert rig.last(Provisional) == Provisional(handle, 180, "Ringing", None, "far")
    rig.reply(invite, 200, CONTACT, ROUTE, body=b"answer")
    ack = rig.request("ACK")
    assert ack.uri == "sip:bob@198.51.100.7:5060"
    assert [str(route) for route in ack.routes] == ["<sip:192.0.2.1;lr>"]
    assert str(ack.cseq) == f"{invite.cseq.number} ACK"
    assert ack.to.tag == "far"
    assert rig.last(AnswerReceived) == AnswerReceived(handle, b"answer", "far")
    assert rig.last(Established).dialog == "far"
    kinds = [type(event) for event in rig.events]
    assert kinds.index(AnswerReceived) < kinds.index(Established)


def test_the_2xx_again_brings_the_same_ack_again() -> None:
    rig = Rig()
    _, invite = calling(rig)
    for _ in range(3):
        rig.reply(invite, 200, CONTACT, ROUTE, body=b"answer")
    assert rig.names() == ["ACK"] * 3
    assert len({effect.data for effect in rig.raw[-3:]}) == 1
    assert len(rig.of(Established)) == 1


def test_early_sdp_is_the_answer_when_the_2xx_brings_none() -> None:
    rig = Rig()
    handle, invite = calling(rig)
    rig.reply(invite, 183, CONTACT, body=b"early")
    assert rig.last(Provisional).sdp == b"early"
    rig.reply(invite, 200, CONTACT, ROUTE)
    assert rig.last(AnswerReceived) == AnswerReceived(handle, b"early", "far")


def test_a_2xx_without_any_answer_is_acknowledged_and_ended() -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, 200, CONTACT, ROUTE)
    assert rig.names() == ["ACK", "BYE"]
    assert rig.of(AnswerReceived) == []
    assert rig.of(Established) == []
    assert how_it_ended(rig) == (488, "no-common-codec", False)


def test_hanging_up_sends_bye_with_its_reason() -> None:
    rig = Rig()
    handle, _ = talking(rig)
    rig.agent.cancel_or_bye(handle, rig.now, "Q.850;cause=16")
    bye = rig.request("BYE")
    assert bye.headers.get("Reason") == "Q.850;cause=16"
    assert how_it_ended(rig) == (0, "hung-up", False)
    rig.reply(bye, 200)
    rig.agent.cancel_or_bye(handle, rig.now)
    assert rig.sent() == []


def test_nobody_waits_for_the_answer_to_a_bye() -> None:
    rig = Rig()
    handle, _ = talking(rig)
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.wait(40)
    assert len(rig.of(Ended)) == 1


def test_a_bye_without_a_way_is_tried_again_until_the_server_is_back() -> None:
    rig = Rig(transport="tcp")
    handle, _ = talking(rig)
    rig.closed_flow()
    rig.agent.cancel_or_bye(handle, rig.now)
    assert len(rig.of(Ended)) == 1
    rig.refuse("connection-refused")
    rig.wait(4.01)
    register, bye = rig.opened
    rig.agent.flow_refused(bye.request, "connection-refused", rig.now)
    rig.agent.flow_opened(register.request, rig.flow, rig.now)
    rig.opened.clear()
    assert rig.names() == ["REGISTER"]
    rig.wait(4.01)
    assert "BYE" in rig.names()


def test_a_bye_nobody_can_ever_be_given_is_given_up() -> None:
    rig = Rig()
    handle = rig.agent.invite("sip:bob@198.51.100.7", b"o", rig.now)
    rig.open(rig.peer_flow)
    invite = rig.request("INVITE")
    rig.reply(invite, 200, ("Contact", "<sip:bob@203.0.113.9>"), body=b"a", flow=rig.peer_flow)
    rig.refuse("exhausted")
    rig.agent.cancel_or_bye(handle, rig.now)
    for _ in range(10):
        rig.refuse("exhausted")
        rig.wait(4)
    assert rig.opened == []
    assert "BYE" not in rig.names()


def test_the_ack_of_a_2xx_that_comes_again_by_a_new_flow_goes_there() -> None:
    rig = Rig(transport="tcp")
    _, invite = calling(rig)
    rig.reply(invite, 200, CONTACT, ROUTE, body=b"answer")
    assert rig.names() == ["ACK"]
    rig.closed_flow()
    rig.wait(4.01)
    new = other_flow(rig.flow, 9)
    rig.open(new)
    rig.sent()
    rig.reply(invite, 200, CONTACT, ROUTE, body=b"answer", flow=new)
    assert rig.names() == ["ACK"]
    assert rig.raw[-1].flow_id == 9


# --- an offer from the other side ----------------------------------------------------------------


def test_without_our_offer_theirs_comes_in_the_2xx_and_our_answer_in_the_ack() -> None:
    rig = Rig()
    handle, invite = calling(rig, offer=None)
    assert invite.body == b""
    rig.reply(invite, 183, CONTACT, body=b"preview")
    assert rig.last(Provisional).sdp is None
    rig.reply(invite, 200, CONTACT, ROUTE, body=b"their offer")
    rig.reply(invite, 200, CONTACT, ROUTE, body=b"their offer")
    assert rig.sent() == []
    assert rig.last(OfferReceived) == OfferReceived(handle, b"their offer", "delayed")
    rig.agent.answer_offer(handle, b"our answer", rig.now)
    ack = rig.request("ACK")
    assert ack.body == b"our answer"
    assert ack.content_type == "application/sdp"
    rig.reply(invite, 200, CONTACT, ROUTE, body=b"their offer")
    assert rig.names() == ["ACK"]


def test_a_2xx_without_the_offer_we_asked_for_is_ended() -> None:
    rig = Rig()
    _, invite = calling(rig, offer=None)
    rig.reply(invite, 200, CONTACT, ROUTE)
    assert rig.names() == ["ACK", "BYE"]
    assert len(rig.of(Ended)) == 1


def test_refusing_a_delayed_offer_is_no_refusal_to_the_2xx_but_a_bye_ends_it() -> None:
    rig = Rig()
    handle, invite = calling(rig, offer=None)
    rig.reply(invite, 200, CONTACT, ROUTE, body=b"their offer")
    rig.agent.refuse_offer(handle, 488, rig.now)
    assert rig.names() == ["ACK", "BYE"]
    assert how_it_ended(rig) == (488, "no-common-codec", False)


def test_hanging_up_before_a_delayed_answer_acknowledges_first() -> None:
    rig = Rig()
    handle, invite = calling(rig, offer=None)
    rig.reply(invite, 200, CONTACT, ROUTE, body=b"their offer")
    rig.agent.cancel_or_bye(handle, rig.now)
    assert rig.names() == ["ACK", "BYE"]
    assert how_it_ended(rig) == (0, "hung-up", False)


# --- forks ---------------------------------------------------------------------------------------


def test_the_first_2xx_wins_and_later_ones_get_ack_and_bye() -> None:
    rig = Rig()
    handle, invite = calling(rig)
    rig.reply(invite, 183, CONTACT, tag="one", body=b"early one")
    rig.reply(invite, 180, CONTACT, tag="two")
    assert [event.dialog for event in rig.of(Provisional)] == ["one", "two"]
    rig.reply(invite, 200, CONTACT, ROUTE, tag="two", body=b"two")
    assert rig.names() == ["ACK"]
    rig.reply(invite, 200, ("Contact", "<sip:bob@203.0.113.3>"), ROUTE, tag="one", body=b"one")
    ack, bye = rig.sent()
    assert (ack.to.tag, bye.to.tag) == ("one", "one")
    assert isinstance(bye, Request)
    assert (bye.method, bye.uri) == ("BYE", "sip:bob@203.0.113.3")
    rig.reply(invite, 200, ("Contact", "<sip:bob@203.0.113.3>"), ROUTE, tag="one", body=b"one")
    assert rig.names() == ["ACK"]
    assert rig.last(AnswerReceived) == AnswerReceived(handle, b"two", "two")
    assert rig.of(Ended) == []


@pytest.mark.parametrize("method", ["BYE", "INVITE"])
def test_a_fork_that_lost_has_no_say_in_the_call(method: str) -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, 180, CONTACT, tag="one")
    rig.reply(invite, 200, CONTACT, ROUTE, tag="two", body=b"two")
    rig.request("ACK")
    late = inside(invite, method, 1, CONTACT, body=b"offer" if method == "INVITE" else b"")
    late.headers.set("From", f"{invite.headers.get('To')};tag=one")
    rig.receive(late)
    rig.response(481)
    assert rig.of(Ended) == []


def test_early_dialogs_are_bounded() -> None:
    rig = Rig(AgentConfig(max_early_dialogs=2))
    _, invite = calling(rig)
    for tag in ("a", "b", "c", "a"):
        rig.reply(invite, 180, CONTACT, tag=tag)
    assert [event.dialog for event in rig.of(Provisional)] == ["a", "b", "a"]
    for tag in ("a", "b", "c"):
        rig.reply(invite, 200, CONTACT, ROUTE, tag=tag, body=b"answer")
    assert rig.names() == ["ACK", "ACK", "BYE"]


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "key"), [(486, "busy"), (603, "declined"), (404, "not-found"), (480, "unreachable")]
)
def test_a_refusal_ends_the_call_with_its_reason(status: int, key: str) -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, 180, CONTACT)
    rig.reply(invite, status)
    assert rig.names() == ["ACK"]
    assert how_it_ended(rig) == (status, key, True)


def test_retry_after_and_reason_are_told() -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, 480, ("Retry-After", "120 (later)"), ("Reason", "Q.850;cause=19"), ("Reason", ";;"))
    ended = rig.last(Ended)
    assert (ended.retry_after, ended.reason_key) == (120, "no-answer")


def test_a_malformed_retry_after_is_none() -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, 486, ("Retry-After", "soon"))
    assert rig.last(Ended).retry_after is None


def test_nobody_answers_at_all() -> None:
    rig = Rig()
    calling(rig)
    rig.wait(33)
    rig.refuse("exhausted")
    assert how_it_ended(rig) == (0, "unreachable", True)


def test_extra_headers_replaces_and_referred_by_are_sent() -> None:
    rig = Rig()
    rig.register()
    rig.agent.invite(
        TARGET, b"o", rig.now, headers=[("Priority", "urgent")], replaces="c;to-tag=1;from-tag=2",
        referred_by="<sip:carol@example.com>",
    )  # fmt: skip
    invite = rig.request("INVITE")
    assert invite.headers.get("Priority") == "urgent"
    assert invite.headers.get("Replaces") == "c;to-tag=1;from-tag=2"
    assert invite.headers.get("Referred-By") == "<sip:carol@example.com>"


def test_what_is_no_uri_is_refused_at_once() -> None:
    rig = Rig()
    with pytest.raises(MessageError):
        rig.agent.invite("not a uri", b"o", rig.now)
    assert rig.agent._calls.all() == []
    assert rig.sent() == []
