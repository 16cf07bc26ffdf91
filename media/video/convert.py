"""Raw pictures to what a screen paints and what an encoder takes."""

from __future__ import annotations

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import Interpolation, VideoReformatter

Pixels = npt.NDArray[np.uint8]
"""(height, width, 4), BGRX."""

WORTH_SCALING = 0.8
"""A picture shown at more of its height than this goes to the screen as it is."""


def shown_size(width: int, height: int, shown: int) -> tuple[int, int]:
    """The size to hand to the screen for a picture shown `shown` pixels tall (0: nobody knows)."""
    if not 0 < shown < WORTH_SCALING * height:
        return width, height
    return max(8, round(width * shown / height / 8) * 8), max(2, shown & ~1)


def fitting(width: int, height: int, largest_height: int) -> tuple[int, int]:
    """The size with even sides, no taller than `largest_height`, in the same proportions."""
    if height <= largest_height:
        return width & ~1, height & ~1
    return 2 * round(width * largest_height / height / 2), largest_height & ~1


class ToScreen:
    """Converts one source's pictures. Not for several threads at once."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def convert(self, frame: av.VideoFrame, shown: int = 0) -> Pixels:
        """BGRX pixels, rows without gaps, scaled down where the picture is shown small."""
        width, height = shown_size(frame.width, frame.height, shown)
        out = self._reformatter.reformat(
            frame, width, height, format="bgra", interpolation=Interpolation.FAST_BILINEAR
        )
        plane = out.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(height, plane.line_size)
        pixels: Pixels = np.ascontiguousarray(rows[:, : 4 * width]).reshape(height, width, 4)
        return pixels


class ToEncoder:
    """Makes every picture YUV 4:2:0 of the wanted size. Not for several threads at once."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def convert(self, frame: av.VideoFrame, width: int, height: int) -> av.VideoFrame:
        """A frame of that size; the same one where nothing has to be done."""
        if frame.format.name == "yuv420p" and (frame.width, frame.height) == (width, height):
            return frame
        return self._reformatter.reformat(
            frame, width, height, format="yuv420p", interpolation=Interpolation.FAST_BILINEAR
        )
