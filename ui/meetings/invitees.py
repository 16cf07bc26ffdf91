"""The participants of the form: a row of fields for each."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from softphone.presenters.form_text import InviteeText
from softphone.presenters.parts import Choice, Option
from ui.look import Look
from ui.widgets.buttons import Button, IconButton
from ui.widgets.fields import DropDown, Field
from ui.widgets.tab_order import chain

MOST = 20


class InviteeRow(QFrame):
    """One participant."""

    remove_wanted = Signal()
    typed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("card")
        self._look, self._id = look, ""
        self.name = Field(QLineEdit())
        self.email = Field(QLineEdit())
        self.phone = Field(QLineEdit())
        self.remove = IconButton(look, "trash", "text_quiet")
        self.language = Field(DropDown(look), beside=self.remove)
        self.language.editor.setMinimumContentsLength(7)
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 10, 12, 12)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        parts: tuple[QWidget, ...] = (self.name, self.email, self.phone, self.language)
        for at, part in enumerate(parts):
            grid.addWidget(part, at // 2, at % 2, Qt.AlignmentFlag.AlignTop)
        for column in (0, 1):
            grid.setColumnStretch(column, 1)
        for field in (self.name, self.email, self.phone):
            field.editor.textEdited.connect(lambda _text: self.typed.emit())
        self.language.editor.picked.connect(lambda _code: self.typed.emit())
        self.remove.clicked.connect(self.remove_wanted)

    def controls(self) -> tuple[QWidget, ...]:
        """What the tab key visits."""
        fields = (self.name, self.email, self.phone, self.language)
        return (*(field.editor for field in fields), self.remove)

    def retranslate(self) -> None:
        """Set the words."""
        _ = self._look.word
        self.name.say(_("Name"))
        self.email.say(_("E-mail"))
        self.phone.say(_("Phone number"))
        self.language.say(_("Language"))
        self.remove.say(_("Remove this participant"))

    def fill(self, text: InviteeText, languages: tuple[Option, ...]) -> None:
        """Show what was typed before."""
        self._id = text.id
        self.name.editor.setText(text.name)
        self.email.editor.setText(text.email)
        self.phone.editor.setText(text.phone)
        for field in (self.name, self.email, self.phone):
            field.editor.setCursorPosition(0)  # a long name is read from its beginning
        self.language.editor.show_choice(Choice(languages, text.language))

    def text(self) -> InviteeText:
        """What is typed now."""
        return InviteeText(
            self.name.editor.text(),
            self.email.editor.text(),
            self.phone.editor.text(),
            self.language.editor.chosen or "fi",
            self._id,
        )

    def show_faults(self, faults: Mapping[str, str]) -> None:
        """Mark what is wrong."""
        for name, field in (("name", self.name), ("email", self.email), ("phone", self.phone)):
            field.fault(name in faults)
            field.note(faults.get(name, ""))


class InviteeRows(QWidget):
    """All of them, with a button for one more."""

    typed = Signal()

    def __init__(self, look: Look, before: QWidget) -> None:
        """`before` is what the tab key visits before them."""
        super().__init__()
        self._look, self._before = look, before
        self.rows: list[InviteeRow] = []
        self._languages: tuple[Option, ...] = ()
        self.add = Button(look, "link", "person-add")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._column.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        self.add.clicked.connect(self._one_more)
        look.words_changed.connect(self.retranslate)
        self.retranslate()

    def retranslate(self) -> None:
        """Set the words."""
        self.add.say(self._look.word("Add a participant"))
        for row in self.rows:
            row.retranslate()

    def fill(self, people: tuple[InviteeText, ...], languages: tuple[Option, ...]) -> None:
        """Show what was typed before."""
        self._languages = languages
        while self.rows:
            self._remove(self.rows[0])
        for person in people:
            self._add(person)

    def texts(self) -> tuple[InviteeText, ...]:
        """What is typed now."""
        return tuple(row.text() for row in self.rows)

    def show_faults(self, faults: Mapping[str, str]) -> None:
        """Mark what is wrong; fields are named "0.name"."""
        for at, row in enumerate(self.rows):
            row.show_faults(within(faults, f"{at}."))

    def _one_more(self) -> None:
        language = self.rows[-1].text().language if self.rows else "fi"
        self._add(InviteeText(language=language)).name.editor.setFocus()

    def _add(self, person: InviteeText) -> InviteeRow:
        row = InviteeRow(self._look)
        row.retranslate()
        row.fill(person, self._languages)
        row.typed.connect(self.typed)
        row.remove_wanted.connect(lambda: self._drop(row))
        self._column.insertWidget(len(self.rows), row)
        self.rows.append(row)
        chain(self._before, *(row.controls() for row in self.rows), self.add)
        self.add.setVisible(len(self.rows) < MOST)
        return row

    def _drop(self, row: InviteeRow) -> None:
        self._remove(row)
        self.add.show()
        self.typed.emit()

    def _remove(self, row: InviteeRow) -> None:
        self.rows.remove(row)
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()


def within(faults: Mapping[str, str], head: str) -> dict[str, str]:
    """Those whose field begins with `head`, by the rest of its name."""
    return {name.removeprefix(head): said for name, said in faults.items() if name.startswith(head)}
