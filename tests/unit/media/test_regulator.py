"""When the delay is changed, and when it is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from media.regulator import PATIENCE_S, Regulator
from media.types import BLOCK, FRAME, RATE, Pcm
from tests.doubles.voice import sine

SPEECH = sine(150, 0.04)
PAUSE = np.zeros(2 * FRAME, np.int16)
NOISE = np.random.default_rng(1).integers(-8000, 8000, 2 * FRAME).astype(np.int16)
ROUGH = np.asarray(SPEECH + 3 * (NOISE // 4), np.int16)


def regulate(regulator: Regulator, pcm: Pcm, excess_s: float, seconds: float) -> int:
    """Samples taken out (negative: put in) of a delay that begins `excess_s` above a target of 50 ms."""
    changed = 0
    for _ in range(round(seconds / 0.02)):
        for _ in range(2):
            regulator.observe(0.05 + excess_s - changed / RATE, 0.05, BLOCK)
        changed += len(pcm) - len(regulator.adjust(pcm, len(pcm)))
    return changed


def warmed() -> Regulator:
    regulator = Regulator()
    regulator.begin(0.05)
    regulate(regulator, SPEECH, 0.0, 0.2)
    return regulator


def test_near_the_target_nothing_is_changed() -> None:
    assert regulate(warmed(), PAUSE, 0.005, 3.0) == 0
    assert regulate(warmed(), PAUSE, -0.003, 3.0) == 0


def test_a_pause_is_used_for_small_errors() -> None:
    assert regulate(warmed(), PAUSE, 0.015, 1.0) / RATE == pytest.approx(0.015, abs=0.004)
    assert regulate(warmed(), PAUSE, -0.010, 1.0) / RATE == pytest.approx(-0.010, abs=0.004)


def test_speech_is_left_alone_for_a_while() -> None:
    assert regulate(warmed(), SPEECH, 0.030, PATIENCE_S - 0.5) == 0
    assert regulate(warmed(), SPEECH, 0.030, PATIENCE_S + 2) > 0.015 * RATE


def test_a_delay_far_too_short_is_mended_in_speech() -> None:
    assert regulate(warmed(), SPEECH, -0.040, 1.0) < -0.03 * RATE


def test_after_a_spike_speech_is_shortened_at_once() -> None:
    regulator = warmed()
    regulator.hasten()
    assert regulate(regulator, SPEECH, 0.150, 2.0) / RATE == pytest.approx(0.150, abs=0.015)


@pytest.mark.parametrize(("excess_s", "changes"), [(0.020, False), (0.200, True)])
def test_what_repeats_itself_poorly_is_left_until_it_must_be(excess_s: float, changes: bool) -> None:
    regulator = warmed()
    regulator.hasten()
    assert (regulate(regulator, ROUGH, excess_s, 0.3) > 0) is changes


def test_what_does_not_repeat_itself_at_all_is_left_alone() -> None:
    regulator = warmed()
    regulator.hasten()
    assert regulate(regulator, NOISE, 0.200, 2.0) == 0


def test_it_asks_for_more_sound_only_to_shorten() -> None:
    hungry = []
    regulator = warmed()
    for delay in (0.05, 0.2, 0.01):
        regulator.observe(delay, 0.05, BLOCK)
        hungry.append(regulator.hungry)
    assert hungry == [False, True, False]
