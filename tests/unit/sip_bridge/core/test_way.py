"""Where the requests of a call go: its own address, its route, its flow."""

from __future__ import annotations

from sip_bridge.core.effects import Flow, Hop
from tests.doubles.sip_rig import CONTACT, Rig, calling, other_flow


def test_without_an_account_a_call_goes_to_its_own_uri() -> None:
    rig = Rig()
    rig.agent.invite("sip:bob@198.51.100.7:5070;transport=tcp?Subject=x", b"o", rig.now)
    assert rig.open(rig.peer_flow) == Hop("198.51.100.7", 5070, "tcp")
    invite = rig.request("INVITE")
    assert invite.uri == "sip:bob@198.51.100.7:5070;transport=tcp"
    assert (invite.headers.get("From") or "").startswith("<sip:anonymous@anonymous.invalid>;tag=")


def test_the_ack_and_bye_of_a_direct_call_take_the_same_flow() -> None:
    rig = Rig()
    handle = rig.agent.invite("sip:bob@198.51.100.7", b"o", rig.now)
    rig.open(rig.peer_flow)
    invite = rig.request("INVITE")
    rig.reply(invite, 200, ("Contact", "<sip:bob@198.51.100.7>"), body=b"a", flow=rig.peer_flow)
    assert rig.names() == ["ACK"]
    rig.agent.cancel_or_bye(handle, rig.now)
    assert rig.names() == ["BYE"]
    assert [effect.flow_id for effect in rig.raw[-2:]] == [2, 2]


def test_a_server_that_is_the_other_end_is_found_over_its_new_flow() -> None:
    rig = Rig(transport="tcp")
    handle, invite = calling(rig)
    rig.reply(invite, 200, ("Contact", "<sip:pbx@192.0.2.1;transport=tcp>"), body=b"a")
    rig.request("ACK")
    rig.closed_flow()
    rig.wait(4.01)
    rig.open(other_flow(rig.flow, 9))
    rig.sent()
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.request("BYE")
    assert rig.raw[-1].flow_id == 9
    assert rig.opened == []


def test_a_secure_route_is_not_taken_over_a_plain_flow() -> None:
    rig = Rig()
    handle, invite = calling(rig)
    rig.reply(invite, 200, CONTACT, ("Record-Route", "<sips:192.0.2.1;lr>"), body=b"a")
    assert rig.sent() == []
    assert rig.open(Flow(9, "tls", rig.flow.local, ("192.0.2.1", 5061))) == Hop("192.0.2.1", 0, "", True)
    rig.request("ACK")
    rig.agent.cancel_or_bye(handle, rig.now)
    assert rig.sent() == []
    assert rig.opened[0].hop.secure


def test_the_ack_goes_where_the_contact_says_and_waits_for_a_flow() -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, 200, CONTACT, body=b"a")
    rig.reply(invite, 200, CONTACT, body=b"a")
    assert rig.sent() == []
    assert rig.open(rig.peer_flow) == Hop("198.51.100.7", 5060)
    assert rig.names() == ["ACK"]
    assert rig.raw[-1].flow_id == rig.peer_flow.id


def test_an_ack_without_a_way_goes_back_where_the_2xx_came_from() -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, 200, CONTACT, body=b"a")
    rig.refuse("exhausted")
    assert rig.names() == ["ACK"]
    assert rig.raw[-1].flow_id == rig.flow.id


def test_a_secure_target_never_takes_a_plain_flow() -> None:
    rig = Rig()
    rig.register()
    rig.agent.invite("sips:bob@example.com", b"o", rig.now)
    assert rig.sent() == []
    assert rig.open(Flow(9, "tls", rig.flow.local, ("192.0.2.1", 5061), "example.com")).secure
    rig.request("INVITE")
