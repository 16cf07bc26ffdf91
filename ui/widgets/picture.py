"""Paints the newest frame of a slot; whoever puts frames never waits for the screen."""

from __future__ import annotations

import time

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QImage, QPainter, QPainterPath, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from softphone.domain.picture import Frame, PictureSlot
from ui.look import Look

CORNER = 10
SMOOTH_AREA = 640 * 360
"""Up to this size smooth scaling costs 0.4 ms a frame; a large picture waits until it stands still."""

STILL_S = 0.5
LOOK_MS = 150
CROP = 0.8
"""So much of a picture is shown at least where it fills its place."""


class PictureView(QWidget):
    """A picture on a dark ground, whole and undistorted. `looked` tells its height in device pixels, 0 while
    nobody can see it.
    """

    looked = Signal(int)
    _fresh = Signal()

    def __init__(self, look: Look, *, mirrored: bool = False) -> None:
        super().__init__()
        self.look = look
        self._mirrored = mirrored
        self._slot: PictureSlot | None = None
        self._frame: Frame | None = None
        self._image = QImage()
        self._taken_at, self._told = 0.0, -1
        self._corners = QPainterPath()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._on_fresh = self._fresh.emit  # one object, so that the slot knows it again
        self._fresh.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._still = QTimer(self, singleShot=True, interval=int(STILL_S * 1000))
        self._still.timeout.connect(self.update)
        self._settled = QTimer(self, singleShot=True, interval=LOOK_MS)
        self._settled.timeout.connect(self._tell)
        look.theme.changed.connect(self.update)

    # --- frames -----------------------------------------------------------------------------------------

    def show_slot(self, slot: PictureSlot | None) -> None:
        """Paint from this slot from now on."""
        if slot is self._slot:
            return
        self.release()
        self._slot = slot
        if slot is not None:
            slot.listen(self._on_fresh)
            self._take()

    def release(self) -> None:
        """Hear nothing more; to be called before the widget goes."""
        if self._slot is not None:
            self._slot.unlisten(self._on_fresh)
        self._slot = None
        self._keep(None)

    def mirror(self, mirrored: bool) -> None:
        """Whether it is one's own picture, as in a mirror."""
        self._mirrored = mirrored

    def _take(self) -> None:
        """Nothing is taken while hidden: then the other side is not told again either."""
        if self._slot is not None and self.isVisible():
            self._keep(self._slot.take())
            self.update()

    def _keep(self, frame: Frame | None) -> None:
        self._frame = frame
        self._taken_at = time.monotonic()
        if frame is None:
            self._image = QImage()
            return
        self._image = QImage(  # over the frame's own memory, which `_frame` keeps alive
            frame.pixels.data, frame.width, frame.height, frame.width * 4, QImage.Format.Format_RGB32
        )
        self._still.start()

    @property
    def has_picture(self) -> bool:
        """Whether there is a frame to show."""
        return not self._image.isNull()

    # --- painting ---------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:  # noqa: N802 — Qt's name
        """Sixteen by nine."""
        return QSize(320, 180)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 — Qt's name
        """Ground, picture, what stands over it, round corners."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.look.colour("stage"))
        if self.has_picture:
            self._paint_picture(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint_over(painter)
        painter.fillPath(self._corners, self.look.colour("background"))
        painter.end()

    def paint_over(self, painter: QPainter) -> None:
        """What stands over the picture."""

    def _paint_picture(self, painter: QPainter) -> None:
        target = self._target()
        small = target.width() * target.height() <= SMOOTH_AREA
        still = time.monotonic() - self._taken_at >= STILL_S
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, small or still)
        if self._mirrored:
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)
        painter.drawImage(target, self._image)
        painter.resetTransform()

    def _target(self) -> QRectF:
        """The largest place for the picture that keeps its shape; a little of its edge may go for bars."""
        width, height = self._image.width(), self._image.height()
        inner, outer = sorted((self.width() / width, self.height() / height))
        scale = outer if inner >= outer * CROP else inner
        left, top = (self.width() - width * scale) / 2, (self.height() - height * scale) / 2
        return QRectF(left, top, width * scale, height * scale)

    # --- who looks --------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 — Qt's name
        """Another size asks for another picture, once it has settled."""
        super().resizeEvent(event)
        whole = QPainterPath()
        whole.addRect(QRectF(self.rect()))
        inner = QPainterPath()
        inner.addRoundedRect(QRectF(self.rect()), CORNER, CORNER)
        self._corners = whole.subtracted(inner)
        self._settled.start()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 — Qt's name
        """Catch up."""
        super().showEvent(event)
        self._take()
        self._settled.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 — Qt's name
        """Ask for nothing."""
        super().hideEvent(event)
        self._settled.start()

    def look_again(self) -> None:
        """The window may be seen now, or no longer."""
        self._settled.start()

    def _tell(self) -> None:
        seen = self.isVisible() and not self.window().isMinimized()
        height = round(self.height() * self.devicePixelRatioF()) if seen else 0
        if height != self._told:
            self._told = height
            self.looked.emit(height)
