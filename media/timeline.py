"""One line of time out of RTP timestamps that may start anew."""

from __future__ import annotations

from dataclasses import dataclass

from media.types import RATE, AudioPacket

BREAK_S = 1.5
"""A timestamp this far from what sequence and arrival both lead to expect belongs to another count."""

MAX_DROPOUT = 3000
"""A sequence this far ahead is no loss (RFC 3550 A.1)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a packet belongs: a sequence without jumps at restarts, and samples at 48 kHz."""

    sequence: int
    position: int


class Timeline:
    """Places packets of several SSRCs, clocks and restarts on one line.

    Within one source, sequence and timestamp count as they are, so a pause of the sender stays a pause. A new
    source, a clock of another rate or a timestamp from nowhere goes on where arrival time leads to.
    """

    def __init__(self) -> None:
        self._sequence_shift = 0
        self._position_shift = 0
        self._clock = 0
        self._last: Place | None = None
        self._last_arrival = 0.0
        self._last_samples = 0

    def place(self, packet: AudioPacket, clock_rate: int, samples: int) -> Place:
        """The place of a packet that holds `samples` at 48 kHz."""
        sequence = packet.sequence + self._sequence_shift
        natural = Place(sequence, packet.timestamp * RATE // clock_rate + self._position_shift)
        last = self._last
        if last is None:
            self._clock = clock_rate
        elif packet.restart or clock_rate != self._clock or self._astray(natural, packet.arrival, last):
            natural = self._join(packet, clock_rate, last)
        if last is None or natural.sequence > last.sequence:
            self._last, self._last_arrival, self._last_samples = natural, packet.arrival, samples
        return natural

    def _astray(self, place: Place, arrival: float, last: Place) -> bool:
        if place.sequence <= last.sequence:
            return False
        if place.sequence > last.sequence + MAX_DROPOUT:
            return True
        moved = place.position - last.position
        by_sequence = (place.sequence - last.sequence) * self._last_samples
        by_time = (arrival - self._last_arrival) * RATE
        limit = BREAK_S * RATE
        return abs(moved - by_sequence) > limit and abs(moved - by_time) > limit

    def _join(self, packet: AudioPacket, clock_rate: int, last: Place) -> Place:
        elapsed = max(self._last_samples, round((packet.arrival - self._last_arrival) * RATE))
        wanted = Place(last.sequence + 1, last.position + elapsed)
        self._clock = clock_rate
        self._sequence_shift = wanted.sequence - packet.sequence
        self._position_shift = wanted.position - packet.timestamp * RATE // clock_rate
        return wanted
