"""What RFC 4475 and RFC 5118 say their well-formed messages mean, read from the messages themselves."""

from __future__ import annotations

import pytest

from sip_bridge.core.message import Message, Request, Response, parse_message
from sip_bridge.core.sdp import SessionDescription
from sip_bridge.core.uri import SipUri
from sip_bridge.core.validate import validate
from tests.lab.printed import DATA, message

NAMES = sorted(str(path.relative_to(DATA).with_suffix("")) for path in DATA.glob("rfc*/*.dat"))
BROKEN = {"rfc4475/bigcode"}
"""What can't even be answered."""


def read(name: str) -> Message:
    """A well-formed message of RFC 4475."""
    parsed = parse_message(message("rfc4475", name))
    assert validate(parsed) is None
    return parsed


def request_uri(of: Message) -> SipUri:
    assert isinstance(of, Request)
    return SipUri.parse(of.uri)


def test_all_messages_are_there() -> None:
    assert sum(name.startswith("rfc4475/") for name in NAMES) == 49
    assert sum(name.startswith("rfc5118/") for name in NAMES) == 12


@pytest.mark.parametrize("name", [name for name in NAMES if name not in BROKEN])
def test_what_was_read_and_written_reads_the_same(name: str) -> None:
    parsed = parse_message(message(*name.split("/")))
    again = parse_message(bytes(parsed))
    assert bytes(again) == bytes(parsed)
    assert (type(again), again.body) == (type(parsed), parsed.body)


@pytest.mark.conformance("RFC 4475 3.1.1.1", "wsinv: every value behind its blanks, folds and quotes")
def test_blanks_and_folds() -> None:
    invite = read("wsinv")
    assert request_uri(invite).has_parameter("unknownparam")
    assert (invite.to.tag, invite.from_.tag) == ("1918181833n", "98asjd8")
    assert invite.from_.display_name == 'J Rosenberg \\"'
    assert (invite.max_forwards, str(invite.cseq)) == (68, "9 INVITE")
    assert invite.headers.get("Subject") == ""
    assert invite.headers.get("UnknownHeaderWithUnusualValue") == ";;,,;;,;"
    assert [(via.transport, via.host, via.branch) for via in invite.vias] == [
        ("UDP", "192.0.2.2", "390skdjuw"),
        ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        ("UDP", "192.168.255.111", "z9hG4bK30239"),
    ]
    (contact,) = invite.contacts
    assert (contact.display_name, contact.q) == ('Quoted string ""', 0.33)
    assert (contact.parameter("newparam"), contact.parameter("secondparam")) == ("newvalue", "")
    assert len(invite.body) == 150


@pytest.mark.conformance("RFC 4475 3.1.1.2", "intmeth: quoted controls, tokens and UTF-8 are read as written")
def test_wide_range_of_characters() -> None:
    odd = read("intmeth")
    assert isinstance(odd, Request)
    assert odd.method == "!interesting-Method0123456789_*+`.%indeed'~"
    assert request_uri(odd).host == "example.com"
    assert odd.to.display_name == "BEL:\a NUL:\0 DEL:\x7f"
    assert odd.from_.display_name == "token1~` token2'+_ token3*%!.-"
    assert odd.from_.parameter("fromParam''~+*_!.-%") == "работающий"
    assert odd.headers.get("extensionHeader-!.%*+_`'~") == "\ufeff大停電"


@pytest.mark.conformance("RFC 4475 3.1.1.3", "esc01: an escape is its character, once and only in URIs")
def test_escapes() -> None:
    invite = read("esc01")
    assert request_uri(invite).unescaped_user == "sips:user@example.com"
    assert request_uri(invite).host == "example.net"
    assert invite.to.uri is not None
    assert invite.to.uri.equivalent(SipUri.parse("sip:user@example.com"))
    (contact,) = invite.contacts
    assert contact.uri is not None
    assert contact.uri.has_parameter("lr")
    assert contact.uri.equivalent(SipUri.parse("sip:caller@host5.example.net;lr;name=value%2541"))
    assert not contact.uri.equivalent(SipUri.parse("sip:caller@host5.example.net;lr;name=valueA"))


@pytest.mark.conformance("RFC 4475 3.1.1.4", "escnull: NULs shorten no name, and two Contacts are two")
def test_escaped_nulls() -> None:
    register = read("escnull")
    assert register.to.uri is not None
    assert register.to.uri.unescaped_user == "null-\0-null"
    assert [contact.uri.unescaped_user for contact in register.contacts if contact.uri] == ["\0", "\0\0"]


