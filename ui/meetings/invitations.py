"""The invitations of an appointment, shown once: copied, or saved for a calendar."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from softphone.presenters.appointment_form import InvitationCard
from ui.look import Look
from ui.widgets.buttons import Button
from ui.widgets.feedback import announce
from ui.widgets.files import choose_file
from ui.widgets.labels import Label
from ui.widgets.tab_order import chain


class InvitationRow(QFrame):
    """One participant's."""

    save_wanted = Signal(object, str)

    def __init__(self, look: Look, card: InvitationCard) -> None:
        super().__init__()
        self.setObjectName("card")
        self._look, self._card = look, card
        self.name = Label("heading", card.name, wrap=True)
        self.copy = Button(look, "quiet", "copy")
        self.file = Button(look, "link", "calendar")
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(8)
        column.addWidget(self.name)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.copy)
        row.addWidget(self.file)
        row.addStretch(1)
        column.addLayout(row)
        self.copy.clicked.connect(self._copy)
        self.file.clicked.connect(self._save)
        _ = look.word
        self.copy.say(_("Copy invitation"), _("Copy the invitation for {name}").format(name=card.name))
        self.file.say(
            _("Save for a calendar …"), _("Save the calendar file for {name}").format(name=card.name)
        )

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._card.text)
        _ = self._look.word
        self.copy.say(_("Copied"), _("Copy the invitation for {name}").format(name=self._card.name))
        self.copy.show_icon("check")
        announce(self, self._look.word("Copied"))

    def _save(self) -> None:
        choose_file(
            self,
            self._look.word("Save for a calendar"),
            "iCalendar (*.ics)",
            lambda path: self.save_wanted.emit(path, self._card.ics),
            save_as=self._card.file_name,
        )


class InvitationsPart(QScrollArea):
    """All of them."""

    save_wanted = Signal(object, str)

    def __init__(self, look: Look, after: QWidget) -> None:
        """`after` is what the tab key visits after them."""
        super().__init__()
        self._look, self._after = look, after
        self._cards: tuple[InvitationCard, ...] = ()
        self.rows: list[InvitationRow] = []
        self.text = Label("side", wrap=True)
        page = QWidget()
        page.setObjectName("page")
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(24, 0, 24, 8)
        self._column.setSpacing(10)
        self._column.addWidget(self.text)
        self._column.addStretch(1)
        self.setWidget(page)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def show_cards(self, cards: tuple[InvitationCard, ...]) -> None:
        """Show them; with none, nothing of the former ones stays."""
        self.text.setText(
            self._look.word(
                "Send each person their own invitation. The links are shown only now: a lost one is replaced "
                "by a new link."
            )
        )
        if cards == self._cards:
            return
        self._cards = cards
        while self.rows:
            row = self.rows.pop()
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        for at, card in enumerate(cards):
            row = InvitationRow(self._look, card)
            row.save_wanted.connect(self.save_wanted)
            self.rows.append(row)
            self._column.insertWidget(1 + at, row)
        chain(*((row.copy, row.file) for row in self.rows), self._after)


def write_text(path: Path, text: str) -> None:
    """Write a calendar file as it is, line ends included. Raises OSError."""
    path.write_bytes(text.encode())
