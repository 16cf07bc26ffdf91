"""What every widget is given: the words, the theme and tinted icons."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap

from resources.words import Words
from ui import icons
from ui.theme import Theme, Tokens


class Look(QObject):
    """Words and theme in force; a widget hears `words_changed` and says everything anew."""

    words_changed = Signal()

    def __init__(self, theme: Theme, words: Words) -> None:
        super().__init__(theme)
        self.theme = theme
        self.words = words

    def speak(self, words: Words) -> None:
        """Change the language of everything on the screen."""
        self.words = words
        self.words_changed.emit()

    def word(self, text: str) -> str:
        """The words for `text`."""
        return self.words._(text)

    @property
    def tokens(self) -> Tokens:
        """The colours in force."""
        return self.theme.tokens

    def colour(self, token: str) -> QColor:
        """A token as Qt's colour."""
        return QColor(self.hex(token))

    def hex(self, token: str) -> str:
        """A token as `#rrggbb`."""
        colour: str = getattr(self.theme.tokens, token)
        return colour

    def icon(
        self, name: str, tint: str = "text", on: str = "", size: int = icons.REGULAR, gap: int = 0
    ) -> QIcon:
        """A tinted icon; `on` is the token of the checked state."""
        return icons.icon(name, self.hex(tint), self.hex(on) if on else "", size, gap)

    def pixmap(self, name: str, token: str, size: int, ratio: float) -> QPixmap:
        """A tinted picture for a painter."""
        return icons.pixmap(name, self.hex(token), size, ratio)
