"""The other pages: general, calls, account, about."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from softphone.presenters.general import GeneralView
from softphone.presenters.line import LineView
from softphone.presenters.parts import Choice, Option
from ui.look import Look
from ui.widgets.buttons import Button
from ui.widgets.feedback import AdviceBox
from ui.widgets.fields import Check, DropDown, Field
from ui.widgets.labels import Label, Picture, SignLabel


class Page(QWidget):
    """A page with a title; parts stand under each other."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("page")
        self._look = look
        self.title = Label("title")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(14)
        self.column.addWidget(self.title)
        look.words_changed.connect(self.retranslate)

    def retranslate(self) -> None:
        """Set the words."""
        raise NotImplementedError


class SettingsPage(Page):
    """A page whose controls are settings by key."""

    changed = Signal(str, object)

    def __init__(self, look: Look, choices: tuple[str, ...], switches: tuple[str, ...]) -> None:
        super().__init__(look)
        self.advice = AdviceBox(look)
        self.column.addWidget(self.advice)
        self.choices = {key: Field(DropDown(look)) for key in choices}
        self.switches = {key: Check(look) for key in switches}
        self.locked = Label("side", wrap=True)
        for key, field in self.choices.items():
            field.editor.picked.connect(lambda value, key=key: self.changed.emit(key, value))
            field.setMaximumWidth(400)
            self.column.addWidget(field)
        for key, check in self.switches.items():
            check.clicked.connect(lambda on, key=key: self.changed.emit(key, on))
            self.column.addWidget(check, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addWidget(self.locked)
        self.column.addStretch(1)

    def show_view(self, view: GeneralView) -> None:
        """Render a view state."""
        self.advice.show_advice(view.advice)
        for key, choice in (("ui.language", view.language), *view.choices):
            if key in self.choices:
                self.choices[key].editor.show_choice(choice)
        for key, switch in view.switches:
            if key in self.switches:
                self.switches[key].setChecked(switch.on)
                self.switches[key].setEnabled(not switch.locked)
        self.locked.setText(view.locked_note)
        self.locked.setVisible(bool(view.locked_note))


class GeneralPage(SettingsPage):
    """Language, look, start, and the screen of the popup."""

    def __init__(self, look: Look) -> None:
        super().__init__(
            look, ("ui.language", "ui.theme", "ui.popup_screen"), ("ui.start_with_system", "ui.tray")
        )
        self.retranslate()

    def retranslate(self) -> None:
        """Set the words."""
        _ = self._look.word
        self.title.setText(_("General"))
        self.choices["ui.language"].say(_("Language"))
        self.choices["ui.theme"].say(_("Appearance"))
        self.choices["ui.popup_screen"].say(_("Incoming calls appear on"))
        self.switches["ui.start_with_system"].say(_("Start with the computer"))
        self.switches["ui.tray"].say(_("Show a sign beside the clock"))

    def show_view(self, view: GeneralView) -> None:
        """See SettingsPage; the screens are this computer's."""
        super().show_view(view)
        names = [screen.name() for screen in QGuiApplication.screens()]
        options = (Option("", self._look.word("The main screen")), *(Option(name, name) for name in names))
        chosen = view.popup_screen if view.popup_screen in names else ""
        self.choices["ui.popup_screen"].editor.show_choice(Choice(options, chosen))


class CallsPage(SettingsPage):
    """Encryption and answering."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, ("call.encryption",), ("call.auto_answer", "call.sdes_without_tls"))
        self.retranslate()

    def retranslate(self) -> None:
        """Set the words."""
        _ = self._look.word
        self.title.setText(_("Calls"))
        self.choices["call.encryption"].say(_("Encrypt calls"))
        self.choices["call.encryption"].note(_("Takes effect from the next call."))
        self.switches["call.auto_answer"].say(_("Answer by itself, after a tone"))
        self.switches["call.sdes_without_tls"].say(_("Send keys over an open connection too"))


class AccountPage(Page):
    """Who is signed in, and signing out."""

    sign_out_wanted = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.line = SignLabel(look)
        self.number = Label("heading", figures=True)
        self.help = Label("side", wrap=True)
        self.sign_out = Button(look, "quiet", "sign-out")
        self.sign_out.clicked.connect(self.sign_out_wanted)
        for part in (self.number, self.line, self.help):
            self.column.addWidget(part)
        self.column.addWidget(self.sign_out, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addStretch(1)
        self.retranslate()

    def retranslate(self) -> None:
        """Set the words."""
        _ = self._look.word
        self.title.setText(_("Account"))
        self.help.setText(
            _("Signing out removes the password from this computer. Then another number can sign in.")
        )
        self.sign_out.say(_("Sign out"))

    def show_view(self, view: LineView) -> None:
        """Render a view state."""
        self.line.show_sign(view.line)
        self.number.setText(view.number)
        self.number.setVisible(bool(view.number))
        self.sign_out.setEnabled(bool(view.number))


class AboutPage(Page):
    """What this program is."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.column.insertWidget(0, Picture(look, "softphone", "text", 56))
        self.version = Label("side", wrap=True)
        self.version.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.licence = Label("", wrap=True)
        for part in (self.version, self.licence):
            self.column.addWidget(part)
        self.column.addStretch(1)
        self.retranslate()

    def retranslate(self) -> None:
        """Set the words."""
        _ = self._look.word
        self.title.setText("Softphone")
        self.licence.setText(_("Softphone is open source under the Apache License 2.0."))

    def show_view(self, view: GeneralView) -> None:
        """Render a view state."""
        self.version.setText(view.version)
