"""Level, clipping, silence and exact zeros of the microphone itself."""

from __future__ import annotations

import numpy as np
import pytest

from media.levels import FLOOR_DBFS
from media.microphone import CLIPPED_FOR, MicrophoneState, MicrophoneWatch, clipped
from media.types import BLOCK, Pcm
from tests.doubles.voice import sine

ZEROS = np.zeros(BLOCK, np.int16)
HUM = sine(100, 0.01, 5)
SPEECH = sine(400, 0.01, 3000)


def watched(*blocks: Pcm) -> MicrophoneState:
    watch = MicrophoneWatch()
    for block in blocks:
        watch.add(block)
    return state_of(watch)


def state_of(watch: MicrophoneWatch) -> MicrophoneState:
    return watch.state(gain_db=0.0, echo=False, noise="off")


def test_before_any_block_nothing_is_claimed() -> None:
    assert watched() == MicrophoneState()


def test_level_and_peak_are_as_recorded() -> None:
    state = watched(*[sine(1000, 0.01, 16_384)] * 5)
    assert state.level_dbfs == pytest.approx(-9.03, abs=0.05)
    assert state.peak_dbfs == pytest.approx(-6.02, abs=0.05)
    assert not state.clipping


def test_exact_zeros_are_told_apart_from_quiet() -> None:
    quiet, zero = watched(*[HUM] * 300), watched(*[ZEROS] * 300)
    assert quiet.zero_for_s == 0
    assert quiet.silent_for_s == zero.silent_for_s == zero.zero_for_s == pytest.approx(3.0)
    assert zero.level_dbfs == zero.peak_dbfs == FLOOR_DBFS


def test_a_single_sample_ends_the_zeros_and_speech_the_silence() -> None:
    one = ZEROS.copy()
    one[100] = -1
    assert watched(*[ZEROS] * 100, one).zero_for_s == 0
    assert watched(*[ZEROS] * 100, one).silent_for_s == pytest.approx(1.01)
    assert watched(*[ZEROS] * 100, SPEECH).silent_for_s == 0


def test_blocks_that_did_not_come_are_silence_but_no_zeros_of_the_microphone() -> None:
    watch = MicrophoneWatch()
    for _ in range(50):
        watch.missed()
    assert state_of(watch).zero_for_s == 0
    assert state_of(watch).silent_for_s == pytest.approx(0.5)


@pytest.mark.parametrize("sign", [1, -1])
def test_cut_off_peaks_are_clipping(sign: int) -> None:
    cut = np.clip(sine(300, 0.01, 60_000 / 2) * 2.0 * sign, -32_768, 32_767).astype(np.int16)
    assert watched(cut).clipping


def test_single_samples_at_full_scale_are_not() -> None:
    spiky = ZEROS.copy()
    spiky[::2] = 32_767
    spiky[1::2] = -32_768
    assert not clipped(spiky)
    assert not watched(spiky).clipping


def test_a_run_at_the_blocks_very_end_counts() -> None:
    late = ZEROS.copy()
    late[-3:] = -32_768
    assert clipped(late)
    late[-3] = 0
    assert not clipped(late)


def test_clipping_is_reported_for_a_second_more() -> None:
    cut = np.full(BLOCK, 32_767, np.int16)
    assert watched(cut, *[SPEECH] * (CLIPPED_FOR - 1)).clipping
    assert not watched(cut, *[SPEECH] * CLIPPED_FOR).clipping


def test_frames_tell_what_their_blocks_tell() -> None:
    blocks = [SPEECH, ZEROS, np.full(BLOCK, 32_767, np.int16), SPEECH, ZEROS, ZEROS] * 5
    frames = [np.concatenate(blocks[at : at + 2]) for at in range(0, len(blocks), 2)]
    assert watched(*frames) == watched(*blocks)
    assert watched(*frames) != MicrophoneState()


def test_another_microphone_starts_afresh() -> None:
    watch = MicrophoneWatch()
    for block in [np.full(BLOCK, 32_767, np.int16), *[ZEROS] * 10]:
        watch.add(block)
    watch.reset()
    assert state_of(watch) == MicrophoneState()
