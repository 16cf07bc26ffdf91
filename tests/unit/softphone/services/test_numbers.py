"""Numbers in the forms people write them."""

from __future__ import annotations

import pytest

from softphone.domain.errors import BadTarget
from softphone.services.numbers import Numbers, Target

FINLAND = Numbers(lambda: "FI", lambda: ("1 1 6 1 1 7",))


@pytest.mark.parametrize(
    "text",
    [
        "112",
        "1 1 2",
        "1-1-2",
        " 112 ",
        "sip:112@vip.example.com",
        "tel:112",
        "112@vip.example.com",
        "١١٢",
        "116117",
    ],
)
def test_emergency_in_every_form(text: str) -> None:
    assert FINLAND.is_emergency(text)
    assert FINLAND.target(text).emergency
    assert FINLAND.target(text).address in ("112", "116117")


@pytest.mark.parametrize("text", ["+358112", "1120", "0112", "", "0401234567", "alice", "911"])
def test_not_an_emergency(text: str) -> None:
    assert not FINLAND.is_emergency(text)


def test_emergency_numbers_follow_the_region() -> None:
    assert Numbers(lambda: "US").is_emergency("911")
    assert Numbers(lambda: "US").is_emergency("112")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("040 123 4567", "0401234567"),
        ("+358 40 123 4567", "+358401234567"),
        ("(040) 123-4567", "0401234567"),
        ("tel:+358-40-1234567", "+358401234567"),
        ("1001", "1001"),
        ("*21#", "*21#"),
        ("alice", "alice"),
        ("sip:bob@other.example:5070;transport=tcp", "sip:bob@other.example:5070;transport=tcp"),
        ("SIPS:bob@[2001:db8::1]", "sips:bob@[2001:db8::1]"),
        ("bob@other.example", "sip:bob@other.example"),
    ],
)
def test_targets(text: str, address: str) -> None:
    assert FINLAND.target(text) == Target(address)


@pytest.mark.parametrize("text", ["", "  ", "a b", "tel:alice", "bob@", "@host", "bob@ho st", "x<y", "sip:"])
def test_no_target(text: str) -> None:
    with pytest.raises(BadTarget):
        FINLAND.target(text)


def test_canonical_forms() -> None:
    assert FINLAND.international("040 123 4567") == "+358401234567"
    assert FINLAND.national("+358401234567") == "0401234567"
    assert FINLAND.national("+46701234567") == ""
    assert FINLAND.international("1001") == ""
    assert FINLAND.same("0401234567", "+358 40 1234567")
    assert not FINLAND.same("0401234567", "0401234568")
    assert Numbers(lambda: "US").international("(202) 555-0123") == "+12025550123"


def test_display() -> None:
    assert FINLAND.display("+358401234567") == "040 1234567"
    assert FINLAND.display("+46701234567") == "+46 70 123 45 67"
    assert FINLAND.display("1001") == "1001"
    assert FINLAND.display("sip:alice@vip.example.com") == "alice@vip.example.com"
    assert FINLAND.display("sip:+358401234567@vip.example.com") == "040 1234567"


def test_typing_groups_without_losing_a_sign() -> None:
    shown = FINLAND.typing("0401234567")
    assert shown != "0401234567"
    assert shown.replace(" ", "") == "0401234567"
    assert FINLAND.typing("alice smith") == "alice smith"
    assert FINLAND.typing("*21#") == "*21#"
    assert FINLAND.typing("") == ""


def test_an_unknown_region_is_the_default_one() -> None:
    assert Numbers(lambda: "XX").region == "FI"


@pytest.mark.parametrize("text", ["tel:112", "112", "TEL:112", " tel:112 "])
def test_a_link_that_is_an_emergency_number(text: str) -> None:
    assert FINLAND.is_emergency_link(text)


@pytest.mark.parametrize(
    "text",
    [
        "sip:112@evil.example",
        "tel:112;phone-context=evil",
        "tel:1-1-2",
        "tel:112,,5",
        "tel:0401",
        "tel:１１２",
    ],
)
def test_a_link_that_only_looks_like_an_emergency_number_is_asked_about(text: str) -> None:
    assert not FINLAND.is_emergency_link(text)


@pytest.mark.parametrize(
    ("text", "dialled"),
    [
        ("sip:bob@b.example?Replaces=a%3Bto-tag%3Db", "sip:bob@b.example"),
        ("sip:bob@b.example;transport=tcp?Route=%3Csip:evil.example%3E", "sip:bob@b.example;transport=tcp"),
        ("sip:bob@b.example?", "sip:bob@b.example"),
    ],
)
def test_headers_in_an_address_are_left_out(text: str, dialled: str) -> None:
    assert FINLAND.target(text) == Target(dialled)


@pytest.mark.parametrize(
    "text",
    [
        "mailto:bob@b.example",
        "sip:bob:secret@b.example",
        "sip:bob@b.example;x>,<sip:eve@e.example",
        "sip:bob@b.example\r\nRoute: <sip:evil.example>",
        "0401234567\r\nRoute: x",
        'sip:"bob"@b.example',
    ],
)
def test_what_would_smuggle_something_into_a_message_is_no_target(text: str) -> None:
    with pytest.raises(BadTarget):
        FINLAND.target(text)
