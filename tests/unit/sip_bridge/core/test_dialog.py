"""Dialogs: routes, targets, numbers."""

from __future__ import annotations

import pytest

from sip_bridge.core.call import Call, IllegalMove, Phase
from sip_bridge.core.config import AgentConfig
from sip_bridge.core.context import Context
from sip_bridge.core.dialog import Dialog
from sip_bridge.core.effects import Hop
from sip_bridge.core.message import Request
from tests.doubles.sip_rig import call_for_us


def _dialog(*routes: str, target: str = "sip:bob@198.51.100.7") -> Dialog:
    return Dialog("c", "<sip:a@x>;tag=1", "<sip:b@y>;tag=2", "1", "2", target, routes, 0)


def test_loose_routes_are_followed_as_they_stand() -> None:
    dialog = _dialog("<sip:p1.example;lr>", "<sip:p2.example;lr>")
    request = dialog.request("BYE")
    assert request.uri == "sip:bob@198.51.100.7"
    assert request.headers.get_lines("Route") == ["<sip:p1.example;lr>", "<sip:p2.example;lr>"]
    assert dialog.hop() == Hop("p1.example")


def test_a_strict_router_gets_the_request_uri() -> None:
    dialog = _dialog("<sip:strict.example:5070;method=X?a=b>", "<sip:p2.example;lr>")
    request = dialog.request("BYE")
    assert request.uri == "sip:strict.example:5070"
    assert request.headers.get_lines("Route") == ["<sip:p2.example;lr>", "<sip:bob@198.51.100.7>"]
    assert dialog.hop() == Hop("strict.example", 5070)


def test_without_routes_the_target_is_the_hop() -> None:
    assert _dialog(target="sip:bob@h.example;maddr=192.0.2.9;transport=tls").hop() == Hop(
        "192.0.2.9", 0, "tls"
    )
    assert _dialog(target="sips:bob@h.example:5071").hop() == Hop("h.example", 5071, "", True)


def test_a_response_reverses_the_record_and_a_request_does_not() -> None:
    invite = call_for_us(("Record-Route", "<sip:two;lr>"))
    assert Dialog.from_request(invite, "t").routes == ("<sip:192.0.2.1;lr>", "<sip:two;lr>")
    response = invite.reply(180, to_tag="t")
    for route in ("<sip:one;lr>", "<sip:two;lr>"):
        response.headers.add("Record-Route", route)
    dialog = Dialog.from_response(invite, response)
    assert dialog.routes == ("<sip:two;lr>", "<sip:one;lr>")
    assert dialog.early
    assert dialog.target == invite.uri


def test_a_request_without_contact_is_answered_at_its_from() -> None:
    invite = call_for_us()
    invite.headers.remove("Contact")
    assert Dialog.from_request(invite, "t").target == "sip:bob@example.com"


def test_numbers_only_grow() -> None:
    dialog = _dialog()
    request = Request("INFO", "sip:x")
    request.headers.add("CSeq", "5 INFO")
    assert dialog.in_order(request)
    assert not dialog.in_order(request)
    assert [dialog.request("INFO").cseq.number, dialog.next_number(), dialog.ack(9).cseq.number] == [1, 2, 9]


def test_a_call_takes_no_step_its_table_does_not_know() -> None:
    call = Call(Context.build(AgentConfig(), lambda n: bytes(n)), "call-1", Phase.RINGING)
    with pytest.raises(IllegalMove):
        call.move(Phase.CANCELLING)
    with pytest.raises(IllegalMove):
        _ = call.dialog


def test_a_call_ends_once_and_one_without_an_invite_stops_too() -> None:
    context = Context.build(AgentConfig(), lambda n: bytes(n))
    call = Call(context, "call-1", Phase.TALKING)
    call.end(0, "hung-up", by_remote=False)
    call.end(486, "busy", by_remote=True)
    call.stop()
    assert [type(event).__name__ for event in context.events] == ["Ended"]
    assert not call.unacknowledged


def test_headers_in_the_peers_address_never_stand_in_a_request_uri() -> None:
    invite = call_for_us()
    invite.headers.set("Contact", "<sip:bob@198.51.100.7;ob?Subject=x&Route=y>")
    dialog = Dialog.from_request(invite, "t")
    assert dialog.request("BYE").uri == "sip:bob@198.51.100.7;ob"
    invite.headers.remove("Contact")
    invite.headers.set("From", "<sip:bob@example.com?Subject=x>;tag=far")
    assert Dialog.from_request(invite, "t").request("BYE").uri == "sip:bob@example.com"
