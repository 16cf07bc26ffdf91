"""The transactions together: another flow, too many of them, and the table of their machines."""

from __future__ import annotations

from sip_bridge.core.effects import Flow
from sip_bridge.core.message import parse_message
from sip_bridge.core.transaction import TABLE, Action, Input, Kind, State
from sip_bridge.core.transaction_layer import RequestArrived
from tests.unit.sip_bridge.core.transaction_bench import TCP, UDP, Bench, a_request, arriving


def test_a_lost_flows_transactions_move_to_the_new_one() -> None:
    bench = Bench(TCP)
    bench.receive(arriving())
    (event,) = bench.layer.take_events()
    assert isinstance(event, RequestArrived)
    bench.layer.request(a_request("OPTIONS"), UDP, 0.0)
    bench.sent()
    bench.layer.move(TCP.id, Flow(8, "tcp", TCP.local, TCP.remote))
    bench.layer.respond(event.transaction, event.transaction.request.reply(180), 0.0)
    assert bench.sent() == ["180 INVITE"]
    assert bench.transmits[0].flow_id == 8


def test_too_many_transactions_are_refused_and_an_ack_is_not_counted() -> None:
    bench = Bench(limit=1)
    bench.receive(arriving())
    bench.receive(arriving(branch="z9hG4bK2", call="c2"))
    bench.receive(arriving("ACK", branch="z9hG4bK3", call="c3"))
    assert bench.sent() == ["503 INVITE"]
    assert parse_message(bench.transmits[0].data).headers.get("Retry-After") == "5"
    assert len(bench.layer) == 1


def test_every_machine_ends_and_nothing_leaves_its_end() -> None:
    for kind, table in TABLE.items():
        assert all(state is not State.TERMINATED for state, _ in table)
        assert any(state is State.TERMINATED for state, _ in table.values()), kind
        for state in {state for state, _ in table}:
            exits = {new for (old, _), (new, _) in table.items() if old is state}
            assert exits - {state}, (kind, state)


def test_what_the_table_does_not_know_changes_nothing() -> None:
    bench = Bench()
    bench.receive(arriving())
    (event,) = bench.layer.take_events()
    assert isinstance(event, RequestArrived)
    assert event.transaction.step(Input.ACK) == ()
    assert event.transaction.state is State.PROCEEDING
    assert not event.transaction.answered
    assert (State.PROCEEDING, Input.TRANSPORT_ERROR) not in TABLE[Kind.INVITE_CLIENT]
    assert TABLE[Kind.SERVER][State.TRYING, Input.TRYING] == (State.PROCEEDING, (Action.SEND_TRYING,))
