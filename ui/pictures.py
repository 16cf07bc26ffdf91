"""Pictures of the windows, for support and for tests; never a trick with the screen of others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from softphone.domain.errors import CommandRefused

GAP = 16


class WindowPictures(QObject):
    """Fills the core's screenshot port: the engine asks, the Qt thread draws."""

    _asked = Signal(object, object)

    def __init__(self, windows: Callable[[], list[QWidget]], ground: Callable[[], QColor]) -> None:
        super().__init__()
        self._windows, self._ground = windows, ground
        self._asked.connect(self._draw, Qt.ConnectionType.QueuedConnection)

    async def save(self, path: Path) -> None:
        """Write a PNG of all open windows side by side.

        Raises CommandRefused when none is open, OSError when the file can't be written.
        """
        loop = asyncio.get_running_loop()
        drawn: asyncio.Future[QImage | None] = loop.create_future()
        self._asked.emit(loop, drawn)
        image = await drawn
        if image is None:
            raise CommandRefused("no window is open")
        if not await loop.run_in_executor(None, QImageWriter(str(path), b"png").write, image):
            raise OSError(f"{path} could not be written")

    def _draw(self, loop: asyncio.AbstractEventLoop, drawn: asyncio.Future[QImage | None]) -> None:
        windows = self._windows()
        image = side_by_side(windows, self._ground()).toImage() if windows else None
        loop.call_soon_threadsafe(drawn.set_result, image)


def side_by_side(windows: list[QWidget], ground: QColor) -> QPixmap:
    """One picture of several windows, from left to right."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)  # words just set get their room
    pictures = [window.grab() for window in windows]
    sizes = [picture.deviceIndependentSize() for picture in pictures]
    width = sum(int(size.width()) for size in sizes) + GAP * (len(sizes) + 1)
    height = max((int(size.height()) for size in sizes), default=0) + 2 * GAP
    whole = QPixmap(max(width, 1), height)
    whole.fill(ground)
    painter, left = QPainter(whole), GAP
    for picture, size in zip(pictures, sizes, strict=True):
        painter.drawPixmap(QPoint(left, GAP), picture)
        left += int(size.width()) + GAP
    painter.end()
    return whole
