"""Our INVITE until its final answer: answers, forks, CANCEL and its races, redirection."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sip_bridge.core.config import AgentConfig
from sip_bridge.core.effects import Flow, Hop
from sip_bridge.core.errors import MessageError
from sip_bridge.core.events import (
    AnswerReceived,
    Ended,
    Established,
    OfferReceived,
    Provisional,
)
from sip_bridge.core.message import Request
from tests.doubles.sip_rig import (
    ACCOUNT,
    CHALLENGE,
    CONTACT,
    ROUTE,
    TARGET,
    Rig,
    calling,
    inside,
    other_flow,
    talking,
)


def _end(rig: Rig) -> tuple[int, str, bool]:
    (ended,) = rig.of(Ended)
    return ended.status, ended.reason_key, ended.by_remote


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
    assert _end(rig) == (488, "no-common-codec", False)


def test_hanging_up_sends_bye_with_its_reason() -> None:
    rig = Rig()
    handle, _ = talking(rig)
    rig.agent.cancel_or_bye(handle, rig.now, "Q.850;cause=16")
    bye = rig.request("BYE")
    assert bye.headers.get("Reason") == "Q.850;cause=16"
    assert _end(rig) == (0, "hung-up", False)
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
    assert _end(rig) == (488, "no-common-codec", False)


def test_hanging_up_before_a_delayed_answer_acknowledges_first() -> None:
    rig = Rig()
    handle, invite = calling(rig, offer=None)
    rig.reply(invite, 200, CONTACT, ROUTE, body=b"their offer")
    rig.agent.cancel_or_bye(handle, rig.now)
    assert rig.names() == ["ACK", "BYE"]
    assert _end(rig) == (0, "hung-up", False)


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


# --- CANCEL and its races ------------------------------------------------------------------------


def test_cancel_after_ringing_ends_with_487() -> None:
    rig = Rig()
    handle, invite = calling(rig)
    rig.reply(invite, 180, CONTACT)
    rig.agent.cancel_or_bye(handle, rig.now, "SIP;cause=200")
    cancel = rig.request("CANCEL")
    assert cancel.headers.get("Reason") == "SIP;cause=200"
    assert rig.of(Ended) == []
    rig.reply(cancel, 200)
    rig.reply(invite, 487)
    assert rig.names() == ["ACK"]
    assert _end(rig) == (487, "cancelled", False)
    rig.agent.cancel_or_bye(handle, rig.now)
    assert rig.sent() == []


def test_cancel_waits_for_the_first_provisional() -> None:
    rig = Rig()
    handle, invite = calling(rig)
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.agent.cancel_or_bye(handle, rig.now)
    assert rig.sent() == []
    rig.reply(invite, 100)
    assert rig.names() == ["CANCEL"]
    rig.reply(invite, 180, CONTACT)
    assert rig.sent() == []
    assert rig.of(Provisional) == []


def test_a_cancelled_invite_nobody_ever_answered_just_ends() -> None:
    rig = Rig()
    handle, _ = calling(rig)
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.wait(33)
    assert "CANCEL" not in rig.names()
    assert _end(rig) == (487, "cancelled", False)
    assert rig.opened == []


def test_cancel_crossing_a_2xx_gets_ack_and_bye() -> None:
    rig = Rig()
    handle, invite = calling(rig)
    rig.reply(invite, 180, CONTACT)
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.reply(invite, 200, CONTACT, ROUTE, body=b"answer")
    assert rig.names() == ["CANCEL", "ACK", "BYE"]
    assert _end(rig) == (487, "cancelled", False)
    assert rig.of(Established) == []
    rig.reply(invite, 200, CONTACT, ROUTE, body=b"answer")
    assert rig.names() == ["ACK"]


def test_a_cancelled_invite_without_487_is_given_up() -> None:
    rig = Rig()
    handle, invite = calling(rig)
    rig.reply(invite, 180, CONTACT)
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.reply(rig.request("CANCEL"), 200)
    rig.wait(33)
    assert _end(rig) == (487, "cancelled", False)
    rig.reply(invite, 200, CONTACT, ROUTE, body=b"answer")
    assert rig.names() == ["ACK", "BYE"]


def test_a_challenge_after_hanging_up_is_not_answered() -> None:
    rig = Rig()
    rig.register(replace(ACCOUNT, realm="example.com"))
    handle = rig.agent.invite(TARGET, b"offer", rig.now)
    invite = rig.request("INVITE")
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.reply(invite, 407, ("Proxy-Authenticate", CHALLENGE))
    assert rig.names() == ["ACK"]
    assert _end(rig)[1] == "cancelled"


def test_hanging_up_before_a_flow_is_found_sends_nothing() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    handle = rig.agent.invite(TARGET, b"o", rig.now)
    rig.agent.cancel_or_bye(handle, rig.now)
    assert _end(rig) == (487, "cancelled", False)
    rig.opened.pop(0)
    rig.open()
    assert rig.sent() == []


@pytest.mark.parametrize("trouble", ["overload", "silence"])
def test_hanging_up_while_the_next_address_is_looked_for_sends_nothing_there(trouble: str) -> None:
    rig = Rig()
    handle, invite = calling(rig)
    if trouble == "overload":
        rig.reply(invite, 503)
    else:
        rig.wait(33)
    rig.sent()
    rig.agent.cancel_or_bye(handle, rig.now)
    assert _end(rig) == (487, "cancelled", False)
    rig.open()
    rig.wait(40)
    assert rig.sent() == []


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
    assert _end(rig) == (status, key, True)


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
    assert _end(rig) == (0, "unreachable", True)


# --- redirection ---------------------------------------------------------------------------------


def test_redirection_follows_q_and_goes_on_after_a_failure() -> None:
    rig = Rig()
    _, invite = calling(rig)
    places = "<sip:low@a.example>;q=0.1, <sip:high@b.example>;q=0.9, <mailto:x@y>, <sip:bob@198.51.100.7>"
    rig.reply(invite, 302, ("Contact", places))
    _, second = rig.sent()
    assert isinstance(second, Request)
    assert second.uri == "sip:high@b.example"
    assert second.call_id == invite.call_id
    assert second.cseq.number == invite.cseq.number + 1
    assert second.from_.tag == invite.from_.tag
    rig.reply(second, 404)
    _, third = rig.sent()
    assert isinstance(third, Request)
    assert third.uri == "sip:low@a.example"
    rig.reply(third, 404)
    assert rig.names() == ["ACK"]
    assert _end(rig) == (404, "not-found", True)


@pytest.mark.parametrize(("status", "followed"), [(300, True), (399, True), (305, False), (380, False)])
def test_what_is_followed(status: int, followed: bool) -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, status, ("Contact", "<sip:a@a.example>"))
    assert rig.names() == (["ACK", "INVITE"] if followed else ["ACK"])


def test_a_6xx_ends_the_search() -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, 300, ("Contact", "<sip:a@a.example>, <sip:b@b.example>"))
    rig.reply(_second(rig), 603)
    assert rig.names() == ["ACK"]
    assert _end(rig)[0] == 603


def _second(rig: Rig) -> Request:
    request = rig.sent()[-1]
    assert isinstance(request, Request)
    return request


def test_a_loop_of_redirections_ends() -> None:
    rig = Rig(AgentConfig(max_redirects=3))
    _, invite = calling(rig)
    for number in range(3):
        rig.reply(invite, 302, ("Contact", f"<sip:next{number}@x.example>"))
        invite = _second(rig)
    rig.reply(invite, 302, ("Contact", "<sip:once-more@x.example>"))
    assert rig.names() == ["ACK"]
    assert _end(rig)[0] == 302


def test_an_early_dialog_of_a_redirected_call_is_forgotten() -> None:
    rig = Rig(AgentConfig(max_early_dialogs=1))
    _, invite = calling(rig)
    rig.reply(invite, 180, CONTACT)
    rig.reply(invite, 302, ("Contact", "<sip:new@x.example>"))
    second = _second(rig)
    update = inside(invite, "UPDATE", 1)
    update.headers.set("From", f"{invite.headers.get('To')};tag=far")
    rig.receive(update)
    rig.response(481)
    rig.reply(second, 180, CONTACT, tag="other")
    assert rig.last(Provisional).dialog == "other"


def test_a_secure_call_is_not_redirected_to_plain() -> None:
    rig = Rig(transport="tls")
    rig.register()
    rig.agent.invite("sips:bob@example.com", b"o", rig.now)
    rig.reply(rig.request("INVITE"), 302, ("Contact", "<sip:bob@x.example>, <sips:bob@y.example>;q=0.5"))
    assert _second(rig).uri == "sips:bob@y.example"


# --- where it goes -------------------------------------------------------------------------------


def test_without_an_account_a_call_goes_to_its_own_uri() -> None:
    rig = Rig()
    rig.agent.invite("sip:bob@198.51.100.7:5070;transport=tcp?Subject=x", b"o", rig.now)
    assert rig.open(rig.peer_flow) == Hop("198.51.100.7", 5070, "tcp")
    invite = rig.request("INVITE")
    assert invite.uri == "sip:bob@198.51.100.7:5070;transport=tcp"
    assert (invite.headers.get("From") or "").startswith("<sip:anonymous@anonymous.invalid>;tag=")


def test_the_ack_and_bye_of_a_direct_call_take_the_same_flow() -> None:
    rig = Rig()
    handle = rig.agent.invite("sip:bob@198.51.100.7", b"o", rig.now)
    rig.open(rig.peer_flow)
    invite = rig.request("INVITE")
    rig.reply(invite, 200, ("Contact", "<sip:bob@198.51.100.7>"), body=b"a", flow=rig.peer_flow)
    assert rig.names() == ["ACK"]
    rig.agent.cancel_or_bye(handle, rig.now)
    assert rig.names() == ["BYE"]
    assert [effect.flow_id for effect in rig.raw[-2:]] == [2, 2]


def test_a_server_that_is_the_other_end_is_found_over_its_new_flow() -> None:
    rig = Rig(transport="tcp")
    handle, invite = calling(rig)
    rig.reply(invite, 200, ("Contact", "<sip:pbx@192.0.2.1;transport=tcp>"), body=b"a")
    rig.request("ACK")
    rig.closed_flow()
    rig.wait(4.01)
    rig.open(other_flow(rig.flow, 9))
    rig.sent()
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.request("BYE")
    assert rig.raw[-1].flow_id == 9
    assert rig.opened == []


def test_a_secure_route_is_not_taken_over_a_plain_flow() -> None:
    rig = Rig()
    handle, invite = calling(rig)
    rig.reply(invite, 200, CONTACT, ("Record-Route", "<sips:192.0.2.1;lr>"), body=b"a")
    assert rig.sent() == []
    assert rig.open(Flow(9, "tls", rig.flow.local, ("192.0.2.1", 5061))) == Hop("192.0.2.1", 0, "", True)
    rig.request("ACK")
    rig.agent.cancel_or_bye(handle, rig.now)
    assert rig.sent() == []
    assert rig.opened[0].hop.secure


def test_the_ack_goes_where_the_contact_says_and_waits_for_a_flow() -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, 200, CONTACT, body=b"a")
    rig.reply(invite, 200, CONTACT, body=b"a")
    assert rig.sent() == []
    assert rig.open(rig.peer_flow) == Hop("198.51.100.7", 5060)
    assert rig.names() == ["ACK"]
    assert rig.raw[-1].flow_id == rig.peer_flow.id


def test_an_ack_without_a_way_goes_back_where_the_2xx_came_from() -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, 200, CONTACT, body=b"a")
    rig.refuse("exhausted")
    assert rig.names() == ["ACK"]
    assert rig.raw[-1].flow_id == rig.flow.id


def test_a_secure_target_never_takes_a_plain_flow() -> None:
    rig = Rig()
    rig.register()
    rig.agent.invite("sips:bob@example.com", b"o", rig.now)
    assert rig.sent() == []
    assert rig.open(Flow(9, "tls", rig.flow.local, ("192.0.2.1", 5061), "example.com")).secure
    rig.request("INVITE")


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
