"""How far something is: a bar with words beside it."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from ui.widgets.labels import Label

STEPS = 100


class ProgressLine(QWidget):
    """A bar and what is going on. Screen readers are told both."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = QProgressBar()
        self.bar.setRange(0, STEPS)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.words = Label("side")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.bar, 1)
        row.addWidget(self.words)
        self.hide()

    def show_progress(self, words: str, share: float) -> None:
        """Show how far it is, 0…1; without words nothing is shown."""
        self.setVisible(bool(words))
        self.words.setText(words)
        self.bar.setAccessibleName(words)
        self.bar.setValue(round(STEPS * share))
