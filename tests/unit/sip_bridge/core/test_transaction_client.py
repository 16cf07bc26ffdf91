"""The two client transactions, as scripts of messages and time (RFC 3261 17.1)."""

from __future__ import annotations

import pytest

from sip_bridge.core.effects import Flow
from sip_bridge.core.message import parse_message
from sip_bridge.core.transaction import State
from sip_bridge.core.transaction_layer import ResponseArrived, TransactionFailed
from tests.unit.sip_bridge.core.transaction_bench import TCP, UDP, V6, Bench, a_request

# --- client, INVITE ------------------------------------------------------------------------------


def test_an_unanswered_invite_is_sent_seven_times_and_times_out_after_32_seconds() -> None:
    bench = Bench()
    transaction = bench.layer.request(a_request(), UDP, 0.0)
    assert bench.sent() == ["INVITE"]
    assert [at for at, _ in bench.wait(40)] == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert bench.layer.take_events() == [TransactionFailed(transaction, False)]
    assert len(bench.layer) == 0


def test_on_a_stream_nothing_is_sent_again() -> None:
    bench = Bench(TCP)
    bench.layer.request(a_request(), TCP, 0.0)
    assert bench.sent() == ["INVITE"]
    assert bench.wait(31) == []


def test_a_provisional_response_stops_the_retransmissions() -> None:
    bench = Bench()
    transaction = bench.layer.request(a_request(), UDP, 0.0)
    bench.sent()
    bench.receive(transaction.request.reply(100))
    bench.receive(transaction.request.reply(180))
    assert bench.wait(300) == []
    events = bench.layer.take_events()
    assert [e.response.status for e in events if isinstance(e, ResponseArrived)] == [100, 180]


def test_an_invite_that_rings_for_ever_can_be_forgotten() -> None:
    bench = Bench()
    transaction = bench.layer.request(a_request(), UDP, 0.0)
    bench.sent()
    bench.receive(transaction.request.reply(180))
    bench.layer.take_events()
    bench.layer.forget(transaction)
    assert transaction.terminated
    assert len(bench.layer) == 0
    assert bench.layer.next_timer() is None
    bench.receive(transaction.request.reply(200))
    assert bench.layer.take_events() == []


@pytest.mark.parametrize("ringing", [False, True])
def test_a_refusal_is_acknowledged_each_time_it_comes(ringing: bool) -> None:
    bench = Bench()
    transaction = bench.layer.request(a_request(), UDP, 0.0)
    bench.sent()
    if ringing:
        bench.receive(transaction.request.reply(180))
    refusal = transaction.request.reply(486, to_tag="b")
    bench.receive(refusal)
    bench.receive(refusal)
    assert bench.sent() == ["ACK", "ACK"]
    ack = parse_message(bench.transmits[0].data)
    assert ack.to.tag == "b"
    assert ack.top_via.branch == transaction.request.top_via.branch
    assert [str(route) for route in ack.routes] == ["<sip:proxy.example.com;lr>"]
    assert len([e for e in bench.layer.take_events() if isinstance(e, ResponseArrived)]) == 1 + ringing
    bench.wait(33.1)
    assert len(bench.layer) == 0


def test_several_2xx_are_passed_on_for_32_seconds() -> None:
    bench = Bench()
    transaction = bench.layer.request(a_request(), UDP, 0.0)
    bench.receive(transaction.request.reply(200, to_tag="x"))
    bench.wait(10)
    bench.receive(transaction.request.reply(200, to_tag="y"))
    assert [e.response.to.tag for e in bench.layer.take_events() if isinstance(e, ResponseArrived)] == [
        "x",
        "y",
    ]
    assert transaction.state is State.ACCEPTED
    bench.wait(33)
    bench.receive(transaction.request.reply(200, to_tag="z"))
    assert bench.layer.take_events() == []


def test_a_broken_transport_fails_what_has_no_answer_and_spares_what_has() -> None:
    bench = Bench(TCP)
    pending = bench.layer.request(a_request(), TCP, 0.0)
    ringing = bench.layer.request(a_request(call="c2"), TCP, 0.0)
    bench.receive(ringing.request.reply(180))
    bench.layer.take_events()
    bench.layer.flow_closed(TCP.id, 1.0)
    assert bench.layer.take_events() == [TransactionFailed(pending, True)]
    assert ringing.state is State.PROCEEDING


