"""VP8 out of raw pictures, by libvpx through PyAV. Takes milliseconds a frame: never on a loop."""

from __future__ import annotations

import os
from fractions import Fraction

import av
from av.video.frame import PictureType

from media.errors import CodecError
from media.video.types import CLOCK_RATE, EncodedPicture

KEY_EVERY = 3_000
"""Frames at most between key frames; who needs one earlier asks for it."""
TIME_BASE = Fraction(1, CLOCK_RATE)


def threads(width: int, height: int) -> int:
    """Encoder threads for a picture: up to 720p one is quick enough, and two cost a fifth more."""
    spare = max(1, (os.cpu_count() or 1) // 2)
    return min(spare, 4) if width * height > 1280 * 720 else 1


class Vp8Encoder:
    """Real-time VP8 of one size and bit rate. `bitrate` in bit/s. Not for several threads at once."""

    def __init__(self, width: int, height: int, bitrate: int, fps: int = 30) -> None:
        """Raises CodecError."""
        self.width, self.height, self.bitrate = width, height, bitrate
        try:
            codec = av.CodecContext.create("libvpx", "w")
        except (av.FFmpegError, ValueError) as failure:
            raise CodecError("libvpx is missing") from failure
        codec.width, codec.height = width, height
        codec.pix_fmt = "yuv420p"
        codec.bit_rate = bitrate
        codec.time_base = TIME_BASE
        codec.framerate = Fraction(fps)
        codec.gop_size = KEY_EVERY
        codec.qmin, codec.qmax = 2, 56
        codec.thread_count = threads(width, height)
        codec.options = _options(bitrate)
        self._codec = codec
        self._step = CLOCK_RATE // fps
        self._pts = 0

    def encode(self, frame: av.VideoFrame, timestamp: int, *, key: bool = False) -> EncodedPicture | None:
        """One frame of this size, YUV 4:2:0, at `timestamp` (CLOCK_RATE). None where the encoder left it out.

        Raises CodecError.
        """
        # The encoder is told that time goes evenly: after a pause it would spend all it saved on one frame,
        # ten times what a line takes at once.
        self._pts += self._step
        frame.pts, frame.time_base = self._pts, TIME_BASE
        frame.pict_type = PictureType.I if key else PictureType.NONE
        try:
            packets = self._codec.encode(frame)
        except av.FFmpegError as failure:
            raise CodecError(f"VP8: {failure}") from failure
        data = b"".join(bytes(packet) for packet in packets)
        if not data:
            return None
        return EncodedPicture(data, timestamp, key=not data[0] & 1)


def _options(bitrate: int) -> dict[str, str]:
    """libvpx for conversation: a constant rate with a second of buffer, nothing looked ahead.

    `static-thresh` passes over what did not move; `error-resilient` is off, because a hole is always
    followed by a key frame here.
    """
    return {
        "deadline": "realtime",
        "cpu-used": "-6",
        "lag-in-frames": "0",
        "bufsize": str(bitrate),
        "minrate": str(bitrate),
        "maxrate": str(bitrate),
        "undershoot-pct": "100",
        "overshoot-pct": "15",
        "noise-sensitivity": "0",
        "static-thresh": "1",
        "max-intra-rate": "300",
    }
