"""A meeting's one stream among the calls': everybody in, ourselves out once."""

from __future__ import annotations

import numpy as np
from aiortc.rtp import RtpPacket

from media.codecs import registry
from media.levels import dbfs, mean_square
from media.path import VoicePath
from media.types import FRAME, RATE, AudioFrame, CodecSpec
from softphone.adapters.meeting_voice import SENT, MeetingVoice
from tests.doubles.voice import sine
from tests.doubles.voice import voice as speech
from tests.lab.sound import level_at

OPUS = CodecSpec("opus", 111, RATE, channels=2)


def speak(voice: MeetingVoice, session: str, hertz: float, seconds: float = 0.6, ssrc: int = 7) -> np.ndarray:
    """A participant whistles; what the ear hears meanwhile."""
    encoder, sound = registry.encoder(OPUS), sine(hertz, seconds)
    arriving = voice.add_voice(session)
    heard = []
    for number in range(len(sound) // FRAME):
        now = number * 0.02
        payload = encoder.encode(sound[number * FRAME : (number + 1) * FRAME])
        arriving.receive(RtpPacket(111, 0, 65_530 + number & 0xFFFF, number * FRAME, ssrc, payload), now)
        heard += [voice.pull(now), voice.pull(now + 0.01)]
    return np.concatenate(heard)


def test_each_participant_is_heard_and_found_speaking() -> None:
    voice = MeetingVoice()
    heard = speak(voice, "anna", 500.0)
    assert level_at(heard[9600:], 500.0) > -20
    assert voice.speaking(1.0) == {"anna"}
    arriving = voice.arriving("anna")
    assert arriving is not None and arriving.received == 30 and arriving.lost == 0
    assert voice.arriving("bo") is None


def test_whoever_is_deaf_hears_nothing_and_nothing_waits_for_later() -> None:
    voice = MeetingVoice()
    voice.deaf = True
    assert not speak(voice, "anna", 500.0).any()
    arriving = voice.arriving("anna")
    assert arriving is not None and arriving.buffered_ms < 100


def test_a_packet_that_was_asked_for_again_is_heard_and_does_not_deepen_the_buffer() -> None:
    encoder, sound = registry.encoder(OPUS), sine(500.0, 3.0)
    voice = MeetingVoice().add_voice("anna")
    asked: list[int] = []
    for number in range(len(sound) // FRAME):
        now = number * 0.02
        payload = encoder.encode(sound[number * FRAME : (number + 1) * FRAME])
        packet = RtpPacket(111, 0, number, number * FRAME, 7, payload)
        if number % 20 != 10:
            voice.receive(packet, now)
        else:
            lost = packet
        asked += voice.missing(now)
        if number % 20 == 12:
            voice.receive(lost, now)
        voice.pull(now)
        voice.pull(now + 0.01)
    figures = voice.statistics()
    assert asked == list(range(10, 150, 20))
    assert figures.received == 150
    assert figures.jitter_ms < 1
    assert figures.target_ms < 70


def test_a_voice_that_was_replaced_is_not_taken_away_by_its_forerunner() -> None:
    voice = MeetingVoice()
    former = voice.add_voice("anna")
    voice.add_voice("anna")
    voice.remove_voice("anna", former)
    assert voice.arriving("anna") is not None
    speak(voice, "bo", 800.0)
    assert voice.speaking(1.0) == {"bo"}


def test_ours_is_sent_once_with_fec_and_muted_it_is_silence() -> None:
    voice, sent = MeetingVoice(), list[AudioFrame]()
    assert dict(SENT.parameters)["useinbandfec"] == "1"
    assert voice.statistics().fec
    voice.feedback(0.0)
    assert voice.statistics().fec, "each listener has a way down of its own"
    path = VoicePath()
    path.add(voice, sent.append)
    for step in range(10):
        path.step(step / 100)
    assert len(sent) in (4, 5)
    voice.muted = True
    decoder = registry.decoder(OPUS)
    loud = [voice.capture(block) for block in np.split(sine(500.0, 0.4), 40)]
    quiet = np.concatenate([decoder.decode(frame.payload) for frame in loud if frame is not None])
    assert dbfs(mean_square(quiet)) < -70
    assert "" not in voice.speaking(5.0)


def test_ours_is_wideband_only_while_packets_are_really_lost() -> None:
    voice = MeetingVoice()

    def wideband() -> bool:
        """RFC 6716 table 2: the numbers up to 11 are SILK alone."""
        blocks = np.split(speech(2.0), 200)
        frames = [frame for block in blocks if (frame := voice.capture(block)) is not None]
        return all(frame.payload[0] >> 3 < 12 for frame in frames[50:])

    voice.feedback(8.0)
    assert wideband()
    voice.feedback(0.0)
    assert not wideband()
    assert voice.statistics().fec


def test_speaking_oneself_is_told_with_an_empty_name() -> None:
    voice = MeetingVoice()
    for block in np.split(sine(500.0, 0.1), 10):
        voice.capture(block)
    assert voice.speaking(1.0) == {""}
