"""Blocks by a clock, and how full the speaker's queue is kept."""

from __future__ import annotations

import numpy as np
import pytest

from media.pacing import ABOVE, CALM_LONGEST_S, CALM_S, CATCH_UP, LEAST, MOST, Fill, Pacer
from media.types import BLOCK, FRAME, RATE


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


class Device:
    """Takes 20 ms out of its queue at a time, up to a millisecond early or late."""

    def __init__(self, *, ppm: float = 0.0, noise: float = 0.001) -> None:
        self.queue = 0
        self.starved = 0
        self._period = FRAME / RATE / (1 + ppm * 1e-6)
        self._noise = noise
        self._dice = np.random.default_rng(7)
        self._takes = 0

    def pass_until(self, now: float) -> None:
        while self._takes * self._period + self._noise * self._dice.uniform(-1, 1) <= now:
            self._takes += 1
            self.starved += self.queue < FRAME
            self.queue = max(0, self.queue - FRAME)


def steps(fill: Fill, device: Device, since: float, until: float) -> list[int]:
    """The blocks given every 20 ms, from and to so many seconds."""
    given = []
    for step in range(round(since / 0.02), round(until / 0.02)):
        device.pass_until(step * 0.02)
        given.append(fill.blocks(device.queue, step * 0.02))
        device.queue += BLOCK * given[-1]
    return given


def test_a_device_that_takes_its_sound_at_the_same_moments_is_given_two_blocks_a_step() -> None:
    fill, device = Fill(), Device()
    steps(fill, device, 0.0, 4.0)
    device.starved = 0
    found = steps(fill, device, 4.0, 64.0)
    assert all(blocks in (1, 2) for blocks in found), "a block is left out where there was one too many"
    assert found.count(1) <= 2
    assert set(steps(fill, device, 64.0, 180.0)) == {2}
    assert device.starved == 0


@pytest.mark.parametrize("ppm", [-200.0, 200.0])
def test_a_device_of_another_speed_gets_what_it_takes(ppm: float) -> None:
    fill, device = Fill(), Device(ppm=ppm)
    steps(fill, device, 0.0, 5.0)
    device.starved = 0
    given = steps(fill, device, 5.0, 605.0)
    assert sum(given) * BLOCK / (600.0 * RATE) == pytest.approx(1 + ppm * 1e-6, abs=1e-4)
    assert device.queue <= MOST + ABOVE
    assert device.starved <= 12, "each beat of the clocks once at most"


def test_a_device_that_takes_nothing_is_not_fed_for_ever() -> None:
    fill, queued = Fill(), 0
    for step in range(100):
        queued += BLOCK * fill.blocks(queued, step * 0.02)
    assert queued == LEAST + ABOVE


def test_what_a_step_a_little_early_leaves_out_the_next_one_makes_up_for() -> None:
    fill = Fill()
    fill.blocks(0, 0.0)
    assert [fill.blocks(BLOCK, now) for now in (0.014, 0.030, 0.055, 0.060)] == [1, 2, 2, 1]


def calm(fill: Fill, since: float, seconds: float, queued: int = 2 * BLOCK) -> float:
    """So many seconds with a queue that is never empty."""
    for step in range(round(seconds * 10)):
        fill.blocks(queued, since + step / 10)
    return since + seconds


def test_an_empty_queue_at_the_start_is_no_underflow() -> None:
    fill = Fill()
    assert fill.blocks(0, 0.0) == LEAST // BLOCK
    assert fill.underflows == 0


def test_it_grows_to_a_limit_and_shrinks_when_it_is_calm() -> None:
    fill = Fill()
    for step in range(10):
        fill.blocks(0, step * 0.03)
    assert (fill.samples, fill.underflows) == (MOST, 9)
    calm(fill, 0.3, 5 * CALM_S, queued=BLOCK)
    assert fill.samples == MOST, "what was nearly used up was needed"
    calm(fill, 0.3 + 5 * CALM_S, 5 * CALM_S)
    assert (fill.samples, fill.underflows) == (LEAST, 9)


def test_where_shrinking_was_too_early_it_waits_longer() -> None:
    fill, now, held = Fill(), 0.0, list[float]()
    fill.blocks(0, now)
    for _ in range(7):
        fill.blocks(0, now := now + 0.1)
        start = now
        while fill.samples > LEAST:
            fill.blocks(2 * BLOCK, now := now + 0.1)
        held.append(round(now - start))
    assert held == [CALM_S, 8, 16, 32, 64, CALM_LONGEST_S, CALM_LONGEST_S]


def test_another_speaker_is_not_distrusted() -> None:
    fill = Fill()
    for step in range(5):
        fill.blocks(0, step * 0.03)
    fill.reset()
    assert fill.samples == LEAST
    assert fill.blocks(0, 1.0) == LEAST // BLOCK
    assert fill.underflows == 4
