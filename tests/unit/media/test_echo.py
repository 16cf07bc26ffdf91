"""Echo cancelling through the whole voice path, in a room on paper: 60 ms away, 250 ms of decay."""

from __future__ import annotations

import numpy as np
import pytest

from media.path import VoicePath
from media.types import BLOCK, RATE
from tests.doubles.room import Clock, Conversation, Room, converse, decibels, talk

SECONDS = 12.0
FAR = talk(SECONDS)


def treated_path(noise: str = "off") -> VoicePath:
    path = VoicePath()
    path.treat(echo=True, noise=noise)
    return path


def test_untreated_the_echo_goes_out() -> None:
    heard = converse(VoicePath(), Room(3), FAR, 3)
    assert heard.between(1, 3).erle_db == 0
    assert decibels(heard.sent) > decibels(FAR) - 10


@pytest.mark.parametrize("noise", ["off", "low"])
def test_after_five_seconds_the_echo_has_lost_thirty_decibels(noise: str) -> None:
    room = Room(SECONDS)
    heard = converse(treated_path(noise), room, FAR, SECONDS)
    assert heard.between(5, SECONDS).erle_db > 30
    assert heard.between(1, 2).erle_db > 18
    assert room.starved == 0


@pytest.mark.parametrize(("speaker", "microphone"), [(100, -100), (-100, 100)])
def test_clocks_that_differ_do_not_matter(speaker: float, microphone: float) -> None:
    room = Room(SECONDS, speaker=Clock(speaker), microphone=Clock(microphone))
    heard = converse(treated_path(), room, FAR, SECONDS)
    assert heard.between(5, SECONDS).erle_db > 28


def test_nor_do_devices_with_blocks_of_their_own() -> None:
    room = Room(SECONDS, speaker=Clock(size=960), microphone=Clock(size=441))
    assert converse(treated_path(), room, FAR, SECONDS).between(5, SECONDS).erle_db > 28


@pytest.mark.parametrize(("before", "after"), [(0.060, 0.100), (0.100, 0.060)])
def test_a_delay_that_jumps_is_found_again_within_five_seconds(before: float, after: float) -> None:
    room = Room(SECONDS, delay_s=before)

    def jump(now: float) -> None:
        room.delay_s = after if now >= 6 else before

    heard = converse(treated_path(), room, FAR, SECONDS, at=jump)
    assert heard.between(5, 6).erle_db > 30
    assert heard.between(10.5, SECONDS).erle_db > 30


def test_steps_at_odd_times_do_no_harm() -> None:
    chance = np.random.default_rng(5)
    late = [float(chance.uniform(0.001, 0.019)) for _ in range(2000)]
    heard = converse(treated_path(), Room(SECONDS), FAR, SECONDS, step_s=lambda index: late[index])
    assert heard.between(5, SECONDS).erle_db > 30


@pytest.mark.parametrize("stall", [0.15, 0.4])
def test_a_stall_of_the_loop_costs_little(stall: float) -> None:
    path, room = treated_path(), Room(SECONDS)
    heard = converse(path, room, FAR, SECONDS, step_s=lambda index: stall if index == 700 else 0.01)
    assert room.starved > 0
    assert heard.between(8, 9).erle_db > 22
    assert heard.between(9, 11).erle_db > 28


def test_without_a_far_end_the_near_speech_is_left_alone() -> None:
    near = talk(6.0, pitch_hz=190, seed=9)
    heard = converse(treated_path(), Room(6, near=near), FAR[:BLOCK] * 0, 6)
    assert heard.between(1, 6).erle_db == pytest.approx(0, abs=0.5)


@pytest.mark.parametrize("echo_gain_db", [-6.0, -16.0])
def test_while_both_talk_the_near_end_stays(echo_gain_db: float) -> None:
    near = talk(SECONDS, pitch_hz=190, seed=9)
    near[: 6 * RATE] = 0
    room = Room(SECONDS, near=near, echo_gain_db=echo_gain_db)
    heard = converse(treated_path(), room, FAR, SECONDS).between(6.5, SECONDS)
    said = near[round(6.5 * RATE) :]
    assert decibels(heard.sent) == pytest.approx(decibels(said), abs=3.0)
    assert likeness(said, heard) > 0.75


def likeness(said: np.ndarray, heard: Conversation) -> float:
    """Correlation of what was said with what was sent, at the delay where it is best."""
    one, other = said[: len(heard.sent)].astype(float), heard.sent[: len(said)].astype(float)
    return max(float(np.corrcoef(one[:-lag], other[lag:])[0, 1]) for lag in range(48, 48 * 30, 24))


def test_another_speaker_in_the_call_is_learnt_anew() -> None:
    path, rooms = treated_path(), (Room(5), Room(SECONDS, delay_s=0.150, echo_gain_db=-3.0))
    converse(path, rooms[0], FAR, 5)
    assert converse(path, rooms[1], FAR, SECONDS).between(5, SECONDS).erle_db > 30


def test_what_a_headset_lets_through_of_the_far_end_is_not_made_louder() -> None:
    path = VoicePath()
    path.treat(echo=False, noise="low")
    converse(path, Room(SECONDS, echo_gain_db=-16.0), FAR, SECONDS)
    assert path.microphone().gain_db == 0


def test_switched_on_in_the_call_it_works_too() -> None:
    path, room = VoicePath(), Room(SECONDS)

    def switch(now: float) -> None:
        path.treat(echo=now >= 3, noise="off")

    heard = converse(path, room, FAR, SECONDS, at=switch)
    assert heard.between(1, 3).erle_db == 0
    assert heard.between(8, SECONDS).erle_db > 30
