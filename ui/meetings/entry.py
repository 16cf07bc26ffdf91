"""A line to write, with its button; what was typed stays until it has been sent."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from ui.look import Look
from ui.widgets.buttons import IconButton


class Entry(QWidget):
    """`sent` carries the text; whoever hears it calls `done` when it has arrived."""

    sent = Signal(str)

    def __init__(self, look: Look, icon: str = "send") -> None:
        super().__init__()
        self.field = QLineEdit()
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

    def done(self, text: str) -> None:
        """It arrived: empty the field, unless something else was typed meanwhile."""
        if self.field.text() == text:
            self.field.clear()

    def _send(self) -> None:
        if self.field.text().strip():
            self.sent.emit(self.field.text())
