"""Microphone, calls, tones and ear joined, with devices and clocks on paper."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from media import pacing
from media import path as path_module
from media.codecs import registry
from media.levels import FLOOR_DBFS
from media.path import VoicePath
from media.processing import NearEnd
from media.stream import VoiceStream
from media.tones import tone
from media.types import BLOCK, FRAME, RATE, AudioFrame, AudioPacket, CodecSpec, Pcm
from tests.doubles.voice import sine

PCMA = CodecSpec("PCMA", 8, 8_000)


class Microphone:
    """A ring that `record` fills."""

    def __init__(self) -> None:
        self.ring: deque[int] = deque()

    def record(self, pcm: Pcm) -> None:
        self.ring.extend(pcm.tolist())

    def available(self) -> int:
        return len(self.ring)

    def read(self, samples: int) -> Pcm:
        return np.array([self.ring.popleft() for _ in range(samples)], np.int16)


class Speaker:
    """A queue that `play` empties."""

    def __init__(self) -> None:
        self.queue = np.zeros(0, np.int16)
        self.heard: list[Pcm] = []
        self.starved = 0

    def queued(self) -> int:
        return len(self.queue)

    def write(self, pcm: Pcm) -> int:
        self.queue = np.concatenate([self.queue, pcm])
        return len(pcm)

    def play(self, samples: int) -> None:
        self.starved += max(0, samples - len(self.queue))
        self.heard.append(self.queue[:samples])
        self.queue = self.queue[samples:]


def path_with_call() -> tuple[VoicePath, VoiceStream, list[AudioFrame]]:
    path, stream, sent = VoicePath(), VoiceStream(PCMA), list[AudioFrame]()
    path.add(stream, sent.append)
    return path, stream, sent


def test_what_the_microphone_hears_is_sent() -> None:
    path, _, sent = path_with_call()
    path.source = microphone = Microphone()
    for step in range(100):
        microphone.record(sine(440, 0.01))
        path.step(step * 0.01)
    assert len(sent) == 50
    assert path.levels()[0] == pytest.approx(-15.3, abs=0.5)


def test_the_microphones_clock_paces_sending() -> None:
    path, _, sent = path_with_call()
    path.source = microphone = Microphone()
    owed = 0.0
    for step in range(1000):
        owed += BLOCK * 1.01
        microphone.record(np.zeros(int(owed), np.int16))
        owed -= int(owed)
        path.step(step * 0.01)
    assert len(sent) == pytest.approx(505, abs=2)
    assert microphone.available() < 2 * BLOCK


def test_without_a_microphone_silence_is_sent_by_the_clock() -> None:
    path, _, sent = path_with_call()
    for step in range(200):
        path.step(step * 0.01)
    assert len(sent) == pytest.approx(100, abs=1)
    assert path.levels() == (FLOOR_DBFS, FLOOR_DBFS)


def test_a_microphone_that_falls_silent_is_replaced_by_silence() -> None:
    path, _, sent = path_with_call()
    path.source = microphone = Microphone()
    microphone.record(sine(440, 0.02))
    for step in range(200):
        path.step(step * 0.01)
    assert len(sent) == pytest.approx(95, abs=3)


def test_after_a_stall_of_the_loop_old_sound_is_dropped() -> None:
    path, _, sent = path_with_call()
    path.source = microphone = Microphone()
    path.step(0.0)
    microphone.record(np.zeros(RATE, np.int16))
    path.step(1.0)
    assert microphone.available() < BLOCK
    assert path.discarded == RATE - path_module.BACKLOG_KEPT
    assert len(sent) <= 3


def test_without_a_clock_to_follow_a_stall_is_not_made_up_for() -> None:
    path, _, sent = path_with_call()
    path.step(0.0)
    path.step(60.0)
    assert len(sent) <= pacing.CATCH_UP
    before = len(sent)
    path.step(60.01)
    assert len(sent) <= before + 1


def test_the_speakers_queue_is_kept_filled_at_its_own_pace() -> None:
    path, _, _ = path_with_call()
    path.sink = speaker = Speaker()
    for step in range(500):
        path.step(step * 0.01)
        speaker.play(484)
        assert speaker.queued() <= pacing.LEAST + BLOCK
    assert speaker.starved == 0


def test_the_ear_gets_whole_frames_where_nobody_makes_or_takes_blocks() -> None:
    path, _, _ = path_with_call()
    pieces: list[int] = []

    class Counted(Speaker):
        def write(self, pcm: Pcm) -> int:
            pieces.append(len(pcm))
            return super().write(pcm)

    path.sink = speaker = Counted()

    def lengths_of_a_second() -> set[int]:
        start = len(heard)
        pieces.clear()
        for step in range(50):
            heard.append(step)
            path.step((start + step) * 0.02)
            speaker.play(FRAME)
        assert sum(pieces) >= 49 * FRAME
        return set(pieces[5:])

    heard: list[int] = []
    assert lengths_of_a_second() == {FRAME}
    untap = path.far_tap(lambda block: None)
    assert lengths_of_a_second() == {BLOCK}
    untap()
    path.play(tone("ringback"))
    assert lengths_of_a_second() == {BLOCK}
    path.stop_tone()
    assert lengths_of_a_second() == {FRAME}
    assert speaker.starved == 0


def test_late_steps_make_the_queue_longer_and_calm_shorter_again() -> None:
    path, _, _ = path_with_call()
    path.sink = speaker = Speaker()
    path.step(0.0)
    for step in range(1, 20):
        speaker.play(3 * BLOCK)
        path.step(step * 0.03)
    assert path.underflows > 0
    starved = speaker.starved
    for step in range(20, 40):
        speaker.play(3 * BLOCK)
        path.step(step * 0.03)
    assert speaker.starved == starved
    now = 40 * 0.03
    for _ in range(4500):
        now += 0.01
        speaker.play(BLOCK)
        path.step(now)
    speaker.play(BLOCK)
    assert speaker.queued() <= pacing.LEAST
    assert speaker.starved == starved


def test_a_call_is_heard_in_the_ear_and_so_is_a_second_one() -> None:
    path, stream, _ = path_with_call()
    other = VoiceStream(PCMA)
    path.add(other, lambda frame: None)
    path.sink = speaker = Speaker()
    encoder, second = registry.encoder(PCMA), registry.encoder(PCMA)
    for step in range(200):
        now = step * 0.01
        if step % 2 == 0:
            piece = slice(step * BLOCK, (step + 2) * BLOCK)
            voices = ((stream, encoder, 400.0), (other, second, 1000.0))
            for voice, codec, hz in voices:
                payload = codec.encode(sine(hz, 2.1)[piece])
                voice.receive(AudioPacket(step // 2, step * 80, 8, payload, now))
        path.step(now)
        speaker.play(BLOCK)
    heard = np.concatenate(speaker.heard)[RATE : RATE + RATE // 2].astype(float)
    spectrum = np.abs(np.fft.rfft(heard))
    assert set(np.argsort(spectrum)[-2:]) == {200, 500}
    assert path.levels()[1] > -15
    assert path.streams == (stream, other)


def test_a_removed_call_sends_no_more() -> None:
    path, stream, sent = path_with_call()
    path.remove(stream)
    path.remove(stream)
    for step in range(10):
        path.step(step * 0.01)
    assert not sent


def test_a_send_that_removes_its_call_does_no_harm() -> None:
    path, stream = VoicePath(), VoiceStream(PCMA)
    path.add(stream, lambda frame: path.remove(stream))
    for step in range(10):
        path.step(step * 0.01)
    assert path.streams == ()


def test_a_tone_plays_until_it_is_stopped() -> None:
    path = VoicePath(sink=(speaker := Speaker()))
    path.play(tone("ringback"))
    for step in range(50):
        path.step(step * 0.01)
        speaker.play(BLOCK)
    assert path.playing
    assert path.levels()[1] == pytest.approx(-22, abs=1)
    path.stop_tone()
    for step in range(50, 60):
        path.step(step * 0.01)
        speaker.play(BLOCK)
    assert path.levels()[1] == FLOOR_DBFS
    assert not path.playing


def test_a_tone_that_ends_leaves_silence() -> None:
    path = VoicePath(sink=(speaker := Speaker()))
    path.play(tone("beep"))
    for step in range(50):
        path.step(step * 0.01)
        speaker.play(BLOCK)
    assert not path.playing
    assert path.levels()[1] == FLOOR_DBFS


def test_devices_may_come_and_go_in_a_call() -> None:
    path, stream, sent = path_with_call()
    encoder = registry.encoder(PCMA)
    microphone, speaker = Microphone(), Speaker()
    for step in range(400):
        now = step * 0.01
        if step == 100:
            path.source, path.sink = microphone, speaker
        if step == 250:
            path.source = path.sink = None
        if step % 2 == 0:
            stream.receive(AudioPacket(step // 2, step * 80, 8, encoder.encode(sine(400, 0.02)), now))
        if path.source is microphone:
            microphone.record(sine(300, 0.01))
        path.step(now)
        if path.sink is speaker:
            speaker.play(BLOCK)
    assert len(sent) == pytest.approx(200, abs=6)
    assert stream.statistics().receive.concealed_percent < 2
    assert stream.statistics().receive.delay_ms < 80


class Halving:
    """A treatment that can be told: half as loud, until it fails."""

    def __init__(self, echo: bool, noise: str) -> None:
        self.speech_probability = 0.0
        self.blocks = 0

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        self.blocks += 1
        if self.blocks > 50:
            raise RuntimeError("worn out")
        return (near // 2).astype(np.int16)


def talking_path(path: VoicePath, steps: int) -> tuple[list[Pcm], list[Pcm]]:
    """Steps of a path with a microphone; what taps heard of both ends."""
    path.source, path.sink = (microphone := Microphone()), (speaker := Speaker())
    near, far = list[Pcm](), list[Pcm]()
    ends = path.tap(near.append), path.far_tap(far.append)
    for step in range(steps):
        microphone.record(sine(300, 0.01))
        path.step(step * 0.01)
        speaker.play(BLOCK)
    for end in ends:
        end()
    return near, far


def test_untreated_sound_is_sent_as_it_is() -> None:
    path = VoicePath()
    path.treat(echo=False, noise="off")
    near, _ = talking_path(path, 20)
    assert all((block == sine(300, 0.01)).all() for block in near)
    assert not path.treating


def test_listeners_and_calls_get_treated_sound() -> None:
    path, stream, sent = VoicePath(near_end=NearEnd(Halving)), VoiceStream(PCMA), list[AudioFrame]()
    path.add(stream, sent.append)
    path.treat(echo=True, noise="low")
    near, _ = talking_path(path, 20)
    assert (near[-1] == sine(300, 0.01) // 2).all()
    assert stream.statistics().sent_level_dbfs == pytest.approx(-15.3 - 6.0, abs=0.5)
    state = path.microphone()
    assert (path.treating, state.echo, state.noise) == (True, True, "low")
    assert state.level_dbfs == path.levels()[0] == pytest.approx(-15.3, abs=0.5)


def test_muted_silence_is_sent_while_listeners_hear_on() -> None:
    path, stream, sent = VoicePath(near_end=NearEnd(Halving)), VoiceStream(PCMA), list[AudioFrame]()
    path.add(stream, sent.append)
    path.treat(echo=False, noise="low")
    stream.muted = True
    near, _ = talking_path(path, 20)
    assert near[-1].any()
    assert len(sent) == 10
    assert stream.statistics().sent_level_dbfs == FLOOR_DBFS


def test_a_treatment_that_fails_leaves_the_voice_alone(caplog: pytest.LogCaptureFixture) -> None:
    path, stream, sent = VoicePath(near_end=NearEnd(Halving)), VoiceStream(PCMA), list[AudioFrame]()
    path.add(stream, sent.append)
    path.treat(echo=True, noise="low")
    near, _ = talking_path(path, 100)
    assert not path.treating
    assert (near[-1] == sine(300, 0.01)).all()
    assert len(sent) == 50
    assert len(caplog.records) == 1


def test_what_is_played_can_be_listened_to() -> None:
    path = VoicePath()
    path.play(tone("ringback"))
    _, far = talking_path(path, 50)
    assert len(far) == pytest.approx(52, abs=1)
    assert any(block.any() for block in far)


def test_a_denied_microphone_shows_as_exact_zeros_a_missing_one_does_not() -> None:
    path = VoicePath()
    path.source = microphone = Microphone()
    for step in range(100):
        microphone.record(np.zeros(BLOCK, np.int16))
        path.step(step * 0.01)
    assert path.microphone().zero_for_s == pytest.approx(1.0)
    path.source = None
    for step in range(100, 200):
        path.step(step * 0.01)
    state = path.microphone()
    assert state.zero_for_s == 0
    assert state.silent_for_s == pytest.approx(1.0, abs=0.02)
