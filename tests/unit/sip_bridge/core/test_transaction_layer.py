"""The four transaction machines, as scripts of messages and time."""

from __future__ import annotations

import random

import pytest

from sip_bridge.core.effects import Flow, Transmit
from sip_bridge.core.message import Headers, Request, Response, parse_message
from sip_bridge.core.transaction import TABLE, Action, Input, Kind, State
from sip_bridge.core.transaction_layer import (
    AckArrived,
    AckMissing,
    RequestArrived,
    ResponseArrived,
    TransactionFailed,
    TransactionLayer,
)

UDP = Flow(1, "udp", ("192.0.2.1", 5060), ("192.0.2.2", 5060))
TCP = Flow(2, "tcp", ("192.0.2.1", 40000), ("192.0.2.2", 5060))
V6 = Flow(3, "udp", ("2001:db8::1", 5060), ("2001:db8::2", 5060))


class Bench:
    def __init__(self, flow: Flow = UDP, limit: int = 1000) -> None:
        self.layer = TransactionLayer(random.Random(1).randbytes, limit=limit)
        self.flow = flow
        self.now = 0.0
        self.times: list[tuple[float, str]] = []
        self.transmits: list[Transmit] = []

    def sent(self) -> list[str]:
        self.transmits = self.layer.take_effects()
        return [_name(effect.data) for effect in self.transmits]

    def wait(self, seconds: float) -> list[tuple[float, str]]:
        """What is sent while time passes, with its times."""
        end, sent = self.now + seconds, []
        while (due := self.layer.next_timer()) is not None and due <= end:
            self.now = due
            self.layer.tick(due)
            sent += [(round(due, 3), name) for name in self.sent()]
        self.now = end
        return sent

    def receive(self, message: Request | Response, flow: Flow | None = None) -> None:
        self.layer.receive(parse_message(bytes(message)), flow or self.flow, self.now)


def _name(data: bytes) -> str:
    message = parse_message(data)
    return message.method if isinstance(message, Request) else f"{message.status} {message.cseq.method}"


def _request(method: str = "INVITE", *, via: str = "", tag: str = "", call: str = "c1") -> Request:
    headers = Headers([("Via", via)] if via else [])
    for name, value in [
        ("Max-Forwards", "70"),
        ("From", "<sip:a@example.com>;tag=a"),
        ("To", "<sip:b@example.com>" + (f";tag={tag}" if tag else "")),
        ("Call-ID", call),
        ("CSeq", f"1 {method}"),
        ("Route", "<sip:proxy.example.com;lr>"),
    ]:
        headers.add(name, value)
    return Request(method, "sip:b@example.com", headers)


def _incoming(
    method: str = "INVITE", branch: str = "z9hG4bKx", host: str = "192.0.2.2", **more: str
) -> Request:
    return _request(method, via=f"SIP/2.0/UDP {host}:5060;branch={branch}", **more)


# --- client, INVITE ------------------------------------------------------------------------------


def test_an_unanswered_invite_is_sent_seven_times_and_times_out_after_32_seconds() -> None:
    bench = Bench()
    transaction = bench.layer.request(_request(), UDP, 0.0)
    assert bench.sent() == ["INVITE"]
    assert [at for at, _ in bench.wait(40)] == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert bench.layer.take_events() == [TransactionFailed(transaction, False)]
    assert len(bench.layer) == 0


def test_on_a_stream_nothing_is_sent_again() -> None:
    bench = Bench(TCP)
    bench.layer.request(_request(), TCP, 0.0)
    assert bench.sent() == ["INVITE"]
    assert bench.wait(31) == []


def test_a_provisional_response_stops_the_retransmissions() -> None:
    bench = Bench()
    transaction = bench.layer.request(_request(), UDP, 0.0)
    bench.sent()
    bench.receive(transaction.request.reply(100))
    bench.receive(transaction.request.reply(180))
    assert bench.wait(300) == []
    events = bench.layer.take_events()
    assert [e.response.status for e in events if isinstance(e, ResponseArrived)] == [100, 180]


def test_an_invite_that_rings_for_ever_can_be_forgotten() -> None:
    bench = Bench()
    transaction = bench.layer.request(_request(), UDP, 0.0)
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
    transaction = bench.layer.request(_request(), UDP, 0.0)
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
    transaction = bench.layer.request(_request(), UDP, 0.0)
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
    pending = bench.layer.request(_request(), TCP, 0.0)
    ringing = bench.layer.request(_request(call="c2"), TCP, 0.0)
    bench.receive(ringing.request.reply(180))
    bench.layer.take_events()
    bench.layer.flow_closed(TCP.id, 1.0)
    assert bench.layer.take_events() == [TransactionFailed(pending, True)]
    assert ringing.state is State.PROCEEDING


# --- client, others ------------------------------------------------------------------------------


