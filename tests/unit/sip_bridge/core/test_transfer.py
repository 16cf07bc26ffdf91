"""Transfer, blind and attended: we ask the peer to call somebody else."""

from __future__ import annotations

import pytest

from sip_bridge.core.events import Ended, ReferProgress
from sip_bridge.core.headers import ReplacesHeader
from sip_bridge.core.message import Request, Response
from sip_bridge.core.uri import SipUri
from tests.doubles.sip_rig import ROUTE, Rig, inside, talking

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
