"""Resampling, levels, mixing and time-scaling."""

from __future__ import annotations

import numpy as np
import pytest

from media import timescale
from media.levels import FLOOR_DBFS, LevelMeter, dbfs, mean_square
from media.mixer import KNEE, amplify, mix
from media.resample import Downsampler, Upsampler
from media.types import BLOCK, FRAME, RATE, Pcm
from tests.doubles.voice import sine, voice


@pytest.mark.parametrize("rate", [8_000, 16_000])
def test_resampling_keeps_count_whatever_the_blocks(rate: int) -> None:
    pcm, factor = voice(1.0), RATE // rate
    sizes = [BLOCK // 2, 2 * BLOCK, BLOCK, BLOCK // 4 - 6, 6, BLOCK // 4] * 25
    whole = Upsampler(rate).process(Downsampler(rate).process(pcm))
    down, up = Downsampler(rate), Upsampler(rate)
    starts = np.cumsum([0, *sizes[:-1]])
    parts = [
        up.process(down.process(pcm[start : start + size])) for start, size in zip(starts, sizes, strict=True)
    ]
    assert [len(part) for part in parts] == sizes
    assert np.abs(np.concatenate(parts).astype(int) - whole.astype(int)).max() <= factor


@pytest.mark.parametrize(("rate", "hz"), [(8_000, 300), (8_000, 3400), (16_000, 300), (16_000, 7000)])
def test_the_telephone_band_passes_unharmed(rate: int, hz: int) -> None:
    heard = Upsampler(rate).process(Downsampler(rate).process(sine(hz, 0.5)))
    gain = 20 * np.log10(np.std(heard[4800:].astype(float)) / np.std(sine(hz, 0.5).astype(float)))
    assert abs(gain) < 0.3


@pytest.mark.parametrize(("rate", "hz"), [(8_000, 4700), (8_000, 12_000), (16_000, 9300), (16_000, 20_000)])
def test_what_would_alias_is_kept_out(rate: int, hz: int) -> None:
    narrow = Downsampler(rate).process(sine(hz, 0.5))
    assert np.abs(narrow[400:]).max() < 8000 * 10 ** (-50 / 20)


@pytest.mark.parametrize("rate", [8_000, 16_000])
def test_resampling_costs_no_more_than_three_milliseconds_both_ways(rate: int) -> None:
    click = np.zeros(RATE // 10, np.int16)
    click[480:492] = 20_000
    heard = Upsampler(rate).process(Downsampler(rate).process(click))
    assert int(np.abs(heard).argmax()) - 486 <= 3 * RATE // 1000


def test_a_meter_measures_the_last_blocks_of_whatever_it_is_given() -> None:
    sound = sine(440, 0.2)
    by_block, by_frame = LevelMeter(), LevelMeter()
    for start in range(0, len(sound), FRAME):
        loudness = (FRAME + start) / len(sound)
        piece = (sound[start : start + FRAME] * loudness).astype(np.int16)
        by_frame.add(piece)
        by_block.add(piece[:BLOCK])
        by_block.add(piece[BLOCK:])
        if start % (4 * FRAME) == 0:
            assert by_frame.dbfs == by_block.dbfs > FLOOR_DBFS


def test_levels_of_known_sounds() -> None:
    assert dbfs(mean_square(np.full(BLOCK, -32768, np.int16))) == 0.0
    assert dbfs(mean_square(sine(1000, 0.01, 16384))) == pytest.approx(-9.03, abs=0.05)
    assert dbfs(mean_square(np.zeros(BLOCK, np.int16))) == FLOOR_DBFS
    assert dbfs(mean_square(np.zeros(0, np.int16))) == FLOOR_DBFS
    assert dbfs(1e-9) == FLOOR_DBFS


def test_a_meter_forgets_after_fifty_milliseconds() -> None:
    meter = LevelMeter()
    assert meter.dbfs == FLOOR_DBFS
    meter.add(sine(1000, 0.01))
    assert meter.dbfs > -20
    for _ in range(5):
        meter.add(np.zeros(BLOCK, np.int16))
    assert meter.dbfs == FLOOR_DBFS
    meter.add(sine(1000, 0.01))
    meter.reset()
    assert meter.dbfs == FLOOR_DBFS


def test_mixing_adds_and_never_wraps() -> None:
    one, two = np.full(BLOCK, 1000, np.int16), np.full(BLOCK, -300, np.int16)
    assert (mix([one, two]) == 700).all()
    assert (mix([one]) == 1000).all()
    assert not mix([]).any()
    loud = mix([np.full(BLOCK, 30_000, np.int16)] * 8)
    assert KNEE < loud[0] <= 32767
    assert mix([np.full(BLOCK, -30_000, np.int16)] * 8)[0] == -loud[0]
    assert mix([np.full(BLOCK, 32767, np.int16)] * 100).max() <= 32767


def test_the_limit_is_smooth_and_monotonic() -> None:
    ramp = np.linspace(0, 30_000, BLOCK).astype(np.int16)
    louder = mix([ramp, ramp])
    assert (np.diff(louder.astype(int)) >= 0).all()
    assert (louder[: BLOCK // 3] == 2 * ramp[: BLOCK // 3]).all()


def test_gain_in_decibels() -> None:
    pcm = sine(500, 0.01, 1000)
    assert amplify(pcm, 0.0) is pcm
    assert mean_square(amplify(pcm, 6.0)) / mean_square(pcm) == pytest.approx(10**0.6, rel=0.01)
    assert mean_square(amplify(pcm, -20.0)) / mean_square(pcm) == pytest.approx(0.01, rel=0.02)


# --- time-scaling --------------------------------------------------------------------------------------


@pytest.mark.parametrize("hz", [70, 120, 230, 390])
def test_the_pitch_period_is_found(hz: int) -> None:
    period = timescale.find_period(sine(hz, 0.03))
    assert period is not None
    cycles = period.lag * hz / RATE
    assert cycles == pytest.approx(round(cycles), abs=0.02)
    assert period.likeness > 0.99


def test_noise_has_no_period_and_too_little_sound_neither() -> None:
    noise = np.random.default_rng(1).integers(-8000, 8000, 1440).astype(np.int16)
    period = timescale.find_period(noise)
    assert period is not None
    assert period.likeness < 0.7
    assert timescale.find_period(noise[:300]) is None


@pytest.mark.parametrize("change", [timescale.shorten, timescale.lengthen])
@pytest.mark.parametrize("hz", [90, 150, 310])
def test_a_tone_stays_the_same_tone(change: object, hz: int) -> None:
    pcm = sine(hz, 0.04)
    period = timescale.find_period(pcm[:1440])
    assert period is not None
    shorter = change is timescale.shorten
    changed: Pcm = (timescale.shorten if shorter else timescale.lengthen)(pcm, period.lag)
    assert len(changed) == len(pcm) + (-period.lag if shorter else period.lag)
    assert np.abs(np.diff(changed.astype(int))).max() <= 1.1 * np.abs(np.diff(pcm.astype(int))).max()
    assert (changed[-100:] == pcm[-100:]).all()
    assert np.std(changed.astype(float)) == pytest.approx(np.std(pcm.astype(float)), rel=0.1)
