"""A call in another's place: INVITE with Replaces (RFC 3891)."""

from __future__ import annotations

import pytest

from sip_bridge.core.events import Ended, IncomingInvite, Replaced
from sip_bridge.core.message import Request
from tests.doubles.sip_rig import CONTACT, Rig, call_for_us, calling, talking


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
