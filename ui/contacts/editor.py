"""The contact editor."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout

from softphone.domain.contact import Contact
from ui.look import Look
from ui.widgets.buttons import Button
from ui.widgets.feedback import AdviceBox
from ui.widgets.fields import Field
from ui.widgets.labels import Label
from ui.window import Window


class ContactEditor(Window):
    """A name and at least one number; what was typed stays when saving fails."""

    save_wanted = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__(look, Qt.WindowType.Dialog)
        self._contact = Contact("", "", ())
        self.title = Label("title")
        self.name = Field(QLineEdit())
        self.numbers = Field(QPlainTextEdit())
        self.company = Field(QLineEdit())
        self.email = Field(QLineEdit())
        self.note = Field(QLineEdit())
        self.save = Button(look, "primary")
        self.cancel = Button(look)
        self.advice = AdviceBox(look)
        self.numbers.editor.setTabChangesFocus(True)
        self.numbers.editor.setFixedHeight(76)
        self._arrange()
        self.save.clicked.connect(self._save)
        self.cancel.clicked.connect(self.hide)
        self.retranslate()
        self.resize(400, 560)

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(self.title)
        column.addWidget(self.advice)
        for field in (self.name, self.numbers, self.company, self.email, self.note):
            column.addWidget(field)
        column.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.save)
        column.addLayout(buttons)

    def retranslate(self) -> None:
        """See Window."""
        _ = self.look.word
        heading = _("Edit contact") if self._contact.id else _("New contact")
        self.setWindowTitle(heading)
        self.title.setText(heading)
        self.name.say(_("Name"))
        self.numbers.say(_("Numbers"))
        self.numbers.note(_("One on each line. The first one is called."))
        self.company.say(_("Company"))
        self.email.say(_("E-mail"))
        self.note.say(_("Note"))
        self.save.say(_("Save"))
        self.cancel.say(_("Cancel"))

    def edit(self, contact: Contact) -> None:
        """Open for a contact; one without an id is new."""
        self._contact = contact
        self.retranslate()
        self.name.editor.setText(contact.name)
        self.numbers.editor.setPlainText("\n".join(contact.numbers))
        self.company.editor.setText(contact.company)
        self.email.editor.setText(contact.email)
        self.note.editor.setText(contact.note)
        self.name.note("")
        self.come_up()
        self.grow()
        self.name.editor.setFocus()

    def _save(self) -> None:
        lines = self.numbers.editor.toPlainText().splitlines()
        numbers = tuple(line.strip() for line in lines if line.strip())
        name = self.name.editor.text().strip()
        self.name.note("" if name else self.word("Fill in this field."))
        if not name or not numbers:
            (self.numbers if name else self.name).editor.setFocus()
            self.grow()
            return
        company, email, note = (
            field.editor.text().strip() for field in (self.company, self.email, self.note)
        )
        self.save_wanted.emit(Contact(self._contact.id, name, numbers, company, email, note))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 — Qt's name
        """Escape closes, Enter saves."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._save()
        else:
            super().keyPressEvent(event)
