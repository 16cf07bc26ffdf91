"""Transfer: blind and attended, in all three parts, and INVITE with Replaces."""

from __future__ import annotations

import pytest

from sip_bridge.core.events import (
    Ended,
    IncomingInvite,
    ReferProgress,
    ReferReceived,
    Replaced,
)
from sip_bridge.core.headers import ReplacesHeader
from sip_bridge.core.message import Request, Response
from sip_bridge.core.uri import SipUri
from tests.doubles.sip_rig import CONTACT, ROUTE, Rig, call_for_us, calling, inside, talking

REFER = ("Event", "refer")


def _notify(
    dialog: Request | Response, number: int, line: str, state: str = "active", event: str = "refer"
) -> Request:
    return inside(
        dialog,
        "NOTIFY",
        number,
        ("Event", event),
        ("Subscription-State", state),
        body=line.encode(),
        content_type="message/sipfrag",
    )


def _second_call(rig: Rig) -> tuple[str, Request]:
    handle = rig.agent.invite("sip:carol@203.0.113.8", b"offer2", rig.now)
    invite = rig.request("INVITE")
    rig.reply(invite, 200, ("Contact", "<sip:carol@203.0.113.8>"), ROUTE, body=b"answer2", tag="carol")
    return handle, rig.request("ACK")


# --- we transfer ---------------------------------------------------------------------------------


def test_a_blind_transfer_that_works_ends_our_call() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.agent.refer(handle, "sip:carol@example.com", rig.now)
    refer = rig.request("REFER")
    assert refer.headers.get("Refer-To") == "<sip:carol@example.com>"
    assert refer.headers.get("Referred-By") == "<sip:alice@example.com>"
    assert "Contact" in refer.headers
    rig.reply(refer, 202)
    for number, line in enumerate(["SIP/2.0 100 Trying", "SIP/2.0 180 Ringing\r\n"], start=1):
        rig.receive(_notify(ack, number, line))
    assert [(event.status, event.final) for event in rig.of(ReferProgress)] == [(100, False), (180, False)]
    assert rig.names() == ["200 NOTIFY", "200 NOTIFY"]
    rig.receive(_notify(ack, 3, "SIP/2.0 200 OK", "terminated;reason=noresource"))
    assert rig.names() == ["200 NOTIFY", "BYE"]
    assert rig.last(ReferProgress) == ReferProgress(handle, 200, True)
    assert rig.last(Ended).reason_key == "transferred"


def test_a_transfer_that_fails_gives_the_call_back() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.agent.refer(handle, "sip:carol@example.com", rig.now)
    rig.reply(rig.request("REFER"), 202)
    rig.receive(_notify(ack, 1, "SIP/2.0 486 Busy Here", "terminated"))
    rig.response(200)
    rig.wait(200)
    assert rig.of(ReferProgress) == [ReferProgress(handle, 486, True)]
    assert rig.of(Ended) == []
    rig.agent.refer(handle, "sip:dave@example.com", rig.now)
    rig.request("REFER")


@pytest.mark.parametrize("status", [403, 405, 603])
def test_a_peer_that_will_not_transfer_says_so(status: int) -> None:
    rig = Rig()
    handle, _ = talking(rig)
    rig.agent.refer(handle, "sip:carol@example.com", rig.now)
    refer = rig.request("REFER")
    rig.reply(refer, 100)
    rig.reply(refer, status)
    assert rig.last(ReferProgress) == ReferProgress(handle, status, True)
    assert rig.of(Ended) == []


def test_a_peer_that_never_answers_the_refer() -> None:
    rig = Rig()
    handle, _ = talking(rig)
    rig.agent.refer(handle, "sip:carol@example.com", rig.now)
    rig.wait(33)
    assert rig.last(ReferProgress) == ReferProgress(handle, 408, True)


def test_a_transport_that_breaks_under_the_refer() -> None:
    rig = Rig(transport="tcp")
    handle, _ = talking(rig)
    rig.agent.refer(handle, "sip:carol@example.com", rig.now)
    rig.closed_flow()
    assert rig.last(ReferProgress) == ReferProgress(handle, 503, True)


def test_a_transfer_nobody_ever_reports_on_is_given_up() -> None:
    rig = Rig()
    handle, _ = talking(rig)
    rig.agent.refer(handle, "sip:carol@example.com", rig.now)
    rig.reply(rig.request("REFER"), 202)
    rig.wait(180.1)
    assert rig.last(ReferProgress) == ReferProgress(handle, 408, True)
    assert rig.of(Ended) == []


