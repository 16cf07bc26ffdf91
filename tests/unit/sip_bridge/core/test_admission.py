"""What is looked at in a flood: what is about our calls always, the rest at the pace of telephones."""

from __future__ import annotations

import pytest

from sip_bridge.core import admission
from sip_bridge.core.calls import Calls
from sip_bridge.core.config import AgentConfig
from sip_bridge.core.context import Context
from sip_bridge.core.effects import Admitted, Flow
from sip_bridge.core.events import Ended, IncomingInvite, RushBegan
from sip_bridge.core.message import Request, Response
from sip_bridge.core.rush import CALLERS, Rush
from sip_bridge.core.transaction_layer import TransactionLayer
from tests.doubles.sip_rig import LOCAL, SERVER, Rig, call_for_us, cancelling, inside, talking

STRANGER = Flow(9, "udp", LOCAL, ("203.0.113.66", 5060), "203.0.113.66")
OTHER_PORT = Flow(8, "udp", LOCAL, (SERVER[0], 40_000), SERVER[0])


def admitted(rig: Rig, message: Request | Response | bytes, flow: Flow = STRANGER) -> Admitted:
    return rig.agent.admits(bytes(message), flow, rig.now)


def call(number: int, caller: str = "") -> Request:
    invite = call_for_us(call_id=f"flood{number}", branch=f"z9hG4bKflood{number}")
    if caller:
        invite.headers.set("From", f"<sip:{caller}@example.com>;tag=far")
    return invite


def test_our_server_is_heard_from_any_port() -> None:
    rig = Rig()
    rig.register()
    assert {admitted(rig, b"\x00" * number, OTHER_PORT) for number in range(100)} == {Admitted.KEPT}


def test_strangers_are_heard_now_and_then_and_their_flows_not_kept() -> None:
    rig = Rig()
    rig.register()
    found = [admitted(rig, call(number)) for number in range(5000)]
    assert found.count(Admitted.ONCE) == admission.STRANGERS_A_SECOND
    assert found.count(Admitted.KEPT) == 0
    rig.wait(0.1)
    again = [admitted(rig, call(number)) for number in range(5000)]
    assert again.count(Admitted.ONCE) == admission.STRANGERS_A_SECOND / 10


def test_the_far_end_of_a_call_is_heard_whatever_strangers_do() -> None:
    rig = Rig()
    _, ack = talking(rig)
    bye = inside(ack, "BYE", 1)
    folded = bytes(bye).replace(b"Call-ID: ", b"i:\t")
    for number in range(100):
        admitted(rig, call(number))
    assert admitted(rig, bye) is Admitted.KEPT
    assert admitted(rig, folded) is Admitted.KEPT
    assert admitted(rig, b"BYE sip:us SIP/2.0\r\nVia: x\r\n\r\n") is Admitted.LOST


def test_an_answer_to_a_request_of_ours_is_heard_until_the_request_is_over() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.agent.cancel_or_bye(handle, rig.now)
    bye = rig.request("BYE")
    answer = Response(200, None, bye.headers.copy())
    assert admitted(rig, bytes(answer).replace(ack.call_id.encode(), b"hidden")) is Admitted.KEPT
    rig.reply(bye, 200)
    rig.wait(60)
    for number in range(100):
        admitted(rig, call(number))
    assert admitted(rig, answer) is Admitted.LOST


def test_a_refused_stranger_is_told_so_at_most_as_often_as_it_is_heard() -> None:
    rig = Rig()
    rig.register()
    for number in range(200):
        if admitted(rig, call(number)) is not Admitted.LOST:
            rig.receive(call(number), STRANGER)
    assert rig.names() == ["403 INVITE"] * int(admission.STRANGERS_A_SECOND)
    assert rig.of(IncomingInvite) == []


def test_a_thousand_malformed_requests_are_not_a_thousand_answers() -> None:
    rig = Rig()
    rig.register()
    malformed = bytes(call(1)).replace(b"1 INVITE", b"1 BYE")
    for _ in range(1000):
        rig.receive(malformed)
    assert rig.names() == ["400 BYE"] * int(admission.COMPLAINTS_A_SECOND)
    rig.receive(call(2))
    assert len(rig.of(IncomingInvite)) == 1


def test_new_requests_of_our_server_have_a_pace_and_those_of_calls_have_none() -> None:
    rig = Rig(AgentConfig(max_rush=3))
    _, ack = talking(rig)
    calls = [call(number) for number in range(int(admission.REQUESTS_A_SECOND) + 50)]
    for invite in calls:
        rig.receive(invite)
    assert rig.names().count("486 INVITE") == admission.REQUESTS_A_SECOND - 3
    rig.receive(calls[5])
    assert rig.names() == []
    rig.receive(inside(ack, "BYE", 1))
    assert rig.names() == ["200 BYE"]
    assert len(rig.of(Ended)) == 1


