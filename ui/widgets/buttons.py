"""Buttons: one primary action per screen, the rest quiet; every icon keeps its word."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QPushButton, QSizePolicy, QToolButton

from ui.icons import REGULAR, SMALL
from ui.look import Look
from ui.widgets.tips import plain_tip

GAP = 5
INK = {"primary": "accent_text", "danger": "bad_text", "answer": "answer_text", "link": "accent"}


class Button(QPushButton):
    """A push button. `kind` is quiet, primary, danger, answer, link, plain or promise."""

    def __init__(self, look: Look, kind: str = "quiet", icon: str = "", *, tall: bool = False) -> None:
        super().__init__()
        self._look, self._kind, self._icon = look, kind, icon
        self.setProperty("kind", kind)
        self.setAutoDefault(False)
        if tall:
            self.setProperty("fit", "call")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setIconSize(QSize(SMALL + GAP, SMALL))
        look.theme.changed.connect(self._tint)
        self._tint()

    def say(self, text: str, hint: str = "") -> None:
        """Set the word, the accessible name and the longer hint."""
        self.setText(text)
        self.setAccessibleName(hint or text)
        self.setToolTip(plain_tip(hint))

    def show_icon(self, icon: str) -> None:
        """Change the icon."""
        self._icon = icon
        self._tint()

    def become(self, kind: str, icon: str = "") -> None:
        """Change what kind of button this is."""
        if (kind, icon) != (self._kind, self._icon):
            self._kind, self._icon = kind, icon
            self.setProperty("kind", kind)
            self.style().unpolish(self)
            self.style().polish(self)
            self._tint()

    def _tint(self) -> None:
        if not self._icon:
            self.setIcon(QIcon())
        else:
            quiet = "text_quiet" if self._kind == "promise" else "text"
            self.setIcon(self._look.icon(self._icon, INK.get(self._kind, quiet), size=SMALL, gap=GAP))


class IconButton(QToolButton):
    """A small square button with an icon; its word is the tool tip and the accessible name."""

    def __init__(self, look: Look, icon: str, tint: str = "text") -> None:
        super().__init__()
        self._look, self._icon, self._token = look, icon, tint
        self.setIconSize(QSize(REGULAR, REGULAR))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        look.theme.changed.connect(self._tint)
        self._tint()

    def say(self, text: str) -> None:
        """Set the word."""
        self.setToolTip(plain_tip(text))
        self.setAccessibleName(text)

    def show_icon(self, icon: str) -> None:
        """Change the icon."""
        self._icon = icon
        self._tint()

    def _tint(self) -> None:
        self.setIcon(self._look.icon(self._icon, self._token))


class Tile(QToolButton):
    """A call control: icon over word, at least 48 high; a toggle shows its state by word, icon and fill."""

    def __init__(self, look: Look, icon: str, icon_on: str = "", *, toggle: bool = False) -> None:
        super().__init__()
        self._look, self._icon, self._icon_on = look, icon, icon_on or icon
        self.setProperty("kind", "tile")
        self.setCheckable(toggle)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setIconSize(QSize(REGULAR, REGULAR))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        look.theme.changed.connect(self._tint)
        self.toggled.connect(self._tint)
        self._tint()

    def say(self, text: str, name: str = "") -> None:
        """Set the word; a toggle's word tells its state, its `name` stays and the reader adds the state."""
        self.setText(text)
        self.setAccessibleName(name or text)

    def _tint(self) -> None:
        token = "accent_text" if self.isChecked() else "text"
        self.setIcon(self._look.icon(self._icon_on if self.isChecked() else self._icon, token))
