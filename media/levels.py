"""Loudness of sound, in dBFS (0 is a full-scale square wave)."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

import numpy as np

from media.types import BLOCK, Pcm

FLOOR_DBFS = -96.0


def mean_square(pcm: Pcm) -> float:
    """Mean square of int16 samples; 0 for none."""
    if not len(pcm):
        return 0.0
    signal = pcm.astype(np.float32)
    return float(signal.dot(signal)) / len(pcm)


def dbfs(power: float) -> float:
    """A mean square of int16 samples in dBFS, never below FLOOR_DBFS."""
    return max(FLOOR_DBFS, 10 * math.log10(power / 32768**2)) if power > 0 else FLOOR_DBFS


class LevelMeter:
    """Level over the last blocks (five of 10 ms: 50 ms). What is added is kept, and measured only when asked:
    it must not change afterwards."""

    def __init__(self, blocks: int = 5) -> None:
        self._powers: deque[float] = deque(maxlen=blocks)
        self._unmeasured: deque[Pcm] = deque(maxlen=blocks)
        self.add: Callable[[Pcm], None] = self._unmeasured.append
        """Takes the next block, or several in one piece."""

    def reset(self) -> None:
        """Forget what was heard."""
        self._powers.clear()
        self._unmeasured.clear()

    @property
    def dbfs(self) -> float:
        """The level now."""
        for piece in self._unmeasured:
            for start in range(0, len(piece), BLOCK):
                self._powers.append(mean_square(piece[start : start + BLOCK]))
        self._unmeasured.clear()
        return dbfs(sum(self._powers) / len(self._powers)) if self._powers else FLOOR_DBFS
