"""Which faults a request is answered with."""

from __future__ import annotations

import pytest

from sip_bridge.core.message import Message, Request, Response, parse_message
from sip_bridge.core.validate import Problem, validate

LINES = {
    "Via": "SIP/2.0/UDP h;branch=z9hG4bK1",
    "From": "<sip:a@b>;tag=1",
    "To": "<sip:c@d>",
    "Call-ID": "x@y",
    "CSeq": "7 INVITE",
    "Max-Forwards": "70",
    "Contact": "<sip:a@h>",
}


def build(start: str = "INVITE sip:c@d SIP/2.0", /, *more: str, **changed: str | None) -> Message:
    names = {name.replace("_", "-"): value for name, value in changed.items()}
    lines = [start] + [f"{name}: {value}" for name, value in (LINES | names).items() if value is not None]
    return parse_message("\r\n".join([*lines, *more, "", "body"]).encode())


def problem(start: str = "INVITE sip:c@d SIP/2.0", /, *more: str, **changed: str | None) -> Problem | None:
    return validate(build(start, *more, **changed))


def test_good_messages() -> None:
    assert problem() is None
    assert problem(Max_Forwards=None, Contact=None) is None
    assert problem("INVITE sip:c@d sip/2.0") is None
    assert problem("INVITE tel:+1 SIP/2.0", "Content-Length: 4", "Route: <sip:p;lr>") is None
    assert problem("SIP/2.0 200 OK") is None
    assert problem("SIP/2.0 200 OK", CSeq="1 REGISTER", Contact="<nonsense>") is None
    assert problem(Max_Forwards="0") is None


def test_the_body_of_this_test_is_four_bytes() -> None:
    assert build().body == b"body"


@pytest.mark.parametrize("name", ["Via", "From", "To", "Call-ID", "CSeq"])
def test_missing(name: str) -> None:
    assert problem(**{name: None}) == Problem(400, f"Missing {name}")
    assert problem(**{name: ""}) == Problem(400, f"Missing {name}")


@pytest.mark.parametrize("name", ["From", "To", "Call-ID", "CSeq", "Max-Forwards"])
def test_more_than_one(name: str) -> None:
    assert problem("INVITE sip:c@d SIP/2.0", f"{name}: {LINES[name]}") == Problem(
        400, f"More Than One {name}"
    )


@pytest.mark.parametrize(
    ("start", "changed"),
    [
        ("INVITE sip:c@d SIP/2.0", {"Via": ","}),
        ("INVITE sip:c@d SIP/2.0", {"Via": "SIP/2.0/UDP h, x"}),
        ("INVITE sip:c@d SIP/2.0", {"From": "<sip:a@b"}),
        ("INVITE sip:c@d SIP/2.0", {"To": "*"}),
        ("INVITE sip:c@d SIP/2.0", {"CSeq": "7 BYE"}),
        ("INVITE sip:c@d SIP/2.0", {"CSeq": "36893488147419103232 INVITE"}),
        ("INVITE sip:c@d SIP/2.0", {"Max-Forwards": "256"}),
        ("INVITE sip:c@d SIP/2.0", {"Max-Forwards": "-1"}),
        ("INVITE sip:c@d SIP/2.0", {"Max-Forwards": "\x7fé"}),
        ("INVITE sip:c@d SIP/2.0", {"Content-Length": "5"}),
        ("INVITE sip:c@d SIP/2.0", {"Content-Length": "-999"}),
        ("INVITE sip:c@d SIP/2.0", {"Contact": "<nonsense>"}),
        ("INVITE sip:c@d SIP/2.0", {"Contact": "*, <sip:a@b>"}),
        ("INVITE sip:c@d SIP/2.0", {"Route": "p"}),
        ("INVITE sip:c@d SIP/2.0", {"Record-Route": "*"}),
        ("INVITE sip:c@d SIP/2.0", {"no colon": "x", "bad name": "y"}),
        ("INVITE  sip:c@d SIP/2.0", {}),
        ("INVITE sip:c@d  SIP/2.0", {}),
        ("INVITE sip:c d SIP/2.0", {}),
        ("INVITE <sip:c@d> SIP/2.0", {}),
        ("INVITE sip:c@d?Route=x SIP/2.0", {}),
        ("INVITE nothing SIP/2.0", {}),
        ("INVITE sip:c@d SIP/2.0 ", {}),
        ("SIP/2.0 200 OK", {"CSeq": "x"}),
    ],
)
def test_bad_requests(start: str, changed: dict[str, str]) -> None:
    found = validate(build(start, **changed))
    assert found is not None
    assert found.status == 400
    assert found.reason
    assert found.reason.isascii()
    assert found.reason.isprintable()


def test_a_method_made_here_is_checked_too() -> None:
    message = build("SIP/2.0 200 OK", CSeq="7 INVITE")
    request = Request("", "sip:c@d", message.headers)
    assert validate(request) == Problem(400, "CSeq Method Mismatch")
    request = Request("INVITE", "sip:c@d", message.headers)
    assert validate(request) is None


def test_other_refusals() -> None:
    assert problem("INVITE sip:c@d SIP/7.0") == Problem(505, "Version Not Supported")
    assert problem("SIP/3.0 200 OK") == Problem(505, "Version Not Supported")
    assert problem("INVITE nobodyKnowsThisScheme:x SIP/2.0") == Problem(416, "Unsupported URI Scheme")
    assert validate(build(Max_Forwards="0"), forwarding=True) == Problem(483, "Too Many Hops")
    assert validate(build(Max_Forwards="1"), forwarding=True) is None
    assert validate(build(Max_Forwards=None), forwarding=True) is None


def test_removing_all_bindings() -> None:
    start = "REGISTER sip:d SIP/2.0"
    register = {"CSeq": "1 REGISTER", "Contact": "*"}
    assert problem(start, Expires="0", **register) is None
    assert problem(start, **register) == Problem(400, "Contact * Without Expires 0")
    assert problem(start, Expires="60", **register) is not None
    assert problem(start, Expires="60", CSeq="1 REGISTER") is None


def test_an_empty_response_is_refused_without_raising() -> None:
    assert validate(Response(200)) == Problem(400, "Missing Via")
