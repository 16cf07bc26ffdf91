"""A question whose yes may carry a word to the other side."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

from ui.confirm.dialog import Dialog
from ui.look import Look
from ui.widgets.buttons import Button
from ui.widgets.fields import Field


class ReasonWindow(Dialog):
    """`ask` shows it; `then` gets the reason, which may be empty. Escape means no."""

    def __init__(self, look: Look) -> None:
        reason = Field(QLineEdit())
        super().__init__(look, reason, Button(look, "danger"))
        self.reason = reason
        self.reason.editor.setMaxLength(200)
        self._then: Callable[[str], object] | None = None
        self.yes.clicked.connect(self._answer)
        self.no.clicked.connect(self.hide)
        self.retranslate()
        self.resize(420, 200)
        self.setMinimumWidth(360)

    def retranslate(self) -> None:
        """See Window."""
        super().retranslate()
        self.setWindowTitle("Softphone")
        self.reason.say(self.word("A word to them (they see it)"))

    def ask(self, title: str, yes: str, then: Callable[[str], object]) -> None:
        """Ask."""
        self._then = then
        self.title.setText(title)
        self.yes.say(yes)
        self.reason.editor.clear()
        self.come_up()
        self.grow()
        self.reason.editor.setFocus()

    def _answer(self) -> None:
        self.hide()
        if self._then is not None:
            self._then(self.reason.editor.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 — Qt's name
        """Escape means no; Enter in the field or on yes means yes."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.hide() if self.no.hasFocus() else self._answer()
        else:
            super().keyPressEvent(event)
