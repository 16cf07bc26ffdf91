"""One number however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.numbers import Numbering

FINLAND = Numbering()


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("0401234567", "+358401234567"),
        ("040 123-4567", "+358401234567"),
        ("(040) 123.4567", "+358401234567"),
        ("+358 40 1234567", "+358401234567"),
        ("00358401234567", "+358401234567"),
        ("0046 70 123 45 67", "+46701234567"),
        ("+46701234567", "+46701234567"),
        ("1001", "1001"),
        ("09", "09"),
        ("009", "+35809"),
        ("", None),
        ("1", None),
        ("alice", None),
        ("+", None),
        ("040１２３", None),
        ("+358+40", None),
        ("0" * 40, None),
    ],
)
def test_forms(written: str, canonical: str | None) -> None:
    assert FINLAND.canonical(written) == canonical


@pytest.mark.parametrize(
    ("canonical", "national", "international"),
    [
        ("+358401234567", "0401234567", "+358401234567"),
        ("+46701234567", "+46701234567", "+46701234567"),
        ("1001", "1001", "1001"),
    ],
)
def test_shown_in_the_servers_form(canonical: str, national: str, international: str) -> None:
    assert FINLAND.shown(canonical) == national
    assert Numbering(international=True).shown(canonical) == international


def test_a_country_without_trunk_prefix() -> None:
    denmark = Numbering(country="45", trunk="")
    assert denmark.canonical("00451234567") == "+451234567"
    assert denmark.canonical("12345678") == "12345678"


@given(st.from_regex(r"[1-9][0-9]{5,11}", fullmatch=True))
def test_what_is_shown_is_understood_again(rest: str) -> None:
    canonical = FINLAND.canonical("0" + rest)
    assert canonical == "+358" + rest
    assert FINLAND.canonical(FINLAND.shown(canonical)) == canonical


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_none(text: str) -> None:
    found = FINLAND.canonical(text)
    assert found is None or FINLAND.canonical(found) == found
