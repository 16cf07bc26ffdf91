"""A ring of samples between one writing and one reading thread, without locks.

Each side moves only its own counter, and a Python int is replaced in one step: neither sees a torn value.
"""

from __future__ import annotations

import numpy as np

from devices.types import Pcm


class Ring:
    """Holds up to `capacity` int16 samples. All memory is taken at construction."""

    def __init__(self, capacity: int) -> None:
        self._samples = np.zeros(capacity, np.int16)
        self._capacity = capacity
        self._written = 0
        self._taken = 0

    def available(self) -> int:
        """Samples that can be read now."""
        return self._written - self._taken

    def space(self) -> int:
        """Samples that can be written now."""
        return self._capacity - self.available()

    def write(self, pcm: Pcm) -> int:
        """Writing side: copy in what fits and return how many samples that was."""
        count = min(len(pcm), self.space())
        start = self._written % self._capacity
        first = min(count, self._capacity - start)
        self._samples[start : start + first] = pcm[:first]
        if first < count:
            self._samples[: count - first] = pcm[first:count]
        self._written += count
        return count

    def read_into(self, out: Pcm) -> int:
        """Reading side: fill `out` from its start; returns how many samples there were."""
        count = min(len(out), self.available())
        start = self._taken % self._capacity
        first = min(count, self._capacity - start)
        out[:first] = self._samples[start : start + first]
        if first < count:
            out[first:count] = self._samples[: count - first]
        self._taken += count
        return count

    def read(self, samples: int) -> Pcm:
        """Reading side: exactly `samples`, silence where the ring had no more."""
        out = np.zeros(samples, np.int16)
        self.read_into(out)
        return out

    def skip(self, samples: int) -> int:
        """Reading side: throw away the oldest; returns how many there were to throw."""
        count = min(samples, self.available())
        self._taken += count
        return count
