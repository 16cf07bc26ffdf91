"""Whether a camera shows anything: black pictures, and one picture again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from media.video.convert import Pixels

STEP = 16
"""Every so many pixels each way are looked at."""
BLACK_LEVEL, BLACK_SPREAD = 24, 4.0
BLACK_FOR_S = 1.5
"""Many cameras begin with some black pictures."""
FROZEN_FOR_S = 3.0
"""A real camera's noise never stands still for so long."""


class PictureJudge:
    """Looks at what a camera gives. Times in monotonic seconds."""

    def __init__(self) -> None:
        self._dark_since: float | None = None
        self._still_since: float | None = None
        self._last: npt.NDArray[np.uint8] | None = None
        self._now = 0.0

    def look(self, pixels: Pixels, now: float) -> None:
        """Take a picture; a few a second will do."""
        sample = pixels[::STEP, ::STEP, :3].copy()
        dark = float(sample.mean()) < BLACK_LEVEL and float(sample.std()) < BLACK_SPREAD
        still = self._last is not None and np.array_equal(sample, self._last)
        self._dark_since = (self._dark_since if self._dark_since is not None else now) if dark else None
        self._still_since = (self._still_since if self._still_since is not None else now) if still else None
        self._last, self._now = sample, now

    @property
    def black(self) -> bool:
        """Nothing but black for a while: a shutter, or a system that gives no picture without saying so."""
        return self._dark_since is not None and self._now - self._dark_since >= BLACK_FOR_S

    @property
    def frozen(self) -> bool:
        """The very same picture for a while."""
        return self._still_since is not None and self._now - self._still_since >= FROZEN_FOR_S
