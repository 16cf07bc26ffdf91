"""Texts: plain, with a sign before them, and those that give way when space is short."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from softphone.presenters.parts import Sign, Tone
from ui.icons import SMALL
from ui.look import Look
from ui.widgets.tips import plain_tip

INK = {Tone.PLAIN: "text", Tone.QUIET: "text_quiet", Tone.ACCENT: "accent"}


def ink(tone: Tone) -> str:
    """The token a tone is written with."""
    return INK.get(tone, tone.value)


def tabular(font: QFont) -> QFont:
    """The same font with figures of one width, for timers and numbers."""
    made = QFont(font)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


class Label(QLabel):
    """A text. `role` is "", title, heading, side, group, good, warn or bad."""

    def __init__(self, role: str = "", text: str = "", *, wrap: bool = False, figures: bool = False) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        self.set_role(role)
        if figures:
            self.setFont(tabular(self.font()))

    def setText(self, text: str) -> None:  # noqa: N802 — Qt's name
        """Show `text`; a wrapped one takes the height it needs."""
        super().setText(text)
        self._take_height()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 — Qt's name
        """A new width may need another height."""
        super().resizeEvent(event)
        self._take_height()

    def hasHeightForWidth(self) -> bool:  # noqa: N802 — Qt's name
        """Never: nested layouts guess a width that differs by some pixels, and a line is lost."""
        return False

    def sizeHint(self) -> QSize:  # noqa: N802 — Qt's name
        """A wrapped text is as high as its present width makes it."""
        hint = super().sizeHint()
        return QSize(hint.width(), self.minimumHeight()) if self.wordWrap() else hint

    def minimumSizeHint(self) -> QSize:  # noqa: N802 — Qt's name
        """A wrapped text may become narrow."""
        return QSize(40, self.minimumHeight()) if self.wordWrap() else super().minimumSizeHint()

    def _take_height(self) -> None:
        """The height follows from the width there really is."""
        if self.wordWrap():
            self.ensurePolished()
            self.setMinimumHeight(0)  # Qt counts the former minimum into the height it tells
            self.setMinimumHeight(max(self.heightForWidth(max(self.width(), 40)), 0))
            self.updateGeometry()

    def set_role(self, role: str) -> None:
        """Change what kind of text this is."""
        if self.property("role") != role:
            self.setProperty("role", role)
            self.style().unpolish(self)
            self.style().polish(self)


class ElidedLabel(QWidget):
    """One line that ends in "…" when it is too long; the whole text is the tool tip and the name."""

    def __init__(self, role: str = "", *, figures: bool = False) -> None:
        super().__init__()
        self._label = Label(role, figures=figures)
        self._text = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._label)
        self._label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:  # noqa: N802 — Qt's name
        """Show `text`."""
        self._text = text
        self._label.setAccessibleName(text)
        self._fit()

    def text(self) -> str:
        """The whole text."""
        return self._text

    def setAlignment(self, alignment: Qt.AlignmentFlag) -> None:  # noqa: N802 — Qt's name
        """Where the text stands."""
        self._label.setAlignment(alignment)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 — Qt's name
        """Fit the text anew."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self._label.ensurePolished()
        metrics = self._label.fontMetrics()
        shown = metrics.elidedText(self._text, Qt.TextElideMode.ElideRight, max(self.width(), 16))
        self._label.setText(shown)
        self.setToolTip(plain_tip(self._text) if shown != self._text else "")


class Picture(QWidget):
    """An icon alone, tinted by token; decoration, so it has no name."""

    def __init__(self, look: Look, name: str, tint: str = "text", size: int = SMALL) -> None:
        super().__init__()
        self._look, self._name, self._token, self._size = look, name, tint, size
        self.setFixedSize(QSize(size, size))
        look.theme.changed.connect(self.update)

    def show_icon(self, name: str, token: str) -> None:
        """Change the drawing."""
        self._name, self._token = name, token
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 — Qt's name
        """Draw the icon."""
        if self._name:
            painter = QPainter(self)
            drawing = self._look.pixmap(self._name, self._token, self._size, self.devicePixelRatioF())
            painter.drawPixmap(0, 0, drawing)
            painter.end()


class SignLabel(QWidget):
    """A state as word + icon + colour."""

    def __init__(self, look: Look, *, wrap: bool = False, figures: bool = False) -> None:
        super().__init__()
        self.picture = Picture(look, "")
        self.label = Label("side", wrap=wrap, figures=figures)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop if wrap else Qt.AlignmentFlag.AlignVCenter)
        if wrap:
            self.label.setAlignment(Qt.AlignmentFlag.AlignTop)
            self.label.setContentsMargins(0, 2, 0, 0)
        row.addWidget(self.label, 1)

    def show_sign(self, sign: Sign | None) -> None:
        """Show a sign, or nothing."""
        self.setVisible(sign is not None)
        if sign is not None:
            self.picture.show_icon(sign.icon, ink(sign.tone))
            self.picture.setVisible(bool(sign.icon))
            self.label.set_role({Tone.PLAIN: "", Tone.QUIET: "side"}.get(sign.tone, sign.tone.value))
            self.label.setText(sign.text)
            self.setAccessibleName(sign.text)
