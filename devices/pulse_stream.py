"""Microphone and speaker of a PulseAudio server: streams that are caught up with whenever somebody looks.

The server keeps the sound meanwhile, so a stream needs neither thread nor callback.
"""

from __future__ import annotations

import time

import numpy as np

from devices.callback import BLOCK_MS, RING_MS, STALL_S, START_S
from devices.clocked import RATE, Clock
from devices.pulse_link import SAMPLE, PulseLink
from devices.ring import Ring
from devices.types import DeviceFailure, Pcm

BLOCK = RATE * BLOCK_MS // 1000
CAPACITY = RATE * RING_MS // 1000
REQUEST = 2 * BLOCK
TARGET = 8 * BLOCK
"""So the server asks the device to take 20 ms at a time, and queues up to 60 ms for it; how much of that is
used is the writer's choice."""


class PulseCapture:
    """A microphone. What is not fetched within half a second is lost and counted."""

    overflows = 0

    def __init__(self, address: str, source: str, clock: Clock = time.monotonic) -> None:
        """Raises DeviceFailure."""
        self._clock = clock
        self._kept = b""
        self._link = PulseLink(address, self._hear)
        self._link.record(source, BLOCK)
        self._until = clock() + START_S

    @property
    def alive(self) -> bool:
        """False once the device has gone or nothing comes any more."""
        if not self._link.ended and self._clock() >= self._until:
            self._link.turn()
        return not self._link.ended and self._clock() < self._until

    def available(self) -> int:
        """Samples that can be read now."""
        self._link.turn()
        return len(self._kept) // SAMPLE

    def read(self, samples: int) -> Pcm:
        """Take exactly `samples`; silence fills what is missing."""
        size = SAMPLE * samples
        taken, self._kept = self._kept[:size], self._kept[size:]
        return np.frombuffer(bytearray(taken.ljust(size, b"\0")), np.int16)

    def close(self) -> None:
        """Release the device; harmless when done already."""
        self._link.close()

    def _hear(self, pcm: bytes) -> None:
        self._until = self._clock() + STALL_S
        self._kept += pcm
        if len(self._kept) > SAMPLE * CAPACITY:
            self._kept = self._kept[: SAMPLE * CAPACITY]
            self.overflows += 1


class PulsePlayout:
    """A speaker. What the server's queue has no room for waits here; what the device takes out of it at once
    beyond a block does not count as queued, for so much must always be there."""

    def __init__(self, address: str, sink: str, clock: Clock = time.monotonic, *, waits: bool) -> None:
        """Raises DeviceFailure."""
        self._clock = clock
        self._waits = waits
        self._ring = Ring(CAPACITY)
        self._link = PulseLink(address)
        self._link.play(sink, target=TARGET, request=REQUEST, corked=waits)
        self._credit = self._link.credit
        self._until = clock() + START_S

    @property
    def alive(self) -> bool:
        """False once the device has gone or takes nothing any more of what is queued."""
        link = self._link
        if not link.ended and not self._waits and self._clock() >= self._until:
            self._look()
        return not link.ended and (self._waits or self._clock() < self._until)

    @property
    def underflows(self) -> int:
        """How often the queue ran empty."""
        self._link.turn()
        return self._link.underflows

    @property
    def takes(self) -> int:
        """Samples the device takes at a time."""
        return self._link.device_takes

    def begin(self) -> None:
        """Let a stream that waits sound. Raises DeviceFailure."""
        if not self._waits:
            return
        self._until = self._clock() + START_S
        self._waits = False
        self._link.uncork()
        if self._link.ended:
            raise DeviceFailure("the speaker has gone")

    def queued(self) -> int:
        """Samples waiting."""
        return max(0, self._look() - max(0, self._link.device_takes - BLOCK))

    def write(self, pcm: Pcm) -> int:
        """Queue samples; returns how many fitted."""
        link = self._link
        if self._ring.available() or len(pcm) > link.credit:
            kept = self._ring.write(pcm)
            self._pass_on()
            return kept
        link.give(pcm)
        self._credit = link.credit
        return len(pcm)

    def close(self) -> None:
        """Release the device; harmless when done already."""
        self._link.close()

    def _look(self) -> int:
        """Samples that are not played yet; an empty queue has no playing to show for itself."""
        link = self._link
        link.turn()
        waiting = self._ring.available()
        unplayed = waiting + link.length - link.credit
        if link.credit > self._credit or unplayed <= 0:
            self._until = self._clock() + STALL_S
        if waiting:
            self._pass_on()
        self._credit = link.credit
        return unplayed

    def _pass_on(self) -> None:
        link = self._link
        if passed := min(self._ring.available(), link.credit):
            link.give(self._ring.read(passed))
        self._credit = link.credit
