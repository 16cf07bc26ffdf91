"""Icons: outline drawings tinted by token, crisp at every scale."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from resources import ICONS

SMALL, REGULAR = 20, 24


@lru_cache(maxsize=256)
def pixmap(name: str, colour: str, size: int = REGULAR, ratio: float = 1.0, gap: int = 0) -> QPixmap:
    """The drawing `name` in `colour`, `size` logical pixels at the screen's pixel `ratio`.

    `gap` leaves so many pixels free on the right, where a button sets its word too close.
    """
    drawing = (ICONS / f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", colour)
    picture = QPixmap(QSize(size + gap, size) * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(drawing.encode())).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return picture


def icon(name: str, colour: str, on: str = "", size: int = REGULAR, gap: int = 0) -> QIcon:
    """An icon for buttons; `on` is the colour of the checked state where it differs."""
    made = QIcon()
    for ratio in (1.0, 2.0, 3.0):
        made.addPixmap(pixmap(name, colour, size, ratio, gap), QIcon.Mode.Normal, QIcon.State.Off)
        made.addPixmap(pixmap(name, on or colour, size, ratio, gap), QIcon.Mode.Normal, QIcon.State.On)
    return made


def application_icon() -> QIcon:
    """The program's own sign."""
    made = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        made.addPixmap(pixmap("softphone", "#000000", size))
    return made
