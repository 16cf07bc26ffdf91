"""The test of microphone, speakers, ring, echo and camera: a page of the settings, or a part elsewhere."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from softphone.domain.sound_test import Activity
from softphone.presenters.device_test import DeviceTestView, MicrophoneView
from ui.device_test.camera_test import CameraTest
from ui.device_test.output import OutputTest
from ui.look import Look
from ui.widgets.buttons import Button
from ui.widgets.feedback import AdviceBox, LevelMeter, announce
from ui.widgets.labels import Label, SignLabel
from ui.widgets.progress import ProgressLine
from ui.window import rule


class DeviceTestPanel(QWidget):
    """Renders a DeviceTestView and a MicrophoneView; the microphone is open only while it is seen."""

    record_wanted = Signal()
    play_wanted = Signal()
    tone_wanted = Signal(str)
    answered = Signal(bool)
    ring_wanted = Signal()
    echo_wanted = Signal()
    seen = Signal(bool)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("page")
        self._look = look
        self._view: DeviceTestView | None = None
        self.title = Label("title")
        self.advice = AdviceBox(look)
        self.hear_title = Label("heading")
        self.device = Label("side", wrap=True)
        self.level = LevelMeter(look)
        self.verdict = SignLabel(look, wrap=True)
        self.help = Label("side", wrap=True)
        self.permission = SignLabel(look, wrap=True)
        self.place = Button(look, "link")
        self.place.setProperty("fit", "text")
        self.record = Button(look, "primary", "microphone")
        self.again = Button(look, "quiet", "speaker")
        self.recording = SignLabel(look, wrap=True)
        self.speak_title = Label("heading")
        self.outputs: dict[str, OutputTest] = {}
        self.ring_title = Label("heading")
        self.ring_places = Label("side", wrap=True)
        self.ring = Button(look, "quiet", "bell")
        self.ring_sign = SignLabel(look, wrap=True)
        self.echo_title = Label("heading")
        self.echo_help = Label("side", wrap=True)
        self.echo = Button(look, "quiet", "headset")
        self.echo_sign = SignLabel(look, wrap=True)
        self.camera = CameraTest(look)
        self.lines = {
            activity: ProgressLine() for activity in (Activity.RECORDING, Activity.RINGING, Activity.ECHO)
        }
        self._rows = QVBoxLayout()
        self._arrange()
        self._connect()
        look.words_changed.connect(self.retranslate)
        self.retranslate()

    # --- where things stand ---------------------------------------------------------------------------

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.title)
        column.addWidget(self.advice)
        column.addSpacing(4)
        self._arrange_microphone(column)
        column.addWidget(rule())
        column.addWidget(self.speak_title)
        self._rows.setSpacing(8)
        column.addLayout(self._rows)
        column.addWidget(rule())
        self._arrange_pair(column, self.ring_title, self.ring, self.ring_places, self.ring_sign)
        column.addWidget(self.lines[Activity.RINGING])
        column.addWidget(rule())
        self._arrange_pair(column, self.echo_title, self.echo, self.echo_help, self.echo_sign)
        column.addWidget(self.lines[Activity.ECHO])
        column.addWidget(rule())
        column.addWidget(self.camera)
        column.addStretch(1)

    def _arrange_microphone(self, column: QVBoxLayout) -> None:
        column.addWidget(self.hear_title)
        column.addWidget(self.device)
        for part in (self.level, self.verdict, self.help, self.permission):
            column.addWidget(part)
        column.addWidget(self.place, 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(4)
        column.addWidget(self.record, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.lines[Activity.RECORDING])
        result = QHBoxLayout()
        result.setSpacing(12)
        result.addWidget(self.recording, 1)
        result.addWidget(self.again)
        column.addLayout(result)

    @staticmethod
    def _arrange_pair(
        column: QVBoxLayout, title: Label, button: Button, text: Label, sign: SignLabel
    ) -> None:
        """A heading and a sentence with the button that does it."""
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(title)
        texts.addWidget(text)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addLayout(texts, 1)
        row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        column.addWidget(sign)

    def _connect(self) -> None:
        self.record.clicked.connect(self.record_wanted)
        self.again.clicked.connect(self.play_wanted)
        self.ring.clicked.connect(self.ring_wanted)
        self.echo.clicked.connect(self.echo_wanted)
        self.place.clicked.connect(self._open_place)

    # --- words and views --------------------------------------------------------------------------------

    def retranslate(self) -> None:
        """Set the words."""
        _ = self._look.word
        self.title.setText(_("Test"))
        self.hear_title.setText(_("Microphone"))
        self.level.setAccessibleName(_("Microphone level"))
        self.place.say(_("Open these settings"))
        self.again.say(_("Listen again"))
        self.speak_title.setText(_("Speakers"))
        self.ring_title.setText(_("Ring"))
        self.echo_title.setText(_("Echo"))
        self.echo_help.setText(
            _("Plays a sound for five seconds and measures what of it gets into the microphone.")
        )
        self._name_buttons()

    def _name_buttons(self) -> None:
        """The button of what goes on stops it."""
        _ = self._look.word
        doing = self._view.doing if self._view is not None else ""
        listening = doing in (Activity.RECORDING, Activity.PLAYING)
        stop = _("Stop")
        self.record.say(stop if listening else _("Record 3 seconds and listen"))
        self.ring.say(stop if doing == Activity.RINGING else _("Try the ring"))
        self.echo.say(stop if doing == Activity.ECHO else _("Check the echo"))

    def show_view(self, view: DeviceTestView) -> None:
        """Render a view state."""
        before, self._view = self._view, view
        self._name_buttons()
        self.advice.show_advice(view.advice)
        self.device.setText(view.microphone)
        self.device.setVisible(bool(view.microphone))
        self.permission.show_sign(view.permission)
        self.place.setVisible(bool(view.place))
        self.record.setEnabled(bool(view.microphone))
        self.again.setVisible(view.can_play and view.doing not in (Activity.RECORDING, Activity.PLAYING))
        self.ring_places.setText(view.ring_places)
        self.ring.setEnabled(bool(view.ring_places))
        self.echo.setEnabled(bool(view.microphone and view.outputs))
        doing = Activity.RECORDING if view.doing == Activity.PLAYING else view.doing
        for activity, label, sign, former in (
            (Activity.RECORDING, self.recording, view.recording, before.recording if before else None),
            (Activity.RINGING, self.ring_sign, view.ring, before.ring if before else None),
            (Activity.ECHO, self.echo_sign, view.echo, before.echo if before else None),
        ):
            going = doing == activity
            self.lines[activity].show_progress(view.said if going else "", view.progress)
            label.show_sign(None if going else sign)
            if sign is not None and sign != former:
                announce(self, sign.text)
        self._show_outputs(view)

    def _show_outputs(self, view: DeviceTestView) -> None:
        wanted = {row.id for row in view.outputs}
        for device_id in [known for known in self.outputs if known not in wanted]:
            gone = self.outputs.pop(device_id)
            self._rows.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        before: QWidget = self.again
        for at, row in enumerate(view.outputs):
            shown = self.outputs.get(row.id) or self._output(row.id, at)
            shown.show_row(row)
            before = shown.follow(before)

    def _output(self, device_id: str, at: int) -> OutputTest:
        made = OutputTest(self._look)
        made.tone_wanted.connect(lambda: self.tone_wanted.emit(device_id))
        made.answered.connect(self.answered)
        self.outputs[device_id] = made
        self._rows.insertWidget(at, made)
        return made

    def show_microphone(self, view: MicrophoneView) -> None:
        """Move the meter."""
        self.level.show_share(view.level)
        self.verdict.show_sign(view.sign)
        self.help.setText(view.help)
        self.help.setVisible(bool(view.help))

    def _open_place(self) -> None:
        if self._view is not None and self._view.place:
            QDesktopServices.openUrl(QUrl(self._view.place))

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 — Qt's name
        """Start listening."""
        super().showEvent(event)
        self.seen.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 — Qt's name
        """Stop listening; what was recorded is thrown away."""
        super().hideEvent(event)
        self.seen.emit(False)
