"""The line at the bottom: where speech and ring go now, one click from where it is changed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy

from softphone.presenters.parts import Sign
from ui.look import Look
from ui.theme import CONTROL
from ui.widgets.buttons import Button

CHROME = 60
"""Icon, gaps and padding beside the words."""


class PromiseButton(Button):
    """One line where it fits, else two: the ring's place is never what gets cut."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, "promise", "headset")
        self._sign = Sign("headset", "")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_sign(self, sign: Sign, hint: str) -> None:
        """Show the promise; `hint` says what a click does."""
        self._sign = sign
        self.show_icon(sign.icon)
        self.setAccessibleName(f"{sign.text}. {hint}")
        self._fit()
        self.setToolTip(f"{sign.text}\n{hint}")

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 — Qt's name
        """Fit anew."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.ensurePolished()
        metrics, room = self.fontMetrics(), max(self.width() - CHROME, 40)
        lines = [self._sign.text]
        if metrics.horizontalAdvance(self._sign.text) > room:
            lines = self._sign.text.split(" · ")
        fitted = [metrics.elidedText(line, Qt.TextElideMode.ElideRight, room) for line in lines]
        self.setText("\n".join(fitted))
        self.setMinimumHeight(max(CONTROL, 20 + metrics.lineSpacing() * len(fitted)))
