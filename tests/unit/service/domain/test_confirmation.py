"""Confirmation codes: what they are bound to, how often they may be tried, and that chat never tells one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.confirmation import (
    TRIES,
    VALID_S,
    Binding,
    attempt,
    candidates,
    given_away,
    issue,
    seal,
    told,
)
from service_api.states import MeetingRefusal

KEY = b"k" * 32
BINDING = Binding("appointment", "participant", "session")
CODES = st.text("0123456789", min_size=6, max_size=6)


def test_the_right_code_works_once() -> None:
    made = issue(KEY, BINDING, "012345", 100.0)
    first = attempt(KEY, made, "012345", 200.0)
    assert first.refusal is None
    assert attempt(KEY, first.confirmation, "012345", 201.0).refusal is MeetingRefusal.NO_CODE


@given(CODES, CODES)
def test_a_wrong_code_costs_a_try_and_the_sixth_is_not_looked_at(code: str, wrong: str) -> None:
    if code == wrong:
        return
    confirmation = issue(KEY, BINDING, code, 0.0)
    for left in range(TRIES - 1, -1, -1):
        tried = attempt(KEY, confirmation, wrong, 1.0)
        assert tried.refusal is MeetingRefusal.WRONG_CODE
        assert tried.confirmation is not None and tried.confirmation.tries_left == left
        confirmation = tried.confirmation
    late = attempt(KEY, confirmation, code, 1.0)
    assert (late.refusal, late.confirmation) == (MeetingRefusal.TOO_MANY_TRIES, confirmation)


def test_ten_minutes_and_no_longer() -> None:
    made = issue(KEY, BINDING, "012345", 0.0)
    assert attempt(KEY, made, "012345", VALID_S - 0.1).refusal is None
    assert attempt(KEY, made, "012345", VALID_S).refusal is MeetingRefusal.CODE_EXPIRED
    assert VALID_S == 600


def test_nothing_was_made() -> None:
    assert attempt(KEY, None, "012345", 0.0).refusal is MeetingRefusal.NO_CODE


@pytest.mark.parametrize(
    "other",
    [
        replace(BINDING, appointment="other"),
        replace(BINDING, participant="other"),
        replace(BINDING, session="other"),
        Binding("appointmentp", "articipant", "session"),
    ],
)
def test_a_code_is_worth_something_where_it_was_made(other: Binding) -> None:
    assert seal(KEY, other, "012345") != seal(KEY, BINDING, "012345")
    assert seal(b"x" * 32, BINDING, "012345") != seal(KEY, BINDING, "012345")


def test_nothing_of_it_is_shown() -> None:
    made = issue(KEY, BINDING, "012345", 0.0)
    assert "012345" not in repr(made)
    assert made.seal.hex() not in repr(made) and repr(made.seal) not in repr(made)


@pytest.mark.parametrize(
    "text",
    [
        "314159",
        "The code is 314159.",
        "3 1 4 1 5 9",
        "314-159",
        "314–159",
        "31 41.59",
        "3\n1\n4\n1\n5\n9",
        "３１４１５９",
        "٣١٤١٥٩",
        "3\u200b14\u200b159",
        "0040 314159 7",
        "99314159",
        "3​1​4​1​5​9",
        "𝟛𝟙𝟜𝟙𝟝𝟡",
        "①314159",
    ],
)
def test_a_live_code_is_found_however_it_is_written(text: str) -> None:
    made = issue(KEY, BINDING, "314159", 0.0)
    assert told(KEY, [made], text, 1.0) == (made,)


@pytest.mark.parametrize("text", ["31415", "call 0401234567", "314 and 159", "", "3a1b4c1d5e9"])
def test_other_figures_are_let_through(text: str) -> None:
    made = issue(KEY, BINDING, "314159", 0.0)
    assert not told(KEY, [made], text, 1.0)


def test_a_code_that_is_over_may_be_told() -> None:
    made = issue(KEY, BINDING, "314159", 0.0)
    assert not told(KEY, [made], "314159", VALID_S)
    assert not told(KEY, [replace(made, used=True)], "314159", 1.0)
    assert not told(KEY, [replace(made, tries_left=0)], "314159", 1.0)


def test_of_several_codes_those_that_were_told_are_named() -> None:
    made = issue(KEY, BINDING, "314159", 0.0)
    other = issue(KEY, replace(BINDING, session="other"), "271828", 0.0)
    assert told(KEY, [made, other], "271828", 1.0) == (other,)
    assert told(KEY, [made, other], "314159 271828", 1.0) == (made, other)


@pytest.mark.parametrize("now", [0.0, 1.0, 1.7e9])
def test_a_code_that_was_given_away_is_over_whatever_the_clock_says(now: float) -> None:
    over = given_away(issue(KEY, BINDING, "012345", 0.0))
    assert not over.live(now)
    for code in ("012345", "999999"):
        tried = attempt(KEY, over, code, now)
        assert (tried.refusal, tried.confirmation) == (MeetingRefusal.CODE_EXPIRED, over)


@given(CODES, st.text(st.characters(exclude_categories=["L", "N"]), max_size=5))
def test_signs_between_the_digits_hide_nothing(code: str, between: str) -> None:
    assert code in candidates(between.join(code))


@given(st.text(max_size=300))
def test_any_text_can_be_looked_at(text: str) -> None:
    assert all(len(code) == 6 and code.isascii() and code.isdigit() for code in candidates(text))
