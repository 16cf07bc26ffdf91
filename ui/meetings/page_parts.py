"""Parts of the meeting page: test of the equipment, lobby, code, the expert's number."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from softphone.presenters.camera_test import CameraView
from softphone.presenters.device_test import DeviceTestView, MicrophoneView
from softphone.presenters.headset import HeadsetView
from softphone.presenters.page_views import CodeView, ExpertView, LobbyView, TestView
from ui.device_test.camera import CameraPart
from ui.device_test.output import OutputTest
from ui.look import Look
from ui.meetings.chat import ChatLines
from ui.meetings.entry import Entry, LineEdit
from ui.meetings.toolbar import StateTile
from ui.widgets.buttons import Button
from ui.widgets.feedback import AdviceBox, LevelMeter, announce
from ui.widgets.fields import DropDown, Field
from ui.widgets.labels import Label, SignLabel

DIGITS = 6


class TestPart(QWidget):
    """Before joining: does one's own picture and sound work? Devices are open only while this is seen."""

    device_picked = Signal(str, str)
    camera_picked = Signal(str)
    tone_wanted = Signal(str)
    answered = Signal(bool)
    seen = Signal(bool)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.camera = CameraPart(look)
        self.cameras = Field(DropDown(look))
        self.microphone = Field(DropDown(look))
        self.speaker = Field(DropDown(look))
        self.level = LevelMeter(look)
        self.verdict = SignLabel(look, wrap=True)
        self.output = OutputTest(look)
        self.output.name.hide()
        self.camera_on = StateTile(look, "camera")
        self.microphone_on = StateTile(look, "microphone")
        self._output_id = ""
        self._arrange()
        self.cameras.editor.picked.connect(self.camera_picked)
        self.microphone.editor.picked.connect(lambda device: self.device_picked.emit("microphone", device))
        self.speaker.editor.picked.connect(lambda device: self.device_picked.emit("speaker", device))
        self.output.tone_wanted.connect(lambda: self.tone_wanted.emit(self._output_id))
        self.output.answered.connect(self.answered)
        look.words_changed.connect(self.retranslate)
        self.retranslate()

    def _arrange(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self.camera, 1)
        toggles = QHBoxLayout()
        toggles.setSpacing(8)
        toggles.addWidget(self.camera_on)
        toggles.addWidget(self.microphone_on)
        left.addLayout(toggles)
        right = QVBoxLayout()
        right.setSpacing(8)
        for part in (self.cameras, self.microphone, self.level, self.verdict, self.speaker, self.output):
            right.addWidget(part)
        right.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(20)
        row.addLayout(left, 5)
        row.addLayout(right, 4)

    def retranslate(self) -> None:
        """Set the words."""
        _ = self._look.word
        self.cameras.say(_("Camera"))
        self.microphone.say(_("Microphone"))
        self.speaker.say(_("Speaker"))
        self.level.setAccessibleName(_("Microphone level"))

    def show_view(self, view: TestView) -> None:
        """Render camera and microphone as they will be when joining."""
        self.camera_on.show_toggle(view.camera)
        self.microphone_on.show_toggle(view.microphone)
        self.camera.picture.wanted = view.camera.on
        self.camera.picture.update()

    def show_camera(self, view: CameraView) -> None:
        """Render the camera."""
        self.cameras.editor.show_choice(view.choice)
        self.camera.show_view(view)

    def show_headset(self, view: HeadsetView) -> None:
        """Render which microphone and speaker are used."""
        self.microphone.editor.show_choice(view.microphone)
        self.speaker.editor.show_choice(view.speaker)

    def show_microphone(self, view: MicrophoneView) -> None:
        """Move the meter."""
        self.level.show_share(view.level)
        self.verdict.show_sign(view.sign)

    def show_tests(self, view: DeviceTestView) -> None:
        """Render the tone in the speaker in use."""
        used = next((row for row in view.outputs if row.speech), None)
        self.output.setVisible(used is not None)
        if used is not None:
            self._output_id = used.id
            self.output.show_row(used)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 — Qt's name
        """Look and listen."""
        super().showEvent(event)
        self.seen.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 — Qt's name
        """Let the devices go."""
        super().hideEvent(event)
        self.seen.emit(False)


