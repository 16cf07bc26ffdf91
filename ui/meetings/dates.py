"""A day and a time of day, typed or picked."""

from __future__ import annotations

from datetime import date, time

from PySide6.QtCore import QDate, QTime
from PySide6.QtGui import QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QDateEdit, QTimeEdit

from ui.icons import SMALL
from ui.look import Look

MARGIN = 8
"""Without its buttons the field begins at the very edge."""


class DayEdit(QDateEdit):
    """A day, with a calendar to pick it from."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setCalendarPopup(True)
        self.setDisplayFormat("d.M.yyyy")
        look.theme.changed.connect(self.update)

    def show_day(self, day: date) -> None:
        """Show it."""
        self.setDate(QDate(day.year, day.month, day.day))

    @property
    def day(self) -> date:
        """What is shown."""
        shown = self.date()
        return date(shown.year(), shown.month(), shown.day())

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 — Qt's name
        """Scroll the page, not the day."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 — Qt's name
        """The sign of a calendar over the styled box."""
        super().paintEvent(event)
        painter = QPainter(self)
        mark = self._look.pixmap("calendar", "text", SMALL, self.devicePixelRatioF())
        painter.drawPixmap(self.width() - SMALL - 8, (self.height() - SMALL) // 2, mark)
        painter.end()


class ClockEdit(QTimeEdit):
    """A time of day; the arrow keys change it."""

    def __init__(self) -> None:
        super().__init__()
        self.setDisplayFormat("HH:mm")
        self.lineEdit().setTextMargins(MARGIN, 0, 0, 0)

    def show_time(self, at: time) -> None:
        """Show it."""
        self.setTime(QTime(at.hour, at.minute))

    @property
    def at(self) -> time:
        """What is shown."""
        shown = self.time()
        return time(shown.hour(), shown.minute())

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 — Qt's name
        """Scroll the page, not the time."""
        event.ignore()
