"""What arrives on one RTP stream: order, loss, duplicates, new sources, jitter (RFC 3550 appendix A)."""

from __future__ import annotations

from dataclasses import dataclass

from media.types import AudioPacket
from sip_bridge.rtp.packet import RtpPacket

MAX_DROPOUT = 3_000
MAX_MISORDER = 100
WINDOW = 256
"""Packets back from the newest within which duplicates are known by a bit each."""


@dataclass(frozen=True, slots=True)
class Reception:
    """Figures for a report block: `jitter` in RTP clock units, `fraction_lost` of 256 since the last one."""

    ssrc: int
    highest_sequence: int
    fraction_lost: int
    lost: int
    jitter: int


class Receiver:
    """Puts sequence and timestamp of one stream onto numbers that never wrap.

    The first source is heard at once: a phone call's first syllable counts. Another source takes over
    when two packets in a row came from it with none of the old one in between, so that the tail of two
    mixed streams never flips to and fro; the same rule follows a source that jumps in its numbers.
    """

    def __init__(self, clock_rate: int) -> None:
        self.clock_rate = clock_rate
        self.ssrc: int | None = None
        self.received = 0
        self.duplicates = 0
        self._waiting: tuple[int, int] | None = None
        self._highest = self._base = self._seen = 0
        self._timestamp = 0
        self._measured = -1
        self._transit: float | None = None
        self._jitter = 0.0
        self._reported = (0, 0)

    def receive(self, packet: RtpPacket, now: float, *, repeated: bool = False) -> AudioPacket | None:
        """The packet with extended numbers; None where it is a duplicate, too late or of no known source.

        `now` is the monotonic arrival time in seconds. `repeated`: it was asked for again, and is left out of
        the jitter.
        """
        restart = False
        if packet.ssrc == self.ssrc:
            delta = (packet.sequence - self._highest + 0x8000 & 0xFFFF) - 0x8000
            if not -MAX_MISORDER < delta < MAX_DROPOUT:
                if not self._confirmed(packet):
                    return None
                restart = True
        elif self.ssrc is None or self._confirmed(packet):
            restart = True
        else:
            return None
        if restart:
            self._begin(packet)
            delta = 0
        elif not self._first_time(delta):
            self.duplicates += 1
            return None
        self._waiting = None
        self.received += 1
        sequence = self._highest + delta
        timestamp = self._extended(packet.timestamp)
        if delta > 0:
            self._highest = sequence
        if not repeated:
            self._measure(timestamp, now)
        return AudioPacket(
            sequence, timestamp, packet.payload_type, packet.payload, now, packet.marker, restart, repeated
        )

    @property
    def jitter_seconds(self) -> float:
        """Interarrival jitter (appendix A.8)."""
        return self._jitter / self.clock_rate

    @property
    def expected(self) -> int:
        """Packets this source should have sent so far."""
        return self._highest - self._base + 1 if self.ssrc is not None else 0

    @property
    def lost(self) -> int:
        """Packets missing so far; negative where duplicates outnumber them."""
        return self.expected - self.received if self.ssrc is not None else 0

    def report(self) -> Reception | None:
        """Figures since the last report (appendix A.3); None where nothing was heard yet."""
        if self.ssrc is None:
            return None
        expected, received = self.expected - self._reported[0], self.received - self._reported[1]
        self._reported = self.expected, self.received
        missing = max(expected - received, 0)
        fraction = min(255, (missing << 8) // expected) if expected > 0 else 0
        return Reception(self.ssrc, self._highest & 0xFFFFFFFF, fraction, self.lost, int(self._jitter))

    def follows(self, packet: RtpPacket) -> bool:
        """Whether a packet continues the stream that is heard: same source, number close by."""
        delta = (packet.sequence - self._highest + 0x8000 & 0xFFFF) - 0x8000
        return packet.ssrc == self.ssrc and -MAX_MISORDER < delta < MAX_DROPOUT

    def change_clock(self, clock_rate: int) -> None:
        """Another codec's clock from now on, in Hz; jitter starts anew."""
        if clock_rate != self.clock_rate:
            self.clock_rate = clock_rate
            self._transit = None
            self._jitter = 0.0

    def _confirmed(self, packet: RtpPacket) -> bool:
        """Whether the packet before was this one's direct forerunner; remembers it otherwise."""
        if self._waiting == (packet.ssrc, packet.sequence):
            return True
        self._waiting = packet.ssrc, packet.sequence + 1 & 0xFFFF
        return False

    def _begin(self, packet: RtpPacket) -> None:
        self.ssrc = packet.ssrc
        self._base = self._highest = 0x10000 | packet.sequence
        self._timestamp = 0x1_0000_0000 | packet.timestamp
        self._seen = 1
        self.received = 0
        self._transit = None
        self._jitter = 0.0
        self._reported = (0, 0)

    def _first_time(self, delta: int) -> bool:
        """Note a number in the window of bits; bit 0 is the newest."""
        if delta > 0:
            self._seen = (self._seen << delta | 1) & (1 << WINDOW) - 1
            return True
        bit = 1 << -delta
        if self._seen & bit:
            return False
        self._seen |= bit
        return True

    def _extended(self, timestamp: int) -> int:
        delta = (timestamp - self._timestamp + 0x8000_0000 & 0xFFFF_FFFF) - 0x8000_0000
        extended = self._timestamp + delta
        if delta > 0:
            self._timestamp = extended
        return extended

    def _measure(self, timestamp: int, now: float) -> None:
        if timestamp == self._measured:
            # The packets of one telephone event share its timestamp and say nothing about the network.
            return
        self._measured = timestamp
        transit = now * self.clock_rate - timestamp
        if self._transit is not None:
            self._jitter += (abs(transit - self._transit) - self._jitter) / 16
        self._transit = transit
