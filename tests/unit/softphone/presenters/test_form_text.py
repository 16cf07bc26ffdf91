"""What is typed into an appointment's form."""

from __future__ import annotations

import pytest

from softphone.presenters.form_text import ZONES, is_email, is_number

HELSINKI = "Europe/Helsinki"


@pytest.mark.parametrize(
    ("number", "fine"),
    [("010 123 4567", True), ("+358 (40) 123-4567", True), ("12", False), ("call me", False), ("+", False)],
)
def test_numbers_are_taken_as_the_service_takes_them(number: str, fine: bool) -> None:
    assert is_number(number) is fine


@pytest.mark.parametrize(
    ("address", "fine"),
    [("a@example.com", True), ("a b@example.com", False), ("example.com", False), ("a@b@c", False)],
)
def test_addresses_are_taken_as_the_service_takes_them(address: str, fine: bool) -> None:
    assert is_email(address) is fine


def test_the_zones_are_those_people_live_in() -> None:
    assert {"UTC", HELSINKI, "America/New_York"} <= set(ZONES)
    assert not {"EST", "Etc/GMT+1", "US/Eastern", "posixrules"} & set(ZONES)
