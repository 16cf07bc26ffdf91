"""A list of two-line rows with an icon, drawn from the tokens and read out whole by a screen reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QFont, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui.icons import SMALL
from ui.look import Look
from ui.theme import BODY_PX, SIDE_PX
from ui.widgets.labels import tabular

ROW_HEIGHT = 56
CALL_AREA = 44
ROLE = int(Qt.ItemDataRole.UserRole)
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Row:
    """What a row shows. `spoken` is all of it for a screen reader; `token` colours icon and second line."""

    id: str
    icon: str
    token: str
    title: str
    subtitle: str
    side: str = ""
    side_note: str = ""
    spoken: str = ""


class RowModel(QAbstractListModel):
    """The rows at hand."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[Row, ...] = ()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Replace the rows."""
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802 — Qt's name
        """How many rows there are."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = 0) -> Any:
        """The row, and its words for screen readers."""
        row = self.rows[index.row()]
        if role == ROLE:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.spoken or row.title
        return None


class RowDelegate(QStyledItemDelegate):
    """Paints a row; the one under the pointer or the cursor shows the call button."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 — Qt's name
        """All rows are as high."""
        return QSize(0, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the row."""
        row: Row = index.data(ROLE)
        state: QStyle.StateFlag = option.state
        rect: QRect = option.rect
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        active = chosen or bool(state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if active:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._look.colour("accent_soft" if chosen else "raised"))
            painter.drawRoundedRect(rect.adjusted(4, 2, -4, -2), 8, 8)
        self._icon(painter, row.icon, row.token, QPoint(rect.left() + 14, rect.center().y() - SMALL // 2))
        right = rect.right() - 14
        if active:
            self._icon(painter, "phone", "accent", QPoint(right - SMALL, rect.center().y() - SMALL // 2))
            right -= CALL_AREA
        side = self._side(painter, option, row, rect, right)
        self._texts(painter, option, row, rect, right - side)
        painter.restore()

    def _icon(self, painter: QPainter, name: str, token: str, at: QPoint) -> None:
        device = painter.device()
        ratio = device.devicePixelRatio() if device is not None else 1.0
        painter.drawPixmap(at, self._look.pixmap(name, token, SMALL, ratio))

    def _side(
        self, painter: QPainter, option: QStyleOptionViewItem, row: Row, rect: QRect, right: int
    ) -> int:
        font = _font(option, SIDE_PX)
        painter.setFont(tabular(font))
        painter.setPen(self._look.colour("text_quiet"))
        width = max(painter.fontMetrics().horizontalAdvance(text) for text in (row.side, row.side_note))
        box = QRect(right - width, rect.top(), width + 1, rect.height())
        half = rect.height() // 2
        align = Qt.AlignmentFlag.AlignRight
        painter.drawText(box.adjusted(0, 0, 0, -half), align | Qt.AlignmentFlag.AlignBottom, row.side)
        painter.drawText(box.adjusted(0, half, 0, 0), align | Qt.AlignmentFlag.AlignTop, row.side_note)
        return width + 12 if width else 0

    def _texts(
        self, painter: QPainter, option: QStyleOptionViewItem, row: Row, rect: QRect, right: int
    ) -> None:
        left = rect.left() + 14 + SMALL + 12
        box = QRect(left, rect.top(), right - left, rect.height())
        half = rect.height() // 2
        elide, start = Qt.TextElideMode.ElideRight, Qt.AlignmentFlag.AlignLeft
        painter.setFont(_font(option, BODY_PX, QFont.Weight.Medium))
        painter.setPen(self._look.colour("text"))
        title = painter.fontMetrics().elidedText(row.title, elide, box.width())
        painter.drawText(box.adjusted(0, 0, 0, -half), start | Qt.AlignmentFlag.AlignBottom, title)
        painter.setFont(_font(option, SIDE_PX))
        painter.setPen(self._look.colour(row.token if row.token in ("bad", "warn") else "text_quiet"))
        subtitle = painter.fontMetrics().elidedText(row.subtitle, elide, box.width())
        painter.drawText(box.adjusted(0, half + 1, 0, 0), start | Qt.AlignmentFlag.AlignTop, subtitle)


def _font(option: QStyleOptionViewItem, pixels: int, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    font = QFont(option.font)
    font.setPixelSize(pixels)
    font.setWeight(weight)
    return font


class RowList(QListView):
    """`called` tells whom to call (Enter, double click, the row's button); `asked` opens a row's menu."""

    called = Signal(str)
    asked = Signal(str, QPoint)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._rows = RowModel()
        self.setModel(self._rows)
        self.setItemDelegate(RowDelegate(look))
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        look.theme.changed.connect(self.viewport().update)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show rows; the chosen one stays chosen while it is there."""
        if tuple(rows) == self._rows.rows:
            return
        kept = self.chosen()
        self._rows.show_rows(rows)
        for at, row in enumerate(rows):
            if row.id == kept:
                self.setCurrentIndex(self._rows.index(at))

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows shown."""
        return self._rows.rows

    def chosen(self) -> str:
        """The id of the chosen row, "" when none is."""
        index = self.currentIndex()
        return index.data(ROLE).id if index.isValid() else ""

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 — Qt's name
        """Enter calls; the menu key opens the menu."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.chosen():
            self.called.emit(self.chosen())
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 — Qt's name
        """The keyboard finds a row to start from."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.rows:
            self.setCurrentIndex(self._rows.index(0))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 — Qt's name
        """A click on a row's call button calls, once however often it is clicked."""
        super().mousePressEvent(event)
        if self._in_button(event):
            self._call_at(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 — Qt's name
        """A double click on a row calls."""
        super().mouseDoubleClickEvent(event)
        if not self._in_button(event):
            self._call_at(event)

    def _in_button(self, event: QMouseEvent) -> bool:
        return event.position().x() > self.viewport().width() - CALL_AREA

    def _call_at(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.button() is Qt.MouseButton.LeftButton:
            self.called.emit(index.data(ROLE).id)

    def _menu(self, at: QPoint) -> None:
        index = self.indexAt(at)
        if not index.isValid():
            index = self.currentIndex()
            at = self.visualRect(index).center()
        if index.isValid():
            self.setCurrentIndex(index)
            self.asked.emit(index.data(ROLE).id, self.viewport().mapToGlobal(at))
