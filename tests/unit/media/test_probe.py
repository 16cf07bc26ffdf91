"""Our own sound is recognised when it comes back, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from media.levels import mean_square
from media.probe import LEVEL_DBFS, NOTHING_DB, Loudness, compare, probe, probe_blocks
from media.types import BLOCK, RATE, Pcm

BLOCKS = 250


def powers(pcm: Pcm) -> list[float]:
    return [mean_square(pcm[at : at + BLOCK]) for at in range(0, len(pcm) - BLOCK + 1, BLOCK)]


def noise(level_dbfs: float, seed: int = 1) -> Pcm:
    made = np.random.default_rng(seed).standard_normal(BLOCKS * BLOCK) * 32768 * 10 ** (level_dbfs / 20)
    pcm: Pcm = made.astype(np.int16)
    return pcm


def returned(loss_db: float, delay_ms: int, background_dbfs: float = -65.0) -> Pcm:
    """The probe as a microphone hears it."""
    late = delay_ms * RATE // 1000
    pcm = np.concatenate([np.zeros(late), probe()[: BLOCKS * BLOCK - late] * 10 ** (-loss_db / 20)])
    heard: Pcm = (pcm + noise(background_dbfs)).astype(np.int16)
    return heard


SAID = powers(probe()[: BLOCKS * BLOCK])


def test_the_probe_is_as_loud_as_speech_and_never_clips() -> None:
    assert 10 * np.log10(max(SAID) / 32768**2) == pytest.approx(LEVEL_DBFS, abs=4)
    assert np.abs(probe().astype(np.int32)).max() < 32767


def test_blocks_are_the_probe_round_and_round() -> None:
    pcm = np.concatenate(list(probe_blocks(13.0)))
    assert len(pcm) == 13 * RATE
    assert np.array_equal(pcm[: len(probe())], probe())
    assert np.array_equal(pcm[len(probe()) : 2 * len(probe())], probe())


@pytest.mark.parametrize(("loss_db", "delay_ms"), [(0.0, 0), (6.0, 40), (20.0, 220), (30.0, 700)])
def test_loss_and_delay_are_found(loss_db: float, delay_ms: int) -> None:
    found = compare(SAID, powers(returned(loss_db, delay_ms, -75.0)))
    assert found.loss_db == pytest.approx(loss_db, abs=1.5)
    assert found.delay_ms == delay_ms
    assert found.likeness > 0.8


def test_a_delay_between_blocks_is_found_to_the_block() -> None:
    found = compare(SAID, powers(returned(6.0, 123)))
    assert found.delay_ms in (120, 130)
    assert found.likeness > 0.7


def test_steady_noise_hides_nothing() -> None:
    found = compare(SAID, powers(returned(12.0, 60, -50.0)))
    assert found.loss_db == pytest.approx(12.0, abs=2)


@pytest.mark.parametrize("level_dbfs", [-80.0, -50.0, -30.0])
def test_a_room_without_our_sound_gives_nothing_back(level_dbfs: float) -> None:
    found = compare(SAID, powers(noise(level_dbfs)))
    assert found.likeness < 0.3
    assert found.heard_dbfs == pytest.approx(level_dbfs, abs=1.5)


def test_somebody_who_talks_meanwhile_is_not_taken_for_our_sound() -> None:
    rhythm = np.repeat(np.random.default_rng(5).random(BLOCKS // 10) > 0.5, 10 * BLOCK)
    found = compare(SAID, powers((noise(-22.0) * rhythm).astype(np.int16)))
    assert found.likeness < 0.35


def test_silence_is_nothing() -> None:
    found = compare(SAID, [0.0] * BLOCKS)
    assert (found.loss_db, found.likeness) == (NOTHING_DB, 0.0)


def test_too_little_says_nothing() -> None:
    assert compare(SAID[:50], SAID[:50]).likeness == 0.0
    assert compare([], []).loss_db == NOTHING_DB


def test_loudness_is_a_tap() -> None:
    loudness = Loudness()
    for block in probe_blocks(0.1):
        loudness.add(block)
    assert loudness.powers == SAID[:10]
