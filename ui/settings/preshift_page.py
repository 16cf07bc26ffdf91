"""Settings → Audio → Before a shift: one click, eight lines, each green or with the sentence that helps."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from softphone.presenters.preshift import CheckRow, PreshiftView
from ui.look import Look
from ui.widgets.buttons import Button
from ui.widgets.feedback import announce
from ui.widgets.labels import Label, SignLabel
from ui.widgets.progress import ProgressLine

TITLE_WIDTH = 170


class Row(QWidget):
    """One step."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.title = Label(wrap=True)
        self.title.setFixedWidth(TITLE_WIDTH)
        self.title.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.sign = SignLabel(look, wrap=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 6, 0, 6)
        row.setSpacing(12)
        row.addWidget(self.title, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.sign, 1)

    def show_row(self, row: CheckRow) -> None:
        """Render how it stands."""
        self.title.setText(row.title)
        self.sign.show_sign(row.sign)
        self.setAccessibleName(f"{row.title}: {row.sign.text}")


class PreshiftPage(QWidget):
    """Renders a PreshiftView."""

    start_wanted = Signal()
    stop_wanted = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("page")
        self._look = look
        self._view: PreshiftView | None = None
        self.title = Label("title")
        self.help = Label("side", wrap=True)
        self.start = Button(look, "primary", "check")
        self.copy = Button(look, "quiet", "copy")
        self.line = ProgressLine()
        self.summary = SignLabel(look, wrap=True)
        self.rows: dict[str, Row] = {}
        self._lines = QVBoxLayout()
        self._arrange()
        self.start.clicked.connect(self._pressed)
        self.copy.clicked.connect(self._copy)
        look.words_changed.connect(self.retranslate)
        self.retranslate()

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.title)
        column.addWidget(self.help)
        column.addWidget(self.start, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.summary)
        column.addWidget(self.line)
        card = QFrame()
        card.setObjectName("card")
        self._lines.setContentsMargins(14, 6, 14, 6)
        self._lines.setSpacing(0)
        card.setLayout(self._lines)
        column.addWidget(card)
        column.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)

    def retranslate(self) -> None:
        """Set the words."""
        _ = self._look.word
        self.title.setText(_("Before a shift"))
        self.help.setText(_("Checks everything a call needs, from the server to your headset."))
        self.copy.say(_("Copy the result"))
        self._name_start()

    def _name_start(self) -> None:
        _ = self._look.word
        running = self._view is not None and self._view.running
        self.start.say(_("Stop") if running else _("Check everything"))

    def show_view(self, view: PreshiftView) -> None:
        """Render a view state; how it ended is announced."""
        ended = self._view is not None and self._view.running and not view.running
        self._view = view
        self._name_start()
        self.copy.setEnabled(bool(view.plain))
        self.summary.show_sign(view.summary)
        self.line.show_progress(view.summary.text if view.running else "", view.progress)
        self.line.words.hide()
        for row in view.rows:
            (self.rows.get(row.step) or self._row(row.step)).show_row(row)
        if ended:
            announce(self, view.summary.text)

    def _row(self, step: str) -> Row:
        made = self.rows[step] = Row(self._look)
        self._lines.addWidget(made)
        return made

    def _pressed(self) -> None:
        running = self._view is not None and self._view.running
        (self.stop_wanted if running else self.start_wanted).emit()

    def _copy(self) -> None:
        if self._view is not None:
            QGuiApplication.clipboard().setText(self._view.plain)
            announce(self, self._look.word("Copied"))
