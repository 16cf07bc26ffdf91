"""The window of a running call."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSlider, QVBoxLayout

from softphone.presenters.call_views import CallView
from softphone.presenters.calls import CallsView
from softphone.presenters.levels import LevelsView
from ui.call_window.strip import CallStrips
from ui.call_window.transfer import TransferPanel
from ui.look import Look
from ui.widgets.buttons import Button, Tile
from ui.widgets.feedback import AdviceBox, LevelMeter, announce
from ui.widgets.graph import QualityGraph
from ui.widgets.keypad import KEYS, Keypad
from ui.widgets.labels import ElidedLabel, Label, Picture, SignLabel
from ui.window import Window


class CallWindow(Window):
    """Everything one does in a call; closing the window never ends it."""

    hang_up_wanted = Signal(str)
    mute_wanted = Signal(str, bool)
    hold_wanted = Signal(str, bool)
    dtmf_wanted = Signal(str, str)
    volume_wanted = Signal(str, int)
    transfer_wanted = Signal(str, str)
    ask_wanted = Signal(str)
    join_wanted = Signal(str, str)
    strip_acted = Signal(str, str)
    add_call_wanted = Signal()
    headset_wanted = Signal()
    put_away = Signal()
    seen = Signal(bool)

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._view: CallView | None = None
        self._expected = ""
        self.name = ElidedLabel("title")
        self.number = ElidedLabel("side", figures=True)
        self.timer = Label("title", figures=True)
        self.state = SignLabel(look, wrap=True)
        self.lock = SignLabel(look, wrap=True)
        self.quality = SignLabel(look)
        self.graph = QualityGraph(look)
        self.trouble = AdviceBox(look)
        self.mute = Tile(look, "microphone", "microphone-off", toggle=True)
        self.hold = Tile(look, "pause", toggle=True)
        self.keys = Tile(look, "keypad", toggle=True)
        self.transfer = Tile(look, "forward", toggle=True)
        self.add_call = Tile(look, "plus")
        self.headset = Tile(look, "headset")
        self.keypad = Keypad(look)
        self.panel = TransferPanel(look)
        self.strips = CallStrips(look)
        self.level = LevelMeter(look)
        self.volume = QSlider(Qt.Orientation.Horizontal)
        self.hang_up = Button(look, "danger", "hang-up", tall=True)
        self.advice = AdviceBox(look, dismissible=True)
        self._arrange()
        self._connect()
        self.retranslate()
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.resize(360, 520)
        self.setMinimumWidth(340)

    # --- building -------------------------------------------------------------------------------

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 20)
        column.setSpacing(10)
        head = QHBoxLayout()
        head.addWidget(self.name, 1)
        head.addWidget(self.timer)
        column.addLayout(head)
        column.addWidget(self.number)
        truth = QHBoxLayout()
        truth.addWidget(self.state, 1)
        truth.addWidget(self.quality, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(truth)
        below = QHBoxLayout()
        below.addWidget(self.lock, 1)
        below.addWidget(self.graph, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(below)
        column.addWidget(self.trouble)
        column.addWidget(self.advice)
        column.addStretch(1)
        column.addLayout(self._tiles())
        column.addWidget(self.keypad)
        column.addWidget(self.panel)
        column.addLayout(self._sound())
        column.addWidget(self.strips)
        column.addStretch(1)
        column.addWidget(self.hang_up)

    def _tiles(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(8)
        tiles = (self.mute, self.hold, self.keys, self.transfer, self.add_call, self.headset)
        for at, tile in enumerate(tiles):
            grid.addWidget(tile, at // 3, at % 3)
        for at in range(3):
            grid.setColumnStretch(at, 1)
        return grid

    def _sound(self) -> QGridLayout:
        self.volume.setRange(0, 100)
        self.volume.setPageStep(10)
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(0)
        grid.addWidget(Picture(self.look, "microphone", "text_quiet"), 0, 0)
        grid.addWidget(self.level, 0, 1)
        grid.addWidget(Picture(self.look, "speaker", "text_quiet"), 1, 0)
        grid.addWidget(self.volume, 1, 1)
        return grid

    def _connect(self) -> None:
        self.hang_up.clicked.connect(lambda: self.hang_up_wanted.emit(self._id))
        self.mute.clicked.connect(lambda on: self.mute_wanted.emit(self._id, on))
        self.hold.clicked.connect(lambda on: self.hold_wanted.emit(self._id, on))
        self.keys.toggled.connect(lambda on: self._open(self.keys if on else None))
        self.transfer.toggled.connect(lambda on: self._open(self.transfer if on else None))
        self.add_call.clicked.connect(self.add_call_wanted)
        self.headset.clicked.connect(self.headset_wanted)
        self.keypad.pressed.connect(lambda digit: self.dtmf_wanted.emit(self._id, digit))
        self.panel.blind_wanted.connect(self._transfer)
        self.panel.ask_wanted.connect(self._ask)
        self.panel.join_wanted.connect(lambda other: self.join_wanted.emit(self._id, other))
        self.strips.acted.connect(self.strip_acted)
        self.trouble.acted.connect(lambda _page: self.headset_wanted.emit())
        self.advice.dismissed.connect(lambda _id: self.put_away.emit())
        self.volume.valueChanged.connect(lambda place: self.volume_wanted.emit(self._id, place))
        self.keypad.hide()
        self.panel.hide()

    def retranslate(self) -> None:
        """See Window."""
        _ = self.look.word
        self.setWindowTitle(_("Ongoing call"))
        self.keys.say(_("Keypad"))
        self.transfer.say(_("Transfer"))
        self.add_call.say(_("Add call"))
        self.headset.say(_("Headset"))
        self.graph.setAccessibleName(_("Sound over the last minute"))
        self.graph.setToolTip(_("Sound over the last minute"))
        self.volume.setAccessibleName(_("Volume"))
        self.volume.setToolTip(_("Volume"))
        self.level.setAccessibleName(_("Microphone level"))
        self.level.setToolTip(_("Microphone level"))
        if self._view is not None:
            self._name_toggles(self._view)

    def _name_toggles(self, view: CallView) -> None:
        self.mute.say(self.word("Muted") if view.muted else self.word("Mute"), self.word("Mute"))
        self.hold.say(self.word("On hold") if view.held else self.word("Hold"), self.word("Hold"))
        self.hang_up.say(self.word("Close") if view.ended else self.word("Hang up"))

    # --- showing --------------------------------------------------------------------------------

    @property
    def _id(self) -> str:
        return self._view.id if self._view is not None else ""

    def show_view(self, calls: CallsView) -> None:
        """Render a view state; the window comes with a call and goes after its end."""
        self.advice.show_advice(calls.advice)
        view, before = calls.call, self._view
        if view is None:
            self._view = None
            self.hide()
            return
        self._view = view
        if before is None or before.id != view.id:
            self._close_panels()
        if before is None or before.state != view.state:
            announce(self, f"{view.who.name}. {view.state.text}")
        self._render(view)
        if before is None:
            self.show()
            self.setFocus()
        fresh = before is None or before.id != view.id
        if fresh and (view.id == self._expected or (view.outgoing and not view.timer)):
            self.come_up()
        self.grow()

    def expect(self, call_id: str) -> None:
        """The person answers this call: its window comes to the front with it."""
        self._expected = call_id

    def come_up(self) -> None:
        """To the front, because the person dialled or answered; a call taken by itself disturbs nobody."""
        if self._view is not None:
            super().come_up()

    def _render(self, view: CallView) -> None:
        self.setWindowTitle(f"{view.who.name} · {view.timer}" if view.timer else view.who.name)
        self.name.setText(view.who.name)
        self.number.setText(view.who.number)
        self.number.setVisible(bool(view.who.number))
        self.timer.setText(view.timer)
        self.timer.setVisible(bool(view.timer))
        self.state.show_sign(view.state)
        self.lock.show_sign(view.lock)
        self.quality.show_sign(view.quality)
        self.graph.show_scores(view.scores)
        self.trouble.show_advice(view.trouble)
        self.mute.setChecked(view.muted)
        self.hold.setChecked(view.held)
        for tile in (self.hold, self.keys, self.transfer):
            tile.setEnabled(view.talking)
        self.mute.setEnabled(not view.ended)
        self.add_call.setEnabled(view.talking and not view.others)
        self.hang_up.become(*(("quiet", "close") if view.ended else ("danger", "hang-up")))
        self._name_toggles(view)
        self.panel.show_join(view.join)
        self.strips.show_calls(view.others)
        order = (self.volume, *self.strips.buttons, self.hang_up)
        for before, after in pairwise(order):
            self.setTabOrder(before, after)
        if not self.volume.isSliderDown() and self.volume.value() != view.volume:
            self.volume.blockSignals(True)
            self.volume.setValue(view.volume)
            self.volume.blockSignals(False)
        if view.ended:
            self._close_panels()

    def show_levels(self, levels: LevelsView) -> None:
        """Move the meter; a muted microphone shows nothing."""
        silent = self._view is None or self._view.muted or self._view.held
        self.level.show_share(0.0 if silent else levels.microphone)

    # --- what a person does ---------------------------------------------------------------------

    def _open(self, tile: Tile | None) -> None:
        for other, part in ((self.keys, self.keypad), (self.transfer, self.panel)):
            other.setChecked(other is tile)
            part.setVisible(other is tile)
        if tile is self.transfer and self.panel.target.isVisibleTo(self.panel):
            self.panel.target.editor.setFocus()
        self.grow()

    def _close_panels(self) -> None:
        self._open(None)

    def _transfer(self, target: str) -> None:
        self.transfer_wanted.emit(self._id, target)
        self._close_panels()

    def _ask(self, target: str) -> None:
        self.ask_wanted.emit(target)
        self._close_panels()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 — Qt's name
        """Digits are keys of the phone; M mutes."""
        typed = event.text()
        if self._view is not None and self._view.talking and typed and typed in KEYS:
            self.dtmf_wanted.emit(self._id, typed)
        elif event.key() == Qt.Key.Key_M and self.mute.isEnabled():
            self.mute.click()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 — Qt's name
        """Hide; the call goes on and the main window leads back. An ended call is put away."""
        event.ignore()
        if self._view is not None and self._view.ended:
            self.hang_up_wanted.emit(self._id)
        self.hide()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 — Qt's name
        """The meter runs only while somebody looks."""
        super().showEvent(event)
        self.seen.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 — Qt's name
        """See showEvent."""
        super().hideEvent(event)
        self.seen.emit(False)
