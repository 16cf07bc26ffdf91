"""Several voices in one ear."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from media.types import BLOCK, Pcm

KNEE = 24_000
"""From here on the sum is bent towards full scale instead of being cut off."""
ROOM = 32_767 - KNEE


def linear(gain_db: float) -> float:
    """A gain in dB as a factor."""
    return float(10 ** (gain_db / 20))


def soft_limit(total: np.ndarray[tuple[int, ...], np.dtype[np.int32]]) -> Pcm:
    """Below the knee unchanged; above it ever flatter, never past full scale."""
    if int(total.min(initial=0)) >= -KNEE and int(total.max(initial=0)) <= KNEE:
        whole: Pcm = total.astype(np.int16)
        return whole
    over = np.maximum(np.abs(total) - KNEE, 0).astype(np.float32)
    bent = np.minimum(np.abs(total), KNEE) + ROOM * over / (over + ROOM)
    limited: Pcm = (np.sign(total) * bent).astype(np.int16)
    return limited


def amplify(pcm: Pcm, gain_db: float) -> Pcm:
    """Apply a gain with the soft limit; 0 dB is free."""
    if gain_db == 0:
        return pcm
    return soft_limit((pcm * np.float32(linear(gain_db))).astype(np.int32))


def mix(blocks: Sequence[Pcm], samples: int = BLOCK) -> Pcm:
    """The sum of blocks of `samples`, softly limited; silence for none."""
    if not blocks:
        return np.zeros(samples, np.int16)
    if len(blocks) == 1:
        return blocks[0]
    total = np.zeros(samples, np.int32)
    for block in blocks:
        total += block
    return soft_limit(total)
