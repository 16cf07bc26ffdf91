"""What the microphone itself delivers, before anything is done to it: level, clipping, silence, and zeros.

Exact zeros are another matter than quiet: no microphone is that quiet. They come from a switch in the
headset's cable, a mute in the system, or a system that denies the microphone without saying so.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from media.levels import FLOOR_DBFS, dbfs
from media.types import BLOCK, RATE, Pcm

FULL_SCALE = 32_767
RUN = 3
"""So many samples in a row at full scale are no peak of speech but a cut-off one."""
CLIPPED_FOR = 100
"""Blocks for which clipping is still reported."""
QUIET_DBFS = -60.0
QUIET = 32_768**2 * 10 ** (QUIET_DBFS / 10)
PEAKS = 5
AT_ONCE = 25
"""Pieces looked at together: each look has its price, whatever it is at."""
BLOCK_S = BLOCK / RATE


@dataclass(frozen=True, slots=True)
class MicrophoneState:
    """Level and peak in dBFS over the last 50 ms, clipping within the last second, both as recorded.

    `zero_for_s`: seconds of exact zeros until now; `silent_for_s`: seconds since anything louder than
    QUIET_DBFS, zeros included. `gain_db` is added before sending; `echo` and `noise` ("off", "low", "high")
    are what is being done, not what was asked for.
    """

    level_dbfs: float = FLOOR_DBFS
    peak_dbfs: float = FLOOR_DBFS
    clipping: bool = False
    zero_for_s: float = 0.0
    silent_for_s: float = 0.0
    gain_db: float = 0.0
    echo: bool = False
    noise: str = "off"


class MicrophoneWatch:
    """Takes everything as recorded, and looks at several pieces at a time. Time is counted in blocks."""

    def __init__(self) -> None:
        self._powers: deque[float] = deque(maxlen=PEAKS)
        self._peaks: deque[int] = deque(maxlen=PEAKS)
        self._unseen: list[Pcm] = []
        self._zero = self._silent = self._clipped = 0

    def reset(self) -> None:
        """Another microphone."""
        self._powers.clear()
        self._peaks.clear()
        self._unseen.clear()
        self._zero = self._silent = self._clipped = 0

    def add(self, pcm: Pcm) -> None:
        """Take whole blocks the microphone delivered; they must not change afterwards."""
        self._unseen.append(pcm)
        if len(self._unseen) == AT_ONCE:
            self._look()

    def missed(self) -> None:
        """A block was due and did not come."""
        self._look()
        self._powers.append(0.0)
        self._peaks.append(0)
        self._zero = 0
        self._silent += 1

    def _look(self) -> None:
        if not self._unseen:
            return
        blocks = np.concatenate(self._unseen).reshape(-1, BLOCK)
        signal = blocks.astype(np.float32)
        powers = np.vecdot(signal, signal) / BLOCK
        peaks = np.maximum(blocks.max(axis=1), -blocks.min(axis=1).astype(np.int32))
        for block, power, peak in zip(blocks, powers.tolist(), peaks.tolist(), strict=True):
            self._note(block, power, peak)
        self._unseen.clear()

    def _note(self, block: Pcm, power: float, peak: int) -> None:
        self._powers.append(power)
        self._peaks.append(peak)
        self._zero = 0 if peak else self._zero + 1
        self._silent = 0 if power > QUIET else self._silent + 1
        self._clipped = CLIPPED_FOR if peak >= FULL_SCALE and clipped(block) else max(0, self._clipped - 1)

    @property
    def level_dbfs(self) -> float:
        """The level now."""
        self._look()
        return dbfs(sum(self._powers) / len(self._powers)) if self._powers else FLOOR_DBFS

    def state(self, *, gain_db: float, echo: bool, noise: str) -> MicrophoneState:
        """All that is known, with what is being done about it."""
        return MicrophoneState(
            level_dbfs=self.level_dbfs,
            peak_dbfs=dbfs(float(max(self._peaks, default=0)) ** 2),
            clipping=self._clipped > 0,
            zero_for_s=self._zero * BLOCK_S,
            silent_for_s=self._silent * BLOCK_S,
            gain_db=gain_db,
            echo=echo,
            noise=noise,
        )


def clipped(block: Pcm) -> bool:
    """Whether RUN samples in a row stand at the same end of the scale."""
    for cut in (block >= FULL_SCALE, block <= -FULL_SCALE):
        runs = cut[: len(cut) - RUN + 1].copy()
        for offset in range(1, RUN):
            runs &= cut[offset : len(cut) - RUN + 1 + offset]
        if runs.any():
            return True
    return False
