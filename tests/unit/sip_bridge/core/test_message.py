"""Parsing and writing whole messages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sip_bridge.core.errors import MessageError
from sip_bridge.core.headers import CSeq, SessionExpires
from sip_bridge.core.message import (
    TOO_LARGE,
    Headers,
    Limits,
    Request,
    Response,
    header_key,
    parse_message,
)

INVITE = b"""INVITE sip:bob@biloxi.com;x=%41 SIP/2.0\r
v: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds , SIP/2.0/TCP [::1];branch=z9hG4bKx\r
Via: SIP/2.0/UDP 10.0.0.9\r
Max-Forwards: 70\r
T: "Bob, B" <sip:bob@biloxi.com>\r
From : Alice <sip:alice@atlanta.com>;tag=1928301774\r
i: a84b4c76e66710@pc33.atlanta.com\r
CSEQ: 314159 INVITE\r
m: <sip:alice@pc33.atlanta.com>;q=0.5,\r
  <sip:alice@[::1]>\r
Route: <sip:p1;lr>, <sip:p2;lr>\r
Record-Route: <sip:p3;lr>\r
Allow: INVITE, ACK,\r
\tBYE\r
k: timer, 100REL\r
Require: \r
x: 1800;refresher=uac\r
Expires: 120\r
Subject: caf\xe9\r
X-Odd:\r
c: Application/SDP ; charset=utf-8\r
l: 4\r
\r
v=0
"""


def request() -> Request:
    message = parse_message(INVITE)
    assert isinstance(message, Request)
    return message


def test_a_request_is_read() -> None:
    message = request()
    assert (message.method, message.uri) == ("INVITE", "sip:bob@biloxi.com;x=%41")
    assert [via.host for via in message.vias] == ["pc33.atlanta.com", "::1", "10.0.0.9"]
    assert message.top_via.branch == "z9hG4bK776asdhds"
    assert message.to.display_name == "Bob, B"
    assert message.from_.tag == "1928301774"
    assert message.call_id == "a84b4c76e66710@pc33.atlanta.com"
    assert message.cseq == CSeq(314159, "INVITE")
    assert [str(contact.uri) for contact in message.contacts] == [
        "sip:alice@pc33.atlanta.com",
        "sip:alice@[::1]",
    ]
    assert [str(route) for route in message.routes] == ["<sip:p1;lr>", "<sip:p2;lr>"]
    assert [str(route) for route in message.record_routes] == ["<sip:p3;lr>"]
    assert message.allow == ("INVITE", "ACK", "BYE")
    assert message.supported == ("timer", "100rel")
    assert message.require == ()
    assert message.parsed("Session-Expires", SessionExpires.parse) == SessionExpires(1800, "uac")
    assert message.content_type == "application/sdp"
    assert (message.max_forwards, message.expires, message.number("Min-SE")) == (70, 120, None)
    assert message.body == b"v=0\n"
    assert message.headers.get("X-Odd") == ""
    assert message.defect == ""


def test_bytes_that_are_no_utf8_pass_through() -> None:
    assert b"Subject: caf\xe9\r\n" in bytes(request())


def test_names_and_values_go_out_as_they_came() -> None:
    written = bytes(request())
    assert b'\r\nT: "Bob, B" <sip:bob@biloxi.com>\r\n' in written
    assert b"\r\nRoute: <sip:p1;lr>, <sip:p2;lr>\r\n" in written
    assert written.endswith(b"\r\nContent-Length: 4\r\n\r\nv=0\n")
    assert written.lower().count(b"\r\nl:") == 0
    again = parse_message(written)
    assert again.headers.get("Content-Length") == "4"
    assert bytes(again) == written


def test_a_response_is_read() -> None:
    message = parse_message(b"\r\n\r\nSIP/2.0 486 Busy \xc3\xa4 Here\r\nVia: x\r\n\r\n")
    assert isinstance(message, Response)
    assert (message.status, message.reason) == (486, "Busy ä Here")
    assert bytes(message).startswith(b"SIP/2.0 486 Busy \xc3\xa4 Here\r\n")
    bare = parse_message(b"SIP/2.0 200\r\n\r\n")
    assert isinstance(bare, Response)
    assert (bare.status, bare.reason, len(bare.headers)) == (200, "", 0)


def test_body_is_cut_to_content_length() -> None:
    head = b"OPTIONS sip:x.com SIP/2.0\r\nContent-Length: %b\r\n\r\nabcdef"
    assert parse_message(head % b"1").body == b"a"
    for odd in (b"9", b"-1", b"x", b"", b"99999999999999"):
        assert parse_message(head % odd).body == b"abcdef"
    assert parse_message(b"OPTIONS sip:x SIP/2.0\r\n\r\nabc").body == b"abc"


def test_a_recognisable_request_with_a_broken_line_keeps_its_defect() -> None:
    start = b"OPTIONS sip:x SIP/2.0\r\n"
    for lines in (
        b"no colon\r\n",
        b": x\r\n",
        b"Via\r\n",
        b"V@ia: x\r\n",
        b" folded: first\r\n",
        b"a\xe4: x\r\n",
    ):
        message = parse_message(start + lines + b"To: <sip:a@b>\r\n\r\n")
        assert message.defect == "Malformed Header"
        assert message.headers.get("To") == "<sip:a@b>"
    two = parse_message(start + b"Via\r\nbad\r\nbad\r\n\r\n")
    assert two.defect == "Malformed Header"
    assert parse_message(b"OPTIONS sip:x SIP/2.0  \r\n\r\n").defect == "Malformed Request-Line"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"OPTIONS sip:x SIP/2.0\r\n",
        b"OPTIONS sip:x SIP/2.0\r\nTo: x\r\n",
        b"OPTIONS SIP/2.0\r\n\r\n",
        b"OPTIONS  SIP/2.0\r\n\r\n",
        b"OPTIONS sip:x HTTP/1.1\r\n\r\n",
        b"OPT@IONS sip:x SIP/2.0\r\n\r\n",
        b"SIP/2.0 99 Low\r\n\r\n",
        b"SIP/2.0 700 High\r\n\r\n",
        b"SIP/2.0 4294967301 better not break the receiver\r\n\r\n",
        b"SIP/2.0 \r\n\r\n",
        b"OPTIONS sip:x\n SIP/2.0\r\n\r\n",
        b"OPTIONS sip:x SIP/2.0\r\nA: b\nEvil: c\r\n\r\n",
        b"OPTIONS sip:x SIP/2.0\r\nA: b\rEvil: c\r\n\r\n",
        b"OPTIONS sip:x SIP/2.0\nA: b\n\n",
    ],
)
def test_what_is_no_message(data: bytes) -> None:
    with pytest.raises(MessageError):
        parse_message(data)


def test_limits() -> None:
    limits = Limits(message=200, header=30, headers=3, body=10)
    start = b"OPTIONS sip:x SIP/2.0\r\n"
    parse_message(start + b"A: b\r\n" * 3 + b"\r\n" + b"x" * 10, limits)
    for data in (
        b"A: b\r\n" * 4 + b"\r\n",
        b"A: " + b"b" * 40 + b"\r\n\r\n",
        b"A: b\r\n\r\n" + b"x" * 200,
        b"x" * 200,
    ):
        with pytest.raises(MessageError):
            parse_message(start + data, limits)
    with pytest.raises(MessageError):
        parse_message(start + b"\r\n", replace(limits, head=10))
    assert parse_message(start + b"A: b\r\n\r\n" + b"x" * 11, limits).defect == TOO_LARGE


def test_missing_headers_raise_when_asked_for() -> None:
    empty = Response(200)
    for name in ("call_id", "from_", "to", "cseq", "top_via"):
        with pytest.raises(MessageError):
            getattr(empty, name)
    assert (empty.vias, empty.contacts, empty.routes, empty.content_type) == ((), (), (), "")
    assert (empty.max_forwards, empty.expires, empty.supported, empty.allow) == (None, None, (), ())
    with pytest.raises(MessageError):
        _ = Response(200, headers=Headers([("Via", ",")])).top_via
    with pytest.raises(MessageError):
        _ = Response(200, headers=Headers([("Expires", "soon")])).expires


def test_an_unreadable_contact_does_not_hide_the_others() -> None:
    message = Response(
        200, headers=Headers([("Contact", "<sip:a@b>, <nonsense>, *"), ("Path", "<nonsense>")])
    )
    assert [str(contact) for contact in message.contacts] == ["<sip:a@b>", "*"]
    with pytest.raises(MessageError):
        message.addresses("Path")


def test_reply() -> None:
    message = request()
    message.headers.add("Timestamp", "54")
    response = message.reply(180, to_tag="t1")
    assert (response.status, response.reason, response.body) == (180, "Ringing", b"")
    assert response.headers.get_lines("Via") == message.headers.get_lines("Via")
    assert response.headers.get("To") == '"Bob, B" <sip:bob@biloxi.com>;tag=t1'
    assert response.headers.get("From") == "Alice <sip:alice@atlanta.com>;tag=1928301774"
    assert response.cseq == message.cseq
    assert [name for name, _ in response.headers] == ["Via", "Via", "From", "To", "Call-ID", "CSeq"]
    assert message.reply(100).headers.get("Timestamp") == "54"
    assert request().reply(100).headers.get("Timestamp") is None
    assert message.reply(200, "Fine").reason == "Fine"
    assert message.reply(404).headers.get("To") == '"Bob, B" <sip:bob@biloxi.com>'


@pytest.mark.parametrize("to", ["<sip:a@b>;tag=there", "<broken"])
def test_reply_leaves_a_tagged_or_unreadable_to(to: str) -> None:
    message = Request("BYE", "sip:a@b", Headers([("To", to)]))
    assert message.reply(400, to_tag="new").headers.get("To") == to


def test_nothing_can_be_smuggled_into_a_message() -> None:
    headers = Headers()
    for name, value in (
        ("A", "x\r\nB: y"),
        ("A", "x\ny"),
        ("A\r\nB", "x"),
        ("", "x"),
        ("A:", "x"),
    ):
        with pytest.raises(MessageError):
            headers.add(name, value)
    with pytest.raises(MessageError):
        bytes(Request("OPTIONS", "sip:a\r\nEvil: x"))
    with pytest.raises(MessageError):
        bytes(Response(200, "OK\nEvil"))


def test_reprs_show_no_values() -> None:
    headers = Headers([("Authorization", 'Digest response="secret"')])
    assert repr(headers) == "Headers(['Authorization'])"
    assert repr(Request("BYE", "sip:a@b", headers)) == "<Request BYE sip:a@b>"
    assert repr(Response(603)) == "<Response 603 Decline>"


def test_header_fields() -> None:
    headers = Headers([("Via", "a, b"), ("X", "1"), ("v", "c")])
    assert "VIA" in headers
    assert "To" not in headers
    assert headers.get_all("via") == ["a", "b", "c"]
    assert headers.get_lines("via") == ["a, b", "c"]
    assert headers.get_all("x-thing") == []
    headers.add("Subject", "x, y")
    assert headers.get_all("Subject") == ["x, y"]
    headers.prepend("Via", "top")
    assert next(iter(headers)) == ("Via", "top")
    twin = headers.copy()
    assert twin == headers
    twin.set("Via", "only")
    assert list(twin) == [("Via", "only"), ("X", "1"), ("Subject", "x, y")]
    assert twin != headers
    assert headers != [("Via", "top")]
    twin.set("New", "n")
    twin.remove("X")
    twin.remove("X")
    assert list(twin) == [("Via", "only"), ("Subject", "x, y"), ("New", "n")]
    assert len(headers) == 5


def test_first_values_of_lists_change_alone() -> None:
    headers = Headers([("X", "0"), ("v", "a, b"), ("Via", "c"), ("Subject", "s, t")])
    headers.replace_first("Via", "A;received=1")
    assert headers.get_lines("Via") == ["A;received=1, b", "c"]
    headers.remove_first("Via")
    assert headers.get_lines("Via") == ["b", "c"]
    headers.remove_first("Via")
    assert headers.get_lines("Via") == ["c"]
    headers.replace_first("Subject", "new")
    headers.remove_first("X")
    headers.remove_first("X")
    assert list(headers) == [("Via", "c"), ("Subject", "new")]
    with pytest.raises(MessageError):
        headers.replace_first("Route", "x")
    with pytest.raises(MessageError):
        headers.replace_first("Via", "x\r\ny")


@pytest.mark.parametrize(
    ("name", "key"), [("CALL-id", "call-id"), ("I", "call-id"), ("r", "refer-to"), ("X-a", "x-a")]
)
def test_names(name: str, key: str) -> None:
    assert header_key(name) == key
