"""Listeners beside the voice path."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from media.taps import Taps
from media.types import BLOCK, Pcm

FIRST, SECOND = np.ones(BLOCK, np.int16), np.zeros(BLOCK, np.int16)


def test_everybody_hears_until_they_end() -> None:
    taps, one, two = Taps(), list[Pcm](), list[Pcm]()
    end_one, end_two = taps.add(one.append), taps.add(two.append)
    taps.give(FIRST)
    end_one()
    end_one()
    taps.give(SECOND)
    end_two()
    taps.give(FIRST)
    assert (len(one), len(two)) == (1, 2)
    assert one[0] is FIRST


def test_the_same_listener_twice_ends_twice() -> None:
    taps, heard = Taps(), list[Pcm]()
    end = taps.add(heard.append)
    taps.add(heard.append)
    end()
    end()
    taps.give(FIRST)
    assert len(heard) == 1


def test_a_listener_may_end_itself() -> None:
    taps, heard = Taps(), list[Pcm]()

    def once(block: Pcm) -> None:
        heard.append(block)
        end()

    end = taps.add(once)
    taps.give(FIRST)
    taps.give(FIRST)
    assert len(heard) == 1


def test_a_listener_that_fails_is_taken_off_and_the_others_hear_on(caplog: pytest.LogCaptureFixture) -> None:
    taps, heard = Taps(), list[Pcm]()

    def broken(block: Pcm) -> None:
        raise OSError("disk full")

    taps.add(broken)
    taps.add(heard.append)
    with caplog.at_level(logging.WARNING):
        taps.give(FIRST)
        taps.give(SECOND)
    assert len(heard) == 2
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_listener_that_ends_itself_and_then_fails_harms_nobody() -> None:
    taps, heard = Taps(), list[Pcm]()

    def fails(_block: Pcm) -> None:
        end()
        raise ValueError

    end = taps.add(fails)
    taps.add(heard.append)
    taps.give(FIRST)
    assert len(heard) == 1
