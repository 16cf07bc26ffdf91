"""G.722 at 64 kbit/s (RFC 3551 4.5.2: 16 kHz sound under an 8 kHz RTP clock), by PyAV."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.error import FFmpegError

from media.codecs.concealment import Concealer
from media.codecs.waveform import WaveformDecoder
from media.errors import CodecError, CodecUnavailable
from media.resample import Downsampler, to_int16
from media.types import Pcm

CODEC_RATE = 16_000
DELAY = 22
"""Samples from an encoder's input to its decoder's output: the two quadrature mirror filters."""
ENCODER_FRAME = 320
"""The library encodes as much at a time; what is left over it keeps."""
LONGEST_GAP = CODEC_RATE * 60 // 1000
"""So that enough heard sound stands before it for the encoder to settle."""


def _context(mode: str) -> av.AudioCodecContext:
    try:
        context = av.CodecContext.create("g722", mode)  # type: ignore[call-overload]
        context.format, context.layout, context.sample_rate = "s16", "mono", CODEC_RATE
        if mode == "w":
            context.time_base = Fraction(1, CODEC_RATE)
        context.open()
    except (FFmpegError, ValueError) as error:
        raise CodecUnavailable(f"G722: {error}") from error
    if not isinstance(context, av.AudioCodecContext):
        raise CodecUnavailable("G722: not an audio codec here")
    return context


def _encoded(context: av.AudioCodecContext, pcm: Pcm) -> bytes:
    frame = av.AudioFrame.from_ndarray(pcm[None, :], format="s16", layout="mono")
    frame.sample_rate = CODEC_RATE
    return b"".join(bytes(packet) for packet in context.encode(frame))


class G722Encoder:
    """Encodes 16 kHz sub-bands."""

    def __init__(self) -> None:
        self._context = _context("w")
        self._down = Downsampler(CODEC_RATE)

    def encode(self, pcm: Pcm) -> bytes:
        """8 bytes per millisecond."""
        return _encoded(self._context, self._down.process(pcm))

    def set_loss(self, percent: float) -> None:
        """G.722 can't protect itself."""


class Expander:
    """The decoder itself, whose sub-band predictors remember."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._context = _context("r")

    def miss(self, concealer: Concealer, samples: int) -> None:
        """The predictors have to go through the gap as well, in place of standing where it began: they are
        given what is made up for it, encoded anew (the purpose of G.722 Appendix IV's state updates)."""
        sound, gap = concealer.outlook(samples + DELAY)
        gap = min(gap - DELAY, LONGEST_GAP) // 2
        frame = to_int16(sound[len(sound) % ENCODER_FRAME :])
        self.expand(_encoded(_context("w"), frame)[-gap:])

    def expand(self, payload: bytes) -> Pcm:
        try:
            frames = self._context.decode(av.Packet(payload))
        except FFmpegError as error:
            raise CodecError(f"G722: {error}") from error
        parts = [frame.to_ndarray().reshape(-1) for frame in frames]
        return np.concatenate(parts) if parts else np.zeros(2 * len(payload), np.int16)


def g722_decoder() -> WaveformDecoder:
    """A decoder with concealment at 16 kHz."""
    return WaveformDecoder(CODEC_RATE, Expander())
