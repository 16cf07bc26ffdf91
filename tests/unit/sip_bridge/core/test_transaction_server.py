"""The two server transactions, as scripts of messages and time (RFC 3261 17.2)."""

from __future__ import annotations

import pytest

from sip_bridge.core.effects import Flow
from sip_bridge.core.transaction import State
from sip_bridge.core.transaction_layer import AckArrived, AckMissing, RequestArrived
from tests.unit.sip_bridge.core.transaction_bench import TCP, UDP, Bench, a_request, arriving

# --- server, INVITE ------------------------------------------------------------------------------


def test_an_invite_again_gets_the_last_response_again() -> None:
    bench = Bench()
    invite = arriving()
    bench.receive(invite)
    bench.receive(invite)
    assert bench.sent() == []
    (event,) = bench.layer.take_events()
    assert isinstance(event, RequestArrived)
    bench.layer.respond(event.transaction, event.transaction.request.reply(180), 0.0)
    bench.receive(invite)
    assert bench.sent() == ["180 INVITE", "180 INVITE"]


def test_a_refusal_is_repeated_until_its_ack() -> None:
    bench = Bench()
    invite = arriving()
    bench.receive(invite)
    (event,) = bench.layer.take_events()
    assert isinstance(event, RequestArrived)
    bench.layer.respond(event.transaction, event.transaction.request.reply(486, to_tag="b"), 0.0)
    bench.receive(invite)
    assert bench.sent() == ["486 INVITE", "486 INVITE"]
    assert [at for at, _ in bench.wait(4)] == [0.5, 1.5, 3.5]
    bench.receive(arriving("ACK", tag="b"))
    bench.receive(arriving("ACK", tag="b"))
    assert bench.wait(4.9) == []
    bench.wait(0.2)
    assert len(bench.layer) == 0
    assert bench.layer.take_events() == []


def test_a_refusal_without_ack_is_told_after_32_seconds() -> None:
    bench = Bench(TCP)
    bench.receive(arriving())
    (event,) = bench.layer.take_events()
    assert isinstance(event, RequestArrived)
    bench.layer.respond(event.transaction, event.transaction.request.reply(486), 0.0)
    assert bench.sent() == ["486 INVITE"]
    assert bench.wait(32.1) == []
    assert bench.layer.take_events() == [AckMissing(event.transaction)]


def test_after_2xx_the_user_repeats_and_a_late_invite_is_absorbed() -> None:
    bench = Bench()
    invite = arriving()
    bench.receive(invite)
    (event,) = bench.layer.take_events()
    assert isinstance(event, RequestArrived)
    ok = event.transaction.request.reply(200, to_tag="b")
    bench.layer.respond(event.transaction, ok, 0.0)
    bench.layer.respond(event.transaction, ok, 0.5)
    bench.receive(invite)
    assert bench.sent() == ["200 INVITE", "200 INVITE"]
    bench.receive(arriving("ACK", tag="b"))
    bench.receive(arriving("ACK", branch="z9hG4bKown", tag="b"))
    assert [type(event) for event in bench.layer.take_events()] == [AckArrived, AckArrived]
    bench.wait(33)
    assert len(bench.layer) == 0
    bench.layer.respond(event.transaction, ok, 40.0)
    assert bench.sent() == []


def test_cancel_names_the_invite_it_is_about() -> None:
    bench = Bench()
    bench.receive(arriving())
    bench.receive(arriving("CANCEL"))
    bench.receive(arriving("CANCEL", branch="z9hG4bKnone", call="c9"))
    invite, cancel, stray = bench.layer.take_events()
    assert isinstance(invite, RequestArrived)
    assert isinstance(cancel, RequestArrived)
    assert isinstance(stray, RequestArrived)
    assert cancel.cancels is invite.transaction
    assert stray.cancels is None


def test_one_request_by_two_ways_is_merged() -> None:
    bench = Bench()
    bench.receive(arriving())
    bench.receive(arriving(branch="z9hG4bKtwo"))
    bench.receive(arriving(branch="z9hG4bKthree", tag="b"))
    assert [e.merged for e in bench.layer.take_events() if isinstance(e, RequestArrived)] == [
        False,
        True,
        False,
    ]


