"""The meeting page: link, test page, lobby, code, goodbye."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from resources.words import LANGUAGES, Words
from softphone.domain.errors import CommandRefused, MeetingRefused, ServiceUnreachable
from softphone.domain.events import LevelsChanged, LinkOpened, Notice
from softphone.domain.meeting import (
    Assurance,
    DeviceCheck,
    Equipment,
    Meeting,
    Person,
    Seat,
    SessionState,
    Trouble,
)
from softphone.domain.sound_test import Permission
from softphone.presenters import meeting_words
from softphone.presenters.page_views import PageView
from softphone.presenters.page_views import Stage as PageStage
from tests.doubles.application import settle
from tests.doubles.meeting_scenes import at, now
from tests.doubles.meetings import a_meeting, a_person, the_host
from tests.doubles.sound import HEADSET
from tests.doubles.stage import Stage

LINK = "https://meet.example.com/m#0123456789012345678901"


def page(stage: Stage) -> PageView:
    return stage.view(PageView)


def guest(stage: Stage, state: SessionState, **changes: object) -> Meeting:
    you = a_person(state=state)
    return a_meeting(appointment=at(stage, seat=Seat.PARTICIPANT), you=you, **changes)


async def test_nothing_is_shown_before_there_is_anything_to_show(stage: Stage) -> None:
    assert page(stage).stage is PageStage.NONE


async def test_the_server_is_named_before_anything_is_sent(stage: Stage) -> None:
    await stage.board.meetings.page.ask_for_link()
    assert (page(stage).stage, page(stage).main) == (PageStage.LINK, "Open the link")
    await stage.board.meetings.page.read_link(LINK)
    view = page(stage)
    assert (view.stage, view.heading) == (PageStage.SERVER, "This link leads to meet.example.com")
    assert view.note == "Nothing has been sent there yet."
    assert (view.lock, view.warning, stage.meetings.asked) == (None, None, [])
    assert "0123456789" not in repr(view)


async def test_a_server_the_company_does_not_list_is_warned_of(stage: Stage) -> None:
    await stage.board.meetings.page.read_link("https://unknown.example.net/m#0123456789012345678901")
    view = page(stage)
    assert view.warning is not None
    assert (view.warning.text, view.main) == ("Your company does not list this server.", "Go on all the same")


async def test_what_is_no_link_is_told_at_its_field(stage: Stage) -> None:
    await stage.board.meetings.page.ask_for_link()
    await stage.board.meetings.page.read_link("hello")
    assert page(stage).link_fault == "This is not a meeting link. Copy the whole link."
    await stage.board.meetings.page.ask_for_link()
    assert page(stage).link_fault == ""


async def test_a_link_from_outside_brings_the_page_up_and_sends_nothing(stage: Stage) -> None:
    before = page(stage).opened
    stage.program.bus.publish(LinkOpened(stage.meetings.read_link(LINK)))
    assert (page(stage).stage, page(stage).opened) == (PageStage.SERVER, before + 1)
    assert stage.meetings.asked == []


async def test_who_waits_is_led_back_and_no_other_link_takes_their_page(stage: Stage) -> None:
    stage.meetings.show(guest(stage, SessionState.WAITING))
    before = page(stage).opened
    await stage.board.meetings.page.ask_for_link()
    assert (page(stage).stage, page(stage).opened) == (PageStage.LOBBY, before + 1)
    stage.program.bus.publish(LinkOpened(stage.meetings.read_link(LINK)))
    assert page(stage).stage is PageStage.LOBBY
    advice = page(stage).advice
    assert advice is not None
    assert advice.text == "You are in another meeting."


async def test_the_invitation_comes_before_the_test_page(stage: Stage) -> None:
    about = at(stage, seat=Seat.PARTICIPANT)
    stage.meetings.offer = replace(stage.meetings.offer, appointment=about, other_device=True)
    await stage.board.meetings.page.read_link(LINK)
    await stage.board.meetings.page.go_on()
    view = page(stage)
    assert (view.stage, view.heading, view.main) == (PageStage.OFFER, "Loan advice", "Test the equipment")
    assert view.lock is not None
    assert view.lock.text == "encrypted to meet.example.com"
    assert view.warning is not None
    assert "another device" in view.warning.text
    await stage.board.meetings.page.accept()
    assert (page(stage).stage, page(stage).main) == (PageStage.TEST, "Join")


async def test_a_refused_link_says_why_and_can_be_tried_again(stage: Stage) -> None:
    await stage.board.meetings.page.read_link(LINK)
    stage.meetings.refusal = MeetingRefused("link-expired")
    await stage.board.meetings.page.go_on()
    view = page(stage)
    assert (view.stage, view.busy) == (PageStage.SERVER, False)
    assert view.advice is not None
    assert view.advice.text == "This link can't be used any more."
    assert (view.note, view.main) == ("", "Try again"), "the server has been asked"
    await stage.board.meetings.page.go_on()
    assert page(stage).stage is PageStage.OFFER


async def test_joining_waits_until_the_meeting_opens(stage: Stage) -> None:
    about = at(stage, start=now(stage) + timedelta(minutes=20))
    stage.meetings.show(a_meeting(appointment=about, you=the_host(state=SessionState.PREJOIN)))
    assert not page(stage).can_main
    assert page(stage).note.startswith("You can join in 5 min.")
    stage.doubles.clock.advance(300)
    stage.board.meetings.tick()
    assert (page(stage).can_main, page(stage).note) == (True, "")


async def test_joining_tells_what_was_tested_and_lets_the_camera_go_first(stage: Stage) -> None:
    await stage.sign_in()
    stage.meetings.show(guest(stage, SessionState.PREJOIN))
    await stage.board.meetings.watch_camera(True)
    assert stage.cameras.open
    stage.program.bus.publish(LevelsChanged(-20.0, -96.0))
    stage.program.device_test.tone(HEADSET.id)
    await settle()
    stage.program.device_test.answer(True)
    await stage.board.meetings.page.microphone(False)
    await stage.board.meetings.join()
    found = Equipment(DeviceCheck.OK, DeviceCheck.OK, DeviceCheck.OK)
    assert stage.meetings.asked[-1] == ("join", True, False, found)
    assert not stage.cameras.open


async def test_a_microphone_works_that_was_heard_on_this_test_page(stage: Stage) -> None:
    await stage.sign_in()
    board, heard = stage.board.meetings, LevelsChanged(-20.0, -96.0)
    stage.program.bus.publish(heard)
    await board.watch_camera(True)
    assert board.equipment().microphone is DeviceCheck.UNKNOWN, "it was heard in a call this morning"
    stage.program.bus.publish(heard)
    await board.watch_camera(True)
    assert board.equipment().microphone is DeviceCheck.OK
    stage.doubles.sound.pull(HEADSET.id)
    assert board.equipment().microphone is DeviceCheck.UNKNOWN, "another one is used now"
    stage.program.bus.publish(heard)
    assert board.equipment().microphone is DeviceCheck.OK
    await board.watch_camera(False)
    assert board.equipment().microphone is DeviceCheck.OK, "the page is put away as one joins"


async def test_who_has_no_camera_joins_without(stage: Stage) -> None:
    stage.cameras.plug()
    stage.cameras.chosen = ""
    stage.meetings.show(guest(stage, SessionState.PREJOIN))
    await stage.board.meetings.watch_camera(True)
    await stage.board.meetings.join()
    assert stage.meetings.asked[-1][1] is False


async def test_a_refused_join_brings_the_picture_back(stage: Stage) -> None:
    stage.meetings.show(guest(stage, SessionState.PREJOIN))
    await stage.board.meetings.watch_camera(True)
    stage.meetings.refusal = ServiceUnreachable("", code="no-network")
    await stage.board.meetings.join()
    assert stage.cameras.open
    assert page(stage).advice is not None


async def test_devices_that_do_not_work_are_told_as_they_are(stage: Stage) -> None:
    await stage.sign_in()
    board = stage.board.meetings
    stage.cameras.opening = DeviceCheck.BUSY
    await board.watch_camera(True)
    assert board.equipment() == Equipment(DeviceCheck.BUSY, DeviceCheck.UNKNOWN, DeviceCheck.UNKNOWN)
    stage.doubles.line_check.permission = Permission("denied", "ms-settings:privacy-microphone")
    await stage.look_at_test_page()
    assert board.equipment().microphone is DeviceCheck.DENIED
    for device in tuple(stage.doubles.sound.devices):
        stage.doubles.sound.pull(device.id)
    assert board.equipment().microphone is DeviceCheck.MISSING


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (1, "Erja Expert will let you in shortly. You are next."),
        (2, "Erja Expert will let you in shortly. 1 person is before you."),
        (4, "Erja Expert will let you in shortly. 3 people are before you."),
        (0, "Erja Expert will let you in shortly."),
    ],
)
async def test_who_waits_knows_their_place(stage: Stage, place: int, said: str) -> None:
    stage.meetings.show(guest(stage, SessionState.WAITING, place=place))
    lobby = page(stage).lobby
    assert lobby is not None
    assert (lobby.title, lobby.text, lobby.can_reply) == ("You are in the lobby", said, True)


async def test_who_waits_and_was_taken_over_elsewhere_comes_back_by_the_button(stage: Stage) -> None:
    stage.meetings.show(guest(stage, SessionState.WAITING, trouble=Trouble.TAKEN_OVER))
    lobby = page(stage).lobby
    assert lobby is not None
    assert lobby.trouble is not None
    assert lobby.trouble.action_text == "Come back here"
    await stage.board.meetings.page.help(lobby.trouble.action)
    assert stage.meetings.asked[-1] == ("reconnect",)
    stage.meetings.refusal = ServiceUnreachable("", code="no-network")
    await stage.board.meetings.page.help(lobby.trouble.action)
    assert page(stage).advice is not None


async def test_without_a_lobby_one_waits_for_the_others(stage: Stage) -> None:
    stage.meetings.show(guest(stage, SessionState.WAITING_FOR_OTHERS))
    lobby = page(stage).lobby
    assert lobby is not None
    assert (lobby.text, lobby.can_reply) == ("Wait until the others join.", False)


async def test_a_word_from_the_lobby_that_was_not_sent_is_told(stage: Stage) -> None:
    stage.meetings.show(guest(stage, SessionState.WAITING))
    assert await stage.board.meetings.page.reply(" I am here ")
    assert stage.meetings.asked[-1] == ("lobby_say", "I am here", "")
    lobby = page(stage).lobby
    assert lobby is not None
    assert [line.text for line in lobby.lines] == ["I am here"]
    stage.meetings.refusal = MeetingRefused("wrong-state")
    assert not await stage.board.meetings.page.reply("still here")


@pytest.mark.parametrize(
    ("level", "said"),
    [(Assurance.LINK, "Code confirmed"), (Assurance.PHONE, "Your identity has been confirmed")],
)
async def test_a_bare_links_code_never_confirms_an_identity(
    stage: Stage, level: Assurance, said: str
) -> None:
    meeting = guest(stage, SessionState.CONNECTED)
    stage.meetings.show(meeting)
    await stage.board.meetings.page.confirm("123 456")
    assert stage.meetings.asked[-1] == ("confirm", "123456")
    you: Person = replace(meeting.you, assurance=level, code_confirmed=True)
    stage.meetings.show(replace(meeting, you=you))
    code = page(stage).code
    assert code is not None
    assert code.done is not None
    assert code.done.text == said


@pytest.mark.parametrize(
    ("code", "tries", "said"),
    [
        ("wrong-code", 3, "This code is not right. 3 tries left."),
        ("wrong-code", 0, "Too many wrong codes. Ask the expert for a new one."),
        ("too-many-tries", 0, "Too many wrong codes. Ask the expert for a new one."),
        ("code-expired", 0, "This code is too old. Ask the expert for a new one."),
        ("no-code", 0, "The expert has not given you a code yet. Ask for one."),
    ],
)
async def test_a_wrong_code_is_told_at_its_field(stage: Stage, code: str, tries: int, said: str) -> None:
    stage.meetings.show(guest(stage, SessionState.CONNECTED))
    stage.meetings.refusal = MeetingRefused(code, tries_left=tries)
    await stage.board.meetings.page.confirm("000000")
    view = page(stage).code
    assert view is not None
    assert (view.fault, view.done) == (said, None)


async def test_fewer_than_six_digits_cost_no_try(stage: Stage) -> None:
    stage.meetings.show(guest(stage, SessionState.CONNECTED))
    await stage.board.meetings.page.confirm("12 34x")
    view = page(stage).code
    assert view is not None
    assert view.fault == "The code has six digits."
    assert stage.meetings.asked == []


async def test_the_host_types_no_code_and_needs_no_expert(stage: Stage) -> None:
    stage.meetings.show(a_meeting(appointment=at(stage)))
    assert (page(stage).code, page(stage).expert) == (None, None)
    assert page(stage).main == "Return to the meeting"


async def test_the_expert_is_called_where_a_line_stands_and_named_where_none_does(stage: Stage) -> None:
    stage.meetings.show(guest(stage, SessionState.WAITING))
    expert = page(stage).expert
    assert expert is not None
    assert (expert.can_call, expert.number) == (False, "+358401234567")
    await stage.sign_in()
    expert = page(stage).expert
    assert expert is not None
    assert expert.can_call
    await stage.board.meetings.page.call_expert()
    assert stage.meetings.asked[-1] == ("call_expert",)
    stage.meetings.refusal = CommandRefused("no", code="no-number")
    await stage.board.meetings.page.call_expert()
    assert page(stage).advice is not None


@pytest.mark.parametrize(
    ("state", "reason", "said"),
    [
        (SessionState.DECLINED, "Next week, please", "You were not let in. “Next week, please”"),
        (SessionState.REMOVED, "", "You were taken out of the meeting."),
        (SessionState.LEFT, "", "The meeting is over."),
    ],
)
async def test_an_end_made_by_others_says_how_and_leads_nowhere(
    stage: Stage, state: SessionState, reason: str, said: str
) -> None:
    stage.meetings.show(guest(stage, SessionState.WAITING))
    stage.meetings.show(guest(stage, state, reason=reason))
    view = page(stage)
    assert view.said is not None
    assert (view.stage, view.said.text, view.main) == (PageStage.OVER, said, "")


async def test_a_service_that_lets_nobody_back_says_why(stage: Stage) -> None:
    stage.meetings.show(guest(stage, SessionState.CONNECTED))
    before = page(stage).opened
    stage.program.bus.publish(Notice("meeting-refused", {"code": "link-expired"}))
    advice = page(stage).advice
    assert advice is not None
    assert advice.text == "This link can't be used any more."
    assert page(stage).opened == before + 1


async def test_who_left_may_come_again_by_the_way_they_came(stage: Stage) -> None:
    about = at(stage, seat=Seat.PARTICIPANT)
    stage.meetings.offer = replace(stage.meetings.offer, appointment=about)
    await stage.board.meetings.page.read_link(LINK)
    await stage.board.meetings.page.go_on()
    stage.meetings.show(guest(stage, SessionState.CONNECTED))
    await stage.board.meetings.page.leave()
    assert (page(stage).stage, page(stage).main) == (PageStage.OVER, "Join again")
    await stage.board.meetings.page.join_again()
    assert stage.meetings.asked[-1][0] == "open_link"
    assert page(stage).stage is PageStage.OFFER


async def test_closing_the_page_leaves_a_test_but_never_a_lobby_or_a_meeting(stage: Stage) -> None:
    stage.meetings.show(guest(stage, SessionState.PREJOIN))
    await stage.board.meetings.page.close()
    assert (stage.meetings.asked[-1], page(stage).stage) == (("leave",), PageStage.NONE)
    stage.meetings.asked.clear()
    for state, kept in (
        (SessionState.WAITING, PageStage.LOBBY),
        (SessionState.CONNECTED, PageStage.INSIDE),
    ):
        stage.meetings.show(guest(stage, state))
        await stage.board.meetings.page.close()
        assert page(stage).stage is kept
    assert stage.meetings.asked == []


async def test_every_refusal_of_the_service_has_a_sentence_of_its_own_in_every_language(stage: Stage) -> None:
    shared = {"ticket-refused", "no-media", "engine-down", "wrong-state", "refused"}
    for language in LANGUAGES:
        words = Words(language)
        said = [
            meeting_words.failure(words, MeetingRefused(code)).text
            for code in meeting_words.FAILURES
            if code not in shared
        ]
        assert len(set(said)) == len(said)
        if language != "en":
            english = meeting_words.failure(Words("en"), MeetingRefused("link-expired")).text
            assert meeting_words.failure(words, MeetingRefused("link-expired")).text != english
