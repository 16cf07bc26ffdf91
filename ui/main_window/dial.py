"""The dial field: number or name, grouped while it is typed, with a keypad beneath."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ui.icons import SMALL
from ui.look import Look
from ui.widgets.buttons import Button
from ui.widgets.fields import reach_by_keyboard
from ui.widgets.keypad import Keypad


class DialBar(QWidget):
    """`typed` asks for grouping and search; the answer comes back through `regroup`."""

    typed = Signal(str)
    dial_wanted = Signal(str)
    leave_down = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.field = _DialEdit()
        self.field.setProperty("look", "number")
        self.call = Button(look, "primary", "phone", tall=True)
        self.keypad = Keypad(look)
        self.keypad.hide()
        self._keys = QAction(self)
        self._keys.setCheckable(True)
        self.field.addAction(self._keys, QLineEdit.ActionPosition.TrailingPosition)
        reach_by_keyboard(self.field)
        self._arrange()
        self.field.textEdited.connect(self.typed)
        self.field.returnPressed.connect(self._dial)
        self.field.down.connect(self.leave_down)
        self.call.clicked.connect(self._dial)
        self.keypad.pressed.connect(self._press)
        self._keys.toggled.connect(self.keypad.setVisible)
        look.theme.changed.connect(self._tint)
        look.words_changed.connect(self.retranslate)
        self._tint()
        self.retranslate()

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.field, 1)
        row.addWidget(self.call)
        column.addLayout(row)
        column.addWidget(self.keypad)

    def retranslate(self) -> None:
        """Set the words."""
        _ = self._look.word
        self.field.setPlaceholderText(_("Name or number"))
        self.field.setAccessibleName(_("Name or number"))
        self.call.say(_("Call"))
        self._keys.setText(_("Keypad"))

    def _tint(self) -> None:
        self._keys.setIcon(self._look.icon("keypad", "text_quiet", "accent", size=SMALL))

    def _press(self, digit: str) -> None:
        self.field.insert(digit)
        self.typed.emit(self.field.text())

    def _dial(self) -> None:
        if self.field.text().strip():
            self.dial_wanted.emit(self.field.text())
        else:
            self.field.setFocus()

    def regroup(self, sent: str, grouped: str) -> None:
        """Show the grouped number if nothing was typed since, and the cursor is at the end."""
        at_end = self.field.cursorPosition() == len(self.field.text())
        if self.field.text() == sent and grouped != sent and at_end:
            self.field.setText(grouped)

    def clear(self) -> None:
        """Empty the field after a call has started."""
        self.field.clear()
        self.typed.emit("")


class _DialEdit(QLineEdit):
    """Arrow down leads into the list below."""

    down = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 — Qt's name
        """See the class."""
        if event.key() == Qt.Key.Key_Down:
            self.down.emit()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            self.textEdited.emit("")
        else:
            super().keyPressEvent(event)