@pytest.mark.conformance("RFC 4475 3.1.1.5", "esc02: no escapes in methods, header names and display names")
def test_percent_where_it_escapes_nothing() -> None:
    odd = read("esc02")
    assert isinstance(odd, Request)
    assert (odd.method, odd.to.display_name) == ("RE%47IST%45R", "%Z%45")
    assert [str(contact) for contact in odd.contacts] == [
        "<sip:alias1@host1.example.com>",
        "<sip:alias3@host3.example.com>",
    ]


@pytest.mark.conformance("RFC 4475 3.1.1.6", "lwsdisp: the display name ends where < begins")
def test_no_blank_before_the_bracket() -> None:
    options = read("lwsdisp")
    assert (options.from_.display_name, str(options.from_.uri)) == ("caller", "sip:caller@example.com")


@pytest.mark.conformance("RFC 4475 3.1.1.7", "longreq: nothing is cut off")
def test_long_values() -> None:
    invite = read("longreq")
    assert invite.to.display_name.count("extreme") == 10
    assert len(invite.from_.tag) == 155
    assert len(invite.call_id) == len(b"longreq.onelongcallid") + 20 * len(b"really")
    assert [via.host for via in invite.vias] == [
        *(f"sip{number}.example.com" for number in range(33, 0, -1)),
        "host.example.com",
    ]


@pytest.mark.conformance("RFC 4475 3.1.1.8", "dblreq: the datagram ends where Content-Length says")
def test_noise_behind_the_body() -> None:
    assert read("dblreq").body == b""


@pytest.mark.conformance("RFC 4475 3.1.1.9", "semiuri: a semicolon before the @ is part of the user")
def test_semicolons_in_the_user_part() -> None:
    uri = request_uri(read("semiuri"))
    assert (uri.unescaped_user, uri.host, uri.parameters) == ("user;par=u@example.net", "example.com", ())


@pytest.mark.conformance("RFC 4475 3.1.1.11", "mpart01: NULs in a body end nothing")
def test_a_binary_body() -> None:
    body = read("mpart01").body
    assert (len(body), body.count(b"\0")) == (553, 2)
    assert body.endswith(b"\r\n--7a9cbec02ceef655--\r\n")


@pytest.mark.conformance("RFC 4475 3.1.1.12", "unreason: the phrase as it was written")
@pytest.mark.conformance("RFC 4475 3.1.1.13", "noreason: an empty phrase")
def test_reason_phrases() -> None:
    unusual, none = read("unreason"), read("noreason")
    assert isinstance(unusual, Response)
    assert isinstance(none, Response)
    assert (unusual.status, unusual.reason) == (200, "= 2**3 * 5**2 но сто девяносто девять - простое")
    assert (none.status, none.reason) == (100, "")


@pytest.mark.conformance("RFC 5118 4.3", "port-ambiguous: the port is lost in the address")
@pytest.mark.conformance("RFC 5118 4.4", "port-unambiguous: the port is a port")
def test_ports_and_brackets() -> None:
    within = request_uri(parse_message(message("rfc5118", "port-ambiguous")))
    behind = request_uri(parse_message(message("rfc5118", "port-unambiguous")))
    assert (within.host, within.port) == ("2001:db8::10:5070", None)
    assert (behind.host, behind.port) == ("2001:db8::10", 5070)


@pytest.mark.parametrize("name", ["via-received-param-with-delim", "via-received-param-no-delim"])
@pytest.mark.conformance("RFC 5118 4.5", "{name}: `received` is the same address")
def test_received_with_and_without_brackets(name: str) -> None:
    assert parse_message(message("rfc5118", name)).top_via.received == "2001:db8::9:255"


@pytest.mark.parametrize(
    ("name", "section", "addresses"),
    [
        ("ipv6-in-sdp", "4.6", ["2001:db8::20", "2001:db8::20"]),
        ("mult-ip-in-sdp", "4.8", ["192.0.2.1", "2001:db8::1"]),
        ("ipv4-mapped-ipv6", "4.9", ["::ffff:192.0.2.2", "::ffff:192.0.2.2"]),
    ],
)
@pytest.mark.conformance("RFC 5118 {section}", "{name}: where sound and picture go")
def test_addresses_in_descriptions(name: str, section: str, addresses: list[str]) -> None:
    session = SessionDescription.parse(message("rfc5118", name).partition(b"\r\n\r\n")[2])
    connections = [session.connection_of(media) for media in session.media]
    assert [connection.address for connection in connections if connection] == addresses