def test_a_peer_that_reports_nothing_has_accepted_for_good() -> None:
    rig = Rig()
    handle, _ = talking(rig)
    rig.agent.refer(handle, "sip:carol@example.com", rig.now)
    rig.reply(rig.request("REFER"), 200, ("Refer-Sub", "false"))
    assert rig.names() == ["BYE"]
    assert rig.last(ReferProgress) == ReferProgress(handle, 200, True)


def test_the_transferee_that_hangs_up_early_has_probably_gone_there() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.agent.refer(handle, "sip:carol@example.com", rig.now)
    rig.reply(rig.request("REFER"), 202)
    rig.receive(inside(ack, "BYE", 1))
    assert rig.last(ReferProgress) == ReferProgress(handle, 200, True)
    assert rig.last(Ended).by_remote


def test_hanging_up_before_the_refer_is_accepted_is_no_success() -> None:
    rig = Rig()
    handle, _ = talking(rig)
    rig.agent.refer(handle, "sip:carol@example.com", rig.now)
    rig.agent.cancel_or_bye(handle, rig.now)
    assert rig.last(ReferProgress) == ReferProgress(handle, 487, True)


def test_one_transfer_at_a_time() -> None:
    rig = Rig()
    handle, _ = talking(rig)
    rig.agent.refer(handle, "sip:carol@example.com", rig.now)
    rig.request("REFER")
    rig.agent.refer(handle, "sip:dave@example.com", rig.now)
    assert rig.sent() == []


@pytest.mark.parametrize("stands", [True, False])
def test_an_attended_transfer_asked_for_during_a_blind_one_changes_nothing(stands: bool) -> None:
    rig = Rig()
    first, ack = talking(rig)
    second, _ = _second_call(rig)
    if not stands:
        second = rig.agent.invite("sip:dave@203.0.113.9", b"offer3", rig.now)
        rig.request("INVITE")
    rig.agent.refer(first, "sip:erin@example.com", rig.now)
    refer = rig.request("REFER")
    rig.agent.refer_to_call(first, second, rig.now)
    assert rig.sent() == []
    rig.reply(refer, 202)
    rig.receive(_notify(ack, 1, "SIP/2.0 200 OK", "terminated"))
    assert rig.names() == ["200 NOTIFY", "BYE"]
    assert [event.call for event in rig.of(Ended)] == [first]
    assert rig.of(ReferProgress) == [ReferProgress(first, 200, True)]


def test_a_transfer_accepted_before_does_not_speak_for_the_next_one() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.agent.refer(handle, "sip:carol@example.com", rig.now)
    rig.reply(rig.request("REFER"), 202)
    rig.receive(_notify(ack, 1, "SIP/2.0 486 Busy Here", "terminated"))
    rig.agent.refer(handle, "sip:dave@example.com", rig.now)
    rig.receive(inside(ack, "BYE", 2))
    assert [event.status for event in rig.of(ReferProgress)] == [486, 487]


def test_a_refer_unanswered_when_the_call_ended_is_told_once() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.agent.refer(handle, "sip:carol@example.com", rig.now)
    rig.receive(inside(ack, "BYE", 1))
    rig.wait(40)
    assert rig.of(ReferProgress) == [ReferProgress(handle, 487, True)]


def test_a_refer_nobody_answered_says_nothing_of_the_next_one() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.agent.refer(handle, "sip:carol@example.com", rig.now)
    rig.receive(_notify(ack, 1, "SIP/2.0 486 Busy Here", "terminated"))
    rig.wait(20)
    rig.sent()
    rig.agent.refer(handle, "sip:dave@example.com", rig.now)
    rig.reply(rig.request("REFER"), 202)
    rig.wait(20)
    assert rig.of(ReferProgress) == [ReferProgress(handle, 486, True)]


@pytest.mark.parametrize(
    ("line", "state", "event"),
    [
        ("SIP/2.0 180 Ringing", "active", "dialog"),
        ("SIP/2.0 180 Ringing", "active", ""),
        ("", "active", "presence"),
    ],
)
def test_a_notify_of_something_else_is_481(line: str, state: str, event: str) -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.agent.refer(handle, "sip:carol@example.com", rig.now)
    rig.sent()
    rig.receive(_notify(ack, 1, line, state, event))
    rig.response(481)
    assert rig.of(ReferProgress) == []


def test_a_notify_nobody_asked_for_is_481() -> None:
    rig = Rig()
    _, ack = talking(rig)
    rig.receive(_notify(ack, 1, "SIP/2.0 200 OK"))
    rig.response(481)


