"""Clocks of microphone, speaker and network that differ, for minutes; what they cost in hours follows."""

from __future__ import annotations

import pytest

from media.farend import TOLERANCE
from media.types import BLOCK, FRAME, RATE
from tests.doubles.long_call import ECHO_S, Drift, LongCall, Moment
from tests.doubles.room import talk

SECONDS = 220.0
APART_MS = 1000 * (TOLERANCE + BLOCK) / RATE
"""What near and far end may be off: what is tolerated, and what counting in blocks cannot tell."""
SETTLED_S = 20.0
HOURS = 8.0
BEAT_S = 100.0
"""So long it takes a clock 100 ppm off to slip past the loop's by one block."""


@pytest.mark.parametrize("drift", [Drift(100, -100, 100), Drift(-100, 100, -100)])
def test_a_day_of_drift_neither_adds_delay_nor_piles_up_trouble(drift: Drift) -> None:
    call = LongCall(talk(9.9), drift)
    moments = list(call.run(SECONDS, every=SETTLED_S))
    first, last = moments[0], moments[-1]
    passed = last.now - first.now
    day = HOURS * 3600 / passed
    assert all(15 < moment.delay_ms < 45 and moment.buffered_ms < 60 for moment in moments)
    assert last.starved == last.discarded == 0
    assert last.waiting <= FRAME + BLOCK
    assert last.underflows <= 1 + 2 * last.now / BEAT_S
    assert (last.concealed - first.concealed) / (passed * RATE) < 0.0005
    assert moved(first, last) * day == pytest.approx(
        (drift.network - drift.speaker) * 1e-6 * passed * RATE * day, abs=0.030 * RATE * day
    )
    sent = 50 * last.now * (1 + drift.microphone * 1e-6)
    assert last.frames == pytest.approx(sent, abs=2)
    assert call.distance.ms
    assert all(abs(ms - 1000 * ECHO_S) <= APART_MS for ms in call.distance.ms)


def moved(first: Moment, last: Moment) -> int:
    """Samples taken out of the sound for good: what was made up in between had to go again."""
    return (last.changed - last.concealed) - (first.changed - first.concealed)


def test_clocks_that_agree_need_nothing() -> None:
    call = LongCall(talk(9.9), Drift())
    first, *_, last = call.run(60.5, every=SETTLED_S)
    assert last.changed == first.changed
    assert last.underflows == last.concealed == 0
    assert set(call.distance.ms) == {60.0}
