"""The camera on the test page of the settings: seen when it is asked for, closed when nobody looks."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from softphone.presenters.camera_test import CameraView
from ui.device_test.camera import CameraPart
from ui.look import Look
from ui.widgets.buttons import Button
from ui.widgets.fields import DropDown
from ui.widgets.labels import Label

PICTURE = 320, 180


class CameraTest(QWidget):
    """Which camera, and one's own picture while it is wanted. `looked` tells whether that is so."""

    looked = Signal(bool)
    picked = Signal(str)
    again_wanted = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._on = False
        self.title = Label("heading")
        self.cameras = DropDown(look)
        self.cameras.setMaximumWidth(400)
        self.show_picture = Button(look, "quiet", "camera")
        self.part = CameraPart(look)
        self.part.picture.setFixedSize(*PICTURE)
        self.part.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.title)
        column.addWidget(self.cameras)
        column.addWidget(self.show_picture, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.part)
        self.cameras.picked.connect(self.picked)
        self.show_picture.clicked.connect(lambda: self._turn(not self._on))
        self.part.again_wanted.connect(self.again_wanted)
        look.words_changed.connect(self.retranslate)
        self.retranslate()

    def retranslate(self) -> None:
        """Set the words."""
        _ = self._look.word
        self.title.setText(_("Camera"))
        self.cameras.setAccessibleName(_("Camera"))
        self.show_picture.say(_("Stop") if self._on else _("Show my picture"))

    def show_view(self, view: CameraView) -> None:
        """Render a view state."""
        self.cameras.show_choice(view.choice)
        self.show_picture.setEnabled(self._on or bool(view.choice.options))
        self.part.show_view(view)

    def _turn(self, on: bool) -> None:
        if on != self._on:
            self._on = on
            self.part.setVisible(on)
            self.retranslate()
            self.looked.emit(on)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 — Qt's name
        """Let the camera go."""
        super().hideEvent(event)
        self._turn(False)