def test_another_request_is_repeated_every_four_seconds_at_most() -> None:
    bench = Bench()
    transaction = bench.layer.request(_request("OPTIONS"), UDP, 0.0)
    bench.sent()
    assert [at for at, _ in bench.wait(40)] == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert bench.layer.take_events() == [TransactionFailed(transaction, False)]


def test_after_a_provisional_it_is_repeated_every_four_seconds() -> None:
    bench = Bench()
    transaction = bench.layer.request(_request("OPTIONS"), UDP, 0.0)
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
    transaction = bench.layer.request(_request("OPTIONS"), TCP, 0.0)
    bench.sent()
    bench.receive(transaction.request.reply(100))
    assert bench.wait(20) == []
    bench.receive(transaction.request.reply(404))
    bench.wait(0)
    assert len(bench.layer) == 0


def test_a_response_must_carry_our_via_and_come_from_where_the_request_went() -> None:
    bench = Bench()
    transaction = bench.layer.request(_request("OPTIONS"), UDP, 0.0)
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
    bench.layer.request(_request("OPTIONS"), V6, 0.0)
    bench.sent()
    via = str(parse_message(bench.transmits[0].data).top_via)
    assert via.startswith("SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK")
    assert via.endswith(";rport")


def test_cancel_takes_branch_route_and_number_of_its_invite() -> None:
    bench = Bench()
    invite = bench.layer.request(_request(), UDP, 0.0)
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
    data = bench.layer.send(_request("ACK"), UDP)
    bench.layer.resend(data, UDP)
    assert bench.sent() == ["ACK", "ACK"]
    assert len(bench.layer) == 0


# --- server, INVITE ------------------------------------------------------------------------------


def test_an_invite_again_gets_the_last_response_again() -> None:
    bench = Bench()
    invite = _incoming()
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
    invite = _incoming()
    bench.receive(invite)
    (event,) = bench.layer.take_events()
    assert isinstance(event, RequestArrived)
    bench.layer.respond(event.transaction, event.transaction.request.reply(486, to_tag="b"), 0.0)
    bench.receive(invite)
    assert bench.sent() == ["486 INVITE", "486 INVITE"]
    assert [at for at, _ in bench.wait(4)] == [0.5, 1.5, 3.5]
    bench.receive(_incoming("ACK", tag="b"))
    bench.receive(_incoming("ACK", tag="b"))
    assert bench.wait(4.9) == []
    bench.wait(0.2)
    assert len(bench.layer) == 0
    assert bench.layer.take_events() == []


def test_a_refusal_without_ack_is_told_after_32_seconds() -> None:
    bench = Bench(TCP)
    bench.receive(_incoming())
    (event,) = bench.layer.take_events()
    assert isinstance(event, RequestArrived)
    bench.layer.respond(event.transaction, event.transaction.request.reply(486), 0.0)
    assert bench.sent() == ["486 INVITE"]
    assert bench.wait(32.1) == []
    assert bench.layer.take_events() == [AckMissing(event.transaction)]


def test_after_2xx_the_user_repeats_and_a_late_invite_is_absorbed() -> None:
    bench = Bench()
    invite = _incoming()
    bench.receive(invite)
    (event,) = bench.layer.take_events()
    assert isinstance(event, RequestArrived)
    ok = event.transaction.request.reply(200, to_tag="b")
    bench.layer.respond(event.transaction, ok, 0.0)
    bench.layer.respond(event.transaction, ok, 0.5)
    bench.receive(invite)
    assert bench.sent() == ["200 INVITE", "200 INVITE"]
    bench.receive(_incoming("ACK", tag="b"))
    bench.receive(_incoming("ACK", branch="z9hG4bKown", tag="b"))
    assert [type(event) for event in bench.layer.take_events()] == [AckArrived, AckArrived]
    bench.wait(33)
    assert len(bench.layer) == 0
    bench.layer.respond(event.transaction, ok, 40.0)
    assert bench.sent() == []


def test_cancel_names_the_invite_it_is_about() -> None:
    bench = Bench()
    bench.receive(_incoming())
    bench.receive(_incoming("CANCEL"))
    bench.receive(_incoming("CANCEL", branch="z9hG4bKnone", call="c9"))
    invite, cancel, stray = bench.layer.take_events()
    assert isinstance(invite, RequestArrived)
    assert isinstance(cancel, RequestArrived)
    assert isinstance(stray, RequestArrived)
    assert cancel.cancels is invite.transaction
    assert stray.cancels is None


def test_one_request_by_two_ways_is_merged() -> None:
    bench = Bench()
    bench.receive(_incoming())
    bench.receive(_incoming(branch="z9hG4bKtwo"))
    bench.receive(_incoming(branch="z9hG4bKthree", tag="b"))
    assert [e.merged for e in bench.layer.take_events() if isinstance(e, RequestArrived)] == [
        False,
        True,
        False,
    ]


