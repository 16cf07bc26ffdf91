"""Failures are counted by key, forgotten in time, and never without bound."""

from __future__ import annotations

from service.domain.penalty import Penalty


def test_the_limit_and_its_leak() -> None:
    penalty = Penalty(3, 30.0)
    for _ in range(3):
        assert not penalty.exceeded("a", 0.0)
        penalty.count("a", 0.0)
    assert penalty.exceeded("a", 0.0)
    assert not penalty.exceeded("b", 0.0)
    assert penalty.exceeded("a", 9.9)
    assert not penalty.exceeded("a", 10.1)
    penalty.count("a", 10.1)
    assert penalty.exceeded("a", 10.2)
    assert not penalty.exceeded("a", 60.0)


def test_failures_while_waiting_make_the_wait_no_longer() -> None:
    penalty = Penalty(3, 30.0)
    for _ in range(50):
        penalty.count("a", 0.0)
    assert not penalty.exceeded("a", 10.1)


def test_what_was_no_failure_is_taken_back() -> None:
    penalty = Penalty(2, 30.0)
    for _ in range(2):
        penalty.count("a", 0.0)
    penalty.forgive("a", 0.0)
    assert not penalty.exceeded("a", 0.0)
    penalty.count("a", 0.0)
    assert penalty.exceeded("a", 0.0)
    penalty.forgive("a", 100.0)
    penalty.forgive("nobody", 100.0)
    assert penalty.level("a", 100.0) == 0
    assert len(penalty) == 1


def test_memory_is_bounded_and_the_last_ones_stay() -> None:
    penalty = Penalty(1, 60.0, size=10)
    for number in range(1000):
        penalty.count(str(number), 0.0)
    assert len(penalty) == 10
    assert penalty.exceeded("999", 0.0)
    assert not penalty.exceeded("1", 0.0)
