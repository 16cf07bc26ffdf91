"""Made-up voices and decoders for tests of the voice path; a call's receiving end played on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from media.errors import CodecError
from media.jitter import Format, JitterBuffer
from media.jitter_figures import JitterStatistics
from media.types import BLOCK, FRAME, RATE, AudioPacket, Pcm

SILENT_PAYLOAD = b"s"
FEC_MARK = 1


def sine(hz: float, seconds: float, amplitude: float = 8000.0) -> Pcm:
    """A pure tone."""
    tone: Pcm = np.rint(amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)).astype(
        np.int16
    )
    return tone


def voice(seconds: float, pitch_hz: float = 120.0, pause_every_s: float = 2.5) -> Pcm:
    """Something with a pitch that glides, overtones, syllables and a pause of 0.4 s now and then."""
    time = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(pitch_hz * (1 + 0.15 * np.sin(2 * np.pi * 0.7 * time))) / RATE
    sound = sum(np.sin(k * phase) / k for k in range(1, 20))
    syllables = 0.3 + 0.7 * np.abs(np.sin(2 * np.pi * 2 * time))
    speaking = (time % pause_every_s) < pause_every_s - 0.4
    shaped: Pcm = np.rint(5000 * sound * syllables * speaking).astype(np.int16)
    return shaped


@dataclass
class FakeDecoder:
    """Payload b"\\x00\\x07\\xe8" (flags, then a big-endian int16) decodes to 20 ms of that value; concealment
    gives zeros. Flag FEC_MARK: carries a copy of the frame before, heard as the value less one."""

    concealed: int = 0
    decoded: list[int] = field(default_factory=list)
    resets: int = 0

    def samples(self, payload: bytes) -> int:
        """20 ms for all but b"bad"."""
        if payload == b"bad":
            raise CodecError("bad")
        return FRAME

    def decode(self, payload: bytes) -> Pcm:
        """20 ms of the payload's value. b"broken" raises."""
        if payload == b"broken":
            raise CodecError("broken")
        value = int.from_bytes(payload[1:3], "big")
        self.decoded.append(value)
        return np.full(FRAME, value, np.int16)

    def has_fec(self, payload: bytes) -> bool:
        """By the flag."""
        return bool(payload[0] & FEC_MARK)

    def decode_fec(self, payload: bytes, samples: int) -> Pcm | None:
        """The value less one."""
        if not self.has_fec(payload):
            return None
        return np.full(samples, int.from_bytes(payload[1:3], "big") - 1, np.int16)

    def conceal(self, samples: int) -> Pcm:
        """Zeros, counted."""
        self.concealed += samples
        return np.zeros(samples, np.int16)

    @property
    def bridges(self) -> bool:
        """It looks back only."""
        return False

    def bridge(self, samples: int, following: bytes) -> Pcm:
        """Zeros, counted."""
        return self.conceal(samples)

    def silent(self, payload: bytes) -> bool:
        """DTX by the payload's first letter."""
        return payload[:1] == SILENT_PAYLOAD

    def reset(self) -> None:
        """Counted."""
        self.resets += 1


def numbered(count: int, *, fec: bool = False, start: int = 1) -> list[bytes]:
    """Payloads for FakeDecoder with rising values."""
    return [bytes([FEC_MARK if fec else 0]) + (start + index).to_bytes(2, "big") for index in range(count)]


@dataclass
class Playback:
    """What came out: the sound, and the buffer's delay and target in ms after every pull."""

    pcm: Pcm
    delay_ms: list[float]
    target_ms: list[float]
    statistics: JitterStatistics
    moments: list[JitterStatistics]

    def delays(self, start_s: float, end_s: float) -> list[float]:
        """The delays of a stretch of the call."""
        return self.delay_ms[round(start_s * 100) : round(end_s * 100)]


def fake_buffer(payload_type: int = 96) -> tuple[JitterBuffer, FakeDecoder]:
    """A buffer whose payload type decodes by FakeDecoder with a 48 kHz clock."""
    decoder = FakeDecoder()
    return JitterBuffer({payload_type: Format(decoder, RATE)}), decoder


def play(
    buffer: JitterBuffer, arrived: Sequence[AudioPacket], seconds: float, *, start_s: float = 0.0
) -> Playback:
    """Pull every 10 ms for `seconds`, pushing what has arrived."""
    blocks: list[Pcm] = []
    moments: list[JitterStatistics] = []
    waiting = 0
    for step in range(round(seconds * RATE / BLOCK)):
        now = start_s + step * BLOCK / RATE
        while waiting < len(arrived) and arrived[waiting].arrival <= now:
            buffer.push(arrived[waiting])
            waiting += 1
        blocks.append(buffer.pull(now))
        moments.append(buffer.statistics())
    return Playback(
        np.concatenate(blocks),
        [moment.delay_ms for moment in moments],
        [moment.target_ms for moment in moments],
        moments[-1],
        moments,
    )
