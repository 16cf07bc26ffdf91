"""How much picture a sender is told to send."""

from __future__ import annotations

import pytest

from service.media_engine.bandwidth import CAP, FLOOR, LEAST, MOST, SMALL_AFTER_S, Bandwidth


def sending(bandwidth: Bandwidth, now: float, bitrate: int) -> None:
    """A second of it."""
    bandwidth.estimate(now)
    bandwidth.received(bitrate // 8, now + 0.5)
    bandwidth.estimate(now + 1)


def test_all_of_it_to_begin_with() -> None:
    assert Bandwidth(0).estimate(0) == CAP


def test_much_loss_takes_it_down_and_little_brings_it_back() -> None:
    bandwidth = Bandwidth(0)
    for _ in range(20):
        bandwidth.lost(0.5)
    assert bandwidth.estimate(0) == FLOOR
    bandwidth.lost(0.05)
    assert bandwidth.estimate(0) == FLOOR, "some loss changes nothing"
    for _ in range(40):
        bandwidth.lost(0)
    assert bandwidth.estimate(0) == CAP


def test_a_flood_is_not_forwarded() -> None:
    bandwidth = Bandwidth(0)
    assert sum(bandwidth.received(1000, 0) for _ in range(5000)) == MOST // 8 // 1000
    assert sum(bandwidth.received(1000, 0.5) for _ in range(5000)) == MOST // 8 // 1000 // 2
    assert sum(bandwidth.received(1000, 60) for _ in range(5000)) == MOST // 8 // 1000


def test_small_packets_and_holes_are_work_too() -> None:
    bandwidth = Bandwidth(0)
    assert sum(bandwidth.received(40, 0) for _ in range(5000)) == MOST // 8 // LEAST
    assert sum(bandwidth.received(40, 1, skipped=9) for _ in range(5000)) == MOST // 8 // LEAST // 10


def test_an_idle_receivers_low_estimate_is_no_limit() -> None:
    bandwidth = Bandwidth(0)
    sending(bandwidth, 0, 100_000)
    bandwidth.receiver_estimates("s", 200_000)
    assert bandwidth.estimate(1) == CAP


def test_a_congested_receiver_is_one_until_it_recovers() -> None:
    bandwidth = Bandwidth(0)
    sending(bandwidth, 0, 1_400_000)
    bandwidth.receiver_estimates("s", 600_000)
    assert bandwidth.estimate(1) == 600_000
    bandwidth.receiver_lost("s", 0)
    assert bandwidth.estimate(1) == pytest.approx(648_000)
    bandwidth.gone("s")
    assert bandwidth.estimate(1) == CAP


def test_the_worst_receiver_counts() -> None:
    bandwidth = Bandwidth(0)
    bandwidth.receiver_lost("a", 0.5)
    bandwidth.receiver_lost("b", 0.2)
    assert bandwidth.estimate(0) == CAP * 0.75


def test_who_sees_no_picture_keeps_nobody_elses_small() -> None:
    bandwidth = Bandwidth(0)
    bandwidth.view("weak", 360)
    bandwidth.view("good", 720)
    for _ in range(12):
        bandwidth.receiver_lost("weak", 0.3)
    assert bandwidth.estimate(0) == FLOOR
    bandwidth.view("weak", 0)
    assert bandwidth.estimate(1) == CAP
    bandwidth.view("weak", 360)
    assert bandwidth.estimate(2) == FLOOR, "its line is no better than it was"


@pytest.mark.parametrize(
    ("heights", "expected"), [((180, 90), 300_000), ((180, 300), 700_000), ((180, 720), CAP)]
)
def test_the_tallest_view_counts(heights: tuple[int, int], expected: int) -> None:
    bandwidth = Bandwidth(0)
    for number, height in enumerate(heights):
        bandwidth.view(str(number), height)
    assert bandwidth.estimate(SMALL_AFTER_S - 0.1) == CAP, "only after a while"
    assert bandwidth.estimate(SMALL_AFTER_S) == expected
    bandwidth.view("0", 720)
    assert bandwidth.estimate(SMALL_AFTER_S) == CAP, "but up at once"


def test_with_nobody_looking_it_stays() -> None:
    bandwidth = Bandwidth(0)
    bandwidth.view("s", 0)
    assert bandwidth.estimate(60) == CAP
