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
        self._listeners: tuple[Callable[[], None], ...] = ()
        self.dropped = 0

    def listen(self, on_fresh: Callable[[], None]) -> None:
        """See PictureSlot."""
        with self._lock:
            self._listeners = (*self._listeners, on_fresh)

    def unlisten(self, on_fresh: Callable[[], None]) -> None:
        """See PictureSlot."""
        with self._lock:
            self._listeners = tuple(one for one in self._listeners if one != on_fresh)

    def put(self, frame: Frame | None) -> None:
        """See PictureSlot."""
        with self._lock:
            self.dropped += self._told
            self._frame = frame
            told, self._told = self._told, True
            listeners = () if told else self._listeners
        for on_fresh in listeners:
            on_fresh()

    def take(self) -> Frame | None:
        """See PictureSlot."""
        with self._lock:
            self._told = False
            return self._frame
