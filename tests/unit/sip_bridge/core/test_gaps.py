"""Messages of the field that other parsers break, and text made to keep a parser busy."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import pytest

from sip_bridge.core.digest import Answer, parse_challenges
from sip_bridge.core.errors import FramingError, MessageError
from sip_bridge.core.framing import StreamFramer
from sip_bridge.core.headers import NameAddr, Via, parse_list
from sip_bridge.core.message import parse_message
from sip_bridge.core.uri import SipUri


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("sip:a@pbx01", "pbx01"),
        ("sip:a@pbx-01", "pbx-01"),
        ("sip:a@x.y1", "x.y1"),
        ("sip:a@sip_proxy.local", "sip_proxy.local"),
        ("SIP:a@b.com", "b.com"),
        ("sip:a@b.com?Replaces=abc%3Bto-tag%3D1", "b.com"),
        ("sip:a@[2001:db8::1]:5061;transport=tls", "2001:db8::1"),
        ("sip:a@[fe80::1%25eth0]", "fe80::1%25eth0"),
        ("urn:service:sos", ""),
    ],
)
def test_hosts_and_schemes(text: str, host: str) -> None:
    uri = SipUri.parse(text)
    assert uri.host == host
    assert str(uri) == text


@pytest.mark.parametrize(
    "text",
    [
        '<sip:a@b.com>;+sip.instance="<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>";reg-id=1',
        '"A" <sip:a@x.com>;x="y"',
        '<sip:a@x.com>;x="a;b"',
        "<sip:a@x.com>;tag=a%2Bb+c",
        "<sip:a@x.com;x=%3D%3b;ob>",
        "<sip:%23100@x.com>",
        "Jörg <sip:a@x.com>",
        r'"a\\b\"c" <sip:a@x.com>',
        "sip:a@x.com;tag=1",
    ],
)
def test_addresses_come_back_byte_for_byte(text: str) -> None:
    assert str(NameAddr.parse(text)) == text


def test_instance_is_read_whole() -> None:
    assert (
        NameAddr.parse('<sip:a@b.com>;+sip.instance="<urn:uuid:0000>";reg-id=1').instance == "<urn:uuid:0000>"
    )


def test_two_quoted_names_in_a_list() -> None:
    found = [NameAddr.parse(item) for item in parse_list('"A" <sip:a@x.com>, "B" <sip:b@x.com>')]
    assert [address.display_name for address in found] == ["A", "B"]


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("SIP/2.0/UDP [::1]:5060;branch=z9hG4bK1;received=::1;rport=5", "::1"),
        ("SIP/2.0/UDP pbx01:5060;branch=z9hG4bK1", "pbx01"),
        ("SIP/2.0/UDP a.b.com:5060;branch=z9hG4bK-a%3D1", "a.b.com"),
    ],
)
def test_vias(text: str, host: str) -> None:
    via = Via.parse(text)
    assert via.host == host
    assert str(via) == text


def test_contact_star() -> None:
    (contact,) = parse_message(b"REGISTER sip:x.com SIP/2.0\r\nContact: *\r\n\r\n").contacts
    assert contact.uri is None


def test_two_challenges_of_one_realm() -> None:
    message = parse_message(
        b"SIP/2.0 401 Unauthorized\r\n"
        b'WWW-Authenticate: Digest realm="a", nonce="b", algorithm=SHA-256, qop="auth"\r\n'
        b'WWW-Authenticate: Digest realm="a", nonce="b", algorithm=MD5, qop="auth"\r\n\r\n'
    )
    found = parse_challenges(message.headers.get_all("WWW-Authenticate"))
    assert [challenge.algorithm for challenge in found] == ["SHA-256", "MD5"]


@pytest.mark.parametrize(
    ("data", "subject"),
    [(b"a\r\n b", "a b"), (b"a\r\n\t\r\n  b", "a b"), (b"\xe9", "\udce9"), ("ä".encode(), "ä")],
)
def test_subjects(data: bytes, subject: str) -> None:
    message = parse_message(b"OPTIONS sip:x.com SIP/2.0\r\nSubject: " + data + b"\r\n\r\n")
    assert (message.headers.get("Subject") or "").replace("  ", " ") == subject


def test_status_line_without_a_phrase() -> None:
    assert bytes(parse_message(b"SIP/2.0 200\r\nVia: x\r\n\r\n")).startswith(b"SIP/2.0 200 \r\n")


def test_what_stands_behind_content_length_is_cut() -> None:
    assert parse_message(b"OPTIONS sip:x.com SIP/2.0\r\nContent-Length: 1\r\n\r\nabcdef").body == b"a"


def frame(text: str) -> None:
    StreamFramer().feed(text.encode())


def message(text: str) -> None:
    parse_message(b"OPTIONS sip:x SIP/2.0\r\n" + text.encode() + b"\r\n\r\n")


HOSTILE = [
    (SipUri.parse, "sip:u@" + "a" * 30_000 + "!"),
    (SipUri.parse, "sip:u@" + "a-" * 15_000 + "!"),
    (SipUri.parse, "sip:u@" + "a." * 15_000 + "!"),
    (SipUri.parse, "sip:u@h" + ";p" * 15_000 + '"'),
    (SipUri.parse, "sip:u@[" + ":" * 30_000),
    (SipUri.parse, "sip:u@[" + "::%25" * 6_000 + "]!"),
    (NameAddr.parse, "a " * 15_000),
    (NameAddr.parse, "<sip:a@b.com>" + ";a=1" * 8_000 + "\x01"),
    (NameAddr.parse, "<sip:a@b.com>" + ';a="' * 8_000),
    (NameAddr.parse, '"' + '\\"' * 15_000),
    (NameAddr.parse, '"' * 30_001),
    (NameAddr.parse, "<" * 30_000),
    (Via.parse, "SIP/2.0/UDP " + "a-" * 15_000 + '"'),
    (Via.parse, "SIP/2.0/UDP " + "a1" * 15_000 + "_!"),
    (Via.parse, "SIP/2.0/UDP h" + ";a=aaaaaaaa" * 3_000 + "@"),
    (Via.parse, "SIP/2.0/UDP " + " " * 30_000),
    (parse_list, '"' * 30_001),
    (parse_list, '"\\' * 15_000),
    (parse_list, "<," * 15_000),
    (parse_list, ',"' * 15_000),
    (Answer.parse, "Digest " + 'a="' * 10_000),
    (Answer.parse, "Digest " + "a=1," * 8_000),
    (lambda text: parse_challenges([text]), 'Digest a="b",' * 3_000),
    (lambda text: parse_challenges([text]), "Digest ," * 8_000),
    (message, "a" * 30_000),
    (message, "Subject: x" + "\r\n \t" * 7_000),
    (message, " \t" * 15_000),
    (message, "To:" + " " * 15_000 + "x"),
    (frame, "\r\n" * 15_000),
    (frame, "a" * 30_000 + "\r\n \r\n \r"),
]


@pytest.mark.parametrize(("parse", "text"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_costs_linear_time(parse: Callable[[str], object], text: str) -> None:
    began = time.thread_time()
    with contextlib.suppress(MessageError, FramingError):
        parse(text)
    # Quadratic work on 30 KB takes seconds; the linear kind a few milliseconds.
    assert time.thread_time() - began < 0.5