def test_a_merged_request_leaves_the_first_ones_mark() -> None:
    bench = Bench(TCP)
    bench.receive(_incoming("OPTIONS"))
    bench.receive(_incoming("OPTIONS", branch="z9hG4bKtwo"))
    first, second = bench.layer.take_events()
    assert isinstance(first, RequestArrived)
    assert isinstance(second, RequestArrived)
    bench.layer.respond(second.transaction, second.transaction.request.reply(482), 0.0)
    bench.wait(0)
    bench.receive(_incoming("OPTIONS", branch="z9hG4bKthree"))
    (third,) = bench.layer.take_events()
    assert isinstance(third, RequestArrived)
    assert third.merged
    bench.layer.respond(first.transaction, first.transaction.request.reply(200), 0.0)
    bench.wait(0)
    bench.receive(_incoming("OPTIONS", branch="z9hG4bKfour"))
    (fourth,) = bench.layer.take_events()
    assert isinstance(fourth, RequestArrived)
    assert not fourth.merged


def test_peers_of_rfc_2543_are_matched_without_a_cookie() -> None:
    bench = Bench()
    bench.receive(_incoming(branch="1"))
    bench.receive(_incoming(branch="1"))
    bench.receive(_incoming(branch="1", call="c2"))
    first, _ = bench.layer.take_events()
    assert isinstance(first, RequestArrived)
    bench.receive(_incoming("CANCEL", branch="1"))
    (cancel,) = bench.layer.take_events()
    assert isinstance(cancel, RequestArrived)
    assert cancel.cancels is first.transaction
    bench.layer.respond(first.transaction, first.transaction.request.reply(487), 0.0)
    bench.receive(_incoming("ACK", branch="1"))
    assert first.transaction.state is State.CONFIRMED


# --- server, others ------------------------------------------------------------------------------


def test_a_slow_answer_is_announced_by_100_only_when_it_helps() -> None:
    bench = Bench()
    bench.receive(_incoming("INFO"))
    assert bench.wait(40) == [(3.5, "100 INFO")]
    assert len(bench.layer) == 0


def test_on_a_stream_a_request_never_answered_is_forgotten_quietly() -> None:
    bench = Bench(TCP)
    bench.receive(_incoming("INFO"))
    assert bench.wait(40) == []
    assert len(bench.layer) == 0


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("trying", [False, True])
def test_a_final_answer_is_repeated_for_each_repetition_of_the_request(status: int, trying: bool) -> None:
    bench = Bench()
    request = _incoming("INFO")
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
        bench.receive(_request("INFO", via=via, call=branch), far)
        (event,) = bench.layer.take_events()
        assert isinstance(event, RequestArrived)
        bench.layer.respond(event.transaction, event.transaction.request.reply(200), 0.0)
    bench.sent()
    assert [effect.to for effect in bench.transmits] == [None, ("203.0.113.5", 5070), ("203.0.113.5", 5060)]


def test_a_lost_flows_transactions_move_to_the_new_one() -> None:
    bench = Bench(TCP)
    bench.receive(_incoming())
    (event,) = bench.layer.take_events()
    assert isinstance(event, RequestArrived)
    bench.layer.request(_request("OPTIONS"), UDP, 0.0)
    bench.sent()
    bench.layer.move(TCP.id, Flow(8, "tcp", TCP.local, TCP.remote))
    bench.layer.respond(event.transaction, event.transaction.request.reply(180), 0.0)
    assert bench.sent() == ["180 INVITE"]
    assert bench.transmits[0].flow_id == 8


def test_too_many_transactions_are_refused_and_an_ack_is_not_counted() -> None:
    bench = Bench(limit=1)
    bench.receive(_incoming())
    bench.receive(_incoming(branch="z9hG4bK2", call="c2"))
    bench.receive(_incoming("ACK", branch="z9hG4bK3", call="c3"))
    assert bench.sent() == ["503 INVITE"]
    assert parse_message(bench.transmits[0].data).headers.get("Retry-After") == "5"
    assert len(bench.layer) == 1


# --- the table -----------------------------------------------------------------------------------


def test_every_machine_ends_and_nothing_leaves_its_end() -> None:
    for kind, table in TABLE.items():
        assert all(state is not State.TERMINATED for state, _ in table)
        assert any(state is State.TERMINATED for state, _ in table.values()), kind
        for state in {state for state, _ in table}:
            exits = {new for (old, _), (new, _) in table.items() if old is state}
            assert exits - {state}, (kind, state)


def test_what_the_table_does_not_know_changes_nothing() -> None:
    bench = Bench()
    bench.receive(_incoming())
    (event,) = bench.layer.take_events()
    assert isinstance(event, RequestArrived)
    assert event.transaction.step(Input.ACK) == ()
    assert event.transaction.state is State.PROCEEDING
    assert not event.transaction.answered
    assert (State.PROCEEDING, Input.TRANSPORT_ERROR) not in TABLE[Kind.INVITE_CLIENT]
    assert TABLE[Kind.SERVER][State.TRYING, Input.TRYING] == (State.PROCEEDING, (Action.SEND_TRYING,))