def test_a_merged_request_leaves_the_first_ones_mark() -> None:
    bench = Bench(TCP)
    bench.receive(arriving("OPTIONS"))
    bench.receive(arriving("OPTIONS", branch="z9hG4bKtwo"))
    first, second = bench.layer.take_events()
    assert isinstance(first, RequestArrived)
    assert isinstance(second, RequestArrived)
    bench.layer.respond(second.transaction, second.transaction.request.reply(482), 0.0)
    bench.wait(0)
    bench.receive(arriving("OPTIONS", branch="z9hG4bKthree"))
    (third,) = bench.layer.take_events()
    assert isinstance(third, RequestArrived)
    assert third.merged
    bench.layer.respond(first.transaction, first.transaction.request.reply(200), 0.0)
    bench.wait(0)
    bench.receive(arriving("OPTIONS", branch="z9hG4bKfour"))
    (fourth,) = bench.layer.take_events()
    assert isinstance(fourth, RequestArrived)
    assert not fourth.merged


def test_peers_of_rfc_2543_are_matched_without_a_cookie() -> None:
    bench = Bench()
    bench.receive(arriving(branch="1"))
    bench.receive(arriving(branch="1"))
    bench.receive(arriving(branch="1", call="c2"))
    first, _ = bench.layer.take_events()
    assert isinstance(first, RequestArrived)
    bench.receive(arriving("CANCEL", branch="1"))
    (cancel,) = bench.layer.take_events()
    assert isinstance(cancel, RequestArrived)
    assert cancel.cancels is first.transaction
    bench.layer.respond(first.transaction, first.transaction.request.reply(487), 0.0)
    bench.receive(arriving("ACK", branch="1"))
    assert first.transaction.state is State.CONFIRMED


# --- server, others ------------------------------------------------------------------------------


def test_a_slow_answer_is_announced_by_100_only_when_it_helps() -> None:
    bench = Bench()
    bench.receive(arriving("INFO"))
    assert bench.wait(40) == [(3.5, "100 INFO")]
    assert len(bench.layer) == 0


def test_on_a_stream_a_request_never_answered_is_forgotten_quietly() -> None:
    bench = Bench(TCP)
    bench.receive(arriving("INFO"))
    assert bench.wait(40) == []
    assert len(bench.layer) == 0


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("trying", [False, True])
def test_a_final_answer_is_repeated_for_each_repetition_of_the_request(status: int, trying: bool) -> None:
    bench = Bench()
    request = arriving("INFO")
    bench.receive(request)
    bench.receive(request)
    assert bench.sent() == []
    (event,) = bench.layer.take_events()
    assert isinstance(event, RequestArrived)
    if trying:
        bench.layer.respond(event.transaction, event.transaction.request.reply(100), 0.0)
        bench.layer.respond(event.transaction, event.transaction.request.reply(100), 0.0)
        bench.receive(request)
        assert bench.sent() == ["100 INFO"] * 3
    bench.layer.respond(event.transaction, event.transaction.request.reply(status), 0.0)
    bench.receive(request)
    assert bench.sent() == [f"{status} INFO"] * 2
    bench.wait(32.1)
    assert len(bench.layer) == 0


def test_a_response_goes_where_via_and_socket_say() -> None:
    bench = Bench()
    far = Flow(5, "udp", UDP.local, ("203.0.113.5", 7000))
    for branch, via in [
        ("z9hG4bK1", "SIP/2.0/UDP 192.168.0.9:5070;branch=z9hG4bK1;rport"),
        ("z9hG4bK2", "SIP/2.0/UDP 192.168.0.9:5070;branch=z9hG4bK2"),
        ("z9hG4bK3", "SIP/2.0/UDP 192.168.0.9;branch=z9hG4bK3"),
    ]:
        bench.receive(a_request("INFO", via=via, call=branch), far)
        (event,) = bench.layer.take_events()
        assert isinstance(event, RequestArrived)
        bench.layer.respond(event.transaction, event.transaction.request.reply(200), 0.0)
    bench.sent()
    assert [effect.to for effect in bench.transmits] == [None, ("203.0.113.5", 5070), ("203.0.113.5", 5060)]
