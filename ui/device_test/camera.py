"""The camera of a test page: one's own picture, which camera, and what keeps it from giving one."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget

from softphone.presenters.camera_test import CameraView
from ui.look import Look
from ui.widgets.buttons import Button
from ui.widgets.feedback import announce
from ui.widgets.labels import Label, SignLabel
from ui.widgets.picture import PictureView

SIGN = 44


class OwnPicture(PictureView):
    """As in a mirror; a sign where there is none."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, mirrored=True)
        self.wanted = True
        self.setMinimumSize(240, 135)

    def paint_over(self, painter: QPainter) -> None:
        """The sign of no picture."""
        if self.wanted and self.has_picture:
            return
        painter.fillRect(self.rect(), self.look.colour("stage"))
        drawing = self.look.pixmap("camera-off", "stage_text", SIGN, self.devicePixelRatioF())
        painter.drawPixmap((self.width() - SIGN) // 2, (self.height() - SIGN) // 2, drawing)


class CameraPart(QWidget):
    """Picture, verdict and way out."""

    again_wanted = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._view: CameraView | None = None
        self.picture = OwnPicture(look)
        self.sign = SignLabel(look, wrap=True)
        self.help = Label("side", wrap=True)
        self.place = Button(look, "link")
        self.again = Button(look, "link")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.picture, 1)
        column.addWidget(self.sign)
        column.addWidget(self.help)
        for button in (self.place, self.again):
            button.setProperty("fit", "text")
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        self.again.clicked.connect(self.again_wanted)
        self.place.clicked.connect(self._open_place)
        look.words_changed.connect(self.retranslate)
        self.retranslate()

    def retranslate(self) -> None:
        """Set the words."""
        _ = self._look.word
        self.picture.setAccessibleName(_("Your own picture"))
        self.place.say(_("Open these settings"))
        self.again.say(_("Try again"), _("Try the camera again"))

    def show_view(self, view: CameraView) -> None:
        """Render a view state."""
        before, self._view = self._view, view
        self.picture.show_slot(view.slot)
        self.sign.show_sign(view.sign)
        if before is not None and before.sign != view.sign and self.isVisible():
            announce(self, view.sign.text)
        self.help.setText(view.help)
        self.help.setVisible(bool(view.help))
        self.place.setVisible(bool(view.place))
        self.again.setVisible(view.again)

    def _open_place(self) -> None:
        if self._view is not None and self._view.place:
            QDesktopServices.openUrl(QUrl(self._view.place))
