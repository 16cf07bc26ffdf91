"""Loudness of sound, in dBFS (0 is a full-scale square wave)."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from media.types import Pcm

FLOOR_DBFS = -96.0


def mean_square(pcm: Pcm) -> float:
    """Mean square of int16 samples; 0 for none."""
    if not len(pcm):
        return 0.0
    signal = pcm.astype(np.float32)
    return float(signal @ signal) / len(pcm)


def dbfs(power: float) -> float:
    """A mean square of int16 samples in dBFS, never below FLOOR_DBFS."""
    return max(FLOOR_DBFS, 10 * math.log10(power / 32768**2)) if power > 0 else FLOOR_DBFS


class LevelMeter:
    """Level over the last blocks (five of 10 ms: 50 ms)."""

    def __init__(self, blocks: int = 5) -> None:
        self._powers: deque[float] = deque(maxlen=blocks)

    def add(self, block: Pcm) -> None:
        """Take the next block."""
        self._powers.append(mean_square(block))

    def reset(self) -> None:
        """Forget what was heard."""
        self._powers.clear()

    @property
    def latest_dbfs(self) -> float:
        """The level of the last block alone."""
        return dbfs(self._powers[-1]) if self._powers else FLOOR_DBFS

    @property
    def dbfs(self) -> float:
        """The level now."""
        return dbfs(sum(self._powers) / len(self._powers)) if self._powers else FLOOR_DBFS
