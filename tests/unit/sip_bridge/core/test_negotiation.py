"""Our own offers inside a standing call: hold, resume, glare, and trying again."""

from __future__ import annotations

import pytest

from sip_bridge.core.events import AnswerReceived, Ended, ReofferFailed
from sip_bridge.core.message import Request
from tests.doubles.sip_rig import (
    CONTACT,
    NEW_PLACE,
    ROUTE,
    Rig,
    answered,
    call_for_us,
    calling,
    inside,
    reoffering,
    talking,
)


def test_a_reoffer_is_answered_and_acknowledged_and_the_target_follows() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    invite = reoffering(rig, handle)
    assert invite.uri == "sip:bob@198.51.100.7:5060"
    assert invite.cseq.number == ack.cseq.number + 1
    assert (invite.to.tag, invite.body) == ("far", b"hold")
    rig.reply(invite, 100)
    for _ in range(2):
        rig.reply(invite, 200, NEW_PLACE, body=b"held")
    assert rig.names() == ["ACK", "ACK"]
    assert rig.last(AnswerReceived) == AnswerReceived(handle, b"held", "far")
    assert len(rig.of(AnswerReceived)) == 2
    rig.agent.cancel_or_bye(handle, rig.now)
    assert rig.request("BYE").uri == "sip:bob@203.0.113.44:5060"


def test_reoffers_wait_for_each_other_and_the_newest_wins() -> None:
    rig = Rig()
    handle, _ = talking(rig)
    first = reoffering(rig, handle, b"one")
    rig.agent.reoffer(handle, b"two", rig.now)
    rig.agent.reoffer(handle, b"three", rig.now)
    assert rig.sent() == []
    rig.reply(first, 200, CONTACT, body=b"a1")
    ack, second = rig.sent()
    assert isinstance(ack, Request)
    assert (ack.method, second.body) == ("ACK", b"three")


def test_a_reoffer_before_the_answer_waits_for_it() -> None:
    rig = Rig()
    handle, invite = calling(rig)
    rig.agent.reoffer(handle, b"hold", rig.now)
    assert rig.sent() == []
    rig.reply(invite, 200, CONTACT, ROUTE, body=b"answer")
    assert rig.names() == ["ACK", "INVITE"]


def test_a_reoffer_before_the_ack_waits_for_it() -> None:
    rig = Rig()
    rig.register()
    rig.receive(call_for_us())
    rig.agent.answer("call-1", b"answer", rig.now)
    ok = rig.sent()[-1]
    rig.agent.reoffer("call-1", b"hold", rig.now)
    assert rig.sent() == []
    rig.receive(inside(ok, "ACK", 1, ours=False))
    assert rig.names() == ["INVITE"]


@pytest.mark.parametrize(("status", "key"), [(488, "no-common-codec"), (500, "server-error")])
def test_a_refused_reoffer_leaves_the_call_as_it_was(status: int, key: str) -> None:
    rig = Rig()
    handle, _ = talking(rig)
    rig.reply(reoffering(rig, handle), status)
    assert rig.last(ReofferFailed) == ReofferFailed(handle, status, key)
    assert rig.of(Ended) == []
    assert rig.names() == ["ACK"]
    reoffering(rig, handle)


@pytest.mark.parametrize("status", [481, 408])
def test_a_peer_that_lost_the_dialog_ends_it(status: int) -> None:
    rig = Rig()
    handle, _ = talking(rig)
    rig.reply(reoffering(rig, handle), status)
    assert rig.names() == ["ACK", "BYE"]
    assert rig.last(Ended).by_remote


def test_a_silent_peer_fails_the_reoffer_and_not_the_call() -> None:
    rig = Rig()
    handle, _ = talking(rig)
    reoffering(rig, handle)
    rig.wait(33)
    assert rig.last(ReofferFailed) == ReofferFailed(handle, 408, "no-answer")
    assert rig.of(Ended) == []


def test_a_broken_transport_fails_the_reoffer_and_not_the_call() -> None:
    rig = Rig(transport="tcp")
    handle, _ = talking(rig)
    reoffering(rig, handle)
    rig.closed_flow()
    assert rig.last(ReofferFailed) == ReofferFailed(handle, 0, "unreachable")
    assert rig.of(Ended) == []


