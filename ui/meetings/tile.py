"""One person of the meeting: picture or initials, name, how sure one is of them, whether they are heard."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QEnterEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent

from softphone.presenters.meeting_people import TileView
from softphone.presenters.parts import Tone
from ui.look import Look
from ui.theme import SIDE_PX
from ui.widgets.buttons import IconButton
from ui.widgets.picture import CORNER, PictureView

PILL = 28
MARK = 16
EDGE = 8
WIDE = 400


class LargeButton(IconButton):
    """In a small tile it is seen only while the pointer or the keyboard is there."""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 — Qt's name
        """See the class."""
        tile = self.parentWidget()
        if tile is None or tile.width() >= WIDE or tile.underMouse() or self.hasFocus():
            super().paintEvent(event)


class VideoTile(PictureView):
    """Renders a TileView. `large_wanted` asks to show it alone, on the whole screen."""

    large_wanted = Signal()
    look_wanted = Signal(str, int)

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.view: TileView | None = None
        self.large = LargeButton(look, "full-screen", "stage_text")
        self.large.setProperty("kind", "overlay")
        self.large.setParent(self)
        self.large.clicked.connect(self.large_wanted)
        self.looked.connect(self._looked)

    def show_view(self, view: TileView) -> None:
        """Render a view state."""
        before, self.view = self.view, view
        self.mirror(view.you)
        self.show_slot(view.slot)
        self.setAccessibleName(view.spoken)
        self.large.say(self.look.word("Show {name} large").format(name=view.name))
        if view != before:
            self.update()

    def _looked(self, height: int) -> None:
        if self.view is not None and not self.view.you:
            self.look_wanted.emit(self.view.session, height)

    # --- painting ---------------------------------------------------------------------------------------

    def paint_over(self, painter: QPainter) -> None:
        """Initials where there is no picture, then name and state; a frame around who speaks."""
        view = self.view
        if view is None:
            return
        if not (view.picture and self.has_picture):
            self._paint_initials(painter, view)
        if view.state:
            self._paint_state(painter, view.state)
        self._paint_name(painter, view)
        if view.speaking:
            painter.setPen(QPen(self.look.colour("speaking"), 3))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), CORNER, CORNER)

    def _paint_initials(self, painter: QPainter, view: TileView) -> None:
        painter.fillRect(self.rect(), self.look.colour("stage"))
        size = max(36.0, min(self.height() * 0.42, self.width() * 0.42, 120.0))
        middle = QPointF(self.width() / 2, self.height() / 2 - (EDGE if self.height() > 120 else PILL / 2))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.look.colour("stage_raised"))
        painter.drawEllipse(middle, size / 2, size / 2)
        font = painter.font()
        font.setPixelSize(int(size * 0.4))
        painter.setFont(font)
        painter.setPen(self.look.colour("stage_text"))
        box = QRectF(middle.x() - size / 2, middle.y() - size / 2, size, size)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, view.initials)

    def _paint_state(self, painter: QPainter, text: str) -> None:
        self._small(painter)
        width = min(painter.fontMetrics().horizontalAdvance(text) + 2 * EDGE, self.width() - 2 * EDGE)
        self._pill(painter, QRectF((self.width() - width) / 2, EDGE, width, PILL), text)

    def _paint_name(self, painter: QPainter, view: TileView) -> None:
        """At the lower left: what is off, the name, the badge; the badge's word where there is room."""
        self._small(painter)
        marks = self._marks(view)
        metrics, room = painter.fontMetrics(), self.width() - 2 * EDGE
        badge = f" · {view.badge.text}" if view.badge is not None else ""
        taken = 2 * EDGE + len(marks) * (MARK + 4)
        whole = metrics.horizontalAdvance(view.name + badge) + taken
        text = view.name + badge if whole <= room else view.name
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(room - taken, 20))
        width = min(metrics.horizontalAdvance(shown) + taken, room)
        box = QRectF(EDGE, self.height() - EDGE - PILL, width, PILL)
        self._pill(painter, box, "")
        left = int(box.left()) + EDGE
        for icon, token in marks:
            drawing = self.look.pixmap(icon, token, MARK, self.devicePixelRatioF())
            painter.drawPixmap(left, int(box.top()) + (PILL - MARK) // 2, drawing)
            left += MARK + 4
        painter.setPen(self.look.colour("stage_text"))
        place = QRect(left, int(box.top()), int(box.right()) - left, PILL)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    def _marks(self, view: TileView) -> list[tuple[str, str]]:
        marks = [("speaker", "speaking")] if view.speaking else []
        marks += [("microphone-off", "stage_text")] if view.muted else []
        if view.badge is not None:
            marks.append((view.badge.icon, "speaking" if view.badge.tone is Tone.GOOD else "stage_text"))
        return marks

    def _pill(self, painter: QPainter, box: QRectF, text: str) -> None:
        ground = self.look.colour("stage")
        ground.setAlpha(215)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(box, PILL / 2, PILL / 2)
        if text:
            painter.setPen(self.look.colour("stage_text"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    @staticmethod
    def _small(painter: QPainter) -> None:
        font = painter.font()
        font.setPixelSize(SIDE_PX)
        painter.setFont(font)

    # --- mouse ------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 — Qt's name
        """The button stays in the upper right corner."""
        super().resizeEvent(event)
        self.large.adjustSize()
        self.large.move(self.width() - self.large.width() - EDGE, EDGE)

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802 — Qt's name
        """The button shows itself."""
        super().enterEvent(event)
        self.large.update()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 — Qt's name
        """And goes."""
        super().leaveEvent(event)
        self.large.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 — Qt's name
        """As the button."""
        self.large_wanted.emit()
