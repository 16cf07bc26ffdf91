"""Values and Protocols at the borders of this room.

PCM is int16, mono, 48 000 Hz everywhere outside a codec; a *block* is 10 ms = 480 samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Pcm = npt.NDArray[np.int16]
"""int16 samples, shape (n,)."""

RATE = 48_000
BLOCK = 480
FRAME = 960


@dataclass(frozen=True, slots=True)
class CodecSpec:
    """A negotiated codec. `name` as in SDP (opus, G722, PCMA, PCMU); `clock_rate` is RTP's, in Hz.

    `parameters` is the peer's fmtp, e.g. {"useinbandfec": "1", "maxaveragebitrate": "20000"}.
    """

    name: str
    payload_type: int
    clock_rate: int
    channels: int = 1
    ptime_ms: int = 20
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AudioPacket:
    """One received RTP packet. `sequence` and `timestamp` are extended (never wrap within an SSRC).

    `arrival` is the engine loop's monotonic time in seconds. `restart` is True on the first packet of a
    new SSRC: sequence and timestamp began anew. `repeated`: it was asked for again, so that its lateness is
    no measure of the network.
    """

    sequence: int
    timestamp: int
    payload_type: int
    payload: bytes
    arrival: float
    marker: bool = False
    restart: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """One encoded frame to send: `samples` in RTP clock units since the frame before (960 for 20 ms Opus,
    160 for G.711 and, after RFC 3551 4.5.2, for G.722). `marker` starts a talk spurt."""

    payload: bytes
    samples: int
    marker: bool = False


class BlockSource(Protocol):
    """Where microphone sound comes from; a device's ring fits."""

    def available(self) -> int:
        """Samples that can be read now."""
        ...

    def read(self, samples: int) -> Pcm:
        """Take exactly `samples`; silence fills what is missing and counts as an underflow."""
        ...


class BlockSink(Protocol):
    """Where sound to be heard goes; a device's ring fits."""

    def queued(self) -> int:
        """Samples waiting to be played."""
        ...

    def write(self, pcm: Pcm) -> int:
        """Queue samples; returns how many fitted (the rest is dropped and counted)."""
        ...