# --- client, others ------------------------------------------------------------------------------


def test_another_request_is_repeated_every_four_seconds_at_most() -> None:
    bench = Bench()
    transaction = bench.layer.request(a_request("OPTIONS"), UDP, 0.0)
    bench.sent()
    assert [at for at, _ in bench.wait(40)] == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert bench.layer.take_events() == [TransactionFailed(transaction, False)]


def test_after_a_provisional_it_is_repeated_every_four_seconds() -> None:
    bench = Bench()
    transaction = bench.layer.request(a_request("OPTIONS"), UDP, 0.0)
    bench.sent()
    bench.receive(transaction.request.reply(100))
    bench.receive(transaction.request.reply(100))
    assert [at for at, _ in bench.wait(9)] == [4.0, 8.0]
    bench.receive(transaction.request.reply(200))
    assert bench.wait(4.9) == []
    assert len(bench.layer) == 1
    bench.wait(0.2)
    assert len(bench.layer) == 0


def test_a_provisional_on_a_stream_starts_no_repetition() -> None:
    bench = Bench(TCP)
    transaction = bench.layer.request(a_request("OPTIONS"), TCP, 0.0)
    bench.sent()
    bench.receive(transaction.request.reply(100))
    assert bench.wait(20) == []
    bench.receive(transaction.request.reply(404))
    bench.wait(0)
    assert len(bench.layer) == 0


def test_a_response_must_carry_our_via_and_come_from_where_the_request_went() -> None:
    bench = Bench()
    transaction = bench.layer.request(a_request("OPTIONS"), UDP, 0.0)
    good = transaction.request.reply(200)
    for change in ("z9hG4bK-guess", "203.0.113.9"):
        forged = transaction.request.reply(200)
        via = str(transaction.request.top_via)
        old = transaction.request.top_via.branch if change.startswith("z9") else "192.0.2.1"
        forged.headers.set("Via", via.replace(old, change))
        bench.receive(forged)
    doubled = transaction.request.reply(200)
    doubled.headers.add("Via", "SIP/2.0/UDP 203.0.113.9;branch=z9hG4bKother")
    bench.receive(doubled)
    bench.receive(good, Flow(9, "udp", UDP.local, ("203.0.113.9", 5060)))
    assert bench.layer.take_events() == []
    bench.receive(good, Flow(9, "udp", UDP.local, ("192.0.2.2", 5099)))
    (event,) = bench.layer.take_events()
    assert isinstance(event, ResponseArrived)


def test_our_via_asks_for_rport_and_brackets_ipv6() -> None:
    bench = Bench(V6)
    bench.layer.request(a_request("OPTIONS"), V6, 0.0)
    bench.sent()
    via = str(parse_message(bench.transmits[0].data).top_via)
    assert via.startswith("SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK")
    assert via.endswith(";rport")


def test_cancel_takes_branch_route_and_number_of_its_invite() -> None:
    bench = Bench()
    invite = bench.layer.request(a_request(), UDP, 0.0)
    bench.receive(invite.request.reply(180))
    bench.sent()
    bench.layer.cancel(invite, 0.0, "SIP;cause=200")
    bench.layer.cancel(invite, 0.0)
    assert bench.sent() == ["CANCEL", "CANCEL"]
    cancel = parse_message(bench.transmits[0].data)
    assert cancel.top_via.branch == invite.request.top_via.branch
    assert str(cancel.cseq) == "1 CANCEL"
    assert cancel.headers.get("Reason") == "SIP;cause=200"
    assert parse_message(bench.transmits[1].data).headers.get("Reason") is None


def test_a_stateless_send_has_a_branch_of_its_own_and_can_be_repeated() -> None:
    bench = Bench()
    data = bench.layer.send(a_request("ACK"), UDP)
    bench.layer.resend(data, UDP)
    assert bench.sent() == ["ACK", "ACK"]
    assert len(bench.layer) == 0
