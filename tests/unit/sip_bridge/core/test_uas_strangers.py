"""What strangers, forgers and broken requests get."""

from __future__ import annotations

import pytest

from sip_bridge.core.config import AgentConfig
from sip_bridge.core.effects import Flow
from sip_bridge.core.events import Ended, IncomingInvite, NotifyReceived
from tests.doubles.sip_rig import LOCAL, PEER, Rig, call_for_us, inside, outside, talking

# --- strangers and forgers -----------------------------------------------------------------------


STRANGER = Flow(77, "udp", LOCAL, ("203.0.113.66", 5060))


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "MESSAGE", "NOTIFY", "BYE"])
def test_a_stranger_is_refused_once_and_nothing_is_kept(method: str) -> None:
    rig = Rig()
    rig.register()
    rig.receive(call_for_us() if method == "INVITE" else outside(method), STRANGER)
    assert rig.response(403).to.tag
    rig.wait(40)
    assert rig.sent() == []
    assert len(rig.agent._context.layer) == 0
    assert not {IncomingInvite, NotifyReceived} & {type(event) for event in rig.events}


def test_a_stranger_in_a_dialog_of_its_own_invention_is_481() -> None:
    rig = Rig()
    _, ack = talking(rig)
    for method in ("INVITE", "BYE", "ACK"):
        guess = inside(ack, method, 1)
        guess.headers.set("To", "<sip:alice@example.com>;tag=guess")
        rig.receive(guess, STRANGER)
    assert rig.names() == ["481 INVITE", "481 BYE"]
    rig.wait(40)
    assert rig.sent() == []


def test_a_direct_peer_is_answered_over_the_flow_it_spoke_by_last() -> None:
    rig = Rig(AgentConfig(accept_strangers=True))
    first, second = (
        Flow(number, "tcp", LOCAL, (PEER[0], port)) for number, port in ((21, 40001), (22, 40002))
    )
    invite = call_for_us()
    invite.headers.remove("Record-Route")
    invite.headers.set("Contact", "<sip:bob@198.51.100.7;transport=tcp>")
    rig.receive(invite, first)
    rig.agent.answer("call-1", b"answer", rig.now)
    ok = rig.sent()[-1]
    rig.receive(inside(ok, "ACK", 1, ours=False), first)
    rig.receive(inside(ok, "INFO", 2, ours=False), second)
    rig.response(200)
    rig.closed_flow(first)
    rig.agent.cancel_or_bye("call-1", rig.now)
    rig.request("BYE")
    assert rig.raw[-1].flow_id == second.id


def test_the_peer_itself_may_speak_in_its_dialog() -> None:
    rig = Rig()
    _, ack = talking(rig)
    bye = inside(ack, "BYE", 1)
    rig.receive(bye, rig.peer_flow)
    rig.receive(bye, rig.peer_flow)
    assert rig.names() == ["200 BYE", "200 BYE"]
    assert rig.last(Ended).by_remote


def test_before_any_registration_everybody_is_a_stranger() -> None:
    rig = Rig()
    rig.receive(call_for_us())
    rig.response(403)


def test_strangers_may_be_allowed() -> None:
    rig = Rig(AgentConfig(accept_strangers=True))
    rig.receive(call_for_us(), STRANGER)
    assert rig.of(IncomingInvite)


def test_the_server_may_come_by_another_port() -> None:
    rig = Rig()
    rig.register()
    rig.receive(call_for_us(), Flow(78, "udp", LOCAL, ("192.0.2.1", 34567)))
    assert rig.of(IncomingInvite)


def test_a_forged_response_changes_nothing() -> None:
    rig = Rig()
    rig.register()
    rig.agent.invite("sip:bob@example.com", b"o", rig.now)
    invite = rig.request("INVITE")
    rig.reply(invite, 603, flow=STRANGER)
    assert rig.of(Ended) == []


# --- what is malformed ---------------------------------------------------------------------------


def test_noise_is_dropped() -> None:
    rig = Rig()
    rig.receive(b"\x00\xff\xfe")
    rig.receive(b"HELLO\r\n\r\n")
    rig.receive(b"SIP/2.0 200 OK\r\nVia: x\r\n\r\n")
    assert rig.sent() == []


def test_a_malformed_request_gets_400_where_it_can_be_answered() -> None:
    rig = Rig()
    rig.receive(call_for_us(("Contact", "<")))
    assert rig.sent() == []
    rig.register()
    broken = call_for_us()
    broken.headers.set("CSeq", "1 BYE")
    rig.receive(broken)
    rig.response(400)
    nameless = call_for_us()
    nameless.headers.remove("Via")
    rig.receive(nameless)
    without = call_for_us()
    without.headers.remove("CSeq")
    rig.receive(without)
    assert rig.sent() == []


def test_a_malformed_ack_is_never_answered() -> None:
    rig = Rig()
    rig.register()
    ack = outside("ACK")
    ack.headers.set("CSeq", "1 BYE")
    rig.receive(ack)
    assert rig.sent() == []


def test_another_version_is_505() -> None:
    rig = Rig()
    rig.register()
    rig.receive(bytes(call_for_us()).replace(b"SIP/2.0\r\n", b"SIP/3.0\r\n", 1))
    rig.response(505)


def test_too_many_transactions_are_503() -> None:
    rig = Rig(AgentConfig(max_transactions=1, accept_strangers=True))
    rig.receive(call_for_us())
    rig.receive(outside("OPTIONS"))
    assert rig.names() == ["100 INVITE", "503 OPTIONS"]
