"""One who waits in the lobby, as the host sees them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from softphone.presenters.meeting_people import WaitingRow
from ui.look import Look
from ui.meetings.entry import Entry
from ui.widgets.buttons import Button, IconButton
from ui.widgets.labels import ElidedLabel, Label, SignLabel


class WaitingCard(QFrame):
    """One who waits: how long, how sure one is of them, their devices, and what the host may do."""

    admit_wanted = Signal(str)
    decline_wanted = Signal(str, str)
    said = Signal(str, str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("strip")
        self._look, self._id, self._name = look, "", ""
        self.name = ElidedLabel("heading")
        self.waited = Label("side", figures=True)
        self.badge = SignLabel(look, wrap=True)
        self.equipment = SignLabel(look, wrap=True)
        self.warning = SignLabel(look, wrap=True)
        self.last = Label("", wrap=True)
        self.admit = Button(look, "primary")
        self.message = IconButton(look, "chat")
        self.decline = Button(look)
        self.entry = Entry(look)
        self._arrange()
        self.admit.clicked.connect(lambda: self.admit_wanted.emit(self._id))
        self.decline.clicked.connect(lambda: self.decline_wanted.emit(self._id, self._name))
        self.message.clicked.connect(self._write)
        self.entry.sent.connect(lambda text: self.said.emit(self._id, text))

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 4, 8, 10)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.addWidget(self.name, 1)
        head.addWidget(self.waited)
        head.addWidget(self.message)
        column.addLayout(head)
        for part in (self.badge, self.equipment, self.warning, self.last):
            column.addWidget(part)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.admit, 1)
        buttons.addWidget(self.decline)
        column.addLayout(buttons)
        column.addWidget(self.entry)
        self.entry.hide()

    def show_row(self, row: WaitingRow, *, first: bool) -> None:
        """Render how it stands; the first one's admission is the panel's main action."""
        self.admit.become("primary" if first else "quiet")
        _ = self._look.word
        self._id, self._name = row.session, row.name
        self.name.setText(row.name)
        self.waited.setText(row.waited)
        self.badge.show_sign(row.badge)
        self.equipment.show_sign(row.equipment)
        self.warning.show_sign(row.warning)
        self.last.setText(_("“{text}”").format(text=row.said))
        self.last.setVisible(bool(row.said))
        self.admit.say(_("Let in"), _("Let {name} in").format(name=row.name))
        self.decline.say(_("Decline"), _("Decline {name}").format(name=row.name))
        self.message.say(_("Write to {name}").format(name=row.name))
        self.entry.say(_("Write to {name}").format(name=row.name), _("Send"))

    def controls(self) -> tuple[QWidget, ...]:
        """What the tab key visits."""
        return (self.message, self.admit, self.decline, self.entry.field, self.entry.button)

    def _write(self) -> None:
        self.entry.setVisible(not self.entry.isVisibleTo(self))
        if self.entry.isVisibleTo(self):
            self.entry.field.setFocus()
