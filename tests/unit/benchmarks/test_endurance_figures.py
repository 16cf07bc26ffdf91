"""Growth is told from noise and from steps."""

from __future__ import annotations

import math
import random

import pytest

from benchmarks.endurance.far_end import frames, share_sent
from benchmarks.endurance.figures import Look, counted_flat, slope


def test_growth_beneath_noise_is_found() -> None:
    chance = random.Random(1)
    at = list(range(100, 1000, 10))
    found = slope(at, [50_000 + 4.0 * x + chance.gauss(0, 200) for x in at])
    assert found.low < 4.0 < found.high
    assert found.low > 3.0


def test_noise_alone_is_no_growth() -> None:
    chance = random.Random(2)
    at = list(range(100, 1000, 10))
    found = slope(at, [50_000 + chance.gauss(0, 200) for _ in at])
    assert found.low < 0 < found.high


def test_one_step_makes_unsure() -> None:
    """Neighbours are alike: a step in the middle is no proof of a line."""
    at = list(range(100))
    stepped = slope(at, [0.0 if x < 50 else 100.0 for x in at])
    straight = slope(at, [float(x) for x in at])
    assert stepped.high - stepped.low > 100 * (straight.high - straight.low)


def test_of_too_few_looks_nothing_is_said() -> None:
    found = slope([0, 1, 2], [0, 1, 2])
    assert math.isnan(found.each)
    assert (found.low, found.high) == (-math.inf, math.inf)


@pytest.mark.parametrize(("files", "holds"), [(18, True), (22, True), (23, False)])
def test_counts_must_come_back(files: int, holds: bool) -> None:
    first = Look(0, 0, 0, 0, 0, 20, 0, 0, 0.0)
    last = Look(9, 0, 0, 0, 0, files, 0, 0, 0.0)
    assert counted_flat([first, last], "files", 2).holds is holds


def test_the_far_end_pauses() -> None:
    """Four seconds of speech in seven; the codec goes on for a moment after it."""
    assert 0.55 < share_sent(frames()) < 0.65
