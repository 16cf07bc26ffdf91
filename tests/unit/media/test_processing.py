"""The near end's treatment: what is done when, changes without holes, a library that is missing or fails."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

import numpy as np
import pytest

from media.processing import NearEnd, Processor, Webrtc
from media.types import BLOCK, Pcm
from tests.doubles.room import blocks_of, decibels, fan, talk
from tests.doubles.voice import sine

LOUD = sine(500, 0.01)


class Halving:
    """Treats sound by making it half as loud."""

    def __init__(self, echo: bool, noise: str, factor: float = 0.5) -> None:
        self.made_for = echo, noise
        self.factor = factor
        self.fars: list[int] = []
        self.speech_probability = 0.0

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        self.fars.append(int(far[0]))
        return (near * self.factor).astype(np.int16)


class Failing(Halving):
    """Works `good` times."""

    good = 5

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        if len(self.fars) == self.good:
            raise RuntimeError("lost its mind")
        return super().process(near, far)


def recording(made: list[Halving]) -> Callable[[bool, str], Processor]:
    def build(echo: bool, noise: str) -> Processor:
        made.append(Halving(echo, noise))
        return made[-1]

    return build


def test_with_everything_off_the_very_block_passes() -> None:
    made: list[Halving] = []
    near_end = NearEnd(recording(made))
    near_end.treat(echo=False, noise="off")
    assert near_end.process(LOUD) is LOUD
    assert not made
    assert (near_end.treating, near_end.echo, near_end.noise) == (False, False, "off")


def test_it_does_what_was_asked_for_and_builds_anew_only_for_something_else() -> None:
    made: list[Halving] = []
    near_end = NearEnd(recording(made))
    for echo, noise in ((True, "low"), (True, "low"), (False, "high")):
        near_end.treat(echo=echo, noise=noise)
        near_end.process(LOUD, LOUD)
        assert (near_end.treating, near_end.echo, near_end.noise) == (True, echo, noise)
    assert [one.made_for for one in made] == [(True, "low"), (False, "high")]


def test_an_unknown_level_of_noise_is_refused() -> None:
    with pytest.raises(ValueError, match="much"):
        NearEnd().treat(echo=False, noise="much")


def test_the_far_end_reaches_the_canceller_and_is_silence_without_a_speaker() -> None:
    made: list[Halving] = []
    near_end = NearEnd(recording(made))
    near_end.treat(echo=True, noise="off")
    near_end.process(LOUD, np.full(BLOCK, 7, np.int16))
    near_end.process(LOUD)
    assert made[0].fars == [7, 0]


def test_a_change_is_faded_over_and_has_heard_the_past() -> None:
    made: list[Halving] = []
    near_end = NearEnd(recording(made))
    steady = np.full(BLOCK, 10_000, np.int16)
    near_end.process(steady)
    near_end.treat(echo=True, noise="off")
    first = near_end.process(steady, steady)
    assert first[0] == 10_000
    assert first[-1] == 5_000
    assert np.abs(np.diff(first)).max() < 20
    assert (near_end.process(steady) == 5_000).all()
    near_end.treat(echo=True, noise="low")
    near_end.process(steady)
    assert len(made[1].fars) == 3
    near_end.treat(echo=False, noise="off")
    last = near_end.process(steady)
    assert (last[0], last[-1]) == (5_000, 10_000)
    assert near_end.process(steady) is steady


def test_two_changes_between_blocks_fade_from_what_was_heard_last() -> None:
    near_end = NearEnd(recording([]))
    steady = np.full(BLOCK, 10_000, np.int16)
    near_end.treat(echo=True, noise="off")
    near_end.process(steady)
    near_end.treat(echo=False, noise="off")
    near_end.treat(echo=True, noise="low")
    assert (near_end.process(steady)[[0, -1]] == 5_000).all()


def test_a_new_speaker_starts_the_canceller_anew_and_nothing_else() -> None:
    made: list[Halving] = []
    near_end = NearEnd(recording(made))
    near_end.treat(echo=False, noise="low")
    near_end.process(LOUD)
    near_end.new_speaker()
    assert len(made) == 1
    near_end.treat(echo=True, noise="low")
    near_end.process(LOUD)
    near_end.new_speaker()
    assert len(made) == 3
    near_end.new_microphone()
    assert len(made) == 4


def test_a_library_that_is_missing_costs_one_line_and_no_speech(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "pywebrtc_audio", None)
    near_end = NearEnd()
    with caplog.at_level(logging.INFO):
        near_end.treat(echo=True, noise="low")
        assert not near_end.treating
        for _ in range(3):
            assert (near_end.process(LOUD, LOUD) == LOUD).all()
        near_end.new_speaker()
        near_end.treat(echo=True, noise="high")
        assert (near_end.process(LOUD, LOUD) == LOUD).all()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert (near_end.echo, near_end.noise, near_end.gain_db) == (False, "off", 0.0)


def test_a_library_that_fails_in_a_call_costs_one_line_and_no_speech(
    caplog: pytest.LogCaptureFixture,
) -> None:
    near_end = NearEnd(Failing)
    near_end.treat(echo=True, noise="low")
    for index in range(10):
        block = near_end.process(LOUD, LOUD)
        assert near_end.treating is (index < Failing.good)
        assert (block == LOUD).all() or index < Failing.good
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    near_end.new_microphone()
    near_end.process(LOUD)
    assert near_end.treating
    assert len(caplog.records) == 1


def test_a_library_that_fails_while_it_takes_over_does_so_too(caplog: pytest.LogCaptureFixture) -> None:
    class Late(Failing):
        good = 0

    near_end = NearEnd(Late)
    near_end.treat(echo=True, noise="low")
    assert near_end.process(LOUD) is LOUD
    assert not near_end.treating
    assert len(caplog.records) == 1


# --- the library itself ------------------------------------------------------------------------------


def through(near_end: NearEnd, pcm: Pcm, far: Pcm | None = None) -> Pcm:
    """A whole recording, block by block."""
    fars = blocks_of(np.zeros(len(pcm), np.int16) if far is None else far)
    return np.concatenate([near_end.process(*pair) for pair in zip(blocks_of(pcm), fars, strict=True)])


@pytest.mark.parametrize(("noise", "least"), [("low", 10.0), ("high", 15.0)])
@pytest.mark.parametrize("echo", [False, True])
def test_steady_noise_is_taken_out(noise: str, least: float, echo: bool) -> None:
    near_end, hum = NearEnd(), fan(6.0, dbfs=-45)
    near_end.treat(echo=echo, noise=noise)
    treated = through(near_end, hum)
    assert decibels(hum[96_000:]) - decibels(treated[96_000:]) > least
    assert near_end.gain_db == 0


@pytest.mark.parametrize("noise", ["off", "low", "high"])
def test_speech_keeps_its_level_and_its_shape(noise: str) -> None:
    near_end, speech = NearEnd(), talk(6.0)
    near_end.treat(echo=True, noise=noise)
    treated = through(near_end, speech + fan(6.0, dbfs=-60))
    assert decibels(treated) == pytest.approx(decibels(speech), abs=1.5)
    said, heard = speech.astype(float), treated.astype(float)
    lags = [np.corrcoef(said[: -lag * 48], heard[lag * 48 :])[0, 1] for lag in range(1, 25)]
    assert max(lags) > 0.85
    assert near_end.gain_db == 0


def test_a_talker_of_minus_forty_rises() -> None:
    near_end = NearEnd()
    near_end.treat(echo=False, noise="low")
    through(near_end, np.tile(talk(8.0, dbfs=-40.0), 3) + fan(24.0, dbfs=-72))
    assert 5 < near_end.gain_db <= 12


def test_while_the_far_end_talks_nobody_here_is_taken_for_a_quiet_talker() -> None:
    near_end = NearEnd()
    near_end.treat(echo=False, noise="low")
    for block in blocks_of(np.tile(talk(8.0, dbfs=-40.0), 2) + fan(16.0, dbfs=-72)):
        near_end.process(block, far_dbfs=-30.0)
    assert near_end.gain_db == 0


def test_noise_through_the_library_is_not_pumped_up() -> None:
    near_end = NearEnd()
    near_end.treat(echo=False, noise="low")
    through(near_end, fan(12.0, dbfs=-48))
    assert near_end.gain_db == 0


def test_speech_is_told_from_noise() -> None:
    for build in (Webrtc(False, "off"), Webrtc(True, "off"), Webrtc(False, "low")):
        likely = []
        for sound in (fan(4.0, dbfs=-45), talk(4.0)):
            seen = []
            for block in blocks_of(sound):
                build.process(block, block * 0)
                seen.append(build.speech_probability)
            likely.append(float(np.mean(seen[200:])))
        assert likely[0] < 0.4 < 0.6 < likely[1]


def test_nothing_clicks_when_treatment_or_devices_change_while_somebody_talks() -> None:
    near_end, steady = NearEnd(), sine(300, 6.0)
    changes = [(True, "off"), (True, "low"), (False, "low"), (False, "off"), (True, "high")]
    sent = []
    for index, block in enumerate(blocks_of(steady)):
        if index % 100 == 50:
            echo, noise = changes[index // 100 % len(changes)]
            near_end.treat(echo=echo, noise=noise)
        if index % 100 == 80:
            near_end.new_speaker()
        sent.append(near_end.process(block))
    steepest = np.abs(np.diff(steady.astype(int))).max()
    assert np.abs(np.diff(np.concatenate(sent).astype(int))).max() < 2 * steepest
