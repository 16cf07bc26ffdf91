"""What a person does within a meeting: every press on the real windows."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from softphone.domain.errors import MeetingRefused
from softphone.domain.events import ChatArrived, Knocked
from softphone.domain.meeting import ChatLine, SessionState
from tests.doubles.meetings import START, a_person, the_host
from tests.ui.played_meetings import Play, Played, lobby, run

__all__ = ["run"]


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


def test_no_other_key_and_no_held_one_switches_camera_or_microphone(run: Play) -> None:
    async def scenario(played: Played) -> None:
        room, wanted = played.live.desk.meetings.room, list[bool]()
        await played.inside()
        room.camera_wanted.connect(wanted.append)
        room.microphone_wanted.connect(wanted.append)
        held = Qt.KeyboardModifier
        for modifier in (held.ControlModifier, held.AltModifier, held.MetaModifier):
            QTest.keyClick(room, Qt.Key.Key_V, modifier)
            QTest.keyClick(room, Qt.Key.Key_M, modifier)
        hold(room, Qt.Key.Key_M)
        hold(room, Qt.Key.Key_F11)
        assert (wanted, room.isFullScreen()) == ([], False)
        QTest.keyClick(room, Qt.Key.Key_M, held.ShiftModifier)
        assert wanted == [False]

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


def test_enter_pressed_again_or_held_sends_a_line_once(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, room = played.live, played.live.desk.meetings.room
        await played.inside()
        entry, sent = room.chat.entry, list[str]()
        entry.sent.disconnect()
        entry.sent.connect(sent.append)
        room.toolbar.chat.click()
        await live.until(entry.field.isVisible)
        QTest.keyClicks(entry.field, "Good morning")
        for _time in range(3):
            QTest.keyClick(entry.field, Qt.Key.Key_Return)
            entry.button.click()
        assert sent == ["Good morning"]
        entry.answered("Good morning", False)
        assert entry.field.text() == "Good morning"
        hold(entry.field)
        assert sent == ["Good morning"]
        QTest.keyClick(entry.field, Qt.Key.Key_Return)
        assert sent == ["Good morning"] * 2
        entry.answered("Good morning", True)
        assert entry.field.text() == ""

    run(scenario)


def hold(field: QWidget, key: Qt.Key = Qt.Key.Key_Return) -> None:
    """A key has been pressed and stays down: the keyboard repeats it."""
    for kind in (QEvent.Type.KeyRelease, QEvent.Type.KeyPress):
        repeated = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, "\r", True)
        QApplication.sendEvent(field, repeated)


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


def test_who_is_next_stands_first_in_the_lobby(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, panel = played.live, played.live.desk.meetings.room.people
        late = a_person(session="w1", name="Kerttu Kolmas", state=SessionState.WAITING)
        soon = replace(late, session="w2", name="Unknown guest")
        await lobby(played, late)
        await live.until(lambda: panel.isVisible() and set(panel.waiting) == {"w1"})
        await played.inside(waiting=(soon, late))
        await live.until(lambda: set(panel.waiting) == {"w1", "w2"})
        await live.until(lambda: panel.waiting["w2"].y() < panel.waiting["w1"].y())
        assert panel.waiting["w2"].isVisible()
        await played.inside(waiting=(late, soon))
        await live.until(lambda: panel.waiting["w1"].y() < panel.waiting["w2"].y())

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
        field.clear()
        QGuiApplication.clipboard().setText("Your confirmation code for the meeting: 314 159")
        field.paste()
        assert field.text() == "314 159"
        hold(field)
        assert not played.asked("confirm")
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
        await live.until(lambda: room.free_room().contains(popup.geometry()))
        for part in (room.toolbar, room.side):
            place = QRect(part.mapToGlobal(part.rect().topLeft()), part.size())
            assert not popup.geometry().intersects(place)

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