@pytest.mark.parametrize("line", ["", "nonsense", "SIP/2.0 abc", "SIP/2.0 18 x"])
def test_a_sipfrag_that_says_nothing_changes_nothing(line: str) -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.agent.refer(handle, "sip:carol@example.com", rig.now)
    rig.reply(rig.request("REFER"), 202)
    rig.receive(_notify(ack, 1, line or " ", ";"))
    rig.response(200)
    assert rig.of(ReferProgress) == []


def test_a_body_that_is_no_sipfrag_says_nothing() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.agent.refer(handle, "sip:carol@example.com", rig.now)
    rig.reply(rig.request("REFER"), 202)
    rig.receive(inside(ack, "NOTIFY", 1, REFER, ("Subscription-State", "active")))
    rig.response(200)
    assert rig.of(ReferProgress) == []


def test_a_subscription_that_ends_without_an_outcome_has_failed() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.agent.refer(handle, "sip:carol@example.com", rig.now)
    rig.reply(rig.request("REFER"), 202)
    rig.receive(_notify(ack, 1, "SIP/2.0 100 Trying", "terminated;reason=timeout"))
    assert rig.last(ReferProgress) == ReferProgress(handle, 487, True)
    assert rig.of(Ended) == []


def test_an_attended_transfer_names_the_other_dialog_and_ends_both_calls() -> None:
    rig = Rig()
    first, ack = talking(rig)
    second, ack2 = _second_call(rig)
    rig.agent.refer_to_call(first, second, rig.now)
    refer = rig.request("REFER")
    refer_to = SipUri.parse((refer.headers.get("Refer-To") or "").strip("<>"))
    assert str(refer_to.without_headers()) == "sip:carol@203.0.113.8"
    replaces = ReplacesHeader.parse(refer_to.header("Replaces") or "")
    assert replaces == ReplacesHeader(ack2.call_id, "carol", ack2.from_.tag)
    rig.reply(refer, 202)
    rig.receive(_notify(ack, 1, "SIP/2.0 200 OK", "terminated"))
    assert rig.names() == ["200 NOTIFY", "BYE", "BYE"]
    assert {event.call for event in rig.of(Ended)} == {first, second}


def test_an_attended_transfer_that_fails_leaves_both_calls() -> None:
    rig = Rig()
    first, ack = talking(rig)
    second, _ = _second_call(rig)
    rig.agent.refer_to_call(first, second, rig.now)
    rig.reply(rig.request("REFER"), 202)
    rig.receive(_notify(ack, 1, "SIP/2.0 481 No", "terminated"))
    rig.response(200)
    assert rig.last(ReferProgress) == ReferProgress(first, 481, True)
    assert rig.of(Ended) == []
    rig.agent.refer_to_call(first, second, rig.now)
    rig.request("REFER")


def test_the_consulted_party_that_is_gone_already_is_no_success_for_the_first() -> None:
    rig = Rig()
    first, ack = talking(rig)
    second, ack2 = _second_call(rig)
    rig.agent.refer_to_call(first, second, rig.now)
    rig.reply(rig.request("REFER"), 202)
    rig.receive(inside(ack2, "BYE", 1))
    rig.sent()
    rig.receive(_notify(ack, 1, "SIP/2.0 200 OK", "terminated"))
    assert rig.names() == ["200 NOTIFY", "BYE"]


def test_a_call_that_does_not_stand_yet_cannot_be_transferred_to() -> None:
    rig = Rig()
    first, _ = talking(rig)
    other = rig.agent.invite("sip:carol@203.0.113.8", b"o", rig.now)
    rig.sent()
    rig.agent.refer_to_call(first, other, rig.now)
    assert rig.sent() == []
    assert rig.last(ReferProgress) == ReferProgress(first, 481, True)


# --- we are transferred --------------------------------------------------------------------------


def _referred(rig: Rig, refer_to: str, *headers: tuple[str, str]) -> tuple[str, Request]:
    handle, ack = talking(rig)
    rig.receive(inside(ack, "REFER", 1, ("Refer-To", refer_to), *headers))
    return handle, ack


