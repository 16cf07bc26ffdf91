"""Values of moving pictures."""

from __future__ import annotations

from dataclasses import dataclass

CLOCK_RATE = 90_000
"""RTP's clock for video, in Hz (RFC 7741 section 3)."""


@dataclass(frozen=True, slots=True)
class VideoPacket:
    """One received RTP packet of VP8: `sequence` of 16 bits, `timestamp` of 32, `payload` with its
    descriptor."""

    sequence: int
    timestamp: int
    marker: bool
    payload: bytes


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """One whole VP8 frame. `timestamp` in CLOCK_RATE, extended: it never wraps."""

    data: bytes
    timestamp: int
    key: bool
