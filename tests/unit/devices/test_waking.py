from __future__ import annotations

import threading

import pytest

from devices.waking import PERIOD_S, SLEPT_S, Waking


class Clocks:
    """Two clocks that a sleep may part."""

    def __init__(self) -> None:
        self.monotonic, self.wall = 100.0, 1_700_000_000.0

    def pass_time(self, monotonic: float, wall: float) -> None:
        self.monotonic += monotonic
        self.wall += wall


@pytest.mark.parametrize(
    ("monotonic", "wall", "woke"),
    [
        (PERIOD_S, PERIOD_S, False),
        (PERIOD_S, PERIOD_S + 3600, True),  # Linux and macOS: the monotonic clock stands still
        (3600, 3600, True),  # Windows: both go on
        (PERIOD_S + SLEPT_S - 1, PERIOD_S + SLEPT_S - 1, False),  # a busy machine
        (PERIOD_S, PERIOD_S + SLEPT_S - 1, False),  # a clock set right
        (PERIOD_S, PERIOD_S - 3600, False),  # a clock set back
    ],
)
def test_sleep_is_told_by_either_clock(monotonic: float, wall: float, woke: bool) -> None:
    clocks, told = Clocks(), list[str]()
    waking = Waking(lambda: clocks.monotonic, lambda: clocks.wall)
    waking._notices.add(lambda: told.append("woke"))
    clocks.pass_time(monotonic, wall)
    waking.look()
    waking.look()
    assert told == ["woke"] * woke


def test_the_thread_looks_until_it_is_closed() -> None:
    clocks, woke = Clocks(), threading.Event()
    waking = Waking(lambda: clocks.monotonic, lambda: clocks.wall, period_s=0.001)
    waking.watch(woke.set)
    while not woke.wait(0.01):
        clocks.pass_time(0, 10)
    waking.close()


def test_one_that_was_never_watched_closes() -> None:
    Waking().close()
