"""Joins the meeting windows' signals to the presenters' intents."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, QTimeZone

from softphone.domain.device import Role
from softphone.presenters.board import Board
from softphone.presenters.page_views import Stage
from ui.bridge import Bridge
from ui.desk import Desk
from ui.meetings.entry import Entry
from ui.meetings.invitations import write_text

log = logging.getLogger(__name__)


class MeetingWiring(QObject):
    """One place where a press on a meeting's window becomes a command on the engine."""

    def __init__(self, desk: Desk, board: Board, bridge: Bridge) -> None:
        super().__init__(desk)
        self._desk, self._board, self._bridge = desk, board, bridge
        self._meetings, self._windows = board.meetings, desk.meetings
        self._listing()
        self._form()
        self._page()
        self._test()
        self._room()
        self._people()

    def _listing(self) -> None:
        listing, do, meetings = self._windows.listing, self._bridge.do, self._meetings
        listing.make_wanted.connect(lambda: do(meetings.form.open_new(home_zone())))
        listing.link_wanted.connect(lambda: do(meetings.page.ask_for_link()))
        self._desk.sign_in.meeting_wanted.connect(lambda: do(meetings.page.ask_for_link()))
        listing.join_wanted.connect(self._join)
        listing.change_wanted.connect(lambda which: do(meetings.change(which)))
        listing.cancel_wanted.connect(self._ask_to_cancel)
        listing.new_link_wanted.connect(self._ask_for_new_link)
        listing.put_away.connect(lambda: do(meetings.list.put_away()))
        self._desk.main.meetings_looked_at.connect(lambda: do(meetings.list.refresh()))

    def _form(self) -> None:
        form, do, presenter = self._windows.form, self._bridge.do, self._meetings.form
        form.typed.connect(lambda text: do(presenter.typed(text)))
        form.submit_wanted.connect(lambda text: do(presenter.submit(text)))
        form.fresh_wanted.connect(lambda: do(presenter.open_new(home_zone(), fresh=True)))
        form.closed.connect(lambda: do(presenter.close()))
        form.invitations.save_wanted.connect(self._save)

    def _page(self) -> None:
        page, do, presenter = self._windows.page, self._bridge.do, self._meetings.page
        page.link_typed.connect(lambda text: do(presenter.read_link(text)))
        page.main_wanted.connect(self._main)
        page.leave_wanted.connect(self._ask_to_leave)
        page.closed.connect(lambda: do(presenter.close()))
        page.code.confirm_wanted.connect(lambda code: do(presenter.confirm(code)))
        page.expert.call_wanted.connect(lambda: do(presenter.call_expert()))
        page.lobby.reply_wanted.connect(lambda text: do(presenter.reply(text), _sent(page.lobby.entry, text)))
        page.lobby.trouble.acted.connect(lambda action: do(presenter.help(action)))
        page.lobby.test_wanted.connect(lambda: self._desk.settings.open_page("test"))

    def _test(self) -> None:
        test, do, board = self._windows.page.test, self._bridge.do, self._board
        page, camera = self._meetings.page, self._meetings.camera
        test.camera_on.turned.connect(lambda on: do(self._meetings.turn_camera(on)))
        test.microphone_on.turned.connect(lambda on: do(page.microphone(on)))
        test.camera_picked.connect(lambda which: do(camera.choose(which)))
        test.camera.again_wanted.connect(lambda: do(camera.again()))
        test.device_picked.connect(lambda role, device: do(board.headset.choose(Role(role), device)))
        test.tone_wanted.connect(lambda device: do(board.device_test.tone(device)))
        test.answered.connect(lambda heard: do(board.device_test.answer(heard)))
        test.seen.connect(lambda on: do(self._meetings.watch_camera(on)))
        test.seen.connect(lambda on: do(board.levels.watch("meeting", on)))
        test.seen.connect(lambda on: do(board.microphone.watch(on, "meeting")))

    def _room(self) -> None:
        room, do, presenter = self._windows.room, self._bridge.do, self._meetings.room
        room.camera_wanted.connect(lambda on: do(presenter.camera(on)))
        room.microphone_wanted.connect(lambda on: do(presenter.microphone(on)))
        room.leave_wanted.connect(self._ask_to_leave)
        room.end_wanted.connect(self._ask_to_end)
        room.page_wanted.connect(self._windows.page.come_up)
        room.devices_wanted.connect(self._devices)
        room.chat_open.connect(lambda on: do(presenter.look_at_chat(on)))
        room.help_wanted.connect(lambda action: do(presenter.help(action)))
        room.put_away.connect(lambda: do(presenter.put_away()))
        room.stage.look_wanted.connect(lambda session, height: do(presenter.look(session, height)))
        room.chat.say_wanted.connect(lambda text: do(presenter.say(text), _sent(room.chat.entry, text)))

    def _people(self) -> None:
        people, do, presenter = self._windows.room.people, self._bridge.do, self._meetings.room
        people.admit_wanted.connect(lambda session: do(presenter.admit(session)))
        people.admit_all_wanted.connect(lambda: do(presenter.admit_all()))
        people.decline_wanted.connect(self._ask_to_decline)
        people.lobby_said.connect(self._say_to)
        people.code_wanted.connect(lambda session: do(presenter.new_code(session)))
        people.put_back_wanted.connect(lambda session: do(presenter.put_back(session)))
        people.remove_wanted.connect(self._ask_to_remove)

    # --- what needs more than one step --------------------------------------------------------------------

    def _join(self, appointment_id: str) -> None:
        """Into the meeting one is in already, else to its test page."""
        room = self._windows.room
        if room.view is not None and room.view.id == appointment_id:
            room.come_up()
        else:
            self._bridge.do(self._meetings.open(appointment_id))

    def _main(self, stage: Stage) -> None:
        do, page = self._bridge.do, self._meetings.page
        match stage:
            case Stage.SERVER:
                do(page.go_on())
            case Stage.OFFER:
                do(page.accept())
            case Stage.TEST:
                do(self._meetings.join())
            case Stage.INSIDE:
                self._windows.room.come_up()
            case Stage.OVER:
                do(page.join_again())

    def _say_to(self, session: str, text: str) -> None:
        waiting = self._windows.room.people.waiting

        def told(arrived: bool) -> None:
            if session in waiting:  # else they were let in meanwhile, and their card is gone
                waiting[session].entry.answered(text, arrived)

        self._bridge.do(self._meetings.room.lobby_say(session, text), told)

    def _devices(self, at: QPoint) -> None:
        room = self._windows.room
        menu = self._windows.devices.menu(room, self._pick)
        menu.popup(at - QPoint(0, menu.sizeHint().height() + 4))

    def _pick(self, role: str, device: str) -> None:
        if role == "camera":
            self._bridge.do(self._meetings.camera.choose(device))
        else:
            self._bridge.do(self._board.headset.choose(Role(role), device))

    def _save(self, path: Path, text: str) -> None:
        _ = self._desk.look.word
        try:
            write_text(path, text)
        except OSError as error:
            log.warning("the calendar file was not written: %s", error.strerror)
            self._desk.question.ask(
                _("The file could not be written."),
                _("Check that the disk has free space, or choose another folder."),
                _("OK"),
                lambda: None,
            )

    # --- questions ----------------------------------------------------------------------------------------

    def _ask_to_leave(self) -> None:
        _ = self._desk.look.word
        self._desk.question.ask(
            _("Leave the meeting?"),
            _("The others stay. You can join again as long as the meeting is open."),
            _("Leave"),
            lambda: self._bridge.do(self._meetings.page.leave()),
            danger=True,
        )

    def _ask_to_end(self) -> None:
        _ = self._desk.look.word
        self._desk.question.ask(
            _("End the meeting for everybody?"),
            _("Everybody is taken out of it, and nobody can join again."),
            _("End for all"),
            lambda: self._bridge.do(self._meetings.room.end()),
            danger=True,
        )

    def _ask_to_cancel(self, appointment_id: str) -> None:
        _ = self._desk.look.word
        self._desk.question.ask(
            _("Cancel this meeting?"),
            _("Its links stop working. Tell the participants yourself: nothing is sent to them."),
            _("Cancel the meeting"),
            lambda: self._bridge.do(self._meetings.list.cancel(appointment_id)),
            danger=True,
        )

    def _ask_for_new_link(self, appointment_id: str, participant_id: str, name: str) -> None:
        _ = self._desk.look.word
        self._desk.question.ask(
            _("Make a new link for {name}?").format(name=name),
            _("The former link stops working. Who is in the meeting by it is put out."),
            _("Make a new link"),
            lambda: self._bridge.do(self._meetings.new_link(appointment_id, participant_id)),
            danger=True,
        )

    def _ask_to_decline(self, session: str, name: str) -> None:
        _ = self._desk.look.word
        self._windows.reason.ask(
            _("Don't let {name} in?").format(name=name),
            _("Decline"),
            lambda reason: self._bridge.do(self._meetings.room.decline(session, reason)),
        )

    def _ask_to_remove(self, session: str, name: str) -> None:
        _ = self._desk.look.word
        self._windows.reason.ask(
            _("Take {name} out of the meeting?").format(name=name),
            _("Take out"),
            lambda reason: self._bridge.do(self._meetings.room.remove(session, reason)),
        )


def home_zone() -> str:
    """This computer's time zone by its IANA name."""
    return bytes(QTimeZone.systemTimeZoneId().data()).decode()


def _sent(entry: Entry, text: str) -> Callable[[object], object]:
    """Empties the field once the text has arrived; a refused one stays."""
    return lambda arrived: entry.answered(text, arrived is not False)
