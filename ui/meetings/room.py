"""The window of a meeting: pictures, controls, and one side panel for people or chat."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from softphone.presenters.meeting_room import RoomView
from ui.look import Look
from ui.meetings.chat import ChatPanel
from ui.meetings.people import PeoplePanel
from ui.meetings.stage import TileStage
from ui.meetings.toolbar import Toolbar
from ui.widgets.buttons import IconButton
from ui.widgets.feedback import AdviceBox, announce
from ui.widgets.labels import ElidedLabel, Label, SignLabel
from ui.window import Window

SIDE = 320
CHORD = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)


class RoomWindow(Window):
    """Closing it asks whether to leave; a phone call's popup keeps to the pictures and covers no control."""

    camera_wanted = Signal(bool)
    microphone_wanted = Signal(bool)
    leave_wanted = Signal()
    end_wanted = Signal()
    page_wanted = Signal()
    devices_wanted = Signal(QPoint)
    chat_open = Signal(bool)
    help_wanted = Signal(str)
    put_away = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.view: RoomView | None = None
        self.title = ElidedLabel("heading")
        self.timer = Label("heading", figures=True)
        self.lock = SignLabel(look)
        self.quality = SignLabel(look)
        self.grid = IconButton(look, "grid")
        self.state = SignLabel(look, wrap=True)
        self.trouble = AdviceBox(look)
        self.advice = AdviceBox(look, dismissible=True)
        self.stage = TileStage(look, self.grid)
        self.toolbar = Toolbar(look)
        self.chat = ChatPanel(look)
        self.people = PeoplePanel(look)
        self.side = QFrame()
        self.side_title = Label("title")
        self.side_close = IconButton(look, "close", "text_quiet")
        self._stack = QStackedWidget()
        self._head = QWidget()
        self._arrange()
        self._connect()
        self.retranslate()
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.resize(960, 600)
        self.setMinimumSize(760, 480)

    # --- building ---------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(10)
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(16)
        head.addWidget(self.title, 1)
        for part in (self.timer, self.quality, self.lock, self.grid):
            head.addWidget(part)
        column.addWidget(self._head)
        for box in (self.state, self.trouble, self.advice):
            column.addWidget(box)
        middle = QHBoxLayout()
        middle.setSpacing(12)
        middle.addWidget(self.stage, 1)
        middle.addWidget(self._side_panel())
        column.addLayout(middle, 1)
        column.addWidget(self.toolbar)

    def _side_panel(self) -> QFrame:
        self.side.setObjectName("card")
        self.side.setFixedWidth(SIDE)
        column = QVBoxLayout(self.side)
        column.setContentsMargins(14, 10, 10, 12)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(self.side_title, 1)
        head.addWidget(self.side_close)
        column.addLayout(head)
        self._stack.addWidget(self.people)
        self._stack.addWidget(self.chat)
        column.addWidget(self._stack, 1)
        self.side.hide()
        return self.side

    def _connect(self) -> None:
        bar = self.toolbar
        bar.microphone.turned.connect(self.microphone_wanted)
        bar.camera.turned.connect(self.camera_wanted)
        bar.devices.clicked.connect(self._devices)
        self.grid.clicked.connect(self._change_view)
        bar.whole.clicked.connect(lambda: self.full_screen(bar.whole.isChecked()))
        bar.code.clicked.connect(self.page_wanted)
        bar.people.clicked.connect(lambda: self.open_side(self.people if bar.people.isChecked() else None))
        bar.chat.clicked.connect(lambda: self.open_side(self.chat if bar.chat.isChecked() else None))
        bar.leave.clicked.connect(self.leave_wanted)
        bar.end.clicked.connect(self.end_wanted)
        self.side_close.clicked.connect(lambda: self.open_side(None))
        self.stage.large_wanted.connect(self._large)
        self.trouble.acted.connect(self.help_wanted)
        self.advice.dismissed.connect(lambda _id: self.put_away.emit())

    def retranslate(self) -> None:
        """See Window."""
        self.side_close.say(self.word("Close the side panel"))
        self._name_side()
        self._name_view()

    def _name_side(self) -> None:
        chat = self._stack.currentWidget() is self.chat
        self.side_title.setText(self.word("Chat") if chat else self.word("People"))

    # --- showing ----------------------------------------------------------------------------------------

    def show_view(self, view: RoomView | None) -> None:
        """Render a view state; the window comes with the meeting and goes with it."""
        before, self.view = self.view, view
        if view is None:
            self._end()
            return
        self.setWindowTitle(f"{view.title} · {view.timer}" if view.timer else view.title)
        self.title.setText(view.title)
        self.timer.setText(view.timer)
        self.lock.show_sign(view.lock)
        self.quality.show_sign(view.quality)
        if view.state is not None and (before is None or before.state != view.state):
            announce(self, view.state.text)
        self.state.show_sign(view.state)
        self.trouble.show_advice(view.trouble)
        self.advice.show_advice(view.advice)
        self.stage.show_tiles(view.tiles, view.speaker, view.alone)
        self.toolbar.show_view(view)
        self.people.show_view(view)
        self.chat.lines.show_rows(view.chat)
        self._waiting_changed(before, view)
        if before is None or before.id != view.id:
            self.come_up()
            self.setFocus()

    def _waiting_changed(self, before: RoomView | None, view: RoomView) -> None:
        """Somebody new in the lobby: the panel where the host lets them in opens, unless another is read."""
        known = {row.session for row in before.waiting} if before is not None else set()
        fresh = [row for row in view.waiting if row.session not in known]
        if fresh:
            names = ", ".join(row.name for row in fresh)
            announce(self, self.word("{name} waits in the lobby").format(name=names))
        if fresh and not self.side.isVisibleTo(self):
            self.open_side(self.people)

    def _end(self) -> None:
        self.stage.clear()
        self.chat.lines.clear()
        self.open_side(None)
        self.full_screen(False)
        self.hide()

    def come_up(self) -> None:
        """To the front."""
        if self.view is not None:
            super().come_up()

    def open_side(self, panel: QWidget | None) -> None:
        """Open one side panel, or none."""
        reads_chat = panel is self.chat
        if panel is not None:
            self._stack.setCurrentWidget(panel)
            self._name_side()
        self.side.setVisible(panel is not None)
        self.toolbar.people.setChecked(panel is self.people)
        self.toolbar.chat.setChecked(reads_chat)
        self.chat_open.emit(reads_chat)
        if reads_chat:
            self.chat.entry.field.setFocus()

    def free_room(self) -> QRect:
        """Where on the screen something may stand without covering a control: over the pictures."""
        return QRect(self.stage.mapToGlobal(QPoint(0, 0)), self.stage.size())

    # --- what a person does -----------------------------------------------------------------------------

    def _change_view(self) -> None:
        self.stage.show_grid(not self.stage.grid)
        self._name_view()

    def _name_view(self) -> None:
        """The button shows the other view."""
        grid = self.stage.grid
        self.grid.show_icon("speaker-view" if grid else "grid")
        self.grid.say(self.word("Show who speaks large") if grid else self.word("Show everybody alike"))

    def _devices(self) -> None:
        self.devices_wanted.emit(self.toolbar.devices.mapToGlobal(QPoint(0, 0)))

    def _large(self, session: str) -> None:
        alone = self.stage.only == session
        self.stage.show_only(None if alone else session)
        self.full_screen(not alone)

    def full_screen(self, on: bool) -> None:
        """The whole screen for the meeting, and back."""
        self.toolbar.whole.setChecked(on)
        if not on:
            self.stage.show_only(None)
        if on and not self.isFullScreen():
            self.showFullScreen()
        elif not on and self.isFullScreen():
            self.showNormal()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 — Qt's name
        """Escape leaves the full screen, F11 changes it; M and V switch microphone and camera.

        Not while held, and not with Ctrl: who pastes here by mistake has not asked for the camera.
        """
        if event.isAutoRepeat() or event.modifiers() & CHORD:
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_Escape and self.isFullScreen():
            self.full_screen(False)
        elif event.key() == Qt.Key.Key_F11:
            self.full_screen(not self.isFullScreen())
        elif event.key() == Qt.Key.Key_M:
            self.toolbar.microphone.click()
        elif event.key() == Qt.Key.Key_V:
            self.toolbar.camera.click()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 — Qt's name
        """A minimised window needs no pictures."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.WindowStateChange:
            for tile in self.stage.tiles.values():
                tile.look_again()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 — Qt's name
        """Nobody leaves a meeting by mistake."""
        event.ignore()
        if self.view is not None:
            self.leave_wanted.emit()
