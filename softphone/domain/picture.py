"""A picture on its way to the screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture ready to paint: `pixels` is (height, width, 4) uint8, BGRX, rows without gaps.

    `captured_at`: monotonic seconds, 0.0 where nobody knows.
    """

    pixels: NDArray[np.uint8]
    captured_at: float = 0.0

    @property
    def width(self) -> int:
        """Pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self.pixels.shape[0])


class PictureSlot(Protocol):
    """The newest frame of one source. Any thread puts, one thread takes; older frames are dropped unseen.

    `dropped` counts frames nobody took.
    """

    dropped: int

    def listen(self, on_fresh: Callable[[], None]) -> None:
        """Call `on_fresh` on the putting thread, at most once until the frame has been taken.

        Several may listen: one's own picture is seen in the settings and in the meeting at once.
        """
        ...

    def unlisten(self, on_fresh: Callable[[], None]) -> None:
        """Call it no more; harmless where it isn't listening. The others are told as before."""
        ...

    def put(self, frame: Frame | None) -> None:
        """Replace the frame; None: there is no picture any more."""
        ...

    def take(self) -> Frame | None:
        """The newest frame; it stays, so that a repaint has it too."""
        ...
