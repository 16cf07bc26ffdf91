"""Raw pictures out of VP8. Takes milliseconds a frame: never on a loop."""

from __future__ import annotations

import av

from media.errors import CodecError
from media.video.encoder import TIME_BASE
from media.video.types import EncodedPicture
from media.video.vp8 import size

LARGEST = 2560 * 1440
"""Pixels. A key frame of a few bytes may claim 16383 by 16383, and is given the memory for them."""


class Vp8Decoder:
    """One stream's decoder: every frame has to pass, in order. Not for several threads at once."""

    def __init__(self) -> None:
        """Raises CodecError."""
        try:
            codec = av.CodecContext.create("libvpx", "r")
        except (av.FFmpegError, ValueError) as failure:
            raise CodecError("libvpx is missing") from failure
        codec.thread_count = 1
        self._codec = codec

    def decode(self, picture: EncodedPicture) -> av.VideoFrame | None:
        """The frame's picture, YUV 4:2:0; None where it shows nothing.

        Raises CodecError, also for one of more pixels than LARGEST.
        """
        if (sides := size(picture.data)) is not None and sides[0] * sides[1] > LARGEST:
            raise CodecError(f"VP8: a picture of {sides[0]}×{sides[1]}")
        packet = av.Packet(picture.data)
        packet.pts, packet.time_base = picture.timestamp, TIME_BASE
        try:
            frames = self._codec.decode(packet)
        except av.FFmpegError as failure:
            raise CodecError(f"VP8: {failure}") from failure
        return frames[-1] if frames else None
