"""Own messages of each kind RFC 4475 collects: right but hard, and wrong in ways to be noticed."""

from __future__ import annotations

import pytest

from sip_bridge.core.errors import MessageError
from sip_bridge.core.message import Message, Request, Response, parse_message
from sip_bridge.core.uri import SipUri
from sip_bridge.core.validate import validate

OPTIONS = "OPTIONS sip:user@example.com SIP/2.0"
BASE = (
    ("Via", "SIP/2.0/TCP host5.example.com;branch=z9hG4bK-39234-23523"),
    ("Max-Forwards", "70"),
    ("From", "sip:caller@example.net;tag=134161461246"),
    ("To", "sip:user@example.com"),
    ("Call-ID", "torture.0ha0isndaksdj@192.0.2.1"),
    ("CSeq", "8 OPTIONS"),
)


def build(start: str = OPTIONS, body: bytes = b"", /, **changed: str) -> Message:
    fields = dict(BASE) | {name.replace("_", "-"): value for name, value in changed.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return parse_message(f"{start}\r\n{head}\r\n".encode("utf-8", "surrogateescape") + body)


WHITE = (
    b"INVITE sip:vera@chair.example.com;unknownparam SIP/2.0\r\n"
    b"TO :\r\n sip:vera@chair.example.com ;   tag    = 1918n\r\n"
    b'from   : "J Rosenberg \\\\\\""       <sip:jd@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n'
    b"MaX-fOrWaRdS: 0068\r\n"
    b"Call-ID: ws.0ha0isndaksdj99sdfafnl3lk233412\r\n"
    b"Content-Length   : 4\r\n"
    b"cseq: 0009\r\n  INVITE\r\n"
    b"Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\n"
    b"s :\r\n"
    b"NewFangledHeader:   newfangled value\r\n continued newfangled value\r\n"
    b"UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n"
    b"Content-Type: application/sdp\r\n"
    b"Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n"
    b"v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n"
    b" SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n"
    b'm:"Quoted string \\"\\"" <sip:jd@example.com> ; newparam =\r\n      newvalue ;\r\n'
    b"  secondparam ; q = 0.33\r\n"
    b"\r\nv=0\n"
)


def test_blanks_wherever_they_may_stand() -> None:
    message = parse_message(WHITE)
    assert validate(message) is None
    assert message.to.tag == "1918n"
    assert (message.from_.display_name, message.from_.tag) == ('J Rosenberg \\"', "98asjd8")
    assert message.max_forwards == 68
    assert str(message.cseq) == "9 INVITE"
    assert [(via.transport, via.host, via.branch) for via in message.vias] == [
        ("UDP", "192.0.2.2", "390skdjuw"),
        ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        ("UDP", "192.168.255.111", "z9hG4bK30239"),
    ]
    (contact,) = message.contacts
    assert (contact.display_name, contact.q, contact.parameter("newparam")) == (
        'Quoted string ""',
        0.33,
        "newvalue",
    )
    assert message.headers.get("NewFangledHeader") == "newfangled value continued newfangled value"
    assert message.headers.get("UnknownHeaderWithUnusualValue") == ";;,,;;,;"
    assert [str(route.uri) for route in message.routes] == [
        "sip:services.example.com;lr;unknownwith=value;unknown-no-value"
    ]
    assert message.body == b"v=0\n"


def test_every_character_a_token_may_have() -> None:
    method = "!interesting-Method0123456789_*+`.%indeed'~"
    user = "1_unusual.URI~(to-be!sure)&isn't+it$/odd?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
    uri = f"sip:{user}@example.com"
    to = '"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <sip:1_u~(x)&@example.com>'
    message = build(f"{method} {uri} SIP/2.0", CSeq=f"139122385 {method}", To=to, **{"x-!.%*+_`'~": "大停電"})
    assert validate(message) is None
    assert isinstance(message, Request)
    assert SipUri.parse(message.uri).host == "example.com"
    assert message.to.display_name == "BEL:\x07 NUL:\x00 DEL:\x7f"
    assert bytes(message.reply(200, to_tag="t")).count("大停電".encode()) == 0
    assert message.reply(200, to_tag="t").headers.get("To") == to + ";tag=t"
    assert bytes(parse_message(bytes(message))) == bytes(message)


def test_escapes_stay_escapes() -> None:
    message = build(
        "OPTIONS sip:sips%3Auser%40example.com@example.net SIP/2.0", To="sip:%75se%72@example.com"
    )
    assert validate(message) is None
    assert isinstance(message, Request)
    uri = SipUri.parse(message.uri)
    assert (uri.host, uri.unescaped_user) == ("example.net", "sips:user@example.com")
    to = message.to.uri
    assert to is not None
    assert to.equivalent(SipUri.parse("sip:user@example.com"))
    nul = build(To="<sip:null-%00-null@example.com>").to.uri
    assert nul is not None
    assert nul.unescaped_user == "null-\0-null"
    method = build("RE%47IST%45R sip:a@b SIP/2.0", CSeq="1 RE%47IST%45R")
    assert isinstance(method, Request)
    assert method.method == "RE%47IST%45R"


def test_user_part_with_semicolons() -> None:
    message = build("OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0")
    assert validate(message) is None
    assert isinstance(message, Request)
    assert SipUri.parse(message.uri).user == "user;par=u%40example.net"


def test_name_right_before_the_bracket() -> None:
    assert build(From="caller<sip:caller@example.com>;tag=323").from_.display_name == "caller"


def test_unknown_transports_and_schemes_in_addresses() -> None:
    via = "SIP/2.0/UNKNOWN t1.example.com;branch=z9hG4bKa, SIP/2.0/TLS t2.example.com;branch=z9hG4bKb"
    message = build(
        Via=via, To="isbn:2983792873", From="<http://www.example.com>;tag=3", Contact="<name:J_R>"
    )
    assert validate(message) is None
    assert [item.transport for item in message.vias] == ["UNKNOWN", "TLS"]


def test_binary_body_and_what_stands_behind_it() -> None:
    body = bytes(range(256))
    message = build(OPTIONS, body + b"INVITE sip:x SIP/2.0\r\n\r\n", Content_Length="256")
    assert validate(message) is None
    assert message.body == body


def test_very_long_values() -> None:
    name, vias = "n" * 4000, ", ".join(f"SIP/2.0/TCP sip{n}.example.com" for n in range(400))
    message = build(From=f'"{name}" <sip:a@b>;tag=' + "t" * 500, Via=vias)
    assert validate(message) is None
    assert (len(message.from_.display_name), len(message.vias)) == (4000, 400)


def test_status_lines() -> None:
    message = build("SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое", CSeq="1 INVITE")
    assert isinstance(message, Response)
    assert validate(message) is None
    assert message.reason.endswith("простое")
    bare = build("SIP/2.0 100 ", CSeq="1 INVITE")
    assert validate(bare) is None
    with pytest.raises(MessageError):
        build("SIP/2.0 4294967301 better not break the receiver")


def test_tolerated_faults() -> None:
    assert validate(build(Date="Fri, 01 Jan 2010 16:00:00 EST")) is None
    assert validate(build(To='"Watson, T" < sip:t.watson@example.org >')) is None
    assert validate(build(From="Bell, Alexander <sip:a@b>;tag=1")) is None
    assert validate(build(Via="SIP/2.0/UDP old.example.com", From="<sip:a@b>")) is None
    assert validate(build(Warning='1812 overture "In Progress')) is None
    assert validate(build(Proxy_Require="nothingSupportsThis", Require="nor This")) is None


@pytest.mark.parametrize(
    ("start", "changed", "status"),
    [
        ("OPTIONS sip:user@example.com SIP/7.0", {}, 505),
        ("OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0", {}, 416),
        ("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0", {}, 416),
        ("OPTIONS <sip:user@example.com> SIP/2.0", {}, 400),
        ("OPTIONS sip:user@example.com; lr SIP/2.0", {}, 400),
        ("OPTIONS  sip:user@example.com  SIP/2.0", {}, 400),
        ("OPTIONS sip:remote@example.com SIP/2.0  ", {}, 400),
        ("OPTIONS sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0", {}, 400),
        ("INVITE sip:user@example.com SIP/2.0", {}, 400),
        ("NEWMETHOD sip:user@example.com SIP/2.0", {"CSeq": "8 INVITE"}, 400),
        (OPTIONS, {"Via": "SIP/2.0/UDP 192.0.2.15;;,;,,"}, 400),
        (OPTIONS, {"To": '"Mr. J. User <sip:j.user@example.com>'}, 400),
        (OPTIONS, {"CSeq": "36893488147419103232 OPTIONS"}, 400),
        (OPTIONS, {"Max-Forwards": "300"}, 400),
        (OPTIONS, {"Content-Length": "9999"}, 400),
        (OPTIONS, {"Content-Length": "-999"}, 400),
        (OPTIONS, {"Content-Length": "0", "l": "5"}, 400),
        (OPTIONS, {"f": "<sip:other@example.net>;tag=2"}, 400),
        (OPTIONS, {"From": ""}, 400),
        ("REGISTER sip:d SIP/2.0", {"CSeq": "1 REGISTER", "Contact": "*, <sip:a@b>", "Expires": "0"}, 400),
    ],
)
def test_refused(start: str, changed: dict[str, str], status: int) -> None:
    problem = validate(build(start, **changed))
    assert problem is not None
    assert problem.status == status


def test_uri_with_headers_and_no_brackets_in_a_contact() -> None:
    # RFC 3261 20.10 wants brackets around a URI that holds a question mark.
    message = build(
        "REGISTER sip:d SIP/2.0",
        CSeq="1 REGISTER",
        Contact="sip:user@example.com?Route=%3Csip:sip.example.com%3E",
    )
    problem = validate(message)
    assert problem is not None
    assert problem.status == 400
    bracketed = build(
        "REGISTER sip:d SIP/2.0",
        CSeq="1 REGISTER",
        Contact="<sip:user@example.com?Route=%3Csip:sip.example.com%3E>",
    )
    assert validate(bracketed) is None
