"""What the ear was given, handed back at the moment it is heard: the reference an echo canceller needs.

The speaker's queue and the microphone's ring say where both devices stand: of all samples written, those no
longer queued have been played, and of all recorded, those still waiting came later than the block at hand. So
a microphone block and the far block beside it keep the same distance whatever the queue's fill, however late
the loop woke up, and after an underflow. What is left, the devices' own latency and the room's, is for the
canceller to find; it follows steady drift of the two clocks by itself. The echo can't seem to come first: a
device takes a block before it plays it, and gives one after it recorded it.

Both counts move in pieces as large as the devices' own blocks, so a single reading proves nothing: the
distance is only corrected by what all readings of the last STEADY blocks agree on.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from media.types import BLOCK, RATE, Pcm

CAPACITY = RATE
STEADY = 20
TOLERANCE = STEP = RATE * 5 // 1000
"""A step of this size leaves a converged canceller undisturbed."""
REST = 300
"""Blocks between two steps: so long a canceller takes to learn the last one."""
JUMP = RATE * 20 // 1000
"""Where the devices themselves jumped, all of it is made up for within STEADY blocks: before the canceller
has followed the wrong way."""


class FarEnd:
    """The last second of what was queued for the speaker. Positions count samples since the start."""

    def __init__(self) -> None:
        self._ring = np.zeros(CAPACITY, np.int16)
        self.reset()

    def reset(self) -> None:
        """Another device or another moment: forget everything."""
        self._ring[:] = 0
        self._written = 0
        self._next: int | None = None
        self._errors: deque[int] = deque(maxlen=STEADY)
        self._rest = 0
        self.corrections = 0
        """How often the distance between near and far had to be set right."""

    def queued(self, block: Pcm) -> None:
        """These samples, at most a second of them, went into the speaker's queue."""
        start = self._written % CAPACITY
        first = min(len(block), CAPACITY - start)
        self._ring[start : start + first] = block[:first]
        if first < len(block):
            self._ring[: len(block) - first] = block[first:]
        self._written += len(block)

    def beside(self, unplayed: int, waiting: int) -> Pcm:
        """The far block that belongs to the microphone block just taken.

        `unplayed` samples are still in the speaker's queue, `waiting` ones in the microphone's ring."""
        aim = self._written - unplayed - waiting - BLOCK
        if self._next is None:
            self._next = aim
        self._next = self._steered(self._next, aim)
        block = self._read(self._next)
        self._next = min(self._next + BLOCK, self._written)
        return block

    def skip(self, samples: int) -> None:
        """The microphone's ring lost samples that nobody took."""
        if self._next is not None:
            self._next = min(self._next + samples, self._written)

    def _steered(self, position: int, aim: int) -> int:
        self._errors.append(aim - position)
        self._rest = max(0, self._rest - 1)
        if len(self._errors) < STEADY:
            return position
        least, most = min(self._errors), max(self._errors)
        shift = least if least > TOLERANCE else most if most < -TOLERANCE else 0
        if abs(shift) < JUMP:
            shift = 0 if self._rest else max(-STEP, min(shift, STEP))
        if shift:
            self._errors.clear()
            self._rest = REST
            self.corrections += 1
        return position + shift

    def _read(self, position: int) -> Pcm:
        """One block; silence where nothing was written yet, or so long ago that it is gone."""
        start = position % CAPACITY
        oldest = max(self._written - CAPACITY, 0)
        if oldest <= position <= self._written - BLOCK and start <= CAPACITY - BLOCK:
            return self._ring[start : start + BLOCK].copy()
        block = np.zeros(BLOCK, np.int16)
        first, last = max(position, oldest), min(position + BLOCK, self._written)
        if first < last:
            places = np.arange(first, last) % CAPACITY
            block[first - position : last - position] = self._ring[places]
        return block
