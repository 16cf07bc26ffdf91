"""The jitter buffer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from media.codecs.types import Decoder
from media.errors import CodecError
from media.types import BLOCK, RATE, AudioPacket, Pcm


@dataclass(frozen=True, slots=True)
class Format:
    """What a payload type means: its decoder and its RTP clock in Hz."""

    decoder: Decoder
    clock_rate: int


@dataclass(frozen=True, slots=True)
class JitterStatistics:
    """Counters since the start, and delays as they stand.

    `received`, `lost`, `late`, `duplicate`, `invalid` and `recovered` (by FEC) count packets. `played` counts all
    samples put out since speech began, `concealed` those made up for what was missing (comfort noise not counted),
    `accelerated` and `expanded` those taken out or put in to change the delay. Delays in ms: `delay` is how long
    sound waits here beyond the network's fastest, `target` where that is going, `buffered` what has arrived
    and not been played.
    """

    received: int = 0
    lost: int = 0
    late: int = 0
    duplicate: int = 0
    invalid: int = 0
    recovered: int = 0
    played: int = 0
    concealed: int = 0
    accelerated: int = 0
    expanded: int = 0
    delay_ms: float = 0.0
    target_ms: float = 0.0
    buffered_ms: float = 0.0

    @property
    def concealed_percent(self) -> float:
        """Share of what was played that had to be made up."""
        return 100 * self.concealed / self.played if self.played else 0.0


class JitterBuffer:
    """One source's packets in, 10 ms blocks out. `formats` maps payload types."""

    def __init__(self, formats: Mapping[int, Format]) -> None:
        self.formats = dict(formats)
        self._packets: dict[int, AudioPacket] = {}
        self._next: int | None = None
        self._ready: Pcm = np.zeros(0, np.int16)
        self._received = self._late = self._played = self._concealed = 0

    def push(self, packet: AudioPacket) -> None:
        """Take a packet."""
        if packet.payload_type not in self.formats:
            return
        if packet.restart or self._next is None:
            self._packets.clear()
            self._next = packet.sequence
            self._due = packet.arrival + 0.06
        self._received += 1
        if packet.sequence < self._next:
            self._late += 1
            return
        self._packets[packet.sequence] = packet

    def pull(self, now: float) -> Pcm:
        """The next 10 ms."""
        if self._next is None or now < self._due:
            return np.zeros(BLOCK, np.int16)
        while len(self._ready) < BLOCK:
            self._ready = np.concatenate([self._ready, self._frame()])
        block, self._ready = self._ready[:BLOCK], self._ready[BLOCK:]
        self._played += BLOCK
        return block

    def _frame(self) -> Pcm:
        assert self._next is not None
        packet = self._packets.pop(self._next, None)
        if packet is None:
            if self._packets:
                self._next += 1
            self._concealed += 2 * BLOCK
            return next(iter(self.formats.values())).decoder.conceal(2 * BLOCK)
        self._next += 1
        try:
            return self.formats[packet.payload_type].decoder.decode(packet.payload)
        except CodecError:
            return np.zeros(2 * BLOCK, np.int16)

    def statistics(self) -> JitterStatistics:
        """Figures so far."""
        return JitterStatistics(
            received=self._received,
            late=self._late,
            played=self._played,
            concealed=self._concealed,
            buffered_ms=1000 * len(self._ready) / RATE,
        )
