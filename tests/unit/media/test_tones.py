"""Tones: cadence, pitch, loudness and ends."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from media import tones
from media.levels import dbfs, mean_square
from media.types import BLOCK, RATE


def heard(name: str, seconds: float, region: str = "") -> list[bool]:
    """For every 10 ms whether something sounds."""
    return [
        bool(np.abs(block).max() > 100) for block in islice(tones.tone(name, region), round(seconds * 100))
    ]


@pytest.mark.parametrize(
    ("name", "region", "on", "off"),
    [
        ("ringback", "", 1.0, 4.0),
        ("ringback", "fi", 1.0, 4.0),
        ("ringback", "SE", 1.0, 5.0),
        ("ringback", "US", 2.0, 4.0),
        ("ringback", "DE", 1.0, 4.0),
        ("busy", "", 0.5, 0.5),
        ("busy", "FI", 0.3, 0.3),
        ("congestion", "", 0.25, 0.25),
    ],
)
def test_cadences(name: str, region: str, on: float, off: float) -> None:
    pattern = heard(name, 2 * (on + off), region)
    period = round((on + off) * 100)
    assert sum(pattern[:period]) == pytest.approx(on * 100, abs=1)
    assert all(pattern[: round(on * 100)])
    assert pattern[:period] == pattern[period:]


def test_european_tones_are_425_hz() -> None:
    sound = np.concatenate(list(islice(tones.tone("ringback"), 100))).astype(float)
    assert int(np.abs(np.fft.rfft(sound)).argmax()) * RATE // len(sound) == 425


def test_british_ringback_rings_twice() -> None:
    pattern = heard("ringback", 3.0, "GB")
    assert [pattern[tenth * 10 + 5] for tenth in range(10)] == [True] * 4 + [False] * 2 + [True] * 4
    assert not any(pattern[100:])


@pytest.mark.parametrize(("name", "longest"), [("call_waiting", 1.0), ("beep", 0.5), ("test", 4.0)])
def test_some_tones_end_by_themselves(name: str, longest: float) -> None:
    blocks = list(tones.tone(name))
    assert 0.1 < len(blocks) * 0.01 <= longest
    assert {len(block) for block in blocks} == {BLOCK}


def test_a_waiting_call_is_softer_than_other_tones_and_the_ring_louder() -> None:
    def level(name: str) -> float:
        return dbfs(max(mean_square(block) for block in islice(tones.tone(name), 50)))

    assert level("call_waiting") < level("ringback") - 8
    assert level("ring") > level("ringback") + 3


@pytest.mark.parametrize("name", tones.NAMES)
def test_no_tone_clicks_or_clips(name: str) -> None:
    pcm = np.concatenate(list(islice(tones.tone(name), 1000))).astype(int)
    assert np.abs(pcm).max() < 32_000
    assert abs(pcm[0]) < 300
    assert abs(pcm[-1]) < 300 or name in ("ringback", "ring")
    assert np.abs(np.diff(pcm)).max() < 9_000


def test_the_ring_goes_on_with_rests() -> None:
    pattern = heard("ring", 6.0)
    assert pattern[:300] == pattern[300:]
    assert not all(pattern)


def test_an_unknown_tone_is_refused() -> None:
    with pytest.raises(KeyError):
        tones.tone("fanfare")
