"""Invitations in three languages, and as calendar entries that a calendar reads."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import available_timezones

import pytest
from icalendar import Calendar

from service.adapters.wording import CatalogueWords, when
from service.domain.appointment import Appointment, Participant
from service.usecases.appointment_view import moment
from tests.doubles.clock import FakeClock

BO = Participant("p1", "a1", "Bo Ek; <b>", language="sv")
MADE = Appointment(
    appointment_id="a1",
    host_id="h",
    host_name="Anna Ek",
    draft_id="d",
    title="Loan, and more",
    description="Bring\nyour papers.",
    start=1_795_334_400.0,  # 2026-11-22 08:00 UTC
    end=1_795_338_000.0,
    time_zone="Europe/Helsinki",
    office="Espoo",
    expert_number="010 123",
    sequence=2,
)
WORDS = CatalogueWords("https://meet.test", FakeClock())


@pytest.mark.parametrize(
    ("language", "time", "greeting"),
    [
        ("en", "Sunday, 22 November 2026 10:00 – 11:00 (Finland Time)", "Hello Bo"),
        ("fi", "sunnuntai 22. marraskuuta 2026 10.00 – 11.00 (aikavyöhyke: Suomi)", "Hei Bo"),
        ("sv", "söndag 22 november 2026 10:00 – 11:00 (Finlandtid)", "Hej Bo"),
    ],
)
def test_time_and_greeting_as_people_write_them(language: str, time: str, greeting: str) -> None:
    assert when(language, MADE) == time
    text = WORDS.invitation(MADE, replace(BO, language=language), "s" * 43).text
    assert text.startswith(greeting)
    assert time in text
    for part in (
        "Loan, and more",
        "Anna Ek, Espoo",
        "Bring\nyour papers.",
        "010 123",
        "15 ",
        "/m#" + "s" * 43,
    ):
        assert part in text


def test_over_midnight_both_days_are_named() -> None:
    late = replace(MADE, end=MADE.start + 20 * 3600)
    assert when("sv", late) == "söndag 22 november 2026 10:00 – måndag 23 november 2026 06:00 (Finlandtid)"


@pytest.mark.parametrize(
    ("zone", "time"),
    [
        ("UTC", "08:00 – 09:00 (UTC)"),
        ("Etc/GMT+2", "06:00 – 07:00 (GMT+2)"),
        ("US/Eastern", "03:00 – 04:00 (United States (New York) Time)"),
        ("Europe/Stockholm", "09:00 – 10:00 (Sweden Time)"),
    ],
)
def test_whose_time_it_is(zone: str, time: str) -> None:
    assert when("en", replace(MADE, time_zone=zone)).endswith(time)


def test_every_zone_that_is_taken_can_be_written() -> None:
    for zone in available_timezones():
        assert "2026" in when("fi", replace(MADE, time_zone=zone))


def test_what_is_not_there_is_not_mentioned() -> None:
    text = WORDS.invitation(replace(MADE, office="", expert_number="", description=""), BO, "s" * 43).text
    assert "Expert: Anna Ek\n" in text
    assert "ring" not in text
    assert "\n\n\n" not in text


def test_a_calendar_reads_it() -> None:
    made = WORDS.invitation(MADE, BO, "s" * 43)
    [event] = Calendar.from_ical(made.ics).events
    assert (event["SUMMARY"], event["UID"], event["SEQUENCE"]) == ("Loan, and more", "p1@meet.test", 2)
    assert moment(MADE.start) == event.DTSTART
    assert moment(MADE.end) == event.DTEND
    assert event["URL"] == made.link == "https://meet.test/m#" + "s" * 43
    assert str(event["DESCRIPTION"]) == made.text
    assert str(event["LOCATION"]) == made.link, "nobody is sent to the office"
    assert "Anna Ek, Espoo" in made.text
    assert all(len(line.encode()) <= 75 for line in made.ics.split("\r\n"))
