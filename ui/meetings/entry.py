"""A line to write, with its button; what was typed stays until it has been sent, and is sent once."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from ui.look import Look
from ui.widgets.buttons import IconButton


class LineEdit(QLineEdit):
    """Enter held down is Enter pressed once."""

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 — Qt's name
        """See the class."""
        if event.isAutoRepeat() and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return
        super().keyPressEvent(event)


class Entry(QWidget):
    """`sent` carries the text; whoever hears it calls `answered` with it, once, however it went."""

    sent = Signal(str)

    def __init__(self, look: Look, icon: str = "send") -> None:
        super().__init__()
        self.field = LineEdit()
        self._sent = ""
        self.button = IconButton(look, icon, "accent")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        row.addWidget(self.button)
        self.field.setMaxLength(2000)
        self.field.returnPressed.connect(self._send)
        self.button.clicked.connect(self._send)

    def say(self, name: str, button: str) -> None:
        """Name the field and its button."""
        self.field.setPlaceholderText(name)
        self.field.setAccessibleName(name)
        self.button.say(button)

    def answered(self, text: str, arrived: bool) -> None:
        """Empty the field if it arrived, unless something else was typed meanwhile."""
        self._sent = ""
        if arrived and self.field.text() == text:
            self.field.clear()

    def _send(self) -> None:
        """Not again what is on its way: on a slow line people press twice."""
        text = self.field.text()
        if text.strip() and text != self._sent:
            self._sent = text
            self.sent.emit(text)
