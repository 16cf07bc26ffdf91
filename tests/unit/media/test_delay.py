"""Target delay from lags, and the line of media time."""

from __future__ import annotations

import random

import pytest

from media.delay import (
    MARGIN_S,
    MAXIMUM_S,
    MINIMUM_S,
    SPARED_S,
    START_S,
    DelayEstimator,
    SlidingMinimum,
    SlidingRank,
)
from media.timeline import Timeline
from media.types import AudioPacket


def feed(estimator: DelayEstimator, start: float, lags: list[float]) -> float:
    for index, lag in enumerate(lags):
        sent = start + index * 0.02
        estimator.add(sent + lag, lag)
    return estimator.target


def test_before_anything_is_known_the_start_value_holds() -> None:
    estimator = DelayEstimator()
    assert estimator.target == START_S
    assert feed(estimator, 0.0, [0.0] * 9) == START_S
    assert feed(estimator, 0.2, [0.0] * 60) == MINIMUM_S


def test_the_target_covers_the_lags_and_has_a_ceiling() -> None:
    chance = random.Random(1)
    assert 0.05 < feed(DelayEstimator(), 0.0, [chance.random() * 0.05 for _ in range(300)]) < 0.085
    assert feed(DelayEstimator(), 0.0, [chance.random() * 0.29 for _ in range(300)]) == MAXIMUM_S


def test_jitter_is_followed_within_a_fifth_of_a_second_and_forgotten_in_four() -> None:
    estimator = DelayEstimator()
    feed(estimator, 0.0, [0.0] * 200)
    assert feed(estimator, 4.0, [0.06, 0.0] * 5) > 0.06
    assert feed(estimator, 4.2, [0.0] * 230) == MINIMUM_S


def test_the_base_forgets_a_fast_way_after_ten_seconds() -> None:
    estimator = DelayEstimator()
    feed(estimator, 0.0, [0.0] * 10)
    feed(estimator, 0.2, [0.05] * 720)
    assert estimator.base == pytest.approx(0.05)
    assert estimator.target == MINIMUM_S


def test_lags_beyond_all_waiting_are_left_out_until_they_last() -> None:
    estimator = DelayEstimator()
    feed(estimator, 0.0, [0.0] * 100)
    assert feed(estimator, 2.0, [0.5] * 10) == MINIMUM_S
    assert estimator.base == 0.0
    feed(estimator, 2.2, [0.5] * 40)
    assert estimator.base == pytest.approx(0.5)


def spiked(every_s: float, seconds: float) -> float:
    """The target after spikes of 0.18 s."""
    every = round(every_s * 50)
    lags = [0.18 if index and index % every == 0 else 0.0 for index in range(round(seconds * 50))]
    return feed(DelayEstimator(), 0.0, lags)


def test_spikes_that_are_rare_are_waited_for_but_for_their_last_moment() -> None:
    assert spiked(5.0, 5.5) == MINIMUM_S, "one is no reason"
    assert spiked(5.0, 14.0) == pytest.approx(0.18 - SPARED_S + MARGIN_S)
    assert spiked(3.0, 14.0) == pytest.approx(0.18 - SPARED_S + MARGIN_S), "two within the window of jitter"
    assert spiked(1.0, 14.0) == pytest.approx(0.18 + MARGIN_S), "too often to make something up each time"


def test_what_follows_a_spike_closely_counts_as_jitter_too() -> None:
    draining = [0.18, 0.17, 0.16, 0.15]
    assert feed(DelayEstimator(), 0.0, [0.0] * 100 + draining + [0.0] * 20) > 0.16


def test_sliding_minimum_and_rank() -> None:
    minimum, rank = SlidingMinimum(1.0), SlidingRank(1.0)
    values = [(0.0, 5.0), (0.5, 1.0), (1.0, 3.0), (1.6, 4.0)]
    assert [minimum.add(when, value) for when, value in values] == [5.0, 1.0, 1.0, 3.0]
    for when, value in values:
        rank.add(when, value)
    assert len(rank) == 2
    assert (rank.value, rank.median) == (3.0, 4.0)


def packet(sequence: int, timestamp: int, arrival: float, restart: bool = False) -> AudioPacket:
    return AudioPacket(sequence, timestamp, 96, b"x", arrival, restart=restart)


def test_places_scale_with_the_clock() -> None:
    line = Timeline()
    assert line.place(packet(5, 800, 0.0), 8_000, 960).position == 4800
    assert line.place(packet(6, 960, 0.02), 8_000, 960).position == 5760


def test_a_pause_stays_and_reordering_is_no_jump() -> None:
    line = Timeline()
    line.place(packet(1, 0, 0.0), 48_000, 960)
    assert line.place(packet(2, 480_000, 10.0), 48_000, 960).position == 480_000
    assert line.place(packet(1, 0, 10.01), 48_000, 960).position == 0
    assert line.place(packet(3, 480_960, 10.02), 48_000, 960).position == 480_960


def test_a_restart_and_another_clock_go_on_by_arrival() -> None:
    line = Timeline()
    line.place(packet(1, 0, 0.0), 48_000, 960)
    place = line.place(packet(900, 77_777, 0.1, restart=True), 48_000, 960)
    assert (place.sequence, place.position) == (2, 4800)
    place = line.place(packet(901, 10, 0.12), 8_000, 960)
    assert (place.sequence, place.position) == (3, 5760)
    assert line.place(packet(902, 170, 0.14), 8_000, 960).position == 6720


def test_a_sequence_from_nowhere_is_no_loss() -> None:
    line = Timeline()
    line.place(packet(1, 0, 0.0), 48_000, 960)
    assert line.place(packet(30_000, 960, 0.02), 48_000, 960).sequence == 2
    assert line.place(packet(30_001, 1920, 0.04), 48_000, 960).sequence == 3


def test_a_long_freeze_is_no_new_count() -> None:
    line = Timeline()
    line.place(packet(1, 0, 0.0), 48_000, 960)
    assert line.place(packet(2, 960, 5.0), 48_000, 960).position == 960
