"""Frames a second, freezes, the rate of a picture, black and frozen cameras, who speaks."""

from __future__ import annotations

import numpy as np
import pytest

from media.speaking import LASTS_S, SpeakingDetector
from media.video.figures import PictureFlow
from media.video.judge import BLACK_FOR_S, FROZEN_FOR_S, PictureJudge
from media.video.rate import FLOOR, EncodingEffort, RateControl, needed


def flow_of(*moments: float) -> PictureFlow:
    """Pictures shown at these times."""
    flow = PictureFlow()
    for moment in moments:
        flow.picture(moment)
    return flow


def steady(count: int, begin: float = 0.0) -> list[float]:
    """Thirty a second."""
    return [begin + n / 30 for n in range(count)]


def test_frames_are_counted_over_the_last_seconds() -> None:
    flow = flow_of(*steady(90))
    assert flow.fps(3.0) == pytest.approx(30)
    assert flow.fps(4.5) == 0
    assert flow.shown == 90
    assert flow_of(1.0).fps(1.0) == 0


def test_a_long_gap_is_a_freeze_and_a_short_one_is_not() -> None:
    flow = flow_of(*steady(30), *steady(30, 1.1), *steady(30, 2.6))
    assert flow.freezes == 1
    assert flow.longest_gap_s == pytest.approx(2.6 - 1.1 - 29 / 30)


def test_a_camera_that_was_off_did_not_freeze() -> None:
    flow = flow_of(*steady(30))
    flow.pause()
    assert flow.silent_for(50.0) == 0
    for moment in steady(30, 60.0):
        flow.picture(moment)
    assert flow.freezes == 0


def test_a_picture_is_given_what_its_size_needs() -> None:
    assert needed(1280, 720) == 1_800_000
    assert 500_000 < needed(640, 360) < 700_000
    assert needed(1280, 720, 15) == 900_000


def test_the_rate_grows_while_nothing_is_lost_and_falls_with_much_loss() -> None:
    control = RateControl(1280, 720)
    assert control.bitrate() == 1_260_000
    for second in range(10):
        control.report(0.0, float(second))
    assert control.bitrate() == 1_800_000
    control.report(0.05, 10.0)
    assert control.bitrate() == 1_800_000
    control.report(0.4, 11.0)
    assert control.bitrate() == 1_440_000
    for second in range(12, 60):
        control.report(0.5, float(second))
    assert control.bitrate() == FLOOR
    assert control.height() == 240


def test_what_the_far_end_believes_is_a_limit_and_small_changes_are_passed_over() -> None:
    control = RateControl(1280, 720)
    control.bitrate()
    control.estimate(1_150_000)
    assert control.bitrate() == 1_260_000
    control.estimate(600_000)
    assert control.bitrate() == 600_000
    assert control.height() == 540
    control.estimate(10)
    assert control.bitrate() == FLOOR
    control.estimate(10**9)
    assert control.bitrate() == 1_260_000
    assert control.height() == 720


def test_a_computer_that_does_not_keep_up_sends_less_and_tries_more_later() -> None:
    effort, now = EncodingEffort(), 0.0

    def encode(seconds: float, count: int) -> list[int]:
        """Pictures that take so long each; the heights they were given."""
        nonlocal now
        heights = []
        for _ in range(count):
            heights.append(effort.height())
            effort.note(seconds, now)
            now += max(seconds, 1 / 30)
        return sorted(set(heights), reverse=True)

    assert encode(0.005, 300) == [720]
    assert encode(0.100, 15) == [720, 540], "down at once when it takes too long"
    assert encode(0.100, 10) == [540], "but no two steps within three seconds"
    assert encode(0.050, 400) == [540, 360], "and no smaller than this: it would not help any more"
    assert encode(0.015, 900) == [360], "neither busy nor idle"
    assert encode(0.003, 100) == [540, 360]
    assert encode(0.003, 3000) == [720, 540]


def looked(pictures: list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]], step: float) -> PictureJudge:
    """A judge that saw these, one every `step` seconds."""
    judge = PictureJudge()
    for number, picture in enumerate(pictures):
        judge.look(picture, number * step)
    return judge


def noise(seed: int, low: int, high: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A picture with a camera's grain."""
    return np.random.default_rng(seed).integers(low, high, (180, 320, 4)).astype(np.uint8)


def test_black_is_told_after_a_while_and_a_dark_room_is_not_black() -> None:
    black = [noise(n, 0, 3) for n in range(10)]
    assert not looked(black[:3], 0.25).black
    assert looked(black, BLACK_FOR_S / 5).black
    assert not looked([noise(n, 0, 60) for n in range(10)], 1.0).black
    judge = looked(black, 1.0)
    judge.look(noise(1, 90, 160), 20.0)
    assert not judge.black


def test_the_very_same_picture_for_a_while_is_frozen() -> None:
    assert looked([noise(1, 50, 200)] * 8, FROZEN_FOR_S / 5).frozen
    assert not looked([noise(1, 50, 200)] * 4, 0.25).frozen
    assert not looked([noise(n, 50, 200) for n in range(8)], 1.0).frozen


def test_speaking_outlasts_the_pause_between_two_words() -> None:
    detector = SpeakingDetector()
    assert not detector.update(-50, 0.0)
    assert detector.update(-30, 0.2)
    assert detector.update(-90, 0.2 + LASTS_S - 0.1)
    assert not detector.update(-90, 0.2 + LASTS_S + 0.1)
    assert not detector.update(-46, 5.0), "too quiet to begin"
    detector.update(-30, 6.0)
    assert detector.update(-46, 6.6) and detector.update(-90, 7.2), "loud enough to go on"