def test_the_peer_asks_us_to_call_and_hears_how_it_goes() -> None:
    rig = Rig()
    handle, _ = _referred(rig, "<sip:carol@example.com>", ("Referred-By", "<sip:bob@example.com>"))
    event = rig.last(ReferReceived)
    assert event == ReferReceived(handle, "sip:carol@example.com", "", "<sip:bob@example.com>")
    rig.agent.accept_refer(handle, rig.now)
    accepted, trying = rig.sent()
    assert isinstance(accepted, Response)
    assert accepted.status == 202
    assert trying.body == b"SIP/2.0 100 Trying\r\n"
    assert trying.headers.get("Event") == "refer;id=1"
    assert (trying.headers.get("Subscription-State") or "").startswith("active")
    assert isinstance(trying, Request)
    rig.reply(trying, 200)
    rig.agent.accept_refer(handle, rig.now)
    rig.agent.invite(event.target, b"o", rig.now, referred_by=event.referred_by, refer=handle)
    invite = rig.request("INVITE")
    assert invite.headers.get("Referred-By") == "<sip:bob@example.com>"
    rig.reply(invite, 180, CONTACT)
    assert rig.request("NOTIFY").body == b"SIP/2.0 180 Ringing\r\n"
    rig.reply(invite, 200, CONTACT, ROUTE, body=b"a")
    done, _ = rig.sent()
    assert done.body == b"SIP/2.0 200 OK\r\n"
    assert (done.headers.get("Subscription-State") or "").startswith("terminated")


def test_the_peer_hears_of_failure_too() -> None:
    rig = Rig()
    handle, _ = _referred(rig, "<sip:carol@example.com>")
    rig.agent.accept_refer(handle, rig.now)
    rig.sent()
    rig.agent.invite("sip:carol@example.com", b"o", rig.now, refer=handle)
    rig.reply(rig.request("INVITE"), 486)
    _, notify = rig.sent()
    assert notify.body == b"SIP/2.0 486 Busy Here\r\n"
    assert rig.last(Ended).call != handle


def test_replaces_comes_out_of_the_uri() -> None:
    rig = Rig()
    _referred(rig, "<sip:carol@example.com?Replaces=abc%3Bto-tag%3D1%3Bfrom-tag%3D2>")
    event = rig.last(ReferReceived)
    assert (event.target, event.replaces) == ("sip:carol@example.com", "abc;to-tag=1;from-tag=2")


def test_a_refer_that_wants_no_news_gets_none() -> None:
    rig = Rig()
    handle, _ = _referred(rig, "<sip:carol@example.com>", ("Refer-Sub", "false"))
    rig.agent.accept_refer(handle, rig.now)
    assert rig.response(202).headers.get("Refer-Sub") == "false"
    rig.agent.invite("sip:carol@example.com", b"o", rig.now, refer=handle)
    rig.reply(rig.request("INVITE"), 180, CONTACT)
    assert rig.sent() == []


def test_refusing_a_transfer() -> None:
    rig = Rig()
    handle, ack = _referred(rig, "<sip:carol@example.com>")
    rig.agent.refuse_refer(handle, 603, rig.now)
    rig.response(603)
    rig.agent.refuse_refer(handle, 603, rig.now)
    rig.agent.accept_refer(handle, rig.now)
    assert rig.sent() == []
    rig.receive(inside(ack, "REFER", 2, ("Refer-To", "<sip:dave@example.com>")))
    assert len(rig.of(ReferReceived)) == 2


def test_an_accepted_transfer_that_comes_to_nothing_is_told() -> None:
    rig = Rig()
    handle, ack = _referred(rig, "<sip:carol@example.com>")
    rig.agent.accept_refer(handle, rig.now)
    assert len(rig.sent()) == 2  # 202 and the first NOTIFY
    rig.agent.refuse_refer(handle, 603, rig.now)
    notify = rig.request("NOTIFY")
    assert notify.body.startswith(b"SIP/2.0 603 ")
    assert (notify.headers.get("Subscription-State") or "").startswith("terminated")
    rig.agent.refuse_refer(handle, 603, rig.now)
    assert rig.sent() == []
    rig.receive(inside(ack, "REFER", 2, ("Refer-To", "<sip:dave@example.com>")))
    assert len(rig.of(ReferReceived)) == 2


@pytest.mark.parametrize(
    ("refer_to", "status"), [("", 400), ("<broken", 400), ("<http://example.com>", 416), ("*", 416)]
)
def test_a_refer_to_nowhere(refer_to: str, status: int) -> None:
    rig = Rig()
    _referred(rig, refer_to)
    rig.response(status)
    assert rig.of(ReferReceived) == []


def test_a_refer_before_the_call_stands_has_to_wait() -> None:
    rig = Rig()
    rig.register()
    rig.receive(call_for_us())
    rig.agent.ring("call-1", rig.now)
    ringing = rig.sent()[-1]
    rig.receive(inside(ringing, "REFER", 2, ("Refer-To", "<sip:carol@example.com>"), ours=False))
    rig.response(491)
    assert rig.of(ReferReceived) == []


def test_a_second_refer_waits_for_the_first() -> None:
    rig = Rig()
    _, ack = _referred(rig, "<sip:carol@example.com>")
    rig.receive(inside(ack, "REFER", 2, ("Refer-To", "<sip:dave@example.com>")))
    rig.response(491)


