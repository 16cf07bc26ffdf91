"""The strip of a second call: who it is, how it stands, and the one thing to do with it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from softphone.presenters.call_views import OtherCall
from ui.look import Look
from ui.widgets.buttons import Button
from ui.widgets.labels import ElidedLabel, Picture

ICONS = {"swap": "pause", "answer": "phone-in", "hang-up": "phone-out"}
BUTTONS = {"swap": ("quiet", "swap"), "answer": ("answer", "phone"), "hang-up": ("danger", "hang-up")}


class CallStrips(QWidget):
    """One strip per other call."""

    acted = Signal(str, str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._shown: tuple[OtherCall, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self.strips: list[QFrame] = []
        self.buttons: list[Button] = []
        self.hide()

    def show_calls(self, calls: tuple[OtherCall, ...]) -> None:
        """Show the other calls; nothing is rebuilt while nothing changed, so the focus stays."""
        if calls == self._shown:
            return
        self._shown = calls
        for strip in self.strips:
            self._column.removeWidget(strip)
            strip.hide()
            strip.deleteLater()
        self.buttons = []
        self.strips = [self._strip(call) for call in calls]
        for strip in self.strips:
            self._column.addWidget(strip)
        self.setVisible(bool(calls))

    def _strip(self, call: OtherCall) -> QFrame:
        strip = QFrame()
        strip.setObjectName("strip")
        row = QHBoxLayout(strip)
        row.setContentsMargins(12, 6, 6, 6)
        row.setSpacing(8)
        row.addWidget(Picture(self._look, ICONS[call.action], "text_quiet"))
        texts = QVBoxLayout()
        texts.setSpacing(0)
        name = ElidedLabel("heading")
        name.setText(call.name)
        texts.addWidget(name)
        state = ElidedLabel("side")
        state.setText(call.state)
        texts.addWidget(state)
        row.addLayout(texts, 1)
        kind, icon = BUTTONS[call.action]
        button = Button(self._look, kind, icon)
        button.say(call.action_text, f"{call.action_text}: {call.name}, {call.state}")
        button.clicked.connect(lambda: self.acted.emit(call.action, call.id))
        row.addWidget(button)
        self.buttons.append(button)
        return strip
