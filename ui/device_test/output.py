"""One output: a tone on it, and whether it was heard."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from softphone.presenters.device_test import OutputRow
from ui.look import Look
from ui.widgets.buttons import Button
from ui.widgets.feedback import announce
from ui.widgets.labels import Label, SignLabel
from ui.widgets.progress import ProgressLine


class OutputTest(QWidget):
    """Renders an OutputRow. The question follows the tone, and the keyboard finds its answer next."""

    tone_wanted = Signal()
    answered = Signal(bool)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.name = Label(wrap=True)
        self.tone = Button(look, "quiet", "tone")
        self.question = Label(wrap=True)
        self.yes = Button(look)
        self.no = Button(look)
        self.sign = SignLabel(look, wrap=True)
        self.line = ProgressLine()
        self._asking = QWidget()
        self._arrange()
        self.tone.clicked.connect(self.tone_wanted)
        self.yes.clicked.connect(lambda: self.answered.emit(True))
        self.no.clicked.connect(lambda: self.answered.emit(False))

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(self.name, 1)
        top.addWidget(self.tone, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(top)
        asking = QHBoxLayout(self._asking)
        asking.setContentsMargins(0, 0, 0, 0)
        asking.setSpacing(8)
        asking.addWidget(self.question, 1)
        asking.addWidget(self.yes)
        asking.addWidget(self.no)
        column.addWidget(self._asking)
        column.addWidget(self.line)
        column.addWidget(self.sign)

    def follow(self, before: QWidget) -> QWidget:
        """Be reached by Tab after `before`; what is reached last here."""
        for button in (self.tone, self.yes, self.no):
            QWidget.setTabOrder(before, button)
            before = button
        return before

    def show_row(self, row: OutputRow) -> None:
        """Render how it stands."""
        _ = self._look.word
        self.name.setText(row.text)
        if row.playing:
            self.tone.say(_("Stop"), _("Stop the tone in {device}").format(device=row.text))
        else:
            self.tone.say(_("Play a tone"), _("Play a tone in {device}").format(device=row.text))
        self.question.setText(_("Did you hear it?"))
        self.yes.say(_("Yes"), _("Yes, I heard the tone in {device}").format(device=row.text))
        self.no.say(_("No"), _("No, I did not hear the tone in {device}").format(device=row.text))
        fresh = row.asking and not self._asking.isVisibleTo(self)
        self._asking.setVisible(row.asking)
        self.line.show_progress(row.said, row.progress)
        self.sign.show_sign(None if row.asking or row.playing else row.sign)
        if fresh:
            announce(self, self.question.text())
