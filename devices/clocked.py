"""Streams that behave as a device does, by a clock: sound comes and goes at 48 000 samples a second.

They need no thread: what a device would have done since the last look is caught up with at the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from devices.ring import Ring
from devices.types import Pcm

RATE = 48_000
BLOCK = RATE // 100
CAPACITY = RATE
"""Samples a stream holds: one second, what is older is lost as in a device's own buffer."""

Clock = Callable[[], float]


class Source(Protocol):
    """What a clocked microphone hears."""

    def next(self, samples: int) -> Pcm:
        """The next `samples` of it, silence after its end."""
        ...

    def close(self) -> None:
        """Nothing more is asked for."""
        ...


class Sink(Protocol):
    """Where a clocked speaker's sound goes."""

    def take(self, pcm: Pcm) -> None:
        """The next samples played, silence where nothing was queued."""
        ...

    def close(self) -> None:
        """Nothing more comes."""
        ...


class _Elapsed:
    """Whole samples that have passed by a clock, each counted once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start = clock()
        self._counted = 0

    def samples(self) -> int:
        total = int((self._clock() - self._start) * RATE + 1e-6)
        passed = max(0, total - self._counted)
        self._counted += passed
        return passed


class ClockedCapture:
    """A microphone that hears `source`; its sound is there as time passes."""

    def __init__(self, source: Source, clock: Clock) -> None:
        self._source = source
        self._elapsed = _Elapsed(clock)
        self._ring = Ring(CAPACITY)
        self._open = True

    @property
    def alive(self) -> bool:
        """False once closed or pulled out."""
        return self._open

    def available(self) -> int:
        """Samples that can be read now."""
        self._hear()
        return self._ring.available()

    def read(self, samples: int) -> Pcm:
        """Take exactly `samples`; silence fills what is missing."""
        self._hear()
        return self._ring.read(samples)

    def close(self) -> None:
        """Stop hearing; harmless when done already."""
        if self._open:
            self._open = False
            self._source.close()

    def _hear(self) -> None:
        if self._open and (passed := self._elapsed.samples()):
            self._ring.write(self._source.next(passed))


class ClockedPlayout:
    """A speaker that plays into `sink` as time passes."""

    takes = BLOCK

    def __init__(self, sink: Sink, clock: Clock) -> None:
        self._sink = sink
        self._elapsed = _Elapsed(clock)
        self._ring = Ring(CAPACITY)
        self._open = True
        self._begun = False
        self._underflows = 0

    @property
    def alive(self) -> bool:
        """False once closed or pulled out."""
        return self._open

    @property
    def underflows(self) -> int:
        """How often the queue ran empty while playing."""
        self._play()
        return self._underflows

    def begin(self) -> None:
        """It sounds from its opening on."""

    def queued(self) -> int:
        """Samples waiting."""
        self._play()
        return self._ring.available()

    def write(self, pcm: Pcm) -> int:
        """Queue samples; returns how many fitted."""
        self._play()
        if not self._open:
            return 0
        self._begun = True
        return self._ring.write(pcm)

    def close(self) -> None:
        """Stop playing; what is queued is dropped, as a device does."""
        if self._open:
            self._play()
            self._open = False
            self._sink.close()

    def _play(self) -> None:
        if not self._open or not (passed := self._elapsed.samples()):
            return
        played = np.zeros(passed, np.int16)
        if self._ring.read_into(played) < passed and self._begun:
            self._underflows += 1
        self._sink.take(played)
