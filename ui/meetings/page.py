"""The meeting page: from a link or the list over the test page and the lobby to goodbye."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QSpacerItem, QVBoxLayout

from softphone.presenters.page_views import PageView, Stage
from softphone.presenters.parts import Sign
from ui.look import Look
from ui.meetings.page_parts import CodePart, ExpertPart, LobbyPart, TestPart
from ui.widgets.buttons import Button
from ui.widgets.feedback import AdviceBox, announce
from ui.widgets.fields import Field
from ui.widgets.labels import Label, SignLabel
from ui.window import Window

WIDE = (Stage.TEST, Stage.LOBBY)
LARGE, SMALL = QSize(720, 560), QSize(560, 260)


class MeetingPage(Window):
    """Stays open behind the meeting. `main_wanted` carries the stage its button was pressed in."""

    link_typed = Signal(str)
    main_wanted = Signal(Stage)
    leave_wanted = Signal()
    closed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.view: PageView | None = None
        self.heading = Label("title", wrap=True)
        self.when = Label("", wrap=True, figures=True)
        self.who = Label("side", wrap=True)
        self.description = Label("side", wrap=True)
        self.warning = AdviceBox(look)
        self.advice = AdviceBox(look)
        self.link = Field(QLineEdit())
        self.said = SignLabel(look, wrap=True)
        self.test = TestPart(look)
        self.lobby = LobbyPart(look)
        self.code = CodePart(look)
        self.expert = ExpertPart(look)
        self.lock = SignLabel(look, wrap=True)
        self.note = Label("side", wrap=True)
        self.recommendation = SignLabel(look, wrap=True)
        self.leave = Button(look, "danger", "exit", tall=True)
        self.cancel = Button(look, tall=True)
        self.main = Button(look, "primary", tall=True)
        self._arrange()
        self._connect()
        self.retranslate()
        self.resize(SMALL)
        self.setMinimumWidth(SMALL.width())

    # --- building ---------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(8)
        for part in (self.heading, self.when, self.who, self.description, self.warning, self.advice):
            column.addWidget(part)
        column.addWidget(self.said)
        column.addWidget(self.link)
        column.addSpacing(4)
        column.addWidget(self.code)
        column.addWidget(self.test, 1)
        column.addWidget(self.lobby, 1)
        self.test.hide()
        self.lobby.hide()
        self._rest = QSpacerItem(0, 0, QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Expanding)
        column.addSpacerItem(self._rest)
        column.addWidget(self.recommendation)
        column.addWidget(self.expert)
        column.addWidget(self.note)
        foot = QHBoxLayout()
        foot.setSpacing(12)
        foot.addWidget(self.lock, 1)
        foot.addWidget(self.cancel)
        foot.addWidget(self.leave)
        foot.addWidget(self.main)
        column.addLayout(foot)

    def _connect(self) -> None:
        self.main.clicked.connect(self._main)
        self.leave.clicked.connect(self.leave_wanted)
        self.cancel.clicked.connect(self.close)
        self.link.editor.returnPressed.connect(self._main)

    def retranslate(self) -> None:
        """See Window."""
        _ = self.look.word
        self.setWindowTitle(_("Meeting"))
        self.link.say(_("Meeting link"), "https://meet.example.com/m#…")
        self.leave.say(_("Leave"))
        self.cancel.say(_("Close"))

    # --- showing ----------------------------------------------------------------------------------------

    def show_view(self, view: PageView) -> None:
        """Render a view state; the page comes up when it should, and goes when nothing is left to do."""
        before, self.view = self.view, view
        if view.stage is Stage.NONE:
            self.hide()
            return
        self._show_head(view)
        self._show_stage(view)
        self._show_foot(view)
        if before is None or before.stage is not view.stage:
            announce(self, " ".join((view.heading, view.said.text if view.said else "", view.note)).strip())
        if before is None or (before.stage in WIDE) is not (view.stage in WIDE):
            self.resize(LARGE if view.stage in WIDE else SMALL)
        self.grow()
        if before is None or before.opened != view.opened:
            self.come_up()
        if before is None or before.stage is not view.stage:
            self._begin(view.stage)

    def _show_head(self, view: PageView) -> None:
        self.heading.setText(view.heading)
        texts = ((self.when, view.when), (self.who, view.who), (self.description, view.description))
        for label, text in texts:
            shown = text if label is not self.description or view.stage is Stage.OFFER else ""
            label.setText(shown)
            label.setVisible(bool(shown))
        self.warning.show_advice(view.warning)
        self.advice.show_advice(view.advice)
        self.said.show_sign(view.said)

    def _show_stage(self, view: PageView) -> None:
        self.link.setVisible(view.stage is Stage.LINK)
        self.link.fault(bool(view.link_fault))
        self.link.note(view.link_fault)
        if view.test is not None:
            self.test.show_view(view.test)
        if view.lobby is not None:
            self.lobby.show_view(view.lobby)
        advised = Sign("headset", view.test.recommendation) if view.test is not None else None
        self.recommendation.show_sign(advised)
        self.code.setVisible(view.code is not None)
        if view.code is not None:
            self.code.show_view(view.code)
        wide = view.stage in WIDE
        stretch = QSizePolicy.Policy.Fixed if wide else QSizePolicy.Policy.Expanding
        self._rest.changeSize(0, 0, QSizePolicy.Policy.Minimum, stretch)
        self.test.setVisible(view.stage is Stage.TEST)
        self.lobby.setVisible(view.stage is Stage.LOBBY)

    def _show_foot(self, view: PageView) -> None:
        self.expert.show_view(view.expert)
        self.lock.show_sign(view.lock)
        self.lock.setVisible(True)  # its place keeps the buttons to the right
        self.note.setText(view.note)
        self.note.setVisible(bool(view.note))
        waiting = view.stage is Stage.LOBBY
        self.leave.setVisible(waiting or view.stage is Stage.INSIDE)
        self.cancel.setVisible(not waiting and view.stage is not Stage.INSIDE)
        self.main.say(view.main)
        self.main.setVisible(bool(view.main))
        self.main.setEnabled(view.can_main)

    def _begin(self, stage: Stage) -> None:
        """Where the keyboard begins on each stage."""
        if stage is Stage.LINK:
            self.link.editor.clear()
            self.link.editor.setFocus()
        elif stage is Stage.LOBBY:
            self.lobby.entry.field.setFocus()
        elif stage is Stage.INSIDE and self.code.isVisibleTo(self):
            self.code.field.editor.setFocus()
        elif self.main.isEnabled():
            self.main.setFocus()

    # --- what a person does -----------------------------------------------------------------------------

    def _main(self) -> None:
        if self.view is None or not self.main.isEnabled():
            return
        if self.view.stage is Stage.LINK:
            self.link_typed.emit(self.link.editor.text())
        else:
            self.main_wanted.emit(self.view.stage)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 — Qt's name
        """Escape closes, as far as that leaves nothing."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 — Qt's name
        """In the lobby and in the meeting the page only hides: the list leads back to it."""
        event.ignore()
        self.hide()
        self.closed.emit()
