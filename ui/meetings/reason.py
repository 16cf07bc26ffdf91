"""A question whose yes may carry a word to the other side."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout

from ui.look import Look
from ui.widgets.buttons import Button
from ui.widgets.fields import Field
from ui.widgets.labels import Label
from ui.window import Window


class ReasonWindow(Window):
    """`ask` shows it; `then` gets the reason, which may be empty. Escape means no."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, Qt.WindowType.Dialog)
        self._then: Callable[[str], object] | None = None
        self.title = Label("title", wrap=True)
        self.reason = Field(QLineEdit())
        self.reason.editor.setMaxLength(200)
        self.yes = Button(look, "danger")
        self.no = Button(look)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(self.title)
        column.addWidget(self.reason)
        column.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.no)
        buttons.addWidget(self.yes)
        column.addLayout(buttons)
        self.yes.clicked.connect(self._answer)
        self.no.clicked.connect(self.hide)
        self.retranslate()
        self.resize(420, 200)
        self.setMinimumWidth(360)

    def retranslate(self) -> None:
        """See Window."""
        self.setWindowTitle("Softphone")
        self.no.say(self.word("Cancel"))
        self.reason.say(self.word("A word to them (they see it)"))

    def ask(self, title: str, yes: str, then: Callable[[str], object]) -> None:
        """Ask."""
        self._then = then
        self.title.setText(title)
        self.yes.say(yes)
        self.reason.editor.clear()
        self.show()
        self.grow()
        self.raise_()
        self.activateWindow()
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
