"""Registering, keeping the binding, and taking it away again (RFC 3261 10.2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sip_bridge.core.effects import Hop
from sip_bridge.core.events import RegistrationSucceeded, Unregistered
from sip_bridge.core.message import Request
from tests.doubles.sip_rig import ACCOUNT, Rig, granted, other_flow


def test_register_names_us_and_where_we_are() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    assert rig.open() == Hop("example.com")
    register = rig.request("REGISTER")
    assert register.uri == "sip:example.com"
    assert str(register.to) == "<sip:alice@example.com>"
    (contact,) = register.contacts
    assert contact.uri is not None
    assert str(contact.uri) == "sip:alice@192.0.2.10:5060"
    assert contact.instance == "<urn:uuid:00000000-0000-4000-8000-000000000001>"
    assert (contact.expires, contact.reg_id, register.expires) == (600, 1, 600)
    assert "outbound" in register.supported
    granted(rig, register, 300)
    success = rig.last(RegistrationSucceeded)
    assert (success.flow, success.expires, success.public_address) == (rig.flow, 300, None)
    assert success.contact == "<sip:alice@192.0.2.10:5060>"


def test_without_an_instance_no_outbound_parameters_are_sent() -> None:
    rig = Rig(transport="tcp")
    register = rig.register(replace(ACCOUNT, instance="", contact_user="line1", display_name="Alice"))
    value = register.headers.get("Contact") or ""
    assert value == "<sip:line1@192.0.2.10:5060;transport=tcp>;expires=600"
    assert (register.headers.get("From") or "").startswith('"Alice" <sip:alice@example.com>;tag=')


def test_refresh_comes_at_four_fifths_of_what_the_registrar_granted() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    register = rig.request("REGISTER")
    ours = register.headers.get("Contact") or ""
    rig.reply(
        register,
        200,
        ("Contact", "<sip:other@203.0.113.1>;expires=3600"),
        ("Contact", ours.replace("expires=600", "expires=50")),
        ("Expires", "900"),
    )
    assert rig.last(RegistrationSucceeded).expires == 50
    rig.wait(39.9)
    assert rig.sent() == []
    rig.wait(0.2)
    granted(rig, rig.request("REGISTER"), 50)
    assert len(rig.of(RegistrationSucceeded)) == 2


def test_our_address_as_the_server_saw_it_belongs_to_its_flow() -> None:
    rig = Rig(transport="tcp")
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    for _ in range(2):
        register = rig.request("REGISTER")
        seen = register.reply(200, to_tag="r")
        seen.headers.set("Via", str(register.top_via.with_received("203.0.113.77", 40123)))
        rig.receive(seen)
    assert rig.last(RegistrationSucceeded).public_address == ("203.0.113.77", 40123)
    rig.closed_flow()
    rig.wait(4.01)
    rig.open(other_flow(rig.flow, 7, local=("192.0.2.10", 40001)))
    contact = rig.request("REGISTER").headers.get("Contact") or ""
    assert contact.startswith("<sip:alice@192.0.2.10:40001;transport=tcp>")


def test_our_address_as_the_server_sees_it_is_registered_once() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    seen = (("Expires", "600"),)

    def natted(register: Request) -> None:
        response = register.reply(200, to_tag="r")
        via = register.top_via.with_received("203.0.113.77", 40123)
        response.headers.set("Via", str(via))
        for header in seen:
            response.headers.add(*header)
        rig.receive(response)

    natted(rig.request("REGISTER"))
    corrected = rig.request("REGISTER")
    first, second = corrected.headers.get_all("Contact")
    assert first.startswith("<sip:alice@203.0.113.77:40123>;expires=600")
    assert second == "<sip:alice@192.0.2.10:5060>;expires=0"
    assert rig.of(RegistrationSucceeded) == []
    natted(corrected)
    assert rig.sent() == []
    assert rig.last(RegistrationSucceeded).public_address == ("203.0.113.77", 40123)
    rig.wait(480.1)
    natted(rig.request("REGISTER"))
    assert rig.sent() == []
    assert len(rig.of(RegistrationSucceeded)) == 2


def test_service_route_is_kept_for_calls() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(
        rig.request("REGISTER"),
        200,
        ("Service-Route", "<sip:edge.example.com;lr>, <sip:core.example.com;lr>"),
    )
    rig.agent.invite("sip:bob@example.com", b"o", rig.now)
    invite = rig.request("INVITE")
    assert [str(r) for r in invite.routes] == ["<sip:edge.example.com;lr>", "<sip:core.example.com;lr>"]


def test_an_outbound_proxy_is_first_route_and_first_hop() -> None:
    rig = Rig()
    rig.agent.register(replace(ACCOUNT, proxy="sip:proxy.example.com:5080;transport=tcp"), rig.now)
    assert rig.open() == Hop("proxy.example.com", 5080, "tcp")
    register = rig.request("REGISTER")
    assert [str(r) for r in register.routes] == ["<sip:proxy.example.com:5080;transport=tcp;lr>"]
    granted(rig, register)
    rig.agent.invite("sip:bob@example.com", b"o", rig.now)
    assert len(rig.request("INVITE").routes) == 1


def test_unregister_removes_the_binding() -> None:
    rig = Rig()
    rig.register()
    rig.agent.unregister(rig.now)
    register = rig.request("REGISTER")
    assert register.expires == 0
    rig.reply(register, 100)
    assert rig.of(Unregistered) == []
    granted(rig, register)
    assert len(rig.of(Unregistered)) == 1
    rig.wait(3600)
    assert rig.sent() == []


@pytest.mark.parametrize("how", ["silence", "closed", "refused", "transport"])
def test_unregistering_ends_whatever_the_registrar_does(how: str) -> None:
    rig = Rig(transport="tcp" if how == "transport" else "udp")
    rig.register()
    rig.agent.unregister(rig.now)
    register = rig.request("REGISTER")
    if how == "silence":
        rig.wait(4.01)
    elif how == "refused":
        rig.reply(register, 500)
    else:
        rig.closed_flow()
    assert len(rig.of(Unregistered)) == 1


def test_unregistering_what_was_never_registered_says_so_at_once() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.agent.unregister(rig.now)
    assert len(rig.of(Unregistered)) == 1
    rig.agent.local_address_changed(rig.now)
    rig.agent.unregister(rig.now)
    assert len(rig.of(Unregistered)) == 2
