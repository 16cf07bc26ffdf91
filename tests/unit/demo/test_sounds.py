"""The demo's ear finds what its mouth said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from demo.measure import FLOOR_DBFS, find, level_dbfs, read_wav
from demo.sounds import RATE, babble, music, write_wav


def test_level_of_a_full_scale_sine_and_of_silence() -> None:
    sine = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)
    assert level_dbfs(sine) == pytest.approx(-3.01, abs=0.05)
    assert level_dbfs(np.zeros(100)) == level_dbfs(np.zeros(0)) == FLOOR_DBFS


def test_a_quiet_noisy_late_copy_is_found() -> None:
    said = babble(2.0)
    noise = np.random.default_rng(1).normal(0, 0.002, len(said) + 2 * RATE)
    heard = noise.copy()
    heard[7200 : 7200 + len(said)] += 0.2 * said
    found = find(said, heard, RATE)
    assert found.delay_ms == pytest.approx(150.0, abs=0.1)
    assert found.likeness > 0.9


def test_another_sound_is_not_found() -> None:
    assert find(babble(2.0, seed=1), babble(4.0, seed=2), RATE).likeness < 0.4


def test_sounds_survive_a_file(tmp_path: Path) -> None:
    for number, sound in enumerate((music(), babble(1.0))):
        samples, rate = read_wav(write_wav(tmp_path / f"{number}.wav", sound))
        assert rate == RATE
        assert np.max(np.abs(samples - sound)) < 1e-4
        assert -40 < level_dbfs(samples) < -10
