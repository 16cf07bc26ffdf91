"""What every window of the program has in common."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFrame, QWidget

from ui.look import Look


class Window(QWidget):
    """A window with the program's ground; it says its words at the start and when the language changes."""

    def __init__(self, look: Look, flags: Qt.WindowType = Qt.WindowType.Window) -> None:
        super().__init__(None, flags)
        self.look = look
        self.setObjectName("screen")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        look.words_changed.connect(self.retranslate)

    def word(self, text: str) -> str:
        """The words for `text`."""
        return self.look.word(text)

    def retranslate(self) -> None:
        """Set every word that is no part of a view state."""
        raise NotImplementedError

    def come_up(self) -> None:
        """To the front, whether hidden, minimised or behind others."""
        self.showNormal() if self.isMinimized() else self.show()
        self.raise_()
        self.activateWindow()

    def grow(self) -> None:
        """Become high enough for what is shown now; never smaller by itself."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
            wanted = layout.totalMinimumSize().height()
            if wanted > self.height():
                self.resize(self.width(), wanted)


class HidingWindow(Window):
    """A window whose close button only hides it: the phone stays on."""

    closed = Signal()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 — Qt's name
        """Hide."""
        event.ignore()
        self.hide()
        self.closed.emit()


def rule() -> QFrame:
    """A thin line between parts."""
    line = QFrame()
    line.setObjectName("rule")
    return line
