"""Typed header values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from sip_bridge.core.errors import MessageError
from sip_bridge.core.headers import (
    CSeq,
    EventHeader,
    NameAddr,
    RAck,
    Reason,
    ReplacesHeader,
    RetryAfter,
    SessionExpires,
    SubscriptionState,
    Via,
    parse_list,
    parse_number,
    parse_parameters,
    quote,
    unquote,
)
from sip_bridge.core.uri import SipUri

INSTANCE = (
    '<sip:a@b.com>;+sip.instance="<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>";reg-id=1;q=0.7;expires=60'
)


@pytest.mark.parametrize(
    ("text", "name", "uri"),
    [
        ("<sip:a@b>", "", "sip:a@b"),
        ("sip:a@b", "", "sip:a@b"),
        ("Bob <sip:a@b>;tag=1", "Bob", "sip:a@b"),
        ("Mr. Bob  Smith <sip:a@b>", "Mr. Bob  Smith", "sip:a@b"),
        ("Jörg <sip:a@x.com>", "Jörg", "sip:a@x.com"),
        ('"Jörg" <sip:a@x.com>', "Jörg", "sip:a@x.com"),
        (r'"a\\b\"c" <sip:a@x.com>', r"a\b" + '"c', "sip:a@x.com"),
        ('"<sip:x@y>, z" <sip:a@b>', "<sip:x@y>, z", "sip:a@b"),
        ('""<sip:a@b>', "", "sip:a@b"),
        ("< sip:a@b >", "", "sip:a@b"),
        ("<sip:a@b;lr?x=y>;tag=2", "", "sip:a@b;lr?x=y"),
        ("\udcff <sip:a@b>", "\udcff", "sip:a@b"),
    ],
)
def test_addresses(text: str, name: str, uri: str) -> None:
    address = NameAddr.parse(text)
    assert address.display_name == name
    assert str(address.uri) == uri
    assert str(address) == text
    rebuilt = replace(address)
    assert NameAddr.parse(str(rebuilt)) == address


def test_without_brackets_parameters_belong_to_the_header() -> None:
    address = NameAddr.parse('sip:a@b;tag=1;x="<;>"')
    assert str(address.uri) == "sip:a@b"
    assert address.tag == "1"
    assert address.parameter("x") == "<;>"


def test_contact_parameters() -> None:
    contact = NameAddr.parse(INSTANCE)
    assert contact.instance == "<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>"
    assert (contact.reg_id, contact.q, contact.expires) == (1, 0.7, 60)
    assert str(contact) == INSTANCE
    assert str(replace(contact)) == INSTANCE


def test_contact_defaults() -> None:
    contact = NameAddr.parse("<sip:a@b>")
    assert (contact.instance, contact.reg_id, contact.q, contact.expires, contact.tag) == (
        "",
        None,
        1.0,
        None,
        "",
    )
    odd = NameAddr.parse("<sip:a@b>;expires=soon;reg-id;q=high")
    assert (odd.expires, odd.reg_id, odd.q) == (None, None, 1.0)
    assert [NameAddr.parse(f"<sip:a@b>;q={q}").q for q in ("0", ".5", "1.5", ".")] == [0.0, 0.5, 1.0, 1.0]


def test_star() -> None:
    star = NameAddr.parse(" * ")
    assert star.uri is None
    assert str(star) == "*"
    assert str(NameAddr()) == "*"


def test_tag_is_added_without_touching_the_rest() -> None:
    written = '"B\\ob"  <sip:b@h;x=%41> ; Foo = "a;b"'
    assert str(NameAddr.parse(written).with_tag("t1")) == written + ";tag=t1"
    assert NameAddr.parse(written).with_tag("t1").tag == "t1"
    assert str(NameAddr.parse("sip:a@b").with_tag("x")) == "sip:a@b;tag=x"
    assert str(NameAddr.parse("<sip:a@b>;TAG=old;y").with_tag("new")) == "<sip:a@b>;TAG=new;y"
    built = NameAddr('A "B"', SipUri("sip", "a", host="b")).with_tag("t")
    assert str(built) == '"A \\"B\\"" <sip:a@b>;tag=t'
    assert str(NameAddr(uri=SipUri(host="b")).with_parameter("lr")) == "<sip:b>;lr"


def test_tags_are_byte_exact() -> None:
    assert NameAddr.parse("<sip:a@x.com>;tag=a%2Bb+c").tag == "a%2Bb+c"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bob",
        "Bob sip:a@b",
        '"Bob <sip:a@b>',
        '"Bob" sip:a@b',
        '"Bob\\" <sip:a@b>',
        "<sip:a@b",
        "<sip:a@b> x",
        "<sip:a@b>, <sip:c@d>",
        "<sip:a@b>;=x",
        "*;q=1",
        "<>",
    ],
)
def test_broken_addresses(text: str) -> None:
    with pytest.raises(MessageError):
        NameAddr.parse(text)


def test_via() -> None:
    via = Via.parse("SIP/2.0/udp 192.0.2.1:5061;rport;branch=z9hG4bK-a%3D1")
    assert (via.transport, via.host, via.port, via.sent_by) == ("UDP", "192.0.2.1", 5061, "192.0.2.1:5061")
    assert (via.branch, via.rport, via.received) == ("z9hG4bK-a%3D1", 0, "")
    assert str(via) == "SIP/2.0/udp 192.0.2.1:5061;rport;branch=z9hG4bK-a%3D1"
    assert str(replace(via)) == "SIP/2.0/UDP 192.0.2.1:5061;rport;branch=z9hG4bK-a%3D1"
    plain = Via.parse("SIP/2.0/TCP pbx01")
    assert (plain.branch, plain.rport, plain.sent_by) == ("", None, "pbx01")
    assert Via.parse("SIP/2.0/UDP h;rport=x").rport is None


def test_via_with_blanks_everywhere() -> None:
    via = Via.parse("SIP  / 2.0  / TCP     spindle.example.com : 99  ; branch  =   z9hG4bK9ikj8  ")
    assert (via.transport, via.host, via.port, via.branch) == (
        "TCP",
        "spindle.example.com",
        99,
        "z9hG4bK9ikj8",
    )


def test_via_ipv6() -> None:
    via = Via.parse("SIP/2.0/UDP [::1]:5060;branch=z9hG4bK1;received=[::2];rport=5")
    assert (via.host, via.port, via.received, via.rport) == ("::1", 5060, "::2", 5)
    assert str(replace(via, parameters=())) == "SIP/2.0/UDP [::1]:5060"


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("SIP/2.0/UDP 10.0.0.1;branch=b", "SIP/2.0/UDP 10.0.0.1;branch=b"),
        ("SIP/2.0/UDP host;branch=b", "SIP/2.0/UDP host;branch=b;received=10.0.0.1"),
        ("SIP/2.0/UDP 10.0.0.1;rport;branch=b", "SIP/2.0/UDP 10.0.0.1;rport=77;branch=b;received=10.0.0.1"),
        ("SIP/2.0/UDP 10.0.0.1;received=6.6.6.6", "SIP/2.0/UDP 10.0.0.1;received=10.0.0.1"),
    ],
)
def test_received_and_rport(text: str, marked: str) -> None:
    assert str(Via.parse(text).with_received("10.0.0.1", 77)) == marked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "SIP/2.0",
        "SIP/2.0/UDP",
        "SIP/3.0/UDP h",
        "HTTP/2.0/UDP h",
        "SIP/2.0/U@P h",
        "SIP/2.0/UDP h!",
        "SIP/2.0/UDP h;=1",
    ],
)
def test_broken_vias(text: str) -> None:
    with pytest.raises(MessageError):
        Via.parse(text)


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (CSeq.parse, "314159 INVITE", CSeq(314159, "INVITE")),
        (RAck.parse, "776656 1 INVITE", RAck(776656, 1, "INVITE")),
        (ReplacesHeader.parse, "a@b;to-tag=1;from-tag=2", ReplacesHeader("a@b", "1", "2")),
        (ReplacesHeader.parse, "a@b;to-tag=1;from-tag=2;early-only", ReplacesHeader("a@b", "1", "2", True)),
        (SessionExpires.parse, "1800", SessionExpires(1800)),
        (SessionExpires.parse, "1800;refresher=uas", SessionExpires(1800, "uas")),
        (Reason.parse, 'Q.850;cause=16;text="Normal \\"x\\""', Reason("Q.850", 16, 'Normal "x"')),
        (Reason.parse, "SIP", Reason("SIP")),
        (EventHeader.parse, "refer;id=93809824", EventHeader("refer", "93809824")),
        (EventHeader.parse, "Presence;x=1", EventHeader("Presence")),
        (SubscriptionState.parse, "active;expires=60", SubscriptionState("active", 60)),
        (
            SubscriptionState.parse,
            "terminated;reason=noresource;retry-after=5",
            SubscriptionState("terminated", None, "noresource", 5),
        ),
        (RetryAfter.parse, "120", RetryAfter(120)),
    ],
)
def test_values_round_trip(parse: Callable[[str], object], text: str, value: object) -> None:
    assert parse(text) == value
    assert str(parse(text)) == text


def test_lenient_where_it_harms_nobody() -> None:
    assert SessionExpires.parse("90 ; Refresher = other") == SessionExpires(90)
    assert Reason.parse("Q.850;cause=x").cause is None
    assert RetryAfter.parse("18000 (in a meeting);duration=3600") == RetryAfter(18000)
    assert SubscriptionState.parse("Active;expires=x") == SubscriptionState("active")
    assert SubscriptionState.parse('active;expires=1;reason=9t", y') == SubscriptionState("active", 1)
    assert CSeq.parse(" 0009   INVITE ") == CSeq(9, "INVITE")


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (CSeq.parse, "1"),
        (CSeq.parse, "x INVITE"),
        (CSeq.parse, "-1 INVITE"),
        (CSeq.parse, "1 IN@VITE"),
        (CSeq.parse, "2147483648 INVITE"),
        (CSeq.parse, "36893488147419103232 REGISTER"),
        (CSeq.parse, "9" * 5000 + " REGISTER"),
        (RAck.parse, "1 INVITE"),
        (RAck.parse, "1 2 @"),
        (ReplacesHeader.parse, "a@b;to-tag=1"),
        (ReplacesHeader.parse, ";to-tag=1;from-tag=2"),
        (ReplacesHeader.parse, 'a@b;from-tag=1;to-tag=9t", y'),
        (SessionExpires.parse, "soon"),
        (Reason.parse, ";cause=1"),
        (EventHeader.parse, ""),
        (EventHeader.parse, 'SIP;cause=600;id=9tere", Q.850;cause=16'),
        (SubscriptionState.parse, "@;expires=1"),
        (RetryAfter.parse, "(later)"),
    ],
)
def test_broken_values(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises(MessageError):
        parse(text)


def test_comma_rule() -> None:
    assert parse_list('"A, B" <sip:a@x.com>, "C\\"," <sip:b,c@x.com>;x="1,2" ,, sip:c@d') == [
        '"A, B" <sip:a@x.com>',
        '"C\\"," <sip:b,c@x.com>;x="1,2"',
        "sip:c@d",
    ]
    assert parse_list("a, b") == ["a", "b"]
    assert parse_list("") == []
    assert parse_list('a, "b, c') == ["a", '"b, c']
    assert parse_list("a, <b, c") == ["a", "<b, c"]


def test_quoting() -> None:
    assert quote('a"b\\') == '"a\\"b\\\\"'
    assert unquote(quote('a"b\\')) == 'a"b\\'
    assert unquote("plain") == "plain"
    assert unquote('"') == '"'
    assert parse_parameters('a = 1 ;; b;c="x;y"') == (("a", "1"), ("b", None), ("c", '"x;y"'))


def test_numbers() -> None:
    assert parse_number(" 0070 ", 255) == 70
    for text in (None, "", "256", "٣", "1 2", "+1"):
        with pytest.raises(MessageError):
            parse_number(text, 255)
