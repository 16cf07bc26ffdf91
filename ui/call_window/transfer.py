"""Transfer: to whom, and whether to ask them first."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout

from softphone.presenters.call_views import OtherCall
from ui.look import Look
from ui.widgets.buttons import Button
from ui.widgets.fields import Field
from ui.widgets.labels import Label


class TransferPanel(QFrame):
    """Asking first is the safe way and stands first; with two calls, connecting them is one press."""

    blind_wanted = Signal(str)
    ask_wanted = Signal(str)
    join_wanted = Signal(str)
    typed = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._join: OtherCall | None = None
        self.setObjectName("strip")
        self.target = Field(QLineEdit())
        self.ask = Button(look, "quiet", "ask")
        self.blind = Button(look, "quiet", "forward")
        self.join = Button(look, "primary", "people")
        self._join_text = Label("", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        column.addWidget(self._join_text)
        column.addWidget(self.join)
        column.addWidget(self.target)
        row = QHBoxLayout()
        row.addWidget(self.ask, 1)
        row.addWidget(self.blind, 1)
        column.addLayout(row)
        self.ask.clicked.connect(self._send_ask)
        self.blind.clicked.connect(self._send_blind)
        self.join.clicked.connect(self._send_join)
        self.target.editor.textEdited.connect(self.typed)
        self.target.editor.returnPressed.connect(self._send_ask)
        look.words_changed.connect(self.retranslate)
        self.retranslate()
        self.show_join(())

    def retranslate(self) -> None:
        """Set the words."""
        _ = self._look.word
        self.target.say(_("Transfer to"), _("Name or number"))
        self.ask.say(_("Ask first"), _("Ask first: call them, then connect"))
        self.blind.say(_("Transfer now"), _("Transfer now, without asking"))

    def show_join(self, join: tuple[OtherCall, ...]) -> None:
        """Offer to connect the two calls where there are two; then nothing else is offered."""
        self._join = join[0] if join else None
        two = self._join is not None
        self.join.setVisible(two)
        self._join_text.setVisible(two)
        for part in (self.target, self.ask, self.blind):
            part.setVisible(not two)
        if self._join is not None:
            self._join_text.setText(self._join.name)
            self.join.say(self._join.action_text)

    def regroup(self, sent: str, grouped: str) -> None:
        """Show the grouped number if nothing was typed since."""
        if self.target.editor.text() == sent and grouped != sent:
            self.target.editor.setText(grouped)

    def _send_ask(self) -> None:
        if target := self._taken():
            self.ask_wanted.emit(target)

    def _send_blind(self) -> None:
        if target := self._taken():
            self.blind_wanted.emit(target)

    def _taken(self) -> str:
        """The typed target, taken out of the field; an empty field gets the cursor."""
        target = self.target.editor.text().strip()
        if target:
            self.target.editor.clear()
        else:
            self.target.editor.setFocus()
        return target

    def _send_join(self) -> None:
        if self._join is not None:
            self.join_wanted.emit(self._join.id)
