"""Blocks by a clock, and how full the speaker's queue is kept."""

from __future__ import annotations

from media.pacing import CALM_LONGEST_S, CALM_S, CATCH_UP, LEAST, MOST, Fill, Pacer
from media.types import BLOCK


def test_a_clock_makes_a_block_due_every_ten_milliseconds() -> None:
    pacer = Pacer()
    assert [pacer.blocks(now) for now in (5.0, 5.005, 5.010, 5.035, 5.040)] == [1, 0, 1, 2, 1]


def test_a_stall_is_made_up_for_in_part_and_a_clock_set_back_harms_nothing() -> None:
    pacer = Pacer()
    pacer.blocks(0.0)
    assert pacer.blocks(3.0) == CATCH_UP
    assert pacer.blocks(2.0) == 0
    assert pacer.blocks(3.01) == 1
    pacer.reset()
    assert pacer.blocks(100.0) == 1


def calm(fill: Fill, since: float, seconds: float) -> float:
    """So many seconds with a queue that is never empty."""
    for step in range(round(seconds * 10)):
        fill.observe(BLOCK, since + step / 10)
    return since + seconds


def test_an_empty_queue_at_the_start_is_no_underflow() -> None:
    fill = Fill()
    assert fill.observe(0, 0.0) == LEAST
    assert fill.underflows == 0


def test_it_grows_to_a_limit_and_shrinks_when_it_is_calm() -> None:
    fill = Fill()
    for step in range(10):
        fill.observe(0, step * 0.03)
    assert (fill.samples, fill.underflows) == (MOST, 9)
    calm(fill, 0.3, 5 * CALM_S)
    assert (fill.samples, fill.underflows) == (LEAST, 9)


def test_where_shrinking_was_too_early_it_waits_longer() -> None:
    fill, now, held = Fill(), 0.0, list[float]()
    fill.observe(0, now)
    for _ in range(6):
        fill.observe(0, now := now + 0.1)
        start = now
        while fill.samples > LEAST:
            fill.observe(BLOCK, now := now + 0.1)
        held.append(round(now - start))
    assert held == [CALM_S, 20, 40, CALM_LONGEST_S, CALM_LONGEST_S, CALM_LONGEST_S]


def test_another_speaker_is_not_distrusted() -> None:
    fill = Fill()
    for step in range(5):
        fill.observe(0, step * 0.03)
    fill.reset()
    assert fill.samples == LEAST
    assert fill.observe(0, 1.0) == LEAST
    assert fill.underflows == 4
