"""G.722 at 64 kbit/s (RFC 3551 4.5.2: 16 kHz sound under an 8 kHz RTP clock), by PyAV."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.error import FFmpegError

from media.codecs.waveform import WaveformDecoder
from media.errors import CodecError, CodecUnavailable
from media.resample import Downsampler
from media.types import Pcm

CODEC_RATE = 16_000


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


class G722Encoder:
    """Encodes 16 kHz sub-bands."""

    def __init__(self) -> None:
        self._context = _context("w")
        self._down = Downsampler(CODEC_RATE)

    def encode(self, pcm: Pcm) -> bytes:
        """8 bytes per millisecond."""
        frame = av.AudioFrame.from_ndarray(self._down.process(pcm)[None, :], format="s16", layout="mono")
        frame.sample_rate = CODEC_RATE
        return b"".join(bytes(packet) for packet in self._context.encode(frame))

    def set_loss(self, percent: float) -> None:
        """G.722 can't protect itself."""


class _Expander:
    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._context = _context("r")

    def __call__(self, payload: bytes) -> Pcm:
        try:
            frames = self._context.decode(av.Packet(payload))
        except FFmpegError as error:
            raise CodecError(f"G722: {error}") from error
        parts = [frame.to_ndarray().reshape(-1) for frame in frames]
        return np.concatenate(parts) if parts else np.zeros(2 * len(payload), np.int16)


def g722_decoder() -> WaveformDecoder:
    """A decoder with concealment at 16 kHz."""
    expander = _Expander()
    return WaveformDecoder(CODEC_RATE, expander, expander.forget)
