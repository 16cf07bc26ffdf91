"""The time code in test pictures: a row of black and white cells along the upper edge.

CELLS cells side by side fill the whole width, the first ones the time in milliseconds (32 bits, lowest
first), the last ones its CHECK bits; the row is 1/ROW of the height. It outlives scaling and compression.
"""

from __future__ import annotations

import av
import numpy as np
import numpy.typing as npt

BITS, CHECK = 32, 8
SEAL = 0xA5
CELLS = BITS + CHECK
ROW = 16
LIGHT = 128


def check_of(milliseconds: int) -> int:
    """The check bits: the exclusive or of the four bytes and SEAL: neither black nor white is a time."""
    return (milliseconds ^ milliseconds >> 8 ^ milliseconds >> 16 ^ milliseconds >> 24 ^ SEAL) & 0xFF


def read_luma(luma: npt.NDArray[np.uint8]) -> int | None:
    """The time in a (height, width) array of brightness, None where there is none to be read."""
    height, width = luma.shape
    row = height // ROW
    if row < 3 or width < 2 * CELLS:
        return None
    middle = luma[row // 3 : row - row // 3].mean(axis=0)
    places = ((np.arange(CELLS) + 0.5) * width / CELLS).astype(int)
    code = sum(1 << bit for bit, place in enumerate(places) if middle[place - 1 : place + 2].mean() > LIGHT)
    milliseconds = code & 0xFFFF_FFFF
    return milliseconds if code >> BITS == check_of(milliseconds) else None


def read_pixels(pixels: npt.NDArray[np.uint8]) -> int | None:
    """As `read_luma`, of (height, width, 3 or 4) pixels: their green will do."""
    return read_luma(pixels[:, :, 1])


def read_frame(frame: av.VideoFrame) -> int | None:
    """As `read_luma`, of a YUV frame."""
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return read_luma(rows[: frame.height, : frame.width])
