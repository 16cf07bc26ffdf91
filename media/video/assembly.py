"""Packets to frames: what is missing is asked for again and again, and in time given up for a key frame.

A frame goes out with its last packet (the marker), not with the next frame's first. Frames go out in order
and without a hole, because each one needs those before it; after a hole only a key frame goes on.
"""

from __future__ import annotations

from dataclasses import dataclass

from media.video.slots import Slot, Slots
from media.video.types import EncodedPicture, VideoPacket
from media.video.vp8 import DescriptorError, is_key, split

CAPACITY = 1024
"""Numbers looked after at most, packets and holes: some seconds of 720p."""
FIRST_WAIT_S = 0.010
"""A packet that comes in another order is no lost one."""
SHORTEST_REPEAT_S = 0.025
EARLY_PLI_S = 0.18
"""A hole this old is not filled in time any more: a key frame is asked for while packets still may come."""
PLI_AGAIN_S = 0.3
ASKED_AT_ONCE = 64
MIXED = 64
"""Packets that may overtake the first one."""
LONGEST_JUMP = 3_000
"""A sequence number further away than this belongs to another stream."""


@dataclass(slots=True)
class _Hole:
    since: float
    asked: float = -1e9
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to ask the sender for: packets by their 16-bit numbers (RFC 4585 6.2.1), a key frame (6.3.1)."""

    packets: tuple[int, ...] = ()
    key: bool = False


class FrameAssembler:
    """One stream's packets in, its frames out. `now` is monotonic seconds."""

    def __init__(self) -> None:
        self._slots = Slots()
        self._holes: dict[int, _Hole] = {}
        self._keys: set[int] = set()
        self._next = self._newest = -1
        self._timestamp = 0
        self._broken = True
        self._began = False
        self._asked_key = -1.0
        self._round_trip = SHORTEST_REPEAT_S
        self.received = self.lost = self.recovered = 0
        """Packets: come in all; missing when their time was over; of the missed ones, come after asking."""

    def push(self, packet: VideoPacket, now: float) -> list[EncodedPicture]:
        """Take a packet; the frames it completes, in order."""
        try:
            begins, end = split(packet.payload)
        except DescriptorError:
            return []
        sequence = self._place(packet.sequence, now)
        if sequence is None or sequence in self._slots:
            return []
        self.received += 1
        data = packet.payload[end:]
        run = self._slots.put(sequence, Slot(packet.timestamp, packet.marker, begins, data))
        if begins and is_key(data):
            self._keys.add(sequence)
        self._fill(sequence, now)
        return self._frames() or self._jump(self._slots.run_until(sequence - 1), run)

    def wanted(self, now: float) -> Wanted:
        """What is to be asked for now; call it every 10–30 ms."""
        due = [
            sequence
            for sequence, hole in self._holes.items()
            if now - hole.since >= FIRST_WAIT_S and now - hole.asked >= self._repeat_s
        ]
        due.sort()
        for sequence in due[:ASKED_AT_ONCE]:
            hole = self._holes[sequence]
            hole.asked, hole.tries = now, hole.tries + 1
        oldest = min((hole.since for hole in self._holes.values()), default=now)
        hopeless = (self._broken and not self._keys) or now - oldest > EARLY_PLI_S
        key = self._next >= 0 and hopeless and now - self._asked_key >= PLI_AGAIN_S
        if key:
            self._asked_key = now
        return Wanted(tuple(sequence & 0xFFFF for sequence in due[:ASKED_AT_ONCE]), key)

    def need_key(self) -> None:
        """What came cannot be decoded: go on with a key frame."""
        self._broken = True

    @property
    def incomplete(self) -> bool:
        """Whether something is missing: `wanted` has to be called."""
        return bool(self._holes) or (self._broken and self._next >= 0)

    @property
    def _repeat_s(self) -> float:
        return max(SHORTEST_REPEAT_S, 1.5 * self._round_trip)

    # --- numbers -----------------------------------------------------------------------------------------

    def _place(self, number: int, now: float) -> int | None:
        """The packet's number without wrapping; notes what was skipped. None: too late to be of use."""
        if self._next < 0:
            self._next = self._newest = 0x10000 | number
            return self._next
        delta = (number - self._newest + 0x8000 & 0xFFFF) - 0x8000
        if abs(delta) > LONGEST_JUMP:
            return self._begin_anew(number)
        sequence = self._newest + delta
        if sequence < self._next and not self._step_back(sequence, now):
            return None
        if sequence - self._next >= CAPACITY:
            self.lost += sequence - self._newest - 1
            self._skip_to(sequence)
        for missed in range(max(self._newest + 1, self._next), sequence):
            self._holes[missed] = _Hole(now)
        self._newest = max(self._newest, sequence)
        return sequence

    def _step_back(self, sequence: int, now: float) -> bool:
        """Before the first frame: what came first need not have been sent first."""
        if self._began or self._next - sequence > MIXED or self._newest - sequence >= CAPACITY:
            return False
        for missed in range(sequence + 1, self._next):
            self._holes[missed] = _Hole(now)
        self._next = sequence
        return True

    def _begin_anew(self, number: int) -> int:
        self._slots.clear()
        self._holes.clear()
        self._keys.clear()
        self._broken = True
        self._began = False
        self._next = self._newest = (self._newest | 0xFFFF) + 0x10001 + number
        return self._next

    def _fill(self, sequence: int, now: float) -> None:
        hole = self._holes.pop(sequence, None)
        if hole is not None and hole.tries:
            self.recovered += 1
            if hole.tries == 1:
                self._round_trip += (now - hole.asked - self._round_trip) / 8

    def _skip_to(self, sequence: int) -> None:
        """Give up everything before `sequence`, where a run begins."""
        for number in range(self._next, min(sequence, self._newest + 1)):
            self._slots.pop(number)
            self._keys.discard(number)
            self.lost += self._holes.pop(number, None) is not None
        self._next = sequence
        self._broken = True

    # --- frames ------------------------------------------------------------------------------------------

    def _frames(self) -> list[EncodedPicture]:
        out: list[EncodedPicture] = []
        while (last := self._slots.end_of(self._next)) is not None:
            out += self._take(last)
        return out

    def _take(self, last: int) -> list[EncodedPicture]:
        """Take the frame from `_next` to `last`; none where it can't be decoded."""
        numbers = range(self._next, last + 1)
        self._keys.difference_update(numbers)
        slots = [slot for number in numbers if (slot := self._slots.pop(number)) is not None]
        self._next = last + 1
        data = b"".join(slot.data for slot in slots)
        key = is_key(data)
        if not slots[0].begins or (self._broken and not key):
            return []
        self._broken = False
        self._began = True
        return [EncodedPicture(data, self._extended(slots[0].timestamp), key)]

    def _jump(self, *runs: int | None) -> list[EncodedPicture]:
        """A whole key frame beyond a hole makes everything before it useless.

        `runs`: what the packet that just came may have completed, its own frame and the one before.
        """
        for first in runs:
            if first is not None and first in self._keys and self._slots.end_of(first) is not None:
                self._skip_to(first)
                return self._frames()
        return []

    def _extended(self, timestamp: int) -> int:
        delta = (timestamp - self._timestamp + 0x8000_0000 & 0xFFFF_FFFF) - 0x8000_0000
        self._timestamp += delta
        return self._timestamp
