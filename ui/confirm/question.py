"""A question with two answers; it never blocks the loop."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from ui.confirm.dialog import Dialog
from ui.look import Look
from ui.widgets.buttons import Button
from ui.widgets.labels import Label


class Question(Dialog):
    """`ask` shows it and calls `then` on yes. The safe answer has the focus, Escape means it."""

    def __init__(self, look: Look) -> None:
        text = Label("", wrap=True)
        super().__init__(look, text, Button(look, "primary"))
        self.text = text
        self._then: Callable[[], object] | None = None
        self._otherwise: Callable[[], object] | None = None
        self.yes.clicked.connect(lambda: self._answer(True))
        self.no.clicked.connect(lambda: self._answer(False))
        self.retranslate()
        self.resize(400, 170)
        self.setMinimumWidth(340)

    def ask(
        self,
        title: str,
        text: str,
        yes: str,
        then: Callable[[], object],
        otherwise: Callable[[], object] | None = None,
        *,
        danger: bool = False,
    ) -> None:
        """Ask; an earlier question that was not answered counts as no."""
        self._answer(False)
        self._then, self._otherwise = then, otherwise
        self.setWindowTitle("Softphone")
        self.title.setText(title)
        self.text.setText(text)
        self.text.setVisible(bool(text))
        self.yes.say(yes)
        self.yes.become("danger" if danger else "primary")
        self.come_up()
        self.grow()
        self.no.setFocus()

    def _answer(self, yes: bool) -> None:
        then, otherwise = self._then, self._otherwise
        self._then = self._otherwise = None
        self.hide()
        act = then if yes else otherwise
        if act is not None:
            act()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 — Qt's name
        """Escape means no; Enter presses what has the focus."""
        if event.key() == Qt.Key.Key_Escape:
            self._answer(False)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._answer(self.yes.hasFocus())
        else:
            super().keyPressEvent(event)
