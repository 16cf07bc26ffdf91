"""All windows of the program: which view goes where, which window stands."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from softphone.presenters.board import WindowWanted
from softphone.presenters.calls import CallsView
from softphone.presenters.camera_test import CameraView
from softphone.presenters.contacts import ContactsView
from softphone.presenters.device_test import DeviceTestView, MicrophoneView
from softphone.presenters.general import GeneralView
from softphone.presenters.headset import HeadsetView
from softphone.presenters.history import HistoryView
from softphone.presenters.levels import LevelsView
from softphone.presenters.line import LineView
from softphone.presenters.preshift import PreshiftView
from softphone.presenters.sign_in import SignInView
from ui.call_window.window import CallWindow
from ui.confirm.question import Question
from ui.contacts.editor import ContactEditor
from ui.incoming.popup import IncomingPopup, popup_screen
from ui.look import Look
from ui.main_window.window import MainWindow
from ui.meetings.desk import MeetingDesk
from ui.settings.order import OrderWindow
from ui.settings.window import SettingsWindow
from ui.sign_in.window import SignInWindow
from ui.tray.sign import Tray


class Desk(QObject):
    """Shows views; knows nothing of commands.

    `popup_made` lets the wiring hear a new popup; `signed_in` tells that somebody is signed in who wasn't
    before, or was already when the windows opened.
    """

    popup_made = Signal(object)
    signed_in = Signal()
    dial_question = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.look = look
        self.sign_in = SignInWindow(look)
        self.main = MainWindow(look)
        self.call = CallWindow(look)
        self.settings = SettingsWindow(look)
        self.order = OrderWindow(look)
        self.editor = ContactEditor(look)
        self.question = Question(look)
        self.tray = Tray(look)
        self.meetings = MeetingDesk(look, self.main.meetings)
        self.meetings.badge_changed.connect(lambda: self.main.show_badge(self.meetings.badge))
        self.meetings.noticed.connect(self.tray.notify)
        self.tray.notice_pressed.connect(self.meetings.room.come_up)
        self.popups: dict[str, IncomingPopup] = {}
        self.general: GeneralView | None = None
        self.line: LineView | None = None
        self.calls = 0
        self.open = False
        self._needed: bool | None = None

    def windows(self) -> list[QWidget]:
        """The windows that stand now."""
        fixed = (self.sign_in, self.main, self.call, self.settings, self.order, self.editor, self.question)
        every: tuple[QWidget, ...] = (*fixed, *self.meetings.windows(), *self.popups.values())
        return [window for window in every if window.isVisible()]

    def ground(self) -> QColor:
        """What pictures of windows stand on."""
        return self.look.colour("line")

    def show_view(self, view: object) -> None:
        """Render a view state wherever it belongs."""
        match view:
            case SignInView():
                self.sign_in.show_view(view)
                self._front(view.needed)
            case LineView():
                before, self.line, self.calls = self.line, view, view.calls
                if view.question is not None and (before is None or before.question != view.question):
                    self.dial_question.emit(view.question.text)
                self.main.show_view(view)
                self.settings.show_view(view)
                self.tray.show_view(view)
            case CallsView():
                self.call.show_view(view)
                self._show_popups(view)
            case DeviceTestView() | MicrophoneView() | PreshiftView():
                self.settings.show_view(view)
                if not isinstance(view, PreshiftView):
                    self.meetings.show_sound(view)
            case LevelsView():
                self.call.show_levels(view)
                self.settings.show_view(view)
            case HistoryView():
                self.main.history.show_view(view)
            case ContactsView():
                self.main.contacts.show_view(view)
            case CameraView():
                self.settings.show_view(view)
                self.meetings.show_view(view)
            case HeadsetView():
                self.settings.show_view(view)
                self.order.show_orders(view.orders)
                self.meetings.show_sound(view)
            case GeneralView():
                self._show_general(view)
            case WindowWanted():
                self.come_up()
            case _ if not self.meetings.show_view(view):
                raise TypeError(f"no window for {type(view).__name__}")

    def _show_general(self, view: GeneralView) -> None:
        self.general = view
        self.settings.show_view(view)
        self.sign_in.show_general(view)
        self.tray.stand(dict(view.switches)["ui.tray"].on)

    def _show_popups(self, view: CallsView) -> None:
        wanted = {incoming.id: incoming for incoming in view.incoming}
        for call_id in [known for known in self.popups if known not in wanted]:
            popup = self.popups.pop(call_id)
            popup.hide()
            popup.deleteLater()
        screen = popup_screen(self.general.popup_screen if self.general is not None else "")
        for call_id, incoming in wanted.items():
            popup = self.popups.get(call_id) or self._popup(call_id)
            popup.show_view(incoming, view.ring_text, screen, self.meetings.beside())

    def _popup(self, call_id: str) -> IncomingPopup:
        popup = self.popups[call_id] = IncomingPopup(self.look)
        self.popup_made.emit(popup)
        return popup

    def start(self) -> None:
        """From now on windows come up by themselves."""
        self.open = True
        self.come_up()
        if not self._needed:
            self.signed_in.emit()

    def come_up(self) -> None:
        """Bring the window a person needs now to the front."""
        if not self.open:
            return
        (self.sign_in if self._needed else self.main).come_up()

    def _front(self, sign_in_needed: bool) -> None:
        """Change between sign-in and main window when the line asks for it, not when it merely flickers."""
        before, self._needed = self._needed, sign_in_needed
        if before == sign_in_needed or not self.open:
            return
        if sign_in_needed:
            self.main.hide()
            self.settings.hide()
            self.order.hide()
        else:
            self.sign_in.hide()
            self.sign_in.forget_password()
        self.come_up()
        if before and not sign_in_needed:
            self.signed_in.emit()