def test_hanging_up_answers_an_undecided_refer_and_tells_no_more() -> None:
    rig = Rig()
    handle, _ = _referred(rig, "<sip:carol@example.com>")
    rig.agent.cancel_or_bye(handle, rig.now)
    assert rig.names() == ["487 REFER", "BYE"]


def test_after_the_first_call_ended_nobody_is_told() -> None:
    rig = Rig()
    handle, ack = _referred(rig, "<sip:carol@example.com>")
    rig.agent.accept_refer(handle, rig.now)
    rig.agent.invite("sip:carol@example.com", b"o", rig.now, refer=handle)
    invite = rig.sent()[-1]
    assert isinstance(invite, Request)
    rig.receive(inside(ack, "BYE", 2))
    rig.response(200)
    rig.reply(invite, 180, CONTACT)
    assert rig.sent() == []
    rig.agent.invite("sip:dave@example.com", b"o", rig.now, refer=handle)
    rig.request("INVITE")


# --- a call in another's place -------------------------------------------------------------------


def _replacing(call_id: str, to_tag: str, from_tag: str, flags: str = "") -> Request:
    value = f"{call_id};to-tag={to_tag};from-tag={from_tag}{flags}"
    return call_for_us(("Replaces", value), ("Require", "replaces"), call_id="new", branch="z9hG4bKnew")


def test_an_invite_with_replaces_takes_the_place_of_a_running_call() -> None:
    rig = Rig()
    old, ack = talking(rig)
    rig.receive(_replacing(ack.call_id, ack.from_.tag, "far"))
    event = rig.last(IncomingInvite)
    assert event.replaces == old
    rig.agent.answer(event.call, b"answer", rig.now)
    assert rig.names() == ["100 INVITE", "200 INVITE", "BYE"]
    assert rig.last(Replaced) == Replaced(old, event.call)
    assert rig.last(Ended).call == old


def test_an_invite_with_replaces_may_take_the_place_of_a_call_of_ours_that_rings() -> None:
    rig = Rig()
    old, invite = calling(rig)
    rig.reply(invite, 180, CONTACT)
    rig.receive(_replacing(invite.call_id, invite.from_.tag, "far", ";early-only"))
    event = rig.last(IncomingInvite)
    assert event.replaces == old
    rig.agent.answer(event.call, b"answer", rig.now)
    assert rig.names() == ["100 INVITE", "200 INVITE", "CANCEL"]


def test_the_replaced_call_may_be_gone_before_the_answer() -> None:
    rig = Rig()
    old, ack = talking(rig)
    rig.receive(_replacing(ack.call_id, ack.from_.tag, "far"))
    rig.agent.cancel_or_bye(old, rig.now)
    rig.sent()
    rig.agent.answer(rig.last(IncomingInvite).call, b"answer", rig.now)
    rig.response(200)
    assert rig.of(Replaced) == []


@pytest.mark.parametrize(
    ("call_id", "to_tag", "from_tag"),
    [("other", "ours", "far"), ("same", "wrong", "far"), ("same", "ours", "wrong")],
)
def test_replaces_that_matches_nothing_is_481(call_id: str, to_tag: str, from_tag: str) -> None:
    rig = Rig()
    _, ack = talking(rig)
    rig.receive(
        _replacing(
            ack.call_id if call_id == "same" else call_id,
            ack.from_.tag if to_tag == "ours" else to_tag,
            from_tag,
        )
    )
    rig.response(481)


def test_early_only_does_not_replace_an_answered_call() -> None:
    rig = Rig()
    _, ack = talking(rig)
    rig.receive(_replacing(ack.call_id, ack.from_.tag, "far", ";early-only"))
    rig.response(486)


def test_a_call_that_rings_here_is_not_replaced() -> None:
    rig = Rig()
    rig.register()
    rig.receive(call_for_us())
    rig.agent.ring("call-1", rig.now)
    tag = rig.sent()[-1].to.tag
    rig.receive(_replacing("in1", tag, "far"))
    rig.response(481)


def test_a_call_that_just_ended_is_603() -> None:
    rig = Rig()
    rig.register()
    rig.receive(call_for_us())
    rig.agent.answer("call-1", b"a", rig.now)
    tag = rig.sent()[-1].to.tag
    rig.agent.cancel_or_bye("call-1", rig.now)
    rig.receive(_replacing("in1", tag, "far"))
    rig.response(603)


def test_a_broken_replaces_is_400() -> None:
    rig = Rig()
    rig.register()
    rig.receive(call_for_us(("Replaces", "abc;to-tag=1")))
    rig.response(400)
