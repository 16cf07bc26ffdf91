"""The form of an appointment, and the invitations once it is made."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from softphone.presenters.appointment_form import FormView
from softphone.presenters.form_text import FormText
from softphone.presenters.parts import Choice
from ui.look import Look
from ui.meetings.dates import ClockEdit, DayEdit
from ui.meetings.invitations import InvitationsPart
from ui.meetings.invitees import InviteeRows, within
from ui.widgets.buttons import Button
from ui.widgets.feedback import AdviceBox, announce
from ui.widgets.fields import Check, DropDown, Field
from ui.widgets.labels import Label
from ui.window import Window

QUIET_MS = 700
"""After the last key for so long what was typed is kept."""


class FormWindow(Window):
    """What is typed stays on every failure; it is handed on to be kept while it is typed."""

    typed = Signal(object)
    submit_wanted = Signal(object)
    fresh_wanted = Signal()
    closed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look, Qt.WindowType.Dialog)
        self._opened = 0
        self.heading = Label("title", wrap=True)
        self.advice = AdviceBox(look)
        self.name = Field(QLineEdit())
        self.description = Field(QPlainTextEdit())
        self.day = Field(DayEdit(look))
        self.start = Field(ClockEdit())
        self.end = Field(ClockEdit())
        self.zone = Field(DropDown(look))
        self.office = Field(QLineEdit())
        self.expert = Field(QLineEdit())
        self.lobby = Check(look)
        self.level = Field(DropDown(look))
        self.people_title = Label("heading")
        self.people = InviteeRows(look, self.level.editor)
        self.submit = Button(look, "primary")
        self.cancel = Button(look)
        self.invitations = InvitationsPart(look, self.cancel)
        self._area = QScrollArea()
        self._stack = QStackedWidget()
        self._keep = QTimer(self, singleShot=True, interval=QUIET_MS)
        self._arrange()
        self._connect()
        self.retranslate()
        self.resize(600, 680)
        self.setMinimumSize(520, 420)

    # --- building ---------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 20, 0, 16)
        outer.setSpacing(12)
        head = QVBoxLayout()
        head.setContentsMargins(24, 0, 24, 0)
        head.addWidget(self.heading)
        head.addWidget(self.advice)
        outer.addLayout(head)
        self._stack.addWidget(self._form())
        self._stack.addWidget(self.invitations)
        outer.addWidget(self._stack, 1)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(24, 0, 24, 0)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.submit)
        outer.addLayout(buttons)

    def _form(self) -> QScrollArea:
        page = QWidget()
        page.setObjectName("page")
        column = QVBoxLayout(page)
        column.setContentsMargins(24, 0, 24, 8)
        column.setSpacing(12)
        self.description.editor.setTabChangesFocus(True)
        self.description.editor.setFixedHeight(76)
        column.addWidget(self.name)
        column.addWidget(self.description)
        column.addLayout(_side_by_side(self.day, self.start, self.end))
        column.addWidget(self.zone)
        column.addLayout(_side_by_side(self.office, self.expert))
        column.addWidget(self.lobby)
        column.addWidget(self.level)
        column.addWidget(self.people_title)
        column.addWidget(self.people)
        column.addStretch(1)
        self._area.setWidget(page)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.viewport().setAutoFillBackground(False)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return self._area

    def _connect(self) -> None:
        for field in (self.name, self.office, self.expert):
            field.editor.textEdited.connect(lambda _text: self._keep.start())
        self.description.editor.textChanged.connect(self._keep.start)
        self.day.editor.dateChanged.connect(lambda _day: self._keep.start())
        for clock in (self.start, self.end):
            clock.editor.timeChanged.connect(lambda _time: self._keep.start())
        for choice in (self.zone, self.level):
            choice.editor.picked.connect(lambda _id: self._keep.start())
        self.lobby.clicked.connect(lambda _on: self._keep.start())
        self.people.typed.connect(self._keep.start)
        self._keep.timeout.connect(lambda: self.typed.emit(self.text()))
        self.submit.clicked.connect(self._submit)
        self.cancel.clicked.connect(self.close)
        self.advice.acted.connect(lambda _action: self.fresh_wanted.emit())

    def retranslate(self) -> None:
        """See Window."""
        _ = self.look.word
        self.name.say(_("Name of the meeting"))
        self.description.say(_("Description"))
        self.day.say(_("Day"))
        self.start.say(_("Start"))
        self.end.say(_("End"))
        self.zone.say(_("Time zone"))
        self.office.say(_("Office"))
        self.expert.say(_("Your number, for trouble"), "010 123 4567")
        self.lobby.say(_("Let people in from a lobby"))
        self.level.say(_("How people must be identified"))
        self.people_title.setText(_("Participants"))

    # --- showing ----------------------------------------------------------------------------------------

    def show_view(self, view: FormView) -> None:
        """Render a view state; fields are filled only when the form opens."""
        if not view.open:
            self._keep.stop()
            self.hide()
            return
        fresh = view.opened != self._opened
        if fresh and view.text is not None:
            self._fill(view, view.text)
        self._opened = view.opened
        self._show_words(view)
        self._show_faults(dict(view.faults))
        self.submit.setEnabled(not view.busy)
        if fresh:
            self._come_up()

    def _show_words(self, view: FormView) -> None:
        made = bool(view.cards)
        heading = view.done if made else view.heading
        self.setWindowTitle(heading)
        self.heading.setText(heading)
        self.advice.show_advice(view.advice)
        self.submit.say(view.submit)
        self.submit.setVisible(not made)
        self.cancel.say(self.word("Done") if made else self.word("Cancel"))
        self.invitations.show_cards(view.cards)
        self._stack.setCurrentWidget(self.invitations if made else self._area)
        self._choices(view)
        if made:
            self._keep.stop()
            announce(self, heading)

    def _choices(self, view: FormView) -> None:
        self.zone.editor.show_choice(Choice(view.zones, self.zone.editor.chosen))
        self.level.editor.show_choice(Choice(view.levels, self.level.editor.chosen))

    def _fill(self, view: FormView, text: FormText) -> None:
        self.name.editor.setText(text.title)
        self.description.editor.setPlainText(text.description)
        self.day.editor.show_day(text.day)
        self.start.editor.show_time(text.start)
        self.end.editor.show_time(text.end)
        self.zone.editor.show_choice(Choice(view.zones, text.time_zone))
        self.office.editor.setText(text.office)
        self.expert.editor.setText(text.expert_number)
        self.lobby.setChecked(text.lobby)
        self.level.editor.show_choice(Choice(view.levels, text.demanded))
        self.people.fill(text.participants, view.languages)
        self._keep.stop()
        self._area.verticalScrollBar().setValue(0)

    def _show_faults(self, faults: dict[str, str]) -> None:
        named: dict[str, Field[QWidget]] = {
            "title": self.name,  # type: ignore[dict-item]
            "description": self.description,  # type: ignore[dict-item]
            "day": self.day,  # type: ignore[dict-item]
            "end": self.end,  # type: ignore[dict-item]
            "office": self.office,  # type: ignore[dict-item]
            "expert_number": self.expert,  # type: ignore[dict-item]
        }
        for name, field in named.items():
            field.fault(name in faults)
            field.note(faults.get(name, ""))
        self.people.show_faults(within(faults, "participants."))
        first = next((field for name, field in named.items() if name in faults), None)
        if first is not None:
            first.editor.setFocus()
            self._area.ensureWidgetVisible(first)

    def _come_up(self) -> None:
        self.come_up()
        self.name.editor.setFocus()

    # --- what a person does -----------------------------------------------------------------------------

    def text(self) -> FormText:
        """What is typed now."""
        return FormText(
            title=self.name.editor.text(),
            description=self.description.editor.toPlainText(),
            day=self.day.editor.day,
            start=self.start.editor.at,
            end=self.end.editor.at,
            time_zone=self.zone.editor.chosen or "UTC",
            office=self.office.editor.text(),
            expert_number=self.expert.editor.text(),
            lobby=self.lobby.isChecked(),
            demanded=self.level.editor.chosen or "link",
            participants=self.people.texts(),
        )

    def _submit(self) -> None:
        self._keep.stop()
        self.submit_wanted.emit(self.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 — Qt's name
        """Escape closes; what was typed comes back when the form is opened again."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 — Qt's name
        """Put away; what was typed last is handed on first."""
        event.ignore()
        if self._keep.isActive():
            self._keep.stop()
            self.typed.emit(self.text())
        self.hide()
        self.closed.emit()


def _side_by_side(*fields: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(12)
    for field in fields:
        row.addWidget(field, 1, Qt.AlignmentFlag.AlignTop)
    return row
