"""What a person does with meetings in the running program: every press on the real windows."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from softphone.domain.events import ChatArrived, Knocked
from softphone.domain.meeting import Appointment, ChatLine, Meeting, Person, Seat, SessionState
from softphone.domain.picture import Frame
from softphone.presenters.page_views import Stage
from tests.doubles.cameras import FakeCameras
from tests.doubles.meetings import (
    START,
    FakeAppointments,
    FakeMeetings,
    a_meeting,
    a_person,
    an_appointment,
    the_host,
)
from tests.doubles.program import DoubledProgram
from tests.ui.live import Live, play
from tests.ui.test_program import key

LINK = "https://meet.example.com/m#0123456789012345678901"


class Played:
    """The live program with meetings that the test plays."""

    def __init__(self) -> None:
        self.live: Live
        self.meetings: FakeMeetings
        self.appointments: FakeAppointments
        self.cameras = FakeCameras()

    def prepare(self, doubles: DoubledProgram) -> None:
        """Put the played services into the program before it starts."""
        bus = doubles.application.bus
        self.meetings, self.appointments = FakeMeetings(bus), FakeAppointments(bus)
        for name in ("meetings", "appointments", "cameras"):
            setattr(doubles.application, name, getattr(self, name))
        self.meetings.close = doubles_close  # type: ignore[attr-defined]

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.live.doubles.clock.time(), UTC)

    def appointment(self, **changes: object) -> Appointment:
        """One that goes on now."""
        start = self.now - timedelta(minutes=5)
        times = {
            "start": start,
            "end": start + timedelta(hours=1),
            "opens_at": start - timedelta(minutes=15),
            "closes_at": start + timedelta(hours=3),
        }
        return an_appointment(**{**times, **changes})

    async def show(self, meeting: Meeting | None) -> None:
        await self.live.on_engine(self.meetings.show, meeting)

    def guest(self, state: SessionState, **changes: object) -> Meeting:
        """A customer's side."""
        about = self.appointment(seat=Seat.PARTICIPANT)
        return a_meeting(appointment=about, you=a_person(state=state), **changes)

    async def inside(self, **changes: object) -> Meeting:
        """The host is in the meeting with one customer; its window stands."""
        meeting = a_meeting(**{"appointment": self.appointment(), "people": (a_person(),), **changes})
        await self.show(meeting)
        await self.live.until(self.live.desk.meetings.room.isVisible)
        return meeting

    def asked(self, name: str) -> list[tuple[object, ...]]:
        return [asked for asked in self.meetings.asked if asked[0] == name]


async def doubles_close() -> None:
    """The program ends; played meetings have nothing to say goodbye to."""


Scenario = Callable[[Played], Awaitable[None]]
Play = Callable[[Scenario], None]


@pytest.fixture
def run(qapp: QApplication, tmp_path: Path) -> Play:
    """Run a scenario in the whole program."""

    def playing(scenario: Scenario) -> None:
        played = Played()

        async def with_live(live: Live) -> None:
            played.live = live
            await scenario(played)

        play(qapp, tmp_path, with_live, played.prepare)

    return playing


