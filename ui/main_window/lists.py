"""The two lists of the main window: past calls and contacts, with what each row offers."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedLayout, QVBoxLayout, QWidget

from softphone.domain.contact import Contact
from softphone.presenters.contacts import ContactRow, ContactsView
from softphone.presenters.history import HistoryRow, HistoryView
from softphone.presenters.parts import Tone
from ui.look import Look
from ui.widgets.buttons import Button, IconButton
from ui.widgets.feedback import AdviceBox, EmptyState
from ui.widgets.files import choose_file
from ui.widgets.labels import ink
from ui.widgets.row_list import Row, RowList


class ListPage(QWidget):
    """A list, or the sentence that stands for it; while loading, neither."""

    dial_wanted = Signal(str)

    def __init__(self, look: Look, icon: str) -> None:
        super().__init__()
        self.look = look
        self.list = RowList(look)
        self.empty = EmptyState(look, icon)
        self._blank = QWidget()
        self._stack = QStackedLayout()
        for part in (self.list, self.empty, self._blank):
            self._stack.addWidget(part)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(4)
        self.column.addLayout(self._stack, 1)

    def render_rows(self, rows: list[Row], empty: str, *, loading: bool, action: str = "") -> None:
        """Show the rows or the sentence."""
        self.list.show_rows(rows)
        self.empty.say(empty, action)
        shown = self.list if rows else self._blank if loading else self.empty
        self._stack.setCurrentWidget(shown)

    def open_menu(self, at: QPoint, entries: list[tuple[str, str, Callable[[], object]]]) -> None:
        """A row's menu: icon, word and what it does."""
        menu = QMenu(self)
        for icon, text, act in entries:
            menu.addAction(self.look.icon(icon), text).triggered.connect(act)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)


class HistoryList(ListPage):
    """Past calls."""

    delete_wanted = Signal(str)
    clear_wanted = Signal()
    keep_wanted = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__(look, "clock")
        self._rows: dict[str, HistoryRow] = {}
        self.list.called.connect(lambda row: self.dial_wanted.emit(self._rows[row].target))
        self.list.asked.connect(self._menu)

    def show_view(self, view: HistoryView) -> None:
        """Render a view state."""
        self._rows = {row.id: row for row in view.rows}
        rows = [
            Row(row.id, row.icon, ink(row.tone), row.title, row.subtitle, row.time, row.detail, row.spoken)
            for row in view.rows
        ]
        self.render_rows(rows, view.empty, loading=view.loading)

    def _menu(self, row_id: str, at: QPoint) -> None:
        row, _ = self._rows[row_id], self.look.word
        entries: list[tuple[str, str, Callable[[], object]]] = [
            ("phone", _("Call"), lambda: self.dial_wanted.emit(row.target)),
            ("copy", _("Copy the number"), lambda: QGuiApplication.clipboard().setText(row.target)),
        ]
        if not row.known:
            fresh = Contact("", "", (row.target,))
            entries.append(("person-add", _("Add to contacts"), lambda: self.keep_wanted.emit(fresh)))
        entries.append(("trash", _("Remove from the list"), lambda: self.delete_wanted.emit(row.id)))
        entries.append(("trash", _("Remove all calls …"), self.clear_wanted.emit))
        self.open_menu(at, entries)


class ContactList(ListPage):
    """The user's own contacts."""

    edit_wanted = Signal(object)
    delete_wanted = Signal(object)
    import_wanted = Signal(object)
    export_wanted = Signal(object)
    put_away = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look, "people")
        self._rows: dict[str, ContactRow] = {}
        self.add = Button(look, "link", "plus")
        self.files = IconButton(look, "more", "text_quiet")
        self.advice = AdviceBox(look, dismissible=True)
        bar = QHBoxLayout()
        bar.addWidget(self.add)
        bar.addStretch(1)
        bar.addWidget(self.files)
        self.column.insertLayout(0, bar)
        self.column.insertWidget(1, self.advice)
        self.setTabOrder(self.add, self.files)
        self.setTabOrder(self.files, self.empty.action)
        self.setTabOrder(self.empty.action, self.list)
        self.add.clicked.connect(lambda: self.edit_wanted.emit(Contact("", "", ())))
        self.files.clicked.connect(self._files_menu)
        self.empty.acted.connect(self._import)
        self.advice.dismissed.connect(lambda _id: self.put_away.emit())
        self.list.called.connect(lambda row: self.dial_wanted.emit(self._rows[row].target))
        self.list.asked.connect(self._menu)
        look.words_changed.connect(self.retranslate)
        self.retranslate()

    def retranslate(self) -> None:
        """Set the words."""
        self.add.say(self.look.word("Add a contact"))
        self.files.say(self.look.word("Import and export"))
        self.list.setAccessibleName(self.look.word("Contacts"))

    def show_view(self, view: ContactsView) -> None:
        """Render a view state."""
        self._rows = {row.id: row for row in view.rows}
        rows = [
            Row(row.id, "person", ink(Tone.QUIET), row.title, row.subtitle, spoken=row.spoken)
            for row in view.rows
        ]
        self.advice.show_advice(view.advice)
        self.render_rows(rows, view.empty, loading=view.loading, action=view.empty_action)

    def _menu(self, row_id: str, at: QPoint) -> None:
        contact, _ = self._rows[row_id].contact, self.look.word
        entries: list[tuple[str, str, Callable[[], object]]] = [
            ("phone", number, lambda number=number: self.dial_wanted.emit(number))  # type: ignore[misc]
            for number in contact.numbers
        ]
        entries.append(("edit", _("Edit …"), lambda: self.edit_wanted.emit(contact)))
        entries.append(("trash", _("Delete …"), lambda: self.delete_wanted.emit(contact)))
        self.open_menu(at, entries)

    def _import(self) -> None:
        title = self.look.word("Import a vCard file")
        choose_file(self, title, "vCard (*.vcf *.vcard)", self.import_wanted.emit)

    def _export(self) -> None:
        title = self.look.word("Export all to a vCard file")
        choose_file(self, title, "vCard (*.vcf)", self.export_wanted.emit, save_as="softphone.vcf")

    def _files_menu(self) -> None:
        _ = self.look.word
        entries: list[tuple[str, str, Callable[[], object]]] = [
            ("import", _("Import a vCard file …"), self._import),
            ("export", _("Export all to a vCard file …"), self._export),
        ]
        self.open_menu(self.files.mapToGlobal(self.files.rect().bottomLeft()), entries)
