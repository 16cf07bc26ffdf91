"""The tab "Remote meetings" of the main window: today, coming, past."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from softphone.presenters.appointments import AppointmentRow, AppointmentsView
from ui.look import Look
from ui.widgets.buttons import Button, IconButton
from ui.widgets.feedback import AdviceBox, EmptyState
from ui.widgets.labels import ElidedLabel, Label, SignLabel
from ui.widgets.tab_order import chain


class AppointmentCard(QFrame):
    """One meeting."""

    join_wanted = Signal(str)
    asked = Signal(str, QWidget)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("card")
        self._look, self._id = look, ""
        self.title = ElidedLabel("heading")
        self.when = Label("side", wrap=True, figures=True)
        self.where = ElidedLabel("side")
        self.sign = SignLabel(look, wrap=True)
        self.note = Label("side", wrap=True)
        self.join = Button(look, "quiet", "camera")
        self.test = Button(look, "link")
        self.more = IconButton(look, "more", "text_quiet")
        self._arrange()
        self.join.clicked.connect(lambda: self.join_wanted.emit(self._id))
        self.test.clicked.connect(lambda: self.join_wanted.emit(self._id))
        self.more.clicked.connect(lambda: self.asked.emit(self._id, self.more))

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 8, 10)
        column.setSpacing(2)
        head = QHBoxLayout()
        head.setSpacing(4)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        for part in (self.title, self.when, self.where):
            texts.addWidget(part)
        head.addLayout(texts, 1)
        head.addWidget(self.more, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)
        column.addWidget(self.sign)
        column.addWidget(self.note)
        column.addSpacing(4)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        buttons.addWidget(self.join)
        buttons.addWidget(self.test)
        buttons.addStretch(1)
        column.addLayout(buttons)

    def show_row(self, row: AppointmentRow) -> None:
        """Render how it stands."""
        self._id = row.id
        self.title.setText(row.title)
        self.when.setText(row.when)
        self.where.setText(row.where)
        self.sign.show_sign(row.sign)
        self.note.setText(row.note)
        self.note.setVisible(bool(row.note))
        self.join.say(row.join, f"{row.join}: {row.title}" if row.join else "")
        self.join.setVisible(bool(row.join))
        self.join.setEnabled(row.can_join)
        self.test.say(row.test, f"{row.test}: {row.title}" if row.test else "")
        self.test.setVisible(bool(row.test))
        self.join.become("primary" if row.main else "quiet", "camera")
        self.more.say(self._look.word("More: {title}").format(title=row.title))
        self.more.setVisible(row.mine and not row.over)


class MeetingList(QWidget):
    """The list, or the sentence that stands for it; while loading, neither."""

    make_wanted = Signal()
    link_wanted = Signal()
    join_wanted = Signal(str)
    change_wanted = Signal(str)
    cancel_wanted = Signal(str)
    new_link_wanted = Signal(str, str, str)
    refresh_wanted = Signal()
    put_away = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.cards: dict[str, AppointmentCard] = {}
        self._rows: dict[str, AppointmentRow] = {}
        self._titles: list[Label] = []
        self._order: list[str] = []
        self.make = Button(look, "link", "plus")
        self.link = Button(look, "link", "link")
        self.advice = AdviceBox(look, dismissible=True)
        self.empty = EmptyState(look, "calendar")
        self._area = QScrollArea()
        self._blank = QWidget()
        self._column = QVBoxLayout()
        self._stack = QStackedLayout()
        self._arrange()
        self.make.clicked.connect(self.make_wanted)
        self.link.clicked.connect(self.link_wanted)
        self.empty.acted.connect(self.make_wanted)
        self.advice.dismissed.connect(lambda _id: self.put_away.emit())
        look.words_changed.connect(self.retranslate)
        self.retranslate()

    def _arrange(self) -> None:
        bar = QHBoxLayout()
        bar.setSpacing(4)
        bar.addWidget(self.make)
        bar.addWidget(self.link)
        bar.addStretch(1)
        page = QWidget()
        page.setObjectName("page")
        page.setLayout(self._column)
        self._column.setContentsMargins(0, 0, 4, 0)
        self._column.setSpacing(8)
        self._column.addStretch(1)
        self._area.setWidget(page)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.viewport().setAutoFillBackground(False)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for part in (self._area, self.empty, self._blank):
            self._stack.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(bar)
        column.addWidget(self.advice)
        column.addLayout(self._stack, 1)

    def retranslate(self) -> None:
        """Set the words."""
        _ = self._look.word
        self.make.say(_("New meeting"), _("Make an appointment"))
        self.link.say(_("Join with a link"))

    def show_view(self, view: AppointmentsView) -> None:
        """Render a view state."""
        self.make.setVisible(view.can_make)
        self.advice.show_advice(view.advice)
        self.empty.say(view.empty, view.empty_action)
        self._rows = {row.id: row for group in view.groups for row in group.rows}
        if set(self._rows) != set(self.cards) or self._headings(view) != self._order:
            self._lay_out(view)
        for row in self._rows.values():
            self.cards[row.id].show_row(row)
        shown = self._area if view.groups else self._blank if view.loading else self.empty
        self._stack.setCurrentWidget(shown)

    @staticmethod
    def _headings(view: AppointmentsView) -> list[str]:
        """What stands from top to bottom: headings and cards."""
        return [part for group in view.groups for part in (group.title, *(row.id for row in group.rows))]

    def _lay_out(self, view: AppointmentsView) -> None:
        """Put headings and cards into their order; cards that stay keep the focus."""
        for title in self._titles:
            self._column.removeWidget(title)
            title.hide()
            title.deleteLater()
        self._titles.clear()
        for gone in [known for known in self.cards if known not in self._rows]:
            card = self.cards.pop(gone)
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        at = 0
        for group in view.groups:
            title = Label("group", group.title)
            self._titles.append(title)
            self._column.insertWidget(at, title)
            at += 1
            for row in group.rows:
                self._column.insertWidget(at, self._card(row.id))
                at += 1
        self._order = self._headings(view)
        self._order_tabs(view)

    def _order_tabs(self, view: AppointmentsView) -> None:
        cards = (self.cards[row.id] for group in view.groups for row in group.rows)
        chain(self.empty.action, *((card.more, card.join, card.test) for card in cards))

    def _card(self, appointment_id: str) -> AppointmentCard:
        card = self.cards.get(appointment_id)
        if card is None:
            card = self.cards[appointment_id] = AppointmentCard(self._look)
            card.join_wanted.connect(self.join_wanted)
            card.asked.connect(self._menu)
        return card

    def entries(self, appointment_id: str) -> Sequence[tuple[str, str, Callable[[], None]]]:
        """What the host may do with a meeting."""
        _, row = self._look.word, self._rows[appointment_id]
        links = [
            (
                "link",
                _("New link for {name} …").format(name=person.text),
                lambda person=person: self.new_link_wanted.emit(row.id, person.id, person.text),
            )
            for person in row.people
        ]
        return (
            ("edit", _("Change …"), lambda: self.change_wanted.emit(row.id)),
            *links,
            ("trash", _("Cancel the meeting …"), lambda: self.cancel_wanted.emit(row.id)),
        )

    def _menu(self, appointment_id: str, beside: QWidget) -> None:
        menu = QMenu(self)
        for icon, text, act in self.entries(appointment_id):
            menu.addAction(self._look.icon(icon), text).triggered.connect(act)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(beside.mapToGlobal(beside.rect().bottomLeft()))

    def focus_first(self) -> None:
        """The keyboard comes from above."""
        for card in self.cards.values():
            if card.join.isEnabled() and card.join.isVisible():
                card.join.setFocus()
                return
        self.link.setFocus()
