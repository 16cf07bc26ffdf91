"""Sign in: three fields, one button, and a refusal that says what to do."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from resources.words import LANGUAGES
from softphone.domain.account import Credentials, Transport
from softphone.presenters.general import GeneralView
from softphone.presenters.parts import Choice
from softphone.presenters.sign_in import SignInView
from ui.look import Look
from ui.widgets.buttons import Button
from ui.widgets.feedback import AdviceBox, announce
from ui.widgets.fields import Check, DropDown, Field, PasswordEdit
from ui.widgets.files import choose_file
from ui.widgets.labels import Label, Picture
from ui.window import HidingWindow


class SignInWindow(HidingWindow):
    """Typed text stays whatever happens; the prefill is used only for fields nobody has touched."""

    sign_in_wanted = Signal(object)
    cancel_wanted = Signal()
    language_picked = Signal(str)
    encryption_picked = Signal(str)
    meeting_wanted = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.server = Field(QLineEdit())
        self.user = Field(QLineEdit())
        self.password = Field(PasswordEdit(look))
        self.remember = Check(look)
        self.submit = Button(look, "primary", tall=True)
        self.cancel = Button(look, tall=True)
        self.more = Button(look, "link", "chevron-right")
        self.meeting = Button(look, "link", "link")
        self.language = DropDown(look)
        self.transport = DropDown(look)
        self.encryption = Field(DropDown(look))
        self.ca_file = Field(QLineEdit())
        self.browse = Button(look)
        self.refusal = AdviceBox(look)
        self._logo = Picture(look, "softphone", "text", 56)
        self._title = Label("title")
        self._busy = Label("side", wrap=True)
        self._transport_field = Field(self.transport)
        self._advanced = QWidget()
        self._prefilled = False
        self._arrange()
        self._connect()
        self.retranslate()
        self.resize(420, 560)
        self.setMinimumWidth(380)

    # --- building -------------------------------------------------------------------------------

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(40, 32, 40, 24)
        column.setSpacing(12)
        column.addWidget(self._logo, 0, Qt.AlignmentFlag.AlignHCenter)
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self._title)
        column.addSpacing(4)
        for part in (self.server, self.user, self.password, self.remember):
            column.addWidget(part)
        buttons = QHBoxLayout()
        buttons.addWidget(self.submit, 1)
        buttons.addWidget(self.cancel)
        column.addLayout(buttons)
        column.addWidget(self._busy)
        column.addWidget(self.refusal)
        foot = QHBoxLayout()
        foot.addWidget(self.more)
        foot.addStretch(1)
        foot.addWidget(self.language)
        self.language.setMinimumContentsLength(9)
        self.language.setMaximumWidth(160)
        column.addLayout(foot)
        column.addWidget(self._advanced)
        column.addStretch(1)
        column.addWidget(self.meeting, 0, Qt.AlignmentFlag.AlignHCenter)
        self._arrange_advanced()

    def _arrange_advanced(self) -> None:
        inner = QVBoxLayout(self._advanced)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(12)
        inner.addWidget(self._transport_field)
        inner.addWidget(self.encryption)
        file = QHBoxLayout()
        file.addWidget(self.ca_file, 1)
        file.addWidget(self.browse, 0, Qt.AlignmentFlag.AlignBottom)
        inner.addLayout(file)
        self.setTabOrder(self.browse, self.meeting)
        self._advanced.hide()

    def _connect(self) -> None:
        self.submit.clicked.connect(self._submit)
        self.cancel.clicked.connect(self.cancel_wanted)
        self.more.clicked.connect(self._toggle_advanced)
        self.meeting.clicked.connect(self.meeting_wanted)
        self.browse.clicked.connect(self._choose_file)
        self.language.picked.connect(self.language_picked)
        self.encryption.editor.picked.connect(self.encryption_picked)
        self.cancel.hide()
        self._busy.hide()

    def retranslate(self) -> None:
        """See Window."""
        _ = self.look.word
        self.setWindowTitle(_("Sign in to Softphone"))
        self._title.setText(_("Sign in to Softphone"))
        self.server.say(_("Server address"), "vip.example.com")
        self.user.say(_("User name (phone number)"), "+358 40 123 4567")
        self.password.say(_("Password"))
        self.remember.say(_("Remember me on this computer"))
        self.submit.say(_("Sign in"))
        self.cancel.say(_("Cancel"))
        self.more.say(_("Advanced"))
        self.meeting.say(_("Join a meeting with a link"))
        self._transport_field.say(_("Connection"))
        self.encryption.say(_("Encrypt calls"))
        self.ca_file.say(_("Own certificate file"), "")
        self.browse.say(_("Choose …"))
        self.language.setAccessibleName(_("Language"))
        self.grow()

    # --- showing --------------------------------------------------------------------------------

    def show_view(self, view: SignInView) -> None:
        """Render a view state."""
        self._prefill(view)
        typed = (self.server.editor, self.user.editor, self.password.editor, self.ca_file.editor)
        for control in (*typed, self.remember, self.browse, self.transport, self.submit):
            control.setEnabled(not view.busy)
        if view.busy and not self.cancel.isVisibleTo(self):
            announce(self, view.busy_text)
        self.cancel.setVisible(view.busy)
        self._busy.setText(view.busy_text)
        self._busy.setVisible(view.busy)
        self.server.fault(view.wrong_field == "server")
        self.user.fault(view.wrong_field in ("user", "password"))
        self.password.fault(view.wrong_field == "password")
        fresh = view.refusal is not None and not self.refusal.isVisibleTo(self)
        self.refusal.show_advice(view.refusal)
        if fresh:
            self._look_at(view.wrong_field)
        self.grow()

    def show_general(self, view: GeneralView) -> None:
        """Languages and encryption to choose from; the language spoken now stands for "as the computer"."""
        choice = view.language
        self.encryption.editor.show_choice(dict(view.choices)["call.encryption"])
        named = tuple(option for option in choice.options if option.id in LANGUAGES)
        self.language.show_choice(Choice(named, self.look.words.language, choice.locked))

    def _prefill(self, view: SignInView) -> None:
        choice = view.transport
        if self._prefilled:
            choice = Choice(choice.options, self.transport.chosen, choice.locked)
        self.transport.show_choice(choice)
        if self._prefilled:
            return
        self._prefilled = True
        for field, text in ((self.server, view.server), (self.user, view.user), (self.ca_file, view.ca_file)):
            if not field.editor.text():
                field.editor.setText(text)
        self.remember.setChecked(view.remember)
        required = (self.server.editor, self.user.editor, self.password.editor)
        next((editor for editor in required if not editor.text()), self.password.editor).setFocus()

    def _look_at(self, wrong_field: str) -> None:
        """Where to mend it, ready to be written over; where nothing typed is wrong, trying again is next."""
        editors: dict[str, QLineEdit] = {
            "server": self.server.editor,
            "user": self.user.editor,
            "password": self.password.editor,
        }
        if wrong_field in editors:
            editors[wrong_field].setFocus()
            editors[wrong_field].selectAll()
        else:
            self.submit.setFocus()

    # --- what a person does ---------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 — Qt's name
        """Enter signs in from anywhere in the form; Escape stops trying."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._submit()
        elif event.key() == Qt.Key.Key_Escape and self.cancel.isVisible():
            self.cancel_wanted.emit()
        else:
            super().keyPressEvent(event)

    def _submit(self) -> None:
        if not self.submit.isEnabled():
            return
        if not self._complete():
            return
        self.sign_in_wanted.emit(
            Credentials(
                server=self.server.editor.text().strip(),
                user=self.user.editor.text().strip(),
                password=self.password.editor.text(),
                transport=Transport(self.transport.chosen or "auto"),
                ca_file=self.ca_file.editor.text().strip(),
                remember=self.remember.isChecked(),
            )
        )

    def _complete(self) -> bool:
        """Whether the three fields are filled; the first empty one says so."""
        complete = True
        for field in (self.password, self.user, self.server):
            empty = not field.editor.text().strip()
            field.note(self.word("Fill in this field.") if empty else "")
            if empty:
                field.editor.setFocus()
                complete = False
        self.grow()
        return complete

    def forget_password(self) -> None:
        """After a sign-in: the typed password stays nowhere on the screen."""
        self.password.editor.clear()
        self.password.editor.conceal()

    def _toggle_advanced(self) -> None:
        shown = not self._advanced.isVisibleTo(self)
        for part in (self._logo, self._advanced) if shown else (self._advanced, self._logo):
            part.setVisible(shown is (part is self._advanced))  # what goes makes room first
        self.more.show_icon("chevron-down" if shown else "chevron-right")
        self.grow()

    def _choose_file(self) -> None:
        choose_file(
            self,
            self.word("Choose a certificate file"),
            "PEM (*.pem *.crt *.cer)",
            lambda path: self.ca_file.editor.setText(str(path)),
        )
