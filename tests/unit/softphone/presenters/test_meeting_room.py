"""The meeting's own window."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from softphone.domain.errors import DeviceError, MeetingRefused
from softphone.domain.events import ChatArrived, Knocked, Notice
from softphone.domain.meeting import (
    Assurance,
    ChatLine,
    DeviceCheck,
    Equipment,
    Meeting,
    SessionState,
    Trouble,
)
from softphone.presenters.meeting_people import initials
from softphone.presenters.meeting_room import RoomShown, RoomView
from softphone.presenters.parts import SystemNotice, Tone
from tests.doubles.application import settle
from tests.doubles.meeting_scenes import at, now
from tests.doubles.meetings import START, a_meeting, a_person, the_host
from tests.doubles.stage import Stage


def room(stage: Stage) -> RoomView:
    view = stage.view(RoomShown).view
    assert view is not None
    return view


def meeting(stage: Stage, **changes: object) -> Meeting:
    return a_meeting(**{"appointment": at(stage), "people": (a_person(), the_host()), **changes})


def line(number: int, **changes: object) -> ChatLine:
    return replace(ChatLine(f"c{number}", "s1", "Casper Customer", f"word {number}", START), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (DeviceCheck.OK, "camera works"),
        (DeviceCheck.OFF, "camera off"),
        (DeviceCheck.UNKNOWN, "camera not tested"),
        (DeviceCheck.MISSING, "no camera"),
        (DeviceCheck.BUSY, "camera shows no picture"),
        (DeviceCheck.BLACK, "camera shows no picture"),
        (DeviceCheck.DENIED, "camera shows no picture"),
    ],
)
async def test_the_host_reads_how_the_camera_of_one_who_waits_is(
    stage: Stage, found: DeviceCheck, said: str
) -> None:
    waits = a_person(session="w1", equipment=Equipment(found, DeviceCheck.OK))
    stage.meetings.show(meeting(stage, waiting=(waits,)))
    assert room(stage).waiting[0].equipment.text == f"{said}, microphone works"


async def test_a_line_too_many_asks_for_a_moment_not_for_minutes(stage: Stage) -> None:
    stage.meetings.show(meeting(stage))
    for say in (stage.board.meetings.room.say("a"), stage.board.meetings.room.lobby_say("w1", "a")):
        stage.meetings.refusal = MeetingRefused("too-many-tries")
        assert not await say
        advice = room(stage).advice
        assert advice is not None
        assert advice.what_to_do == "Wait a moment and send it again."
        await stage.board.meetings.room.put_away()


async def test_what_was_sent_leaves_its_field_whatever_else_is_told_meanwhile(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.meetings.show(meeting(stage))
    say = stage.meetings.say

    async def told_meanwhile(text: str) -> None:
        stage.meetings.show(meeting(stage, other_device_of="Casper Customer"))
        await say(text)

    monkeypatch.setattr(stage.meetings, "say", told_meanwhile)
    assert await stage.board.meetings.room.say("Good morning")
    advice = room(stage).advice
    assert advice is not None
    assert advice.id == "other-device"


async def test_the_window_stands_only_while_one_is_inside(stage: Stage) -> None:
    for state in (SessionState.PREJOIN, SessionState.WAITING, SessionState.LEFT):
        stage.meetings.show(meeting(stage, you=the_host(state=state)))
        assert RoomShown not in stage.views
    for state in (SessionState.ADMITTED, SessionState.CONNECTED, SessionState.RECONNECTING):
        stage.meetings.show(meeting(stage, you=the_host(state=state)))
        assert room(stage).title == "Loan advice"
    stage.meetings.show(None)
    assert stage.view(RoomShown).view is None


async def test_tiles_show_everybody_once_and_oneself_last(stage: Stage) -> None:
    gone = a_person(session="s2", name="Gone Girl", state=SessionState.LEFT)
    stage.meetings.show(meeting(stage, people=(a_person(), the_host(), gone)))
    tiles = room(stage).tiles
    assert [(tile.session, tile.name, tile.you) for tile in tiles] == [
        ("s1", "Casper Customer", False),
        ("", "You", True),
    ]
    assert tiles[0].slot is stage.meetings.picture("s1")
    assert tiles[1].slot is stage.meetings.picture("")
    assert tiles[0].spoken == "Casper Customer, link only"


async def test_a_tile_says_what_is_off_who_speaks_and_who_is_lost(stage: Stage) -> None:
    lost = a_person(camera=False, microphone=False, speaking=True, state=SessionState.RECONNECTING)
    stage.meetings.show(meeting(stage, people=(lost,)))
    tile = room(stage).tiles[0]
    assert (tile.picture, tile.muted, tile.speaking) == (False, True, True)
    assert tile.spoken == (
        "Casper Customer, link only, connection lost, coming back, speaking, camera off, microphone off"
    )


async def test_who_speaks_is_on_the_stage_until_somebody_else_does(stage: Stage) -> None:
    one, two = a_person(), a_person(session="s2", name="Doris Director")

    def speak(first: bool, second: bool) -> str:
        people = (replace(one, speaking=first), replace(two, speaking=second))
        stage.meetings.show(meeting(stage, people=people))
        return room(stage).speaker

    assert speak(False, False) == "s1"
    assert speak(False, True) == "s2"
    assert speak(False, False) == "s2"
    assert speak(True, True) == "s2"
    assert speak(True, False) == "s1"
    stage.meetings.show(meeting(stage, people=()))
    assert room(stage).speaker == ""


@pytest.mark.parametrize(
    ("changes", "badge", "tone"),
    [
        ({}, "link only", Tone.QUIET),
        ({"assurance": Assurance.STRONG}, "strongly identified", Tone.GOOD),
        ({"code_confirmed": True}, "link only, code confirmed", Tone.GOOD),
    ],
)
async def test_the_badge_says_how_sure_one_may_be(
    stage: Stage, changes: dict[str, object], badge: str, tone: Tone
) -> None:
    stage.meetings.show(meeting(stage, people=(a_person(**changes),)))
    sign = room(stage).tiles[0].badge
    assert sign is not None
    assert (sign.text, sign.tone) == (badge, tone)


async def test_toggles_tell_what_is_so_not_what_was_wished(stage: Stage) -> None:
    stage.meetings.show(meeting(stage, you=the_host(camera=False), microphone_on=False))
    view = room(stage)
    assert (view.camera.word, view.microphone.word) == ("Camera starts", "Mic off")
    stage.meetings.show(meeting(stage, you=the_host(camera=False), trouble=Trouble.CAMERA_FAILED))
    assert room(stage).camera.word == "No picture"
    await stage.board.meetings.room.camera(False)
    assert (room(stage).camera.word, room(stage).camera.hint) == ("Camera off", "Switch the camera on")


async def test_the_host_sees_who_waits_how_long_and_what_to_look_at(stage: Stage) -> None:
    since = now(stage) - timedelta(seconds=130)
    fine = Equipment(DeviceCheck.OK, DeviceCheck.OK)
    said = line(1, session="w1", lobby=True, text="Hello?")
    waiting = (
        a_person(session="w1", waiting_since=since, equipment=fine),
        a_person(session="w2", other_device=True, equipment=Equipment(microphone=DeviceCheck.DENIED)),
    )
    about = replace(at(stage), demanded=Assurance.PHONE)
    stage.meetings.show(meeting(stage, appointment=about, waiting=waiting, chat=(said,)))
    first, second = room(stage).waiting
    assert (first.waited, first.equipment.text, first.said) == (
        "02:10",
        "camera works, microphone works",
        "Hello?",
    )
    assert first.warning is not None
    assert first.warning.text == "This meeting asks for more: phone proven."
    assert second.warning is not None
    assert "another device" in second.warning.text
    assert second.equipment.text == "camera not tested, no microphone"
    assert room(stage).waiting_text == "Waiting (2)"
    stage.doubles.clock.advance(5)
    stage.board.meetings.tick()
    assert room(stage).waiting[0].waited == "02:15"


async def test_letting_all_in_tells_how_many_were_passed_over(stage: Stage) -> None:
    stage.meetings.show(meeting(stage))
    await stage.board.meetings.room.admit_all()
    assert room(stage).advice is None
    stage.meetings.passed_over = 2
    await stage.board.meetings.room.admit_all()
    advice = room(stage).advice
    assert advice is not None
    assert advice.text.startswith("2 people were left waiting")
    await stage.board.meetings.room.put_away()
    assert room(stage).advice is None


async def test_the_hosts_commands_go_to_the_one_they_are_about(stage: Stage) -> None:
    stage.meetings.show(meeting(stage))
    presenter = stage.board.meetings.room
    await presenter.admit("w1")
    await presenter.decline("w2", " later ")
    await presenter.put_back("s1")
    await presenter.remove("s1", "")
    await presenter.new_code("s1")
    await presenter.lobby_say("w1", "soon")
    await presenter.look("s1", 360)
    assert stage.meetings.asked == [
        ("admit", "w1"),
        ("decline", "w2", "later"),
        ("put_back", "s1"),
        ("remove", "s1", ""),
        ("new_code", "s1"),
        ("lobby_say", "soon", "w1"),
    ]
    assert stage.meetings.looks == {"s1": 360}


async def test_a_code_whose_time_is_over_is_not_read_out_any_more(stage: Stage) -> None:
    person = a_person(code="314159", code_until=now(stage) + timedelta(seconds=10), tries_left=4)
    stage.meetings.show(meeting(stage, people=(person,)))
    assert room(stage).people[1].code == "314 159"
    stage.doubles.clock.advance(10)
    stage.board.meetings.tick()
    row = room(stage).people[1]
    assert (row.code, row.code_note, row.can_code) == ("", "", True)


async def test_the_code_stands_beside_its_person_and_never_in_a_log(stage: Stage) -> None:
    person = a_person(code="314159", code_until=now(stage) + timedelta(minutes=8), tries_left=4)
    stage.meetings.show(meeting(stage, people=(person,)))
    you, row = room(stage).people
    assert (row.code, row.code_note, row.can_code) == ("314 159", "4 tries left · valid for 8 min", True)
    assert (you.code, you.can_code, you.can_remove) == ("", False, False)
    assert "314" not in repr(room(stage))
    stage.meetings.show(meeting(stage, people=(replace(person, code_confirmed=True),)))
    assert (room(stage).people[1].code, room(stage).people[1].can_code) == ("", False)


async def test_a_guest_is_offered_nothing_of_the_hosts(stage: Stage) -> None:
    stage.meetings.show(meeting(stage, you=a_person(), people=(the_host(), a_person(session="s2"))))
    assert not room(stage).host
    assert [row.can_code or row.can_remove or row.can_let_in for row in room(stage).people] == [False] * 3


async def test_who_was_sent_away_may_be_let_in_after_all(stage: Stage) -> None:
    removed = a_person(session="s9", name="Pekka", state=SessionState.REMOVED)
    stage.meetings.show(meeting(stage, people=(), out=(removed,)))
    row = room(stage).people[-1]
    assert (row.note, row.can_let_in, row.can_remove, row.can_code) == ("was removed", True, False, False)
    assert [tile.you for tile in room(stage).tiles] == [True]


async def test_unread_lines_are_counted_while_nobody_reads(stage: Stage) -> None:
    stage.meetings.show(meeting(stage))
    for number in (1, 2):
        stage.program.bus.publish(ChatArrived(line(number)))
    stage.program.bus.publish(ChatArrived(line(3, lobby=True)))
    assert room(stage).unread == 2
    await stage.board.meetings.room.look_at_chat(True)
    assert room(stage).unread == 0
    stage.program.bus.publish(ChatArrived(line(4)))
    assert room(stage).unread == 0
    await stage.board.meetings.room.look_at_chat(False)
    stage.program.bus.publish(ChatArrived(line(5)))
    assert room(stage).unread == 1


async def test_the_chat_shows_what_all_may_read_and_what_is_not_sent_yet(stage: Stage) -> None:
    lines = (line(1), line(2, lobby=True), line(3, mine=True, pending=True))
    stage.meetings.show(meeting(stage, chat=lines))
    chat = room(stage).chat
    assert [(row.name, row.text) for row in chat] == [("Casper Customer", "word 1"), ("You", "word 3")]
    assert chat[1].time == "waits for the connection"


async def test_a_refused_message_stays_with_its_writer(stage: Stage) -> None:
    stage.meetings.show(meeting(stage))
    assert await stage.board.meetings.room.say("hello")
    stage.meetings.refusal = MeetingRefused("code-in-chat")
    assert not await stage.board.meetings.room.say("it is 314159")
    advice = room(stage).advice
    assert advice is not None
    assert "confirmation code" in advice.text


async def test_a_line_typed_while_the_service_was_away_and_refused_later_is_told(stage: Stage) -> None:
    stage.meetings.show(meeting(stage))
    stage.program.bus.publish(Notice("chat-refused", {"code": "code-in-chat"}))
    advice = room(stage).advice
    assert advice is not None
    assert "confirmation code" in advice.text


async def test_a_link_used_on_a_second_device_is_told_once(stage: Stage) -> None:
    stage.meetings.show(meeting(stage))
    for _again in range(2):
        stage.meetings.show(meeting(stage, other_device_of="Aino Asiakas"))
    advice = room(stage).advice
    assert advice is not None
    assert advice.text == "The link of Aino Asiakas was used on another device."
    await stage.board.meetings.room.put_away()
    stage.meetings.show(meeting(stage, other_device_of="Aino Asiakas", quality=2))
    assert room(stage).advice is None


async def test_a_phone_call_and_a_lost_connection_are_said_in_words(stage: Stage) -> None:
    stage.meetings.show(meeting(stage, held=True, trouble=Trouble.MEDIA_AWAY, quality=1))
    view = room(stage)
    assert view.state is not None
    assert view.state.text.startswith("On hold: you are on a phone call.")
    assert view.trouble is not None
    assert view.quality is not None
    assert view.quality.text == "poor"
    await stage.board.meetings.room.help(view.trouble.action)
    assert stage.meetings.asked == [("reconnect",)]
    stage.meetings.show(meeting(stage, you=the_host(state=SessionState.RECONNECTING)))
    state = room(stage).state
    assert state is not None
    assert state.text == "Connecting again …"


async def test_a_knock_is_heard_once_a_second_and_told_by_the_system(stage: Stage) -> None:
    await stage.sign_in()
    stage.meetings.show(meeting(stage))
    stage.doubles.sound.played.clear()
    for number in (1, 2):
        stage.program.bus.publish(Knocked(a_person(session=f"w{number}", name=f"Guest {number}")))
    await settle()
    assert stage.doubles.sound.played.count("beep") == 1
    assert stage.view(SystemNotice) == SystemNotice("Guest 2 waits in the lobby", "Loan advice")
    stage.board.meetings.tick()
    stage.program.bus.publish(Knocked(a_person()))
    await settle()
    assert stage.doubles.sound.played.count("beep") == 2


async def test_a_knock_nobody_could_hear_is_still_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken() -> None:
        raise DeviceError("no speaker")

    monkeypatch.setattr(stage.program.devices, "beep", broken)
    stage.meetings.show(meeting(stage))
    stage.program.bus.publish(Knocked(a_person()))
    await settle()
    assert "the knock was not heard" in caplog.text
    assert stage.view(SystemNotice).title == "Casper Customer waits in the lobby"


async def test_while_one_is_leaving_there_is_no_picture_to_ask_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(session: str) -> object:
        raise MeetingRefused("no-meeting")

    stage.meetings.show(meeting(stage))
    monkeypatch.setattr(stage.meetings, "picture", gone)
    stage.meetings.show(meeting(stage, people=(a_person(), a_person(session="s2"))))
    assert room(stage).tiles[1].slot.take() is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Aino Asiakas", "AA"),
        ("Annukka-Mariaana Björkbacka-Österlund", "AÖ"),
        ("madonna", "M"),
        ("(unknown) guest", "G"),
        ("…", ""),
    ],
)
def test_initials_stand_for_a_face(name: str, said: str) -> None:
    assert initials(name) == said
