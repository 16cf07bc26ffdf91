"""The keys of a phone."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from resources.words import marked
from ui.look import Look
from ui.widgets.buttons import Button

KEYS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#")
LETTERS = {
    "2": "ABC",
    "3": "DEF",
    "4": "GHI",
    "5": "JKL",
    "6": "MNO",
    "7": "PQRS",
    "8": "TUV",
    "9": "WXYZ",
    "0": "+",
}
SPOKEN = {"*": marked("Star"), "#": marked("Hash")}


class Keypad(QWidget):
    """Twelve keys; `pressed` carries the digit."""

    pressed = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.keys: dict[str, Button] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        for at, digit in enumerate(KEYS):
            key = Button(look)
            key.setProperty("fit", "key")
            key.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            key.clicked.connect(lambda _checked=False, digit=digit: self.pressed.emit(digit))
            self.keys[digit] = key
            grid.addWidget(key, at // 3, at % 3)
        look.words_changed.connect(self.retranslate)
        self.retranslate()

    def retranslate(self) -> None:
        """Name the keys."""
        for digit, key in self.keys.items():
            letters = LETTERS.get(digit, "")
            key.setText(f"{digit}  {letters}" if letters else digit)
            key.setAccessibleName(self._look.word(SPOKEN[digit]) if digit in SPOKEN else digit)
