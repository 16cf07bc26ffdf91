"""URIs keep their text and are compared by RFC 3261 19.1.4."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sip_bridge.core.errors import MessageError
from sip_bridge.core.uri import SipUri, escape_user, format_host, parse_host_port, unescape


def test_every_part_is_found() -> None:
    uri = SipUri.parse(
        "sip:+358401234:secret@pbx.example.com:5070;transport=TCP;lr;x=?Subject=hi%20you&Replaces=a"
    )
    assert (uri.scheme, uri.user, uri.password) == ("sip", "+358401234", "secret")
    assert (uri.host, uri.port) == ("pbx.example.com", 5070)
    assert uri.parameters == (("transport", "TCP"), ("lr", None), ("x", ""))
    assert uri.transport == "tcp"
    assert uri.parameter("LR") == ""
    assert uri.has_parameter("lr")
    assert not uri.has_parameter("ob")
    assert uri.header("subject") == "hi you"
    assert uri.header("Priority") is None
    assert uri.maddr == ""
    assert not uri.secure


def test_password_stays_out_of_repr_and_errors() -> None:
    assert "secret" not in repr(SipUri.parse("sip:a:secret@b"))
    for broken in ("sip:a:secret@b c", "sip :a:secret@b", "sip:a:secret@b:x", "sip:a:secret@!"):
        with pytest.raises(MessageError) as fault:
            SipUri.parse(broken)
        assert "secret" not in str(fault.value)


@pytest.mark.parametrize(
    "text",
    [
        "sip:alice@example.com",
        "SIP:alice@example.com",
        "sips:alice@example.com:5061;transport=tls",
        "sip:example.com",
        "sip:@example.com",
        "sip:under_score@sip_proxy.local",
        "sip:a@pbx-01",
        "sip:a@x.y1",
        "sip:a@192.0.2.1",
        "sip:a@[2001:db8::1]:5061;transport=tls",
        "sip:a@[fe80::1%25eth0]",
        "sip:%23100@x.com",
        "sip:a@x.com;x=%3D%3b;ob",
        "sip:a@b.com;;x",
        "sip:bob@b.com?Replaces=abc%3Bto-tag%3D1%3Bfrom-tag%3D2",
        "sip:bob@b.com?Replaces=12@host;from-tag=3",
        "sip:a;x=1?y@b",
        "sip:jörg@example.com",
        "sip:a:@b",
        "tel:+1-201-555-0123;phone-context=x",
        "urn:service:sos",
        "mailto:a@b.c",
    ],
)
def test_prints_as_it_came_and_rebuilds_to_the_same(text: str) -> None:
    uri = SipUri.parse(text)
    assert str(uri) == uri.raw == text
    rebuilt = replace(uri)
    assert rebuilt.raw == ""
    assert SipUri.parse(str(rebuilt)) == uri
    assert hash(rebuilt) == hash(uri)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sip",
        "sip:",
        "tel:",
        "tel:;phone-context=x",
        ":a@b",
        "1sip:a@b",
        "s p:a@b",
        "sip:a@",
        "sip:a b@c",
        "sip:a@b c",
        "sip:a@b\r\nEvil: x",
        "sip:a@b\x00",
        "sip:<a@b>",
        'sip:"a"@b',
        "sip:a@b:",
        "sip:a@b:0",
        "sip:a@b:65536",
        "sip:a@b:99999999999",
        "sip:a@b:x",
        "sip:a@b:٣",
        "sip:a@[::1",
        "sip:a@[::1]x",
        "sip:a@[zz]",
        "sip:a@h!st",
        "sip:a@b;=x",
    ],
)
def test_refuses(text: str) -> None:
    with pytest.raises(MessageError):
        SipUri.parse(text)


def test_ipv6_hosts_have_no_brackets_inside() -> None:
    uri = SipUri.parse("sip:a@[2001:db8::1]:5061;maddr=[::2]")
    assert (uri.host, uri.port, uri.maddr) == ("2001:db8::1", 5061, "::2")
    assert str(replace(uri, port=None, parameters=())) == "sip:a@[2001:db8::1]"
    assert format_host("example.com") == "example.com"
    assert parse_host_port("[::1]") == ("::1", None)


def test_other_schemes() -> None:
    tel = SipUri.parse("tel:+358-9-123;ext=4")
    assert (tel.user, tel.host, tel.parameter("ext")) == ("+358-9-123", "", "4")
    assert SipUri.parse("urn:service:sos").user == "service:sos"
    assert SipUri.parse("sips:a@b").secure


def test_escaping() -> None:
    assert escape_user("#100 ä") == "%23100%20%C3%A4"
    assert escape_user("*21+") == "*21+"
    assert unescape("%23100%20%C3%A4") == "#100 ä"
    assert unescape("%FF") == "\udcff"
    assert unescape("100%") == "100%"
    assert SipUri.parse("sip:%23100@b").unescaped_user == "#100"


def test_changes_make_new_uris() -> None:
    uri = SipUri.parse("sip:a@b;Transport=udp")
    assert str(uri.with_parameter("transport", "tcp")) == "sip:a@b;transport=tcp"
    assert str(uri.with_parameter("lr").with_parameter("x", "a;b")) == "sip:a@b;Transport=udp;lr;x=a%3Bb"
    assert str(uri.without_parameter("TRANSPORT")) == "sip:a@b"
    referred = uri.with_header("Replaces", "x@y;to-tag=1;from-tag=2")
    assert str(referred) == "sip:a@b;Transport=udp?Replaces=x%40y%3Bto-tag%3D1%3Bfrom-tag%3D2"
    assert SipUri.parse(str(referred)).header("replaces") == "x@y;to-tag=1;from-tag=2"
    assert str(referred.without_headers()) == "sip:a@b;Transport=udp"
    assert uri.without_headers() is uri


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("sip:a%3bb@c", "sip:a%3Bb@c"),
        ("sip:a%c3%a4@c", "sip:a%C3%A4@c"),
        ("tel:+1-201-555", "tel:+1(201)555"),
        ("urn:service:sos", "urn:service:sos"),
    ],
)
def test_equivalent(one: str, two: str) -> None:
    assert SipUri.parse(one).equivalent(SipUri.parse(two))
    assert SipUri.parse(two).equivalent(SipUri.parse(one))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:bob@b.com", "sips:bob@b.com"),
        ("sip:bob:a@b.com", "sip:bob@b.com"),
        ("sip:a%3Bb@c", "sip:a;b@c"),
        ("tel:+1", "tel:+2"),
        ("tel:1;phone-context=a", "tel:1;phone-context=b"),
        ("urn:service:sos", "urn:service:sos.fire"),
    ],
)
def test_not_equivalent(one: str, two: str) -> None:
    assert not SipUri.parse(one).equivalent(SipUri.parse(two))
