"""Draws the time code that media.video.timecode reads (there is what it looks like)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BITS, CHECK = 32, 8
SEAL = 0xA5
CELLS = BITS + CHECK
ROW = 16
BLACK, WHITE = 16, 235


def draw(luma: npt.NDArray[np.uint8], milliseconds: int) -> None:
    """Write the time's lower 32 bits into a (height, width) array of brightness."""
    time = milliseconds & 0xFFFF_FFFF
    check = (time ^ time >> 8 ^ time >> 16 ^ time >> 24 ^ SEAL) & 0xFF
    code = time | check << BITS
    height, width = luma.shape
    cells = np.array([WHITE if code >> bit & 1 else BLACK for bit in range(CELLS)], np.uint8)
    luma[: height // ROW] = cells[np.arange(width) * CELLS // width]