@pytest.mark.parametrize(("we_called", "low", "high"), [(True, 2.1, 4.0), (False, 0.0, 2.0)])
def test_glare_is_tried_again_after_the_right_pause(we_called: bool, low: float, high: float) -> None:
    rig = Rig()
    handle = talking(rig)[0] if we_called else answered(rig)[0]
    rig.sent()
    first = reoffering(rig, handle)
    rig.reply(first, 491)
    start = rig.now
    assert rig.names() == ["ACK"]
    rig.agent.reoffer(handle, b"newer", rig.now)
    due = rig.agent.next_timer()
    assert due is not None
    assert low <= due - start <= high
    rig.wait(due - start)
    again = [m for m in rig.sent() if isinstance(m, Request)]
    assert [(m.method, m.body, m.cseq.number) for m in again[:1]] == [
        ("INVITE", b"hold", first.cseq.number + 1)
    ]
    rig.reply(again[0], 200, CONTACT, body=b"held")
    assert [m.body for m in rig.sent()] == [b"", b"newer"]
    assert rig.of(ReofferFailed) == []


def test_endless_glare_is_given_up() -> None:
    rig = Rig(transport="tcp")
    handle, _ = talking(rig)
    invite = reoffering(rig, handle)
    for _ in range(5):
        rig.reply(invite, 491)
        rig.request("ACK")
        rig.wait(4.0)
        invite = rig.request("INVITE")
        assert rig.of(ReofferFailed) == []
    rig.reply(invite, 491)
    assert rig.names() == ["ACK"]
    assert rig.last(ReofferFailed) == ReofferFailed(handle, 491, "failed")
    rig.wait(60)
    assert rig.sent() == []


def test_500_with_retry_after_is_tried_again() -> None:
    rig = Rig()
    handle, _ = talking(rig)
    rig.reply(reoffering(rig, handle), 500, ("Retry-After", "3"))
    assert rig.names() == ["ACK"]
    rig.wait(3)
    assert rig.names() == ["INVITE"]


def test_500_with_a_long_retry_after_is_a_refusal() -> None:
    rig = Rig()
    handle, _ = talking(rig)
    rig.reply(reoffering(rig, handle), 500, ("Retry-After", "11"))
    assert rig.last(ReofferFailed) == ReofferFailed(handle, 500, "server-error")
    assert rig.names() == ["ACK"]
    rig.wait(60)
    assert rig.sent() == []


def test_an_offer_of_the_peer_while_we_wait_to_try_again_goes_first() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.reply(reoffering(rig, handle), 500, ("Retry-After", "1"))
    rig.sent()
    rig.receive(inside(ack, "INVITE", 1, CONTACT, body=b"theirs"))
    rig.sent()
    rig.wait(1.1)
    assert rig.sent() == []
    rig.agent.answer_offer(handle, b"ours", rig.now)
    ok = rig.response(200)
    rig.receive(inside(ack, "ACK", 1))
    rig.wait(1.1)
    assert rig.names() == ["INVITE"]
    assert ok.body == b"ours"


def test_hanging_up_while_waiting_to_try_again_stops_it() -> None:
    rig = Rig()
    handle, _ = talking(rig)
    rig.reply(reoffering(rig, handle), 500, ("Retry-After", "3"))
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.reply(next(m for m in rig.sent() if isinstance(m, Request) and m.method == "BYE"), 200)
    rig.wait(40)
    assert rig.sent() == []
    assert (rig.agent.next_timer() or 0.0) > rig.now + 3600, "nothing is left but the registration"


def test_bye_during_our_reinvite_ends_it_and_a_late_2xx_is_acknowledged() -> None:
    rig = Rig()
    handle, _ = talking(rig)
    invite = reoffering(rig, handle)
    rig.agent.cancel_or_bye(handle, rig.now)
    bye = rig.request("BYE")
    rig.reply(invite, 200, CONTACT, body=b"held")
    assert rig.names() == ["ACK"]
    rig.reply(bye, 200)
    assert len(rig.of(AnswerReceived)) == 1
    assert len(rig.of(Ended)) == 1


def test_a_late_failure_of_a_reinvite_after_bye_says_nothing() -> None:
    rig = Rig()
    handle, _ = talking(rig)
    reoffering(rig, handle)
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.wait(40)
    assert rig.of(ReofferFailed) == []
