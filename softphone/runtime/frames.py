"""The slot between whoever makes pictures and whoever paints them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from softphone.domain.picture import Frame


class FrameSlot:
    """Implements domain.picture.PictureSlot."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frame: Frame | None = None
        self._told = False
        self.on_fresh: Callable[[], None] = lambda: None
        self.dropped = 0

    def put(self, frame: Frame | None) -> None:
        """See PictureSlot."""
        with self._lock:
            self.dropped += self._told
            self._frame = frame
            told, self._told = self._told, True
        if not told:
            self.on_fresh()

    def take(self) -> Frame | None:
        """See PictureSlot."""
        with self._lock:
            self._told = False
            return self._frame
