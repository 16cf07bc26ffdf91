"""The far block beside each near block, whatever queue, ring and clocks do."""

from __future__ import annotations

import numpy as np
import pytest

from media.farend import CAPACITY, REST, STEADY, STEP, TOLERANCE, FarEnd
from media.types import BLOCK, Pcm


def numbered(start: int, samples: int = BLOCK) -> Pcm:
    """Samples that tell their position, from 1 on."""
    return (np.arange(start, start + samples) % 30_000 + 1).astype(np.int16)


class Devices:
    """What was played is `played` samples; the rest of what was written is queued."""

    def __init__(self) -> None:
        self.far = FarEnd()
        self.written = self.played = 0

    def write(self, samples: int = BLOCK) -> None:
        for start in range(self.written, self.written + samples, BLOCK):
            self.far.queued(numbered(start))
        self.written += samples

    def play(self, samples: int) -> None:
        self.played = min(self.written, self.played + samples)

    def distance(self, waiting: int = 0) -> int:
        """How far behind what is being played the far block ends."""
        block = self.far.beside(self.written - self.played, waiting)
        return (self.played - int(block[-1]) + 15_000) % 30_000 - 15_000


def running(fill: int = 2 * BLOCK) -> Devices:
    devices = Devices()
    devices.write(fill)
    for _ in range(20):
        devices.write()
        devices.play(BLOCK)
        devices.distance()
    return devices


def test_the_far_block_is_what_has_just_been_played() -> None:
    devices = running()
    for _ in range(200):
        devices.write()
        devices.play(BLOCK)
        assert devices.distance() == 0
    assert devices.far.corrections == 0


def test_a_fuller_queue_changes_nothing() -> None:
    devices = running()
    devices.write(4 * BLOCK)
    for _ in range(50):
        devices.write()
        devices.play(BLOCK)
        assert devices.distance() == 0


def test_blocks_that_come_late_together_belong_where_they_were_recorded() -> None:
    devices = running(fill=8 * BLOCK)
    for _ in range(30):
        devices.write(4 * BLOCK)
        devices.play(4 * BLOCK)
        distances = [devices.distance(waiting * BLOCK) for waiting in (3, 2, 1, 0)]
        assert distances == [waiting * BLOCK for waiting in (3, 2, 1, 0)]
    assert devices.far.corrections == 0


def test_a_single_odd_reading_moves_nothing() -> None:
    devices = running()
    for step in range(100):
        devices.write()
        devices.play(BLOCK)
        odd = step % (STEADY - 1) == 0
        assert devices.far.beside(devices.written - devices.played, 20 * BLOCK if odd else 0).any()
    assert devices.far.corrections == 0


def test_after_an_underflow_the_distance_is_right_at_once() -> None:
    devices = running()
    for _ in range(15):
        devices.play(BLOCK)
        devices.distance()
    devices.write(2 * BLOCK)
    for _ in range(2 * STEADY):
        devices.write()
        devices.play(BLOCK)
        assert devices.distance() == 0


def test_a_device_that_jumps_is_followed_within_two_fifths_of_a_second() -> None:
    devices, distances = running(fill=20 * BLOCK), list[int]()
    devices.play(4 * BLOCK)
    for _ in range(2 * STEADY):
        devices.write()
        devices.play(BLOCK)
        distances.append(devices.distance())
    assert distances[0] == 4 * BLOCK
    assert distances[-1] == 0
    assert devices.far.corrections == 1


def test_a_small_shift_is_made_up_for_in_steps_with_rests_between() -> None:
    devices, distances = running(fill=20 * BLOCK), list[int]()
    devices.play(BLOCK + STEP // 2)
    for _ in range(2 * REST):
        devices.write()
        devices.play(BLOCK)
        distances.append(devices.distance())
    assert distances[0] == BLOCK + STEP // 2
    assert distances[REST // 2] == BLOCK - STEP // 2
    assert distances[-1] == STEP // 2
    assert np.abs(np.diff(distances)).max() == STEP


@pytest.mark.parametrize("ppm", [200, -200])
def test_drift_is_followed_in_steps_a_canceller_bears(ppm: int) -> None:
    devices, owed, distances = running(fill=40 * BLOCK), 0.0, list[int]()
    for _ in range(20_000):
        devices.write()
        owed += BLOCK * (1 + ppm * 1e-6)
        devices.play(int(owed))
        owed -= int(owed)
        distances.append(devices.distance())
    steps = np.abs(np.diff(distances))
    assert max(distances) <= TOLERANCE + 10
    assert min(distances) >= -TOLERANCE - 10
    assert steps.max() <= TOLERANCE + 2
    expected = 20_000 * BLOCK * abs(ppm) * 1e-6 / TOLERANCE
    assert devices.far.corrections == pytest.approx(expected, abs=1.5)


def test_what_was_never_played_and_what_is_long_gone_are_silence() -> None:
    assert not FarEnd().beside(0, 0).any()
    far = FarEnd()
    far.queued(numbered(0))
    assert not far.beside(0, 2 * CAPACITY).any()


def test_a_second_of_memory_wraps_round() -> None:
    devices = Devices()
    for _ in range(3 * CAPACITY // BLOCK):
        devices.write()
        devices.play(BLOCK)
        block = devices.far.beside(0, 0)
        if block[0]:
            assert (np.diff(block) % 30_000 == 1).all()


def test_sound_the_microphone_lost_is_skipped_here_too() -> None:
    devices = running(fill=20 * BLOCK)
    devices.write(10 * BLOCK)
    devices.play(10 * BLOCK)
    devices.far.skip(9 * BLOCK)
    assert devices.distance() == 0


def test_after_a_reset_nothing_is_remembered() -> None:
    devices = running()
    devices.far.reset()
    assert not devices.far.beside(0, 0).any()
    devices.far.skip(BLOCK)