def test_the_far_end_of_one_call_can_not_drown_the_other_calls() -> None:
    rig = Rig()
    _, ack = talking(rig)
    number = int(admission.REQUESTS_OF_A_CALL_A_SECOND)
    for each in range(3 * number):
        rig.receive(inside(ack, "INFO", 1 + each, body=b"Signal=1", content_type="application/dtmf-relay"))
    assert rig.names() == ["200 INFO"] * number
    rig.receive(call(1))
    assert len(rig.of(IncomingInvite)) == 1
    rig.wait(1.0)
    rig.sent()
    rig.receive(inside(ack, "BYE", 1000))
    assert rig.names() == ["200 BYE"]


def test_counted_calls_do_not_pile_up() -> None:
    one = admission.Admission(TransactionLayer(bytes), Calls(Context.build(AgentConfig(), bytes)))
    for _ in range(int(admission.REQUESTS_OF_A_CALL_A_SECOND)):
        assert one.request_of("busy", 1.0)
    assert not one.request_of("busy", 1.0)
    for number in range(admission.CALLS):
        assert one.request_of(f"call{number}", 1.0)
    assert one.request_of("busy", 1.0)


def test_what_comes_over_a_connection_waits_instead_of_being_lost() -> None:
    rig = Rig(AgentConfig(max_rush=3), transport="tcp")
    rig.register()
    for number in range(int(admission.REQUESTS_A_SECOND) + 50):
        rig.receive(call(number))
    assert rig.names().count("486 INVITE") == admission.REQUESTS_A_SECOND + 50 - 3


def test_a_rush_is_told_once_and_is_over_when_it_is_over() -> None:
    rig = Rig(AgentConfig(max_rush=3, rush_window=10.0))
    rig.register()

    def come(number: int) -> None:
        rig.receive(call(number, f"caller{number}"))
        rig.receive(cancelling(call(number, f"caller{number}")))

    for number in range(60):
        come(number)
        rig.wait(1.0)
    assert (len(rig.of(IncomingInvite)), len(rig.of(RushBegan))) == (3, 1)
    rig.wait(10.0)
    for number in range(100, 110):
        come(number)
    assert (len(rig.of(IncomingInvite)), len(rig.of(RushBegan))) == (6, 2)


def test_a_refused_call_of_a_rush_is_refused_alike_when_it_comes_again_and_holds_nothing() -> None:
    rig = Rig(AgentConfig(max_rush=1))
    rig.register()
    rig.receive(call(1))
    rig.sent()
    rig.receive(call(2))
    first = rig.response(486)
    rig.receive(call(2))
    assert bytes(rig.response(486)) == bytes(first)
    rig.receive(call(3))
    assert rig.response(486).to.tag != first.to.tag
    ack = cancelling(call(2))
    ack.method = "ACK"
    ack.headers.set("CSeq", "1 ACK")
    rig.receive(ack)
    assert rig.sent() == []
    assert admitted(rig, first) is Admitted.ONCE
    rig.receive(cancelling(call(2)))
    assert rig.names() == ["481 CANCEL"]


def test_one_callers_flood_is_held_against_that_caller_alone() -> None:
    rig = Rig(AgentConfig(max_rush_of_one=4))
    rig.register()
    for number in range(100):
        rig.receive(call(number, "flooder"))
        rig.receive(cancelling(call(number, "flooder")))
    rig.receive(call(1000, "aunt"))
    assert [str(event.from_) for event in rig.of(IncomingInvite)] == [
        *["sip:flooder@example.com"] * 4,
        "sip:aunt@example.com",
    ]
    assert len(rig.of(RushBegan)) == 1


def test_the_caller_is_who_the_server_says() -> None:
    rig = Rig(AgentConfig(max_rush_of_one=4))
    rig.register()
    for number in range(50):
        invite = call(number, f"name{number}")
        invite.headers.add("P-Asserted-Identity", "<sip:flooder@example.com>")
        rig.receive(invite)
    assert len(rig.of(IncomingInvite)) == 4


@pytest.mark.parametrize("callers", [CALLERS, 5 * CALLERS])
def test_callers_do_not_pile_up(callers: int) -> None:
    rush = Rush(10.0, 1_000_000, 1)
    assert not rush.calls("flooder", 0.0)
    for number in range(callers - 1):
        assert not rush.calls(f"caller{number}", 0.0)
    assert rush.calls("flooder", 0.0) == (callers == CALLERS)
