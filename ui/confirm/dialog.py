"""What asks a person for yes or no; it never blocks the loop."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.look import Look
from ui.widgets.buttons import Button
from ui.widgets.labels import Label
from ui.window import Window


class Dialog(Window):
    """A heading, one part below it, and two answers: `yes` is given, `no` says Cancel."""

    def __init__(self, look: Look, part: QWidget, yes: Button) -> None:
        super().__init__(look, Qt.WindowType.Dialog)
        self.title = Label("title", wrap=True)
        self.yes, self.no = yes, Button(look)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(self.title)
        column.addWidget(part)
        column.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.no)
        buttons.addWidget(self.yes)
        column.addLayout(buttons)

    def retranslate(self) -> None:
        """See Window."""
        self.no.say(self.word("Cancel"))
