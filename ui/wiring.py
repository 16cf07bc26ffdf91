"""Joins the windows' signals to the presenters' intents."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut

from softphone.domain.contact import Contact
from softphone.domain.device import Role
from softphone.presenters.board import Board
from softphone.presenters.camera_test import SETTINGS
from ui.bridge import Bridge
from ui.desk import Desk
from ui.incoming.popup import IncomingPopup
from ui.meetings.wiring import MeetingWiring

ANSWER_KEYS = "Ctrl+Shift+A"
DECLINE_KEYS = "Ctrl+Shift+D"


class Wiring(QObject):
    """One place where a press becomes a command on the engine."""

    quit_confirmed = Signal()

    def __init__(self, desk: Desk, board: Board, bridge: Bridge) -> None:
        super().__init__(desk)
        self._desk, self._board, self._bridge = desk, board, bridge
        self._sign_in()
        self._main()
        self._calls()
        self._settings()
        self._contacts()
        self._shortcuts()
        self._meetings = MeetingWiring(desk, board, bridge)

    def _sign_in(self) -> None:
        desk, board, do = self._desk, self._board, self._bridge.do
        desk.sign_in.sign_in_wanted.connect(lambda typed: do(board.sign_in.sign_in(typed)))
        desk.sign_in.cancel_wanted.connect(lambda: do(board.sign_in.cancel()))
        desk.sign_in.language_picked.connect(lambda code: do(board.general.change("ui.language", code)))
        desk.sign_in.encryption_picked.connect(
            lambda value: do(board.general.change("call.encryption", value))
        )
        desk.signed_in.connect(
            lambda: do(
                board.headset_page_wanted(),
                lambda first: desk.settings.open_page("headset") if first else None,
            )
        )

    def _main(self) -> None:
        desk, board, do = self._desk, self._board, self._bridge.do
        main = desk.main
        main.dial.dial_wanted.connect(lambda text: do(board.line.dial(text), self._dialled))
        main.dial.typed.connect(self._typed)
        main.put_away.connect(lambda advice: do(board.line.put_away(advice)))
        main.history_looked_at.connect(lambda: do(board.history.seen()))
        main.history.delete_wanted.connect(lambda entry: do(board.history.delete(entry)))
        main.history.clear_wanted.connect(self._ask_to_clear)
        main.settings_wanted.connect(lambda page: desk.settings.open_page(page or desk.settings.page))
        main.sign_out_wanted.connect(self._ask_to_sign_out)
        main.quit_wanted.connect(self.ask_to_quit)
        main.call_window_wanted.connect(self._show_call)
        desk.dial_question.connect(self._ask_to_dial)
        desk.tray.open_wanted.connect(desk.come_up)
        desk.tray.settings_wanted.connect(lambda: desk.settings.open_page(desk.settings.page))
        desk.tray.quit_wanted.connect(self.ask_to_quit)

    def _calls(self) -> None:
        desk, calls, do = self._desk, self._board.calls, self._bridge.do
        call = desk.call
        call.hang_up_wanted.connect(lambda which: do(calls.hang_up(which)))
        call.mute_wanted.connect(lambda which, on: do(calls.mute(which, on)))
        call.hold_wanted.connect(lambda which, on: do(calls.hold(which, on)))
        call.dtmf_wanted.connect(lambda which, digits: do(calls.dtmf(which, digits)))
        call.volume_wanted.connect(lambda which, place: do(calls.volume(which, place)))
        call.transfer_wanted.connect(lambda which, target: do(calls.transfer(which, target)))
        call.ask_wanted.connect(lambda target: do(calls.ask_first(target)))
        call.join_wanted.connect(lambda which, other: do(calls.join(which, other)))
        call.put_away.connect(lambda: do(calls.put_away()))
        call.strip_acted.connect(self._strip_acted)
        call.panel.typed.connect(
            lambda text: do(self._board.line.typing(text), lambda shown: call.panel.regroup(text, shown))
        )
        call.add_call_wanted.connect(self._add_call)
        call.headset_wanted.connect(lambda: desk.settings.open_page("headset"))
        call.seen.connect(lambda on: do(self._board.levels.watch("call", on)))
        desk.popup_made.connect(self._popup)

    def _popup(self, popup: IncomingPopup) -> None:
        calls, do = self._board.calls, self._bridge.do
        popup.name_keys(ANSWER_KEYS, DECLINE_KEYS)
        popup.answer_wanted.connect(self._answer)
        popup.decline_wanted.connect(lambda which: do(calls.decline(which)))
        popup.silence_wanted.connect(lambda which: do(calls.silence(which)))

    def _settings(self) -> None:
        settings, board, do = self._desk.settings, self._board, self._bridge.do
        page, headset = settings.headset, board.headset
        page.device_picked.connect(lambda role, device: do(headset.choose(Role(role), device)))
        page.order_wanted.connect(self._desk.order.open_for)
        page.changed.connect(lambda key, value: do(headset.change(key, value)))
        order = self._desk.order
        order.move_wanted.connect(lambda role, device, by: do(headset.move(Role(role), device, by)))
        order.remove_wanted.connect(lambda role, device: do(headset.remove(Role(role), device)))
        page.ring_toggled.connect(lambda device, on: do(headset.ring_in(device, on)))
        page.tone_wanted.connect(lambda: do(headset.play_tone()))
        page.ring_wanted.connect(lambda: do(headset.try_ring()))
        page.page_wanted.connect(lambda name: settings.open_page(name))
        page.seen.connect(lambda on: do(board.levels.watch("settings", on)))
        self._tests()
        for part in (settings.general, settings.calls):
            part.changed.connect(lambda key, value: do(board.general.change(key, value)))
        settings.account.sign_out_wanted.connect(self._ask_to_sign_out)

    def _tests(self) -> None:
        settings, board, do = self._desk.settings, self._board, self._bridge.do
        panel, test = settings.test, board.device_test
        panel.seen.connect(lambda on: do(board.levels.watch("test", on)))
        panel.seen.connect(lambda on: do(board.microphone.watch(on)))
        panel.seen.connect(lambda on: do(test.watch(on)))
        panel.record_wanted.connect(lambda: do(test.record()))
        panel.play_wanted.connect(lambda: do(test.play_again()))
        panel.tone_wanted.connect(lambda device: do(test.tone(device)))
        panel.answered.connect(lambda heard: do(test.answer(heard)))
        panel.ring_wanted.connect(lambda: do(test.ring()))
        panel.echo_wanted.connect(lambda: do(test.echo()))
        camera, shown = board.meetings.camera, panel.camera
        shown.looked.connect(lambda on: do(camera.watch(on, on, SETTINGS)))
        shown.picked.connect(lambda which: do(camera.choose(which)))
        shown.again_wanted.connect(lambda: do(camera.again()))
        settings.preshift.start_wanted.connect(lambda: do(board.preshift.start()))
        settings.preshift.stop_wanted.connect(lambda: do(board.preshift.cancel()))

    def _contacts(self) -> None:
        desk, contacts, do = self._desk, self._board.contacts, self._bridge.do
        shown, editor = desk.main.contacts, desk.editor
        shown.edit_wanted.connect(editor.edit)
        desk.main.history.keep_wanted.connect(editor.edit)
        editor.save_wanted.connect(
            lambda contact: do(contacts.save(contact), lambda saved: editor.hide() if saved else None)
        )
        shown.delete_wanted.connect(self._ask_to_delete)
        shown.import_wanted.connect(lambda path: do(contacts.import_file(path)))
        shown.export_wanted.connect(lambda path: do(contacts.export_file(path)))
        shown.put_away.connect(lambda: do(contacts.put_away()))

    def _shortcuts(self) -> None:
        for keys, act in ((ANSWER_KEYS, self._answer_first), (DECLINE_KEYS, self._decline_first)):
            for window in (self._desk.main, self._desk.call, self._desk.settings):
                shortcut = QShortcut(QKeySequence(keys), window)
                shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
                shortcut.activated.connect(act)

    # --- what needs more than one step ---------------------------------------------------------

    def _typed(self, text: str) -> None:
        board, do, dial = self._board, self._bridge.do, self._desk.main.dial
        do(board.line.typing(text), lambda shown: dial.regroup(text, shown))
        self._desk.main.look_for(text)
        do(board.history.search(text))
        do(board.contacts.search(text))

    def _dialled(self, started: bool) -> None:
        if started:
            self._desk.main.dial.clear()

    def _strip_acted(self, action: str, call_id: str) -> None:
        calls, do = self._board.calls, self._bridge.do
        match action:
            case "swap":
                do(calls.swap())
            case "answer":
                self._answer(call_id)
            case _:
                do(calls.hang_up(call_id))

    def _answer(self, call_id: str) -> None:
        """Answer, and bring the call to the front: its window would come up under another program's."""
        self._desk.call.expect(call_id)
        self._bridge.do(self._board.calls.answer(call_id))

    def _answer_first(self) -> None:
        for call_id in tuple(self._desk.popups)[:1]:
            self._answer(call_id)

    def _decline_first(self) -> None:
        for call_id in tuple(self._desk.popups)[:1]:
            self._bridge.do(self._board.calls.decline(call_id))

    def _add_call(self) -> None:
        self._desk.come_up()
        self._desk.main.dial.field.setFocus()

    def _show_call(self) -> None:
        self._desk.call.come_up()

    # --- questions ------------------------------------------------------------------------------

    def _ask(self, title: str, text: str, yes: str, then: Callable[[], object], *, danger: bool) -> None:
        self._desk.question.ask(title, text, yes, then, danger=danger)

    def _ask_to_dial(self, title: str) -> None:
        _, do, line = self._desk.look.word, self._bridge.do, self._board.line
        text = _("A link or another program asks for this call.")
        self._desk.question.ask(
            title,
            text,
            _("Call"),
            lambda: do(line.answer_question(True)),
            lambda: do(line.answer_question(False)),
        )

    def _ask_to_sign_out(self) -> None:
        _ = self._desk.look.word
        text = _("You will not be reached by phone, and the password is removed from this computer.")
        self._ask(
            _("Sign out?"),
            text,
            _("Sign out"),
            lambda: self._bridge.do(self._board.line.sign_out()),
            danger=self._desk.calls > 0,
        )

    def _ask_to_clear(self) -> None:
        _ = self._desk.look.word
        self._ask(
            _("Remove all calls from the list?"),
            _("This can't be undone."),
            _("Remove all"),
            lambda: self._bridge.do(self._board.history.clear()),
            danger=True,
        )

    def _ask_to_delete(self, contact: Contact) -> None:
        _ = self._desk.look.word
        self._ask(
            _("Delete {name}?").format(name=contact.name),
            _("This can't be undone."),
            _("Delete"),
            lambda: self._bridge.do(self._board.contacts.delete(contact.id)),
            danger=True,
        )

    def ask_to_quit(self) -> None:
        """Quit at once, or ask first while a call or a meeting is going on."""
        _ = self._desk.look.word
        if self._desk.meetings.inside and not self._desk.calls:
            self._ask(
                _("Quit during a meeting?"),
                _("You leave the meeting, and you will not be reached by phone."),
                _("Leave and quit"),
                self.quit_confirmed.emit,
                danger=True,
            )
            return
        if not self._desk.calls:
            self.quit_confirmed.emit()
            return
        self._ask(
            _("Quit during a call?"),
            _("The call ends, and you will not be reached by phone."),
            _("Hang up and quit"),
            self.quit_confirmed.emit,
            danger=True,
        )
