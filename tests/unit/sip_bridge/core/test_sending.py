"""Fail-over, size and ways: how a request finds its hop."""

from __future__ import annotations

from dataclasses import replace

from sip_bridge.core.config import AgentConfig
from sip_bridge.core.effects import Flow, Hop
from sip_bridge.core.events import Ended
from sip_bridge.core.message import Request
from tests.doubles.sip_rig import ACCOUNT, LOCAL, SERVER, Rig, calling, talking

SECOND = Flow(11, "udp", LOCAL, ("192.0.2.2", 5060), "example.com")
STREAM = Flow(12, "tcp", ("192.0.2.10", 41000), SERVER, "example.com")


def test_a_silent_first_address_is_left_for_the_next_under_a_new_branch() -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.wait(33)
    rig.sent()
    assert rig.open(SECOND) == Hop("example.com", attempt=1)
    again = rig.request("INVITE")
    assert again.cseq.number == invite.cseq.number
    assert again.top_via.branch != invite.top_via.branch
    assert rig.raw[-1].flow_id == SECOND.id


def test_an_overloaded_server_is_left_for_the_next_and_its_word_stands_if_there_is_none() -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, 503, ("Retry-After", "60"))
    assert rig.of(Ended) == []
    rig.refuse("exhausted")
    ended = rig.last(Ended)
    assert (ended.status, ended.retry_after) == (503, 60)


def test_a_call_without_any_way_ends() -> None:
    rig = Rig()
    rig.agent.invite("sip:bob@nowhere.example", b"o", rig.now)
    rig.refuse("not-found")
    assert rig.last(Ended).reason_key == "unreachable"


def test_inside_a_dialog_nothing_fails_over_from_the_servers_flow() -> None:
    rig = Rig()
    handle, _ = talking(rig)
    rig.agent.reoffer(handle, b"hold", rig.now)
    rig.wait(33)
    assert rig.opened == []


def test_a_large_request_asks_for_a_stream_to_the_same_place() -> None:
    rig = Rig()
    rig.register()
    rig.agent.invite("sip:bob@example.com", b"x" * 1300, rig.now)
    assert rig.sent() == []
    assert rig.open(STREAM) == Hop("192.0.2.1", 5060, "tcp")
    invite = rig.request("INVITE")
    assert str(invite.top_via).startswith("SIP/2.0/TCP 192.0.2.10:41000")
    assert invite.headers.get("Contact") == "<sip:alice@192.0.2.10:5060>"
    assert rig.raw[-1].flow_id == STREAM.id


def test_a_large_request_stays_on_udp_where_no_stream_is_to_be_had() -> None:
    rig = Rig()
    rig.register()
    rig.agent.invite("sip:bob@example.com", b"x" * 1300, rig.now)
    rig.refuse("connection-refused")
    assert rig.names() == ["INVITE"]
    assert rig.raw[-1].flow_id == rig.flow.id


def test_credentials_follow_a_large_request_onto_its_stream() -> None:
    rig = Rig()
    rig.agent.register(replace(ACCOUNT, realm="example.com"), rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 200)
    rig.agent.invite("sip:bob@example.com", b"x" * 1300, rig.now)
    rig.open(STREAM)
    invite = rig.request("INVITE")
    challenge = ("Proxy-Authenticate", 'Digest realm="example.com", nonce="n", qop="auth"')
    rig.reply(invite, 407, challenge, flow=STREAM)
    again = rig.sent()[-1]
    assert isinstance(again, Request)
    assert "Proxy-Authorization" in again.headers
    assert again.headers.get("Contact") == "<sip:alice@192.0.2.10:5060>"
    assert rig.raw[-1].flow_id == STREAM.id


def test_the_limit_is_a_setting_and_hanging_up_forgets_the_stream() -> None:
    rig = Rig(AgentConfig(max_udp_request=500))
    rig.register()
    handle = rig.agent.invite("sip:bob@example.com", b"offer", rig.now)
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.open(STREAM)
    assert rig.sent() == []
    assert rig.last(Ended).reason_key == "cancelled"


def test_a_request_over_a_lost_servers_flow_looks_for_the_server() -> None:
    rig = Rig(transport="tcp")
    rig.register()
    rig.closed_flow()
    rig.agent.invite("sip:bob@example.com", b"o", rig.now)
    assert rig.open() == Hop("example.com")
    rig.request("INVITE")


def test_a_direct_dialogs_flow_that_closed_is_looked_up_again() -> None:
    rig = Rig(transport="tcp")
    handle = rig.agent.invite("sip:bob@198.51.100.7;transport=tcp", b"o", rig.now)
    rig.open(rig.peer_flow)
    invite = rig.request("INVITE")
    contact = ("Contact", "<sip:bob@198.51.100.7:5060;transport=tcp>")
    rig.reply(invite, 200, contact, body=b"a", flow=rig.peer_flow)
    rig.request("ACK")
    rig.closed_flow()
    rig.closed_flow(rig.peer_flow)
    assert rig.of(Ended) == []
    rig.agent.cancel_or_bye(handle, rig.now)
    assert rig.open(rig.peer_flow) == Hop("198.51.100.7", 5060, "tcp")
    rig.request("BYE")


def test_a_secure_target_is_not_reached_by_a_plain_flow() -> None:
    rig = Rig()
    rig.agent.invite("sip:bob@198.51.100.7", b"o", rig.now)
    rig.open(rig.peer_flow)
    invite = rig.request("INVITE")
    rig.reply(invite, 200, ("Contact", "<sips:bob@198.51.100.7:5060>"), body=b"a", flow=rig.peer_flow)
    rig.collect()
    assert rig.opened[0].hop == Hop("198.51.100.7", 5060, "", True)
