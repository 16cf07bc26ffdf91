"""Times and durations."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from resources.words import Words
from softphone.presenters import moments

NOW = datetime(2026, 11, 20, 12, 4, tzinfo=UTC).timestamp()
HOUR, DAY = 3600, 86400


@pytest.mark.parametrize(
    ("ago", "english", "finnish", "swedish"),
    [
        (HOUR, "11:04", "11.04", "11.04"),
        (11 * HOUR, "01:04", "1.04", "01.04"),
        (DAY, "Yesterday", "Eilen", "I går"),
        (2 * DAY, "Wed", "ke", "ons"),
        (20 * DAY, "31.10.", "31.10.", "31.10"),
        (400 * DAY, "16.10.2025", "16.10.2025", "16.10.2025"),
    ],
)
def test_when_a_call_was(ago: int, english: str, finnish: str, swedish: str) -> None:
    said = [moments.when(Words(language), NOW - ago, NOW, UTC) for language in ("en", "fi", "sv")]
    assert said == [english, finnish, swedish]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (45, "45 s"), (185, "3 min"), (3900, "1 h 5 min")]
)
def test_how_long_it_was(seconds: float, text: str) -> None:
    assert moments.duration(Words("en"), seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(-1, "00:00"), (134.9, "02:14"), (3734, "1:02:14")])
def test_the_timer(seconds: float, text: str) -> None:
    assert moments.timer(seconds) == text


def test_without_a_zone_the_computers_own_is_used() -> None:
    here = datetime.now().astimezone().tzinfo
    for ago in (0, 11 * HOUR, 20 * DAY):
        assert moments.when(Words("en"), NOW - ago, NOW) == moments.when(Words("en"), NOW - ago, NOW, here)
