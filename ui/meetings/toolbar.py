"""The controls of a meeting: how camera and microphone are, the view, people, chat, and the way out."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from softphone.presenters.meeting_room import RoomView
from softphone.presenters.page_views import Toggle
from ui.look import Look
from ui.widgets.buttons import Button, Tile


class StateTile(Tile):
    """Camera or microphone: off is filled and struck through, and the word says it."""

    turned = Signal(bool)

    def __init__(self, look: Look, icon: str) -> None:
        super().__init__(look, icon, f"{icon}-off", toggle=True)
        self._on = True
        self.setProperty("role", "device")
        self.clicked.connect(self._turn)

    def show_toggle(self, toggle: Toggle) -> None:
        """Render it."""
        self._on = toggle.on
        self.setChecked(not toggle.on)
        self.setText(toggle.word)
        self.setAccessibleName(f"{toggle.word}. {toggle.hint}")
        self.setToolTip(toggle.hint)

    def _turn(self) -> None:
        self.setChecked(not self._on)  # it shows what is, not what was wished
        self.turned.emit(not self._on)


class Toolbar(QWidget):
    """One row, at least 48 high."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.microphone = StateTile(look, "microphone")
        self.camera = StateTile(look, "camera")
        self.devices = Tile(look, "gear")
        self.whole = Tile(look, "full-screen", "full-screen-exit", toggle=True)
        self.code = Tile(look, "keypad")
        self.people = Tile(look, "people", toggle=True)
        self.end = Button(look, "quiet", "close", tall=True)
        self.leave = Button(look, "danger", "exit", tall=True)
        self.chat = Tile(look, "chat", toggle=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for tile in (self.microphone, self.camera, self.devices, self.whole, self.code):
            _narrow(tile)
            row.addWidget(tile)
        row.addStretch(1)
        row.addWidget(self.end, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.leave, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        for tile in (self.people, self.chat):
            _narrow(tile)
            row.addWidget(tile)
        look.words_changed.connect(self.retranslate)
        self.retranslate()

    def retranslate(self) -> None:
        """Set the words that never change with the view."""
        _ = self._look.word
        self.devices.say(_("Devices"))
        self.whole.say(_("Full screen"))
        self.code.say(_("Code"), _("Type the expert's code"))
        self.leave.say(_("Leave"), _("Leave the meeting"))
        self.end.say(_("End for all"), _("End the meeting for everybody"))

    def show_view(self, view: RoomView) -> None:
        """Render a view state."""
        _ = self._look.word
        self.microphone.show_toggle(view.microphone)
        self.camera.show_toggle(view.camera)
        self.end.setVisible(view.host)
        self.code.setVisible(not view.host)
        waiting = len(view.waiting)
        people = _("People ({count})").format(count=len(view.people))
        self.people.say(_("{count} waiting").format(count=waiting) if waiting else people)
        self.chat.say(_("Chat ({count})").format(count=view.unread) if view.unread else _("Chat"))


def _narrow(tile: Tile) -> None:
    """As wide as its word: there are many of them."""
    tile.setProperty("fit", "bar")
    tile.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
