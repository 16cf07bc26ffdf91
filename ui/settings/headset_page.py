"""Settings → Audio → Headset: microphone, speaker, where it rings, treatment; drop-downs follow plugging."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from softphone.domain.device import Role
from softphone.presenters.headset import BUTTONS, ECHO, NOISE, HeadsetView
from softphone.presenters.levels import LevelsView
from ui.look import Look
from ui.widgets.buttons import Button
from ui.widgets.feedback import AdviceBox, LevelMeter
from ui.widgets.fields import Check, DropDown, Field
from ui.widgets.labels import Label, SignLabel
from ui.window import rule


class HeadsetPage(QWidget):
    """Renders a HeadsetView; the meter runs only while the page is seen."""

    device_picked = Signal(str, str)
    order_wanted = Signal(str)
    changed = Signal(str, object)
    ring_toggled = Signal(str, bool)
    tone_wanted = Signal()
    ring_wanted = Signal()
    page_wanted = Signal(str)
    seen = Signal(bool)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("page")
        self._look = look
        self.title = Label("title")
        self.orders = {role: Button(look, "link") for role in (Role.MICROPHONE, Role.SPEAKER, Role.ALERT)}
        self.microphone = Field(DropDown(look), self.orders[Role.MICROPHONE])
        self.microphone_note = SignLabel(look, wrap=True)
        self.level = LevelMeter(look)
        self.heard = Label("side")
        self.speaker = Field(DropDown(look), self.orders[Role.SPEAKER])
        self.speaker_note = SignLabel(look, wrap=True)
        self.tone = Button(look, "quiet", "tone")
        self.ring_title = Label("heading")
        self.ring_help = Label("side", wrap=True)
        self.rings: dict[str, Check] = {}
        self.ring_note = SignLabel(look, wrap=True)
        self.ring = Button(look, "quiet", "bell")
        self.alert = Field(DropDown(look), self.orders[Role.ALERT])
        self.alert_note = SignLabel(look, wrap=True)
        self.echo = Field(DropDown(look))
        self.noise = Field(DropDown(look))
        self.buttons = Check(look)
        self._fields = {Role.MICROPHONE: self.microphone, Role.SPEAKER: self.speaker, Role.ALERT: self.alert}
        self.further = {page: Button(look, "link") for page in ("test", "preshift")}
        self.locked = Label("side", wrap=True)
        self.advice = AdviceBox(look)
        self._places = QVBoxLayout()
        self._arrange()
        self._connect()
        look.words_changed.connect(self.retranslate)
        self.retranslate()

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.title)
        column.addWidget(self.advice)
        column.addSpacing(4)
        self._arrange_speech(column)
        self._divide(column)
        self._arrange_rings(column)
        self._divide(column)
        self._arrange_treatment(column)
        for button in self.further.values():
            button.setProperty("fit", "text")
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)

    def _arrange_speech(self, column: QVBoxLayout) -> None:
        column.addWidget(self.microphone)
        meter = QHBoxLayout()
        meter.setSpacing(12)
        meter.addWidget(self.level, 1)
        meter.addWidget(self.heard)
        column.addLayout(meter)
        column.addWidget(self.microphone_note)
        column.addSpacing(8)
        column.addWidget(self.speaker)
        column.addLayout(self._below(self.speaker_note, self.tone))

    def _arrange_rings(self, column: QVBoxLayout) -> None:
        column.addWidget(self.ring_title)
        column.addWidget(self.ring_help)
        self._places.setSpacing(0)
        column.addLayout(self._places)
        column.addLayout(self._below(self.ring_note, self.ring))
        column.addSpacing(8)
        column.addWidget(self.alert)
        column.addWidget(self.alert_note)

    def _arrange_treatment(self, column: QVBoxLayout) -> None:
        treatment = QHBoxLayout()
        treatment.setSpacing(16)
        for field in (self.echo, self.noise):
            treatment.addWidget(field, 1, Qt.AlignmentFlag.AlignTop)
        column.addLayout(treatment)
        column.addWidget(self.buttons, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.locked)

    def _divide(self, column: QVBoxLayout) -> None:
        column.addSpacing(6)
        column.addWidget(rule())
        column.addSpacing(6)

    def _below(self, note: SignLabel, button: Button) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(note, 1)
        row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _connect(self) -> None:
        for role, field in self._fields.items():
            field.editor.picked.connect(lambda device, role=role: self.device_picked.emit(role.value, device))
        for role, button in self.orders.items():
            button.clicked.connect(lambda _, role=role: self.order_wanted.emit(role.value))
        for key, choice in ((ECHO, self.echo), (NOISE, self.noise)):
            choice.editor.picked.connect(lambda value, key=key: self.changed.emit(key, value))
        self.buttons.clicked.connect(lambda on: self.changed.emit(BUTTONS, on))
        self.tone.clicked.connect(self.tone_wanted)
        self.ring.clicked.connect(self.ring_wanted)
        for page, link in self.further.items():
            link.clicked.connect(lambda _, page=page: self.page_wanted.emit(page))

    def retranslate(self) -> None:
        """Set the words."""
        _ = self._look.word
        self.title.setText(_("Headset"))
        self.further["test"].say(_("Record 3 seconds and listen …"))
        self.further["preshift"].say(_("Check everything before a shift …"))
        self.microphone.say(_("Microphone"))
        self.speaker.say(_("Speaker"))
        self.level.setAccessibleName(_("Microphone level"))
        self.tone.say(_("Play a tone"))
        self.ring_title.setText(_("Alert place"))
        self.ring_help.setText(_("Where an incoming call rings. Your speech stays in the headset."))
        self.ring.say(_("Try the ring"))
        self.alert.say(_("Tone for a second call"))
        self.echo.say(_("Echo cancelling"))
        self.noise.say(_("Noise suppression"))
        self.buttons.say(_("Use the headset's buttons"))
        for role, field in self._fields.items():
            self.orders[role].say(_("Order …"), f"{field.editor.accessibleName()}: {_('Order …')}")

    def show_view(self, view: HeadsetView) -> None:
        """Render a view state."""
        self.microphone.editor.show_choice(view.microphone)
        self.microphone_note.show_sign(view.microphone_note)
        self.speaker.editor.show_choice(view.speaker)
        self.speaker_note.show_sign(view.speaker_note)
        self.ring_note.show_sign(view.ring_note)
        self.alert.editor.show_choice(view.alert)
        self.alert_note.show_sign(view.alert_note)
        self.echo.editor.show_choice(view.echo)
        self.echo.note(view.echo_note)
        self.noise.editor.show_choice(view.noise)
        self.buttons.setChecked(view.buttons.on)
        self.buttons.setEnabled(not view.buttons.locked)
        self.locked.setText(view.locked_note)
        self.locked.setVisible(bool(view.locked_note))
        for order in view.orders:
            self.orders[order.role].setVisible(not order.locked)
        self.advice.show_advice(view.advice)
        self.tone.setEnabled(bool(view.speaker.options))
        self.ring.setEnabled(any(place.chosen for place in view.rings))
        self._show_places(view)

    def _show_places(self, view: HeadsetView) -> None:
        wanted = {place.id: place for place in view.rings}
        for device_id in [known for known in self.rings if known not in wanted]:
            gone = self.rings.pop(device_id)
            self._places.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        before: QWidget = self.tone
        for at, place in enumerate(view.rings):
            check = self.rings.get(place.id) or self._place(place.id, at)
            self.setTabOrder(before, check)
            before = check
            check.say(place.text)
            check.setChecked(place.chosen)
            check.setEnabled(not place.locked)

    def _place(self, device_id: str, at: int) -> Check:
        check = Check(self._look)
        check.clicked.connect(lambda on: self.ring_toggled.emit(device_id, on))
        self.rings[device_id] = check
        self._places.insertWidget(at, check, 0, Qt.AlignmentFlag.AlignLeft)
        return check

    def show_levels(self, levels: LevelsView) -> None:
        """Move the meter."""
        self.level.show_share(levels.microphone)
        self.heard.set_role("good" if levels.heard else "side")
        self.heard.setText(levels.word)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 — Qt's name
        """Start listening."""
        super().showEvent(event)
        self.seen.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 — Qt's name
        """Stop listening."""
        super().hideEvent(event)
        self.seen.emit(False)
