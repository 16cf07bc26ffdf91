"""A quiet talker rises slowly; nobody else is touched."""

from __future__ import annotations

import numpy as np
import pytest

from media.gain import ENOUGH, MAXIMUM_DB, RISE_DB_PER_S, TARGET_DBFS, SlowGain
from media.types import BLOCK, Pcm

CHANCE = np.random.default_rng(7)


def sound(dbfs: float) -> Pcm:
    """10 ms of noise at a level."""
    noise = CHANCE.standard_normal(BLOCK)
    pcm: Pcm = np.rint(noise / noise.std() * 32_768 * 10 ** (dbfs / 20)).astype(np.int16)
    return pcm


def speak(gain: SlowGain, seconds: float, dbfs: float, *, room: float = -75.0, listen: bool = True) -> None:
    """Half a second of speech, a quarter of pause, and again."""
    for index in range(round(seconds * 100)):
        talking = index % 75 < 50
        gain.process(sound(dbfs if talking else room), 0.9 if talking else 0.05, listen=listen)


def test_a_quiet_talker_rises_to_the_target() -> None:
    gain = SlowGain()
    speak(gain, 30, -38)
    assert gain.db == pytest.approx(TARGET_DBFS + 38, abs=0.5)


def test_never_by_more_than_twelve_decibels() -> None:
    gain = SlowGain()
    speak(gain, 60, -50)
    assert gain.db == MAXIMUM_DB == 12


def test_it_rises_slowly_and_only_once_the_talker_is_known() -> None:
    gain, last = SlowGain(), 0.0
    for index in range(400):
        talking = index % 20 < 18
        gain.process(sound(-40 if talking else -75), 0.9 if talking else 0.05)
        assert gain.db - last <= RISE_DB_PER_S / 100 + 1e-9
        assert gain.db == 0 or index + 1 >= ENOUGH
        last = gain.db
    assert 3 < gain.db < 4.5


@pytest.mark.parametrize("dbfs", [-12.0, -20.0, -31.0])
def test_a_level_that_is_fine_is_left_alone_to_the_bit(dbfs: float) -> None:
    gain = SlowGain()
    speak(gain, 20, dbfs)
    block = sound(dbfs)
    assert gain.db == 0
    assert gain.process(block, 0.9) is block


def test_noise_alone_is_not_pumped_up() -> None:
    gain = SlowGain()
    for _ in range(3000):
        gain.process(sound(-45), 0.1)
    assert gain.db == 0


def test_nor_is_noise_that_passes_for_speech() -> None:
    gain = SlowGain()
    for _ in range(3000):
        gain.process(sound(-45), 0.95)
    assert gain.db == 0


def test_the_rooms_noise_bounds_the_gain() -> None:
    gain = SlowGain()
    speak(gain, 60, -40, room=-56)
    assert gain.db == pytest.approx(6, abs=1.0)


def test_the_gain_stands_still_in_pauses() -> None:
    gain = SlowGain()
    speak(gain, 30, -40)
    before = gain.db
    for _ in range(6000):
        gain.process(sound(-75), 0.0)
    assert gain.db == before > 10


def test_what_is_left_of_the_echo_is_no_talker() -> None:
    gain = SlowGain()
    speak(gain, 30, -40, listen=False)
    assert gain.db == 0


def test_somebody_louder_takes_the_headset() -> None:
    gain = SlowGain()
    speak(gain, 30, -42)
    assert gain.db > 11
    speak(gain, 10, -18)
    assert gain.db == 0


def test_a_shout_is_bent_not_cut() -> None:
    gain = SlowGain()
    speak(gain, 60, -45)
    assert gain.db > 11
    shout = gain.process(np.full(BLOCK, 30_000, np.int16), 0.1)
    assert 24_000 < shout.max() < 32_767
