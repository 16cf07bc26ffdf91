"""The people of a meeting: for the host those who wait, then those inside."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QScrollArea, QVBoxLayout, QWidget

from softphone.presenters.meeting_people import PersonRow, WaitingRow
from softphone.presenters.meeting_room import RoomView
from ui.look import Look
from ui.meetings.waiting import WaitingCard
from ui.widgets.buttons import Button, IconButton
from ui.widgets.labels import ElidedLabel, Label, SignLabel
from ui.widgets.tab_order import chain


class PersonCard(QWidget):
    """One who is in the meeting."""

    code_wanted = Signal(str)
    admit_wanted = Signal(str)
    put_back_wanted = Signal(str)
    remove_wanted = Signal(str, str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._row: PersonRow | None = None
        self.name = ElidedLabel("heading")
        self.note = Label("side", wrap=True)
        self.badge = SignLabel(look, wrap=True)
        self.microphone = SignLabel(look)
        self.more = IconButton(look, "more", "text_quiet")
        self.make = Button(look)
        self.admit = Button(look)
        self.code = CodeCard(look)
        self._arrange()
        self.more.clicked.connect(self._menu)
        self.make.clicked.connect(lambda: self._emit(self.code_wanted.emit))
        self.admit.clicked.connect(lambda: self._emit(self.admit_wanted.emit))

    def _arrange(self) -> None:
        texts = QVBoxLayout()
        texts.setSpacing(2)
        for part in (self.name, self.note, self.badge, self.microphone):
            texts.addWidget(part)
        head = QHBoxLayout()
        head.addLayout(texts, 1)
        head.addWidget(self.more, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 0, 4)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.code)
        column.addWidget(self.make)
        column.addWidget(self.admit)

    def controls(self) -> tuple[QWidget, ...]:
        """What the tab key visits."""
        return (self.more, self.make, self.admit)

    def _emit(self, signal: Callable[[str], None]) -> None:
        if self._row is not None:
            signal(self._row.session)

    def show_row(self, row: PersonRow) -> None:
        """Render how it stands."""
        _ = self._look.word
        self._row = row
        self.name.setText(row.name)
        self.note.setText(row.note)
        self.note.setVisible(bool(row.note))
        self.badge.show_sign(row.badge)
        self.microphone.show_sign(row.microphone)
        self.more.setVisible(row.can_remove)
        self.more.say(_("What you can do with {name}").format(name=row.name))
        self.code.show_code(row)
        self.make.setVisible(row.can_code)
        word = _("New code") if row.code else _("Confirm by a code")
        self.make.say(word, _("{action}: {name}").format(action=word, name=row.name))
        self.admit.setVisible(row.can_let_in)
        self.admit.say(_("Let in again"), _("Let {name} in again").format(name=row.name))

    def entries(self) -> list[tuple[str, str, Callable[[], None]]]:
        """What the menu offers."""
        row, _ = self._row, self._look.word
        if row is None:
            return []
        return [
            ("door", _("Back to the lobby"), lambda: self.put_back_wanted.emit(row.session)),
            (
                "close",
                _("Take out of the meeting …"),
                lambda: self.remove_wanted.emit(row.session, row.name),
            ),
        ]

    def _menu(self) -> None:
        menu = QMenu(self)
        for icon, text, act in self.entries():
            menu.addAction(self._look.icon(icon), text).triggered.connect(act)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))


class CodeCard(QFrame):
    """The host's code, in large figures, to be said aloud."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("strip")
        self._look = look
        self.ask = Label("side", wrap=True)
        self.figures = Label("figures", figures=True)
        self.note = Label("side", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(0)
        for part in (self.ask, self.figures, self.note):
            column.addWidget(part)

    def show_code(self, row: PersonRow) -> None:
        """Show it, or nothing."""
        self.setVisible(bool(row.code))
        self.ask.setText(self._look.word("Say this code aloud and ask them to type it:"))
        self.figures.setText(row.code)
        self.figures.setAccessibleName(" ".join(row.code.replace(" ", "")))
        self.note.setText(row.code_note)


class PeoplePanel(QScrollArea):
    """Who waits, then who is here."""

    admit_wanted = Signal(str)
    admit_all_wanted = Signal()
    decline_wanted = Signal(str, str)
    lobby_said = Signal(str, str)
    code_wanted = Signal(str)
    put_back_wanted = Signal(str)
    remove_wanted = Signal(str, str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.waiting: dict[str, WaitingCard] = {}
        self.people: dict[str, PersonCard] = {}
        self.waiting_title = Label("heading")
        self.all = Button(look, "link")
        self.people_title = Label("heading")
        self._waiting_rows, self._people_rows = QVBoxLayout(), QVBoxLayout()
        self._arrange()
        self.all.clicked.connect(self.admit_all_wanted)

    def _arrange(self) -> None:
        page = QWidget()
        page.setObjectName("page")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(self.waiting_title, 1)
        head.addWidget(self.all)
        column.addLayout(head)
        self._waiting_rows.setSpacing(8)
        column.addLayout(self._waiting_rows)
        column.addWidget(self.people_title)
        self._people_rows.setSpacing(4)
        column.addLayout(self._people_rows)
        column.addStretch(1)
        self.setWidget(page)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def show_view(self, view: RoomView) -> None:
        """Render who waits and who is here."""
        _ = self._look.word
        self.waiting_title.setText(view.waiting_text)
        self.waiting_title.setVisible(bool(view.waiting))
        self.all.say(_("Let all in"))
        self.all.setVisible(len(view.waiting) > 1)
        self.people_title.setText(_("In the meeting"))
        known = (list(self.waiting), list(self.people))
        self._show_waiting(view.waiting)
        self._show_people(view.people)
        if known != (list(self.waiting), list(self.people)):
            waiting = (card.controls() for card in self.waiting.values())
            chain(self.all, *waiting, *(card.controls() for card in self.people.values()))

    def _show_waiting(self, rows: Sequence[WaitingRow]) -> None:
        _forget(self.waiting, {row.session for row in rows})
        for row in rows:
            card = self.waiting.get(row.session)
            if card is None:
                card = self.waiting[row.session] = WaitingCard(self._look)
                card.admit_wanted.connect(self.admit_wanted)
                card.decline_wanted.connect(self.decline_wanted)
                card.said.connect(self.lobby_said)
                self._waiting_rows.addWidget(card)
            card.show_row(row, first=row is rows[0])
        self._put_in_order([row.session for row in rows])

    def _put_in_order(self, sessions: list[str]) -> None:
        """Who is next stands first, also when somebody comes in before another."""
        if list(self.waiting) != sessions:
            self.waiting = {session: self.waiting[session] for session in sessions}
            for place, card in enumerate(self.waiting.values()):
                self._waiting_rows.insertWidget(place, card)

    def _show_people(self, rows: Sequence[PersonRow]) -> None:
        _forget(self.people, {row.session for row in rows})
        for row in rows:
            card = self.people.get(row.session)
            if card is None:
                card = self.people[row.session] = PersonCard(self._look)
                card.code_wanted.connect(self.code_wanted)
                card.admit_wanted.connect(self.admit_wanted)
                card.put_back_wanted.connect(self.put_back_wanted)
                card.remove_wanted.connect(self.remove_wanted)
                self._people_rows.addWidget(card)
            card.show_row(row)


def _forget(cards: dict[str, WaitingCard] | dict[str, PersonCard], wanted: set[str]) -> None:
    for session in [known for known in cards if known not in wanted]:
        gone = cards.pop(session)
        gone.hide()
        gone.deleteLater()
