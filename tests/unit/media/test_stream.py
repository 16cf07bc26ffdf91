"""A call's voice, from microphone blocks to packets and back."""

from __future__ import annotations

import numpy as np
import pytest

from media.codecs import registry
from media.codecs.g711 import G711Encoder
from media.errors import CodecError, CodecUnavailable
from media.levels import FLOOR_DBFS
from media.stream import VoiceStream
from media.types import BLOCK, AudioFrame, AudioPacket, CodecSpec, Pcm
from tests.doubles.voice import sine

OPUS = CodecSpec("opus", 96, 48_000, 2)
PCMA = CodecSpec("PCMA", 8, 8_000)
G722 = CodecSpec("G722", 9, 8_000)


def capture(stream: VoiceStream, pcm: Pcm) -> list[AudioFrame]:
    frames = [stream.capture(pcm[start : start + BLOCK]) for start in range(0, len(pcm), BLOCK)]
    return [frame for frame in frames if frame is not None]


def loop(spec: CodecSpec, pcm: Pcm) -> tuple[Pcm, VoiceStream]:
    """Everything sent comes straight back."""
    stream, blocks, timestamp, sequence = VoiceStream(spec), [], 0, 0
    for index in range(len(pcm) // BLOCK):
        now = index * 0.01
        frame = stream.capture(pcm[index * BLOCK : (index + 1) * BLOCK])
        if frame is not None:
            stream.receive(AudioPacket(sequence, timestamp, spec.payload_type, frame.payload, now))
            sequence, timestamp = sequence + 1, timestamp + frame.samples
        blocks.append(stream.pull(now))
    return np.concatenate(blocks), stream


@pytest.mark.parametrize("spec", [OPUS, PCMA, G722], ids=lambda spec: spec.name)
def test_sound_goes_through(spec: CodecSpec) -> None:
    pcm = sine(440, 2.0)
    heard, stream = loop(spec, pcm)
    assert np.std(heard[48_000:].astype(float)) == pytest.approx(np.std(pcm.astype(float)), rel=0.1)
    figures = stream.statistics()
    assert figures.codec == spec.name
    assert figures.frames_sent == 100
    assert figures.received_level_dbfs == pytest.approx(-15.3, abs=1)
    assert figures.sent_level_dbfs == pytest.approx(-15.3, abs=1)
    assert figures.receive.lost == 0


@pytest.mark.parametrize(("spec", "samples"), [(OPUS, 960), (PCMA, 160), (G722, 160)])
def test_every_second_block_makes_a_frame_in_rtp_units(spec: CodecSpec, samples: int) -> None:
    stream = VoiceStream(spec)
    assert stream.capture(sine(440, 0.01)) is None
    first = stream.capture(sine(440, 0.01))
    assert first is not None
    assert (first.samples, first.marker) == (samples, True)
    assert [frame.marker for frame in capture(stream, sine(440, 0.1))] == [False] * 5


def test_frames_are_as_long_as_negotiated() -> None:
    stream = VoiceStream(CodecSpec("PCMU", 0, 8_000, ptime_ms=40))
    frames = capture(stream, sine(440, 0.4))
    assert [(len(frame.payload), frame.samples) for frame in frames] == [(320, 320)] * 10


def test_muted_it_sends_silence() -> None:
    stream = VoiceStream(PCMA)
    stream.muted = True
    frames = capture(stream, sine(440, 0.4))
    assert len(frames) == 20
    assert len({frame.payload for frame in frames}) == 1
    assert stream.statistics().sent_level_dbfs == FLOOR_DBFS
    stream.muted = False
    assert len({frame.payload for frame in capture(stream, sine(440, 0.4))}) > 1


def test_in_dtx_the_timestamp_goes_on_and_speech_begins_with_a_marker() -> None:
    stream = VoiceStream(CodecSpec("opus", 96, 48_000, parameters=(("usedtx", "1"),)))
    silence = np.zeros(48_000 * 2, np.int16)
    frames = capture(stream, np.concatenate([sine(300, 0.5), silence, sine(300, 0.5)]))
    assert len(frames) < 125
    assert sum(frame.samples for frame in frames) == 150 * 960
    late = [frame for frame in frames[30:] if frame.samples > 960]
    assert late
    assert all(frame.marker for frame in late)


def test_gain_changes_what_is_heard_and_not_the_meter() -> None:
    loud, quiet = VoiceStream(PCMA), VoiceStream(PCMA)
    quiet.gain_db = -20.0
    payload = registry.encoder(PCMA)
    powers = []
    for stream in (loud, quiet):
        heard = []
        for index in range(50):
            packet = AudioPacket(index, index * 160, 8, payload.encode(sine(500, 0.02)), index * 0.02)
            stream.receive(packet)
            heard += [stream.pull(index * 0.02), stream.pull(index * 0.02 + 0.01)]
        powers.append(np.mean(np.concatenate(heard[50:]).astype(float) ** 2))
    assert 10 * np.log10(powers[0] / powers[1]) == pytest.approx(20, abs=0.5)
    assert loud.statistics().received_level_dbfs == pytest.approx(
        quiet.statistics().received_level_dbfs, abs=1
    )


def test_the_far_ends_report_turns_protection_on_and_a_new_codec_remembers_it() -> None:
    stream = VoiceStream(OPUS)
    assert not stream.statistics().fec
    assert stream.statistics().remote_loss_percent < 0
    stream.feedback(5.0)
    assert stream.statistics().fec
    stream.change_codec(PCMA)
    assert stream.spec == PCMA
    assert not stream.statistics().fec
    stream.change_codec(OPUS)
    assert stream.statistics().fec
    assert stream.statistics().remote_loss_percent == 5.0


def test_after_a_change_of_codec_frames_are_the_new_codecs() -> None:
    stream = VoiceStream(PCMA)
    capture(stream, sine(440, 0.03))
    stream.change_codec(OPUS, receive=[PCMA])
    frames = capture(stream, sine(440, 0.1))
    assert [frame.samples for frame in frames] == [960] * 5
    assert frames[0].marker


def test_other_negotiated_codecs_are_understood_and_unknown_ones_ignored() -> None:
    stream = VoiceStream(PCMA, receive=[G722, CodecSpec("telephone-event", 101, 8_000)])
    encoder = registry.encoder(G722)
    for index in range(20):
        stream.receive(AudioPacket(index, index * 160, 9, encoder.encode(sine(500, 0.02)), index * 0.02))
    stream.receive(AudioPacket(20, 3200, 101, b"\0" * 4, 0.4))
    figures = stream.statistics().receive
    assert (figures.received, figures.invalid) == (21, 1)


def test_a_codec_that_does_not_exist_is_refused_and_leaves_the_stream_as_it_was() -> None:
    with pytest.raises(CodecUnavailable):
        VoiceStream(CodecSpec("speex", 97, 8_000))
    stream = VoiceStream(PCMA)
    with pytest.raises(CodecUnavailable):
        stream.change_codec(CodecSpec("speex", 97, 8_000))
    assert stream.spec == PCMA
    assert capture(stream, sine(440, 0.02))


def test_a_frame_the_encoder_refuses_is_counted_and_time_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = VoiceStream(PCMA)
    good = G711Encoder.encode
    refusals = iter([True, False, False])

    def sometimes(self: G711Encoder, pcm: Pcm) -> bytes:
        if next(refusals):
            raise CodecError("no")
        return good(self, pcm)

    monkeypatch.setattr("media.codecs.g711.G711Encoder.encode", sometimes)
    frames = capture(stream, sine(440, 0.06))
    assert [frame.samples for frame in frames] == [320, 160]
    assert stream.statistics().frames_failed == 1


@pytest.mark.parametrize("ptime", [10, 20, 40])
@pytest.mark.parametrize("ahead", [0, 1])
def test_a_whole_frame_gives_what_its_blocks_would(ptime: int, ahead: int) -> None:
    """Also for a codec with other frames, and where a single block is waiting already."""
    spec, pcm = CodecSpec("PCMA", 8, 8_000, ptime_ms=ptime), sine(440, 0.4)
    stream = VoiceStream(spec)
    frames = capture(stream, pcm[: ahead * BLOCK])
    for start in range(ahead * BLOCK, len(pcm) - BLOCK, 2 * BLOCK):
        stream.capture_frame(pcm[start : start + 2 * BLOCK], frames.append)
    frames += capture(stream, pcm[len(pcm) - ahead * BLOCK :])
    assert len(frames) == 400 // ptime
    assert frames == capture(VoiceStream(spec), pcm)
    assert stream.statistics().sent_level_dbfs == pytest.approx(-15.3, abs=1)


def test_a_whole_frame_is_muted_too() -> None:
    stream, frames = VoiceStream(PCMA), list[AudioFrame]()
    stream.muted = True
    stream.capture_frame(sine(440, 0.02), frames.append)
    assert len(set(frames[0].payload)) == 1
    assert stream.statistics().sent_level_dbfs == FLOOR_DBFS