class LobbyPart(QWidget):
    """Waiting: where one stands, what the host says, and a word back."""

    reply_wanted = Signal(str)
    test_wanted = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._said = ""
        self.title = Label("title", wrap=True)
        self.text = Label("", wrap=True)
        self.reason = Label("", wrap=True)
        self.trouble = AdviceBox(look)
        self.equipment = Label("side", wrap=True)
        self.test = Button(look, "link")
        self.lines = ChatLines(look)
        self.entry = Entry(look)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (self.title, self.text, self.reason, self.trouble):
            column.addWidget(part)
        row = QHBoxLayout()
        row.addWidget(self.equipment, 1)
        row.addWidget(self.test)
        column.addLayout(row)
        column.addWidget(self.lines, 1)
        column.addWidget(self.entry)
        self.entry.sent.connect(self.reply_wanted)
        self.test.clicked.connect(self.test_wanted)
        look.words_changed.connect(self.retranslate)
        self.retranslate()

    def retranslate(self) -> None:
        """Set the words."""
        _ = self._look.word
        self.test.say(_("Test equipment"))
        self.entry.say(_("Write to the host"), _("Send"))
        self.lines.empty.setText("")
        self.lines.setAccessibleName(_("Messages"))

    def show_view(self, view: LobbyView) -> None:
        """Render a view state; a new place is announced."""
        self.title.setText(view.title)
        self.text.setText(view.text)
        self.reason.setText(view.reason)
        self.reason.setVisible(bool(view.reason))
        self.trouble.show_advice(view.trouble)
        self.equipment.setText(view.equipment)
        self.lines.show_rows(view.lines)
        self.entry.setVisible(view.can_reply)
        said = f"{view.title}. {view.text}"
        if said != self._said:
            self._said = said
            announce(self, said)


class CodeEdit(LineEdit):
    """Six digits; whatever is pasted around them is left out, so there is no limit to what is pasted."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "number")
        self.textEdited.connect(self._sift)

    def _sift(self, text: str) -> None:
        digits = "".join(sign for sign in text if sign.isdigit())[:DIGITS]
        shown = f"{digits[:3]} {digits[3:]}" if len(digits) > 3 else digits
        if shown != text:
            self.setText(shown)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 — Qt's name
        """Deleting over the gap deletes a digit."""
        if event.key() == Qt.Key.Key_Backspace and self.text()[: self.cursorPosition()].endswith(" "):
            self.cursorBackward(False)
        super().keyPressEvent(event)


class CodePart(QWidget):
    """The field for the code the expert says."""

    confirm_wanted = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._view: CodeView | None = None
        self.confirm = Button(look, "primary", tall=True)
        self.field = Field(CodeEdit(), beside=self.confirm)
        self.done = SignLabel(look, wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.field)
        column.addWidget(self.done)
        self.confirm.clicked.connect(self._confirm)
        self.field.editor.returnPressed.connect(self._confirm)
        look.words_changed.connect(self.retranslate)
        self.retranslate()

    def retranslate(self) -> None:
        """Set the words."""
        _ = self._look.word
        self.field.say(_("Confirmation code from the expert"), "123 456")
        self.confirm.say(_("Confirm"))

    def show_view(self, view: CodeView) -> None:
        """Render a view state; what was wrong stays in the field to be mended."""
        before, self._view = self._view, view
        self.field.setVisible(view.done is None)
        self.done.show_sign(view.done)
        self.field.fault(bool(view.fault))
        self.field.note(view.fault)
        if view.done is not None and (before is None or before.done is None):
            self.field.editor.clear()
            announce(self, view.done.text)
        elif view.fault and (before is None or before.fault != view.fault):
            announce(self, view.fault)
            self.field.editor.selectAll()

    def _confirm(self) -> None:
        self.confirm_wanted.emit(self.field.editor.text())


class ExpertPart(QWidget):
    """Whom to call in trouble: a press where a phone line stands, large figures where none does."""

    call_wanted = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.text = Label("side", wrap=True)
        self.number = Label("", figures=True)
        self.call = Button(look, "quiet", "phone")
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self.text)
        texts.addWidget(self.number)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addLayout(texts, 1)
        row.addWidget(self.call)
        self.call.clicked.connect(self.call_wanted)

    def show_view(self, view: ExpertView | None) -> None:
        """Render a view state."""
        self.setVisible(view is not None)
        if view is None:
            return
        self.text.setText(view.text)
        self.number.setText(view.number)
        self.number.set_role("" if view.can_call else "figures")
        self.number.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.call.setVisible(view.can_call)
        self.call.say(self._look.word("Call"), self._look.word("Call {number}").format(number=view.number))
