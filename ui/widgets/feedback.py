"""What tells a person how things stand: advice, empty lists, levels, spoken announcements."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAccessibleValueChangeEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from softphone.presenters.parts import Advice, Tone
from ui.look import Look
from ui.widgets.buttons import Button, IconButton
from ui.widgets.labels import Label, Picture, ink

ADVICE_ICON = {Tone.BAD: "warning", Tone.WARN: "warning", Tone.GOOD: "available"}


def announce(widget: QWidget, text: str) -> None:
    """Let a screen reader say `text` now, without moving the focus."""
    if text and QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))


class AdviceBox(QFrame):
    """What happened and what to do next, beside an icon; it can be put away or acted on."""

    acted = Signal(str)
    dismissed = Signal(str)

    def __init__(self, look: Look, *, dismissible: bool = False) -> None:
        super().__init__()
        self._look = look
        self._advice: Advice | None = None
        self._dismissible = dismissible
        self.setObjectName("advice")
        self._picture = Picture(look, "")
        self._text = Label("heading", wrap=True)
        self._what_to_do = Label(wrap=True)
        self._close = IconButton(look, "close", "text_quiet")
        self._close.clicked.connect(self._put_away)
        self._action = Button(look, "link")
        self._action.clicked.connect(self._act)
        self._arrange()
        look.theme.changed.connect(self._tint)
        look.words_changed.connect(self._name)
        self._name()
        self.hide()

    def _arrange(self) -> None:
        for button in (self._close, self._action):
            button.setParent(self)  # the tab key finds the one above first
        texts = QVBoxLayout()
        texts.setContentsMargins(0, 8, 0, 8)
        texts.setSpacing(2)
        for part in (self._text, self._what_to_do):
            texts.addWidget(part)
        self._action.setProperty("fit", "text")
        texts.addWidget(self._action, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 2, 0)
        row.setSpacing(10)
        sign = QVBoxLayout()
        sign.setContentsMargins(0, 8, 0, 0)
        sign.addWidget(self._picture)
        sign.addStretch(1)
        row.addLayout(sign)
        row.addLayout(texts, 1)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)

    def _act(self) -> None:
        if self._advice is not None:
            self.acted.emit(self._advice.action)

    def _put_away(self) -> None:
        if self._advice is not None:
            self.dismissed.emit(self._advice.id)

    def _name(self) -> None:
        self._close.say(self._look.word("Put away"))

    def show_advice(self, advice: Advice | None) -> None:
        """Show it, or hide the box; a new one is announced."""
        fresh = advice is not None and advice != self._advice
        self._advice = advice
        self.setVisible(advice is not None)
        if advice is None:
            return
        self._picture.show_icon(ADVICE_ICON.get(advice.tone, "info"), ink(advice.tone))
        self._text.setText(advice.text)
        self._what_to_do.setText(advice.what_to_do)
        self._what_to_do.setVisible(bool(advice.what_to_do))
        self._action.say(advice.action_text)
        self._action.setVisible(bool(advice.action))
        self._close.setVisible(self._dismissible)
        self.setAccessibleName(f"{advice.text} {advice.what_to_do}".strip())
        self._tint()
        if fresh:
            announce(self, self.accessibleName())

    def words(self) -> str:
        """Everything it says now, for tests and screen readers."""
        return self.accessibleName() if self._advice else ""

    def _tint(self) -> None:
        if self._advice is not None:
            role = self._advice.tone.value if self._advice.tone.value in ("good", "warn", "bad") else "accent"
            ground = self._look.hex(f"{role}_soft")
            self.setStyleSheet(f"QFrame#advice {{ background: {ground}; border-radius: 8px; }}")


class EmptyState(QWidget):
    """What a list shows when it has nothing: an icon, a sentence, and perhaps a way on."""

    acted = Signal()

    def __init__(self, look: Look, icon: str) -> None:
        super().__init__()
        self._text = Label("side", wrap=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.action = Button(look)
        self.action.clicked.connect(self.acted)
        self.action.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(12)
        column.addStretch(2)
        column.addWidget(Picture(look, icon, "text_quiet", 40), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._text)
        column.addWidget(self.action, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)

    def say(self, text: str, action: str = "") -> None:
        """The sentence, and the word of the button where there is one."""
        self._text.setText(text)
        self.action.say(action)
        self.action.setVisible(bool(action))


class LevelMeter(QWidget):
    """A level as twenty cells; `share` runs from 0 to 1. It moves at most as often as it is told."""

    CELLS = 20

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._share = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802 — Qt's name
        """Wide as there is room, one cell high."""
        return QSize(120, 16)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 — Qt's name
        """Narrow places get a narrow meter."""
        return QSize(60, 16)

    def show_share(self, share: float) -> None:
        """Show a level; assistive programs hear of it where it changes what is lit."""
        before, self._share = self.lit, min(1.0, max(0.0, share))
        if self.lit != before:
            self.update()
            announce_value(self, self.lit)

    @property
    def lit(self) -> int:
        """How many cells are lit."""
        return round(self._share * self.CELLS)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 — Qt's name
        """Draw the cells; the loudest are marked by colour and stand at the end."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        step = self.width() / self.CELLS
        for at in range(self.CELLS):
            lit_token = "good" if at < self.CELLS * 0.75 else "warn"
            painter.setBrush(self._look.colour(lit_token if at < self.lit else "line"))
            painter.drawRoundedRect(QRectF(at * step, 2, max(step - 2, 1), self.height() - 4), 1.5, 1.5)
        painter.end()


def announce_value(widget: QWidget, value: object) -> None:
    """Tell assistive programs that a widget's value changed."""
    if QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleValueChangeEvent(widget, value))