def test_from_the_list_over_the_test_page_into_the_meeting_and_out(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live = played.live
        await live.sign_in()
        main, desk = live.desk.main, live.desk.meetings
        about = played.appointment(id="appointment1")
        await live.on_engine(played.appointments.show, about)
        await live.until(lambda: main.tabs.tabText(2) == "Remote meetings (1)")
        main.tabs.setCurrentIndex(2)
        await live.until(lambda: ("refresh",) in played.appointments.asked)
        main.meetings.cards["appointment1"].join.click()
        await live.until(lambda: desk.page.isVisible() and desk.page.test.isVisible())
        await live.until(lambda: played.cameras.open)
        await played.show(a_meeting(appointment=about, you=the_host(state=SessionState.PREJOIN)))
        await live.until(desk.page.main.isEnabled)
        desk.page.main.click()
        await live.until(lambda: played.asked("join"))
        assert not played.cameras.open
        await played.inside()
        assert desk.page.isVisible()
        assert desk.page.main.text() == "Return to the meeting"
        desk.room.toolbar.leave.click()
        await live.until(live.desk.question.isVisible)
        assert played.asked("leave") == []
        live.desk.question.yes.click()
        await live.until(lambda: not desk.room.isVisible())
        assert desk.page.view is not None
        assert desk.page.view.stage is Stage.OVER
        desk.page.close()
        await live.until(lambda: not desk.page.isVisible())

    run(scenario)


def test_the_equipment_is_tested_days_ahead_from_the_list(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, page = played.live, played.live.desk.meetings.page
        await live.sign_in()
        live.desk.main.tabs.setCurrentIndex(2)
        start = played.now + timedelta(days=3)
        about = played.appointment(id="a", start=start, opens_at=start, closes_at=start + timedelta(hours=1))
        await live.on_engine(played.appointments.show, about)
        await live.until(lambda: "a" in live.desk.main.meetings.cards)
        card = live.desk.main.meetings.cards["a"]
        assert not card.join.isEnabled()
        card.test.click()
        await live.until(lambda: played.asked("open") == [("open", "a")])
        you = the_host(state=SessionState.PREJOIN)
        await played.show(a_meeting(appointment=about, you=you))
        await live.until(page.test.isVisible)
        await live.until(lambda: "3 days" in page.note.text())
        assert not page.main.isEnabled()

    run(scenario)


def test_a_link_leads_in_without_signing_in_and_names_its_server_first(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, page = played.live, played.live.desk.meetings.page
        live.desk.sign_in.meeting.click()
        await live.until(page.isVisible)
        page.link.editor.setText("not a link")
        page.main.click()
        await live.until(lambda: page.view is not None and page.view.link_fault)
        assert page.link.editor.text() == "not a link"
        page.link.editor.setText(LINK)
        QTest.keyClick(page.link.editor, Qt.Key.Key_Return)
        await live.until(lambda: page.heading.text() == "This link leads to meet.example.com")
        assert played.meetings.asked == []
        page.main.click()
        await live.until(lambda: page.main.text() == "Test the equipment")
        page.main.click()
        await live.until(page.test.isVisible)
        await played.show(played.guest(SessionState.WAITING, place=1))
        await live.until(page.lobby.isVisible)
        assert "You are next." in page.lobby.text.text()
        assert page.expert.number.text() == "+358401234567"
        assert not page.expert.call.isVisible()

    run(scenario)


def test_closing_the_sign_in_window_does_not_end_a_meeting_joined_by_link(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, page = played.live, played.live.desk.meetings.page
        await played.show(played.guest(SessionState.WAITING))
        await live.until(page.isVisible)
        live.desk.sign_in.close()
        await asyncio.sleep(0.1)
        assert not live.over
        page.close()
        await live.until(live.desk.sign_in.isVisible)
        assert played.asked("leave") == []

    run(scenario)


def test_what_was_typed_into_the_form_survives_refusal_and_closing(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, form = played.live, played.live.desk.meetings.form
        await live.sign_in()
        await live.on_engine(played.appointments.show)
        live.desk.main.meetings.make.click()
        await live.until(form.isVisible)
        form.submit.click()
        await live.until(lambda: form.name.editor.property("fault"))
        QTest.keyClicks(form.name.editor, "Loan talk")
        row = form.people.rows[0]
        QTest.keyClicks(row.name.editor, "Aino Asiakas")
        await live.until(lambda: played.appointments.stored is not None)
        form.close()
        await live.until(lambda: not form.isVisible())
        live.desk.main.meetings.make.click()
        await live.until(lambda: form.isVisible() and form.name.editor.text() == "Loan talk")
        played.appointments.refusal = ServiceUnreachable("", code="server-silent")
        form.submit.click()
        await live.until(lambda: "does not answer" in form.advice.words())
        assert form.people.rows[0].name.editor.text() == "Aino Asiakas"
        form.submit.click()
        await live.until(lambda: form.invitations.rows)
        assert form.heading.text() == "Loan talk: the invitations"
        form.invitations.rows[0].copy.click()
        assert "https://meet.example.com/m#" in QGuiApplication.clipboard().text()
        assert form.invitations.rows[0].copy.text() == "Copied"
        form.cancel.click()
        await live.until(lambda: not form.isVisible())
        await live.until(lambda: live.desk.main.meetings.cards)

    run(scenario)


def test_participants_come_and_go_in_the_form(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, form = played.live, played.live.desk.meetings.form
        await live.sign_in()
        await live.on_engine(played.appointments.show)
        live.desk.main.meetings.make.click()
        await live.until(form.isVisible)
        form.people.rows[0].language.editor.picked.emit("fi")
        form.people.add.click()
        assert len(form.people.rows) == 2
        QTest.keyClicks(form.people.rows[1].name.editor, "B")
        form.people.rows[0].remove.click()
        assert [person.name for person in form.text().participants] == ["B"]

    run(scenario)


def test_a_calendar_file_is_written_as_the_service_made_it(run: Play, tmp_path: Path) -> None:
    async def scenario(played: Played) -> None:
        live, form = played.live, played.live.desk.meetings.form
        form.invitations.save_wanted.emit(tmp_path / "a.ics", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
        assert (tmp_path / "a.ics").read_bytes() == b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
        form.invitations.save_wanted.emit(tmp_path / "no" / "a.ics", "x")
        await live.until(live.desk.question.isVisible)
        assert live.desk.question.title.text() == "The file could not be written."

    run(scenario)


def test_the_camera_is_open_only_while_ones_picture_is_wanted_and_the_page_seen(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, cameras = played.live, played.cameras
        settings, camera = live.desk.settings, live.desk.settings.test.camera
        await live.sign_in()
        await live.until(settings.isVisible)
        settings.open_page("test")
        await live.to_front(settings)
        await live.until(camera.show_picture.isEnabled)
        assert not cameras.open
        camera.show_picture.setFocus()
        await live.until(camera.show_picture.hasFocus)
        await key("space")
        await live.until(lambda: cameras.open and camera.part.isVisible())
        await live.until(lambda: camera.part.sign.label.text() == "This is how others see you.")
        assert camera.show_picture.text() == "Stop"
        camera.picked.emit("fake:desk")
        await live.until(lambda: cameras.openings == 2)
        settings.open_page("general")
        await live.until(lambda: not cameras.open)
        settings.open_page("test")
        assert camera.part.isHidden()
        assert camera.show_picture.text() == "Show my picture"

    run(scenario)


def test_camera_and_microphone_are_switched_by_press_and_by_key(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, room = played.live, played.live.desk.meetings.room
        await played.inside()
        assert room.toolbar.camera.text() == "Camera on"
        room.toolbar.camera.click()
        await live.until(lambda: room.toolbar.camera.text() == "Camera off")
        assert room.toolbar.camera.isChecked()
        QTest.keyClick(room, Qt.Key.Key_M)
        await live.until(lambda: room.toolbar.microphone.text() == "Mic off")
        QTest.keyClick(room, Qt.Key.Key_V)
        await live.until(lambda: room.toolbar.camera.text() == "Camera on")
        assert played.meetings.asked == [("camera", False), ("microphone", False), ("camera", True)]

    run(scenario)


def test_a_refused_switch_shows_what_still_is(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, room = played.live, played.live.desk.meetings.room
        await played.inside()
        played.meetings.refusal = MeetingRefused("wrong-state")
        room.toolbar.microphone.click()
        await live.until(lambda: room.advice.isVisible())
        assert (room.toolbar.microphone.text(), room.toolbar.microphone.isChecked()) == ("Mic on", False)

    run(scenario)


def test_chat_counts_what_is_unread_and_keeps_what_was_refused(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, room = played.live, played.live.desk.meetings.room
        meeting = await played.inside()
        line = ChatLine("c1", "s1", "Casper Customer", "Good morning", START)
        await played.show(replace(meeting, chat=(line,)))
        await live.on_engine(live.doubles.application.bus.publish, ChatArrived(line))
        await live.until(lambda: room.toolbar.chat.text() == "Chat (1)")
        room.toolbar.chat.click()
        await live.until(lambda: room.toolbar.chat.text() == "Chat")
        assert room.chat.lines.bubbles[0].accessibleName().endswith("Good morning")
        played.meetings.refusal = MeetingRefused("code-in-chat")
        QTest.keyClicks(room.chat.entry.field, "it is 314159")
        QTest.keyClick(room.chat.entry.field, Qt.Key.Key_Return)
        await live.until(lambda: "confirmation code" in room.advice.words())
        assert room.chat.entry.field.text() == "it is 314159"
        room.chat.entry.field.setText("good morning to you")
        room.chat.entry.button.click()
        await live.until(lambda: len(room.chat.lines.bubbles) == 2)
        await live.until(lambda: room.chat.entry.field.text() == "")
        room.side_close.click()
        assert not room.side.isVisible()

    run(scenario)


async def lobby(played: Played, *waiting: Person) -> None:
    """These wait, and the last of them has just knocked."""
    await played.inside(waiting=waiting)
    await played.live.on_engine(played.live.doubles.application.bus.publish, Knocked(waiting[-1]))


def test_the_lobby_opens_with_a_knock_and_its_buttons_act_on_their_person(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, desk = played.live, played.live.desk.meetings
        one = a_person(session="w1", name="Kerttu Kolmas", state=SessionState.WAITING)
        two = replace(one, session="w2", name="Unknown guest")
        await lobby(played, one, two)
        panel = desk.room.people
        await live.until(lambda: panel.isVisible() and set(panel.waiting) == {"w1", "w2"})
        assert desk.room.toolbar.people.text() == "2 waiting"
        await live.until(lambda: "beep" in live.doubles.sound.played)
        panel.waiting["w1"].admit.click()
        await live.until(lambda: played.asked("admit") == [("admit", "w1")])
        panel.waiting["w2"].message.click()
        QTest.keyClicks(panel.waiting["w2"].entry.field, "One moment")
        panel.waiting["w2"].entry.button.click()
        await live.until(lambda: played.asked("lobby_say") == [("lobby_say", "One moment", "w2")])
        panel.waiting["w2"].decline.click()
        assert desk.reason.title.text() == "Don't let Unknown guest in?"
        QTest.keyClicks(desk.reason.reason.editor, "Another day")
        QTest.keyClick(desk.reason.reason.editor, Qt.Key.Key_Return)
        await live.until(lambda: played.asked("decline") == [("decline", "w2", "Another day")])
        panel.all.click()
        await live.until(lambda: played.asked("admit_all"))

    run(scenario)


def test_the_host_makes_a_code_takes_out_and_puts_back(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, desk = played.live, played.live.desk.meetings
        meeting = await played.inside()
        desk.room.toolbar.people.click()
        card = desk.room.people.people["s1"]
        card.make.click()
        await live.until(lambda: played.asked("new_code") == [("new_code", "s1")])
        await played.show(replace(meeting, people=(a_person(code="314159", tries_left=5),)))
        await live.until(card.code.isVisible)
        assert (card.code.figures.text(), card.make.text()) == ("314 159", "New code")
        acts = {text: act for _icon, text, act in card.entries()}
        acts["Back to the lobby"]()
        await live.until(lambda: played.asked("put_back") == [("put_back", "s1")])
        acts["Take out of the meeting …"]()
        assert desk.reason.isVisible()
        desk.reason.yes.click()
        await live.until(lambda: played.asked("remove") == [("remove", "s1", "")])

    run(scenario)


def test_a_code_is_pasted_with_whatever_stands_around_it(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, page = played.live, played.live.desk.meetings.page
        meeting = played.guest(SessionState.CONNECTED, people=(the_host(),))
        await played.show(meeting)
        await live.until(page.code.isVisible)
        field = page.code.field.editor
        QGuiApplication.clipboard().setText("code: 314-159.")
        field.paste()
        assert field.text() == "314 159"
        played.meetings.refusal = MeetingRefused("wrong-code", tries_left=4)
        page.code.confirm.click()
        await live.until(lambda: field.property("fault"))
        assert field.text() == "314 159"
        page.code.confirm.click()
        await live.until(lambda: len(played.asked("confirm")) == 2)
        await played.show(replace(meeting, you=replace(meeting.you, code_confirmed=True)))
        await live.until(page.code.done.isVisible)
        assert page.code.done.label.text() == "Code confirmed"
        assert not field.isVisible()

    run(scenario)


def frame(red: int, green: int, blue: int) -> Frame:
    """A picture of one colour."""
    pixels = np.zeros((90, 160, 4), np.uint8)
    pixels[:, :, :3] = (blue, green, red)
    return Frame(pixels)


def test_pictures_from_any_thread_are_painted_and_the_newest_wins(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, room = played.live, played.live.desk.meetings.room
        await played.inside()
        tile, slot = room.stage.tiles["s1"], played.meetings.picture("s1")

        def put() -> None:
            for shade in range(0, 256, 5):
                slot.put(frame(shade, 0, 0))
            slot.put(frame(10, 200, 30))

        thread = threading.Thread(target=put)
        thread.start()
        await asyncio.get_running_loop().run_in_executor(None, thread.join)

        def middle() -> tuple[int, int, int]:
            colour = tile.grab().toImage().pixelColor(tile.width() // 2, tile.height() // 2)
            return colour.red(), colour.green(), colour.blue()

        await live.until(lambda: middle() == (10, 200, 30))
        assert slot.dropped > 0
        slot.put(None)
        await live.until(lambda: not tile.has_picture)

    run(scenario)


def test_a_hidden_or_small_picture_asks_for_less(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, room = played.live, played.live.desk.meetings.room
        await played.inside(people=(a_person(speaking=True), a_person(session="s2", name="Doris Director")))
        looks = played.meetings.looks
        await live.until(lambda: looks.get("s1", 0) > 300 and 60 < looks.get("s2", 0) < 200)
        assert "" not in looks
        room.stage.show_only("s1")
        await live.until(lambda: looks["s2"] == 0)
        room.stage.show_only(None)
        await live.until(lambda: looks["s2"] > 0)
        room.grid.click()
        await live.until(lambda: looks["s1"] == looks["s2"] or abs(looks["s1"] - looks["s2"]) < 8)
        room.showMinimized()
        await live.until(lambda: looks["s1"] == looks["s2"] == 0)
        room.showNormal()
        await live.until(lambda: looks["s1"] > 0)
        room.hide()
        await live.until(lambda: looks["s1"] == looks["s2"] == 0)

    run(scenario)


def test_one_picture_fills_the_screen_and_escape_brings_everybody_back(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, room = played.live, played.live.desk.meetings.room
        await played.inside()
        QTest.mouseDClick(room.stage.tiles["s1"], Qt.MouseButton.LeftButton)
        await live.until(room.isFullScreen)
        assert not room.stage.tiles[""].isVisible()
        assert room.toolbar.isVisible()
        QTest.keyClick(room, Qt.Key.Key_Escape)
        await live.until(lambda: not room.isFullScreen())
        assert room.stage.tiles[""].isVisible()
        QTest.keyClick(room, Qt.Key.Key_F11)
        await live.until(room.isFullScreen)
        room.toolbar.whole.click()
        await live.until(lambda: not room.isFullScreen())

    run(scenario)


def test_a_phone_call_is_offered_without_covering_a_control(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, room = played.live, played.live.desk.meetings.room
        await live.sign_in()
        await played.inside(waiting=(a_person(session="w1", state=SessionState.WAITING),))
        room.full_screen(True)
        await live.until(lambda: room.isFullScreen() and room.people.isVisible())
        await asyncio.sleep(0.3)
        await live.on_engine(live.doubles.telephony.incoming, "0501234567")
        await live.until(lambda: any(popup.isVisible() for popup in live.desk.popups.values()))
        popup = next(iter(live.desk.popups.values()))
        for part in (room.toolbar, room.side):
            place = QRect(part.mapToGlobal(part.rect().topLeft()), part.size())
            assert not popup.geometry().intersects(place)
        assert room.free_room().contains(popup.geometry())

    run(scenario)


def test_quitting_and_closing_ask_before_a_meeting_is_left(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, desk = played.live, played.live.desk
        await live.sign_in()
        await played.inside()
        desk.meetings.room.close()
        assert desk.question.title.text() == "Leave the meeting?"
        desk.question.no.click()
        assert desk.meetings.room.isVisible()
        desk.main.quit_wanted.emit()
        assert desk.question.title.text() == "Quit during a meeting?"
        desk.question.no.click()
        assert not live.over
        desk.meetings.room.toolbar.end.click()
        assert desk.question.title.text() == "End the meeting for everybody?"
        desk.question.yes.click()
        await live.until(lambda: played.asked("end"))

    run(scenario)


def test_devices_are_changed_during_the_meeting(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, desk = played.live, played.live.desk.meetings
        await played.inside()
        picked: list[tuple[str, str]] = []
        await live.until(lambda: desk.devices.camera.options and desk.devices.microphone.options)
        menu = desk.devices.menu(desk.room, lambda role, device: picked.append((role, device)))
        shown = [action.text() for action in menu.actions() if action.text()]
        assert shown[:3] == ["Camera", "Laptop camera", "Logitech C920 HD Pro Webcam"]
        next(action for action in menu.actions() if "Logitech" in action.text()).trigger()
        assert picked == [("camera", "fake:desk")]
        menu.deleteLater()

    run(scenario)


def test_who_joined_is_announced_by_the_system_only_while_one_looks_elsewhere(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, desk = played.live, played.live.desk.meetings
        told: list[tuple[str, str]] = []
        desk.noticed.connect(lambda title, text: told.append((title, text)))
        await lobby(played, a_person(session="w1", name="Kerttu Kolmas", state=SessionState.WAITING))
        desk.room.showMinimized()
        await live.until(lambda: not desk.room.isActiveWindow())
        knocked = Knocked(a_person(name="Kerttu Kolmas"))
        await live.on_engine(live.doubles.application.bus.publish, knocked)
        await live.until(lambda: told)
        assert told[-1] == ("Kerttu Kolmas waits in the lobby", "Loan advice")

    run(scenario)
