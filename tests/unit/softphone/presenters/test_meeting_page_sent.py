"""What a guest types on the meeting page, a word to the host or a code: sent once, and how it went."""

from __future__ import annotations

import asyncio

import pytest

from softphone.domain.errors import MeetingRefused
from softphone.domain.events import LinkOpened
from softphone.domain.meeting import Meeting, Seat, SessionState
from softphone.presenters.page_views import PageView
from tests.doubles.application import settle
from tests.doubles.meeting_scenes import at
from tests.doubles.meetings import a_meeting, a_person
from tests.doubles.stage import Stage

LINK = "https://meet.example.com/m#0123456789012345678901"


def page(stage: Stage) -> PageView:
    return stage.view(PageView)


def guest(stage: Stage, state: SessionState) -> Meeting:
    return a_meeting(appointment=at(stage, seat=Seat.PARTICIPANT), you=a_person(state=state))


async def test_a_word_too_many_in_the_lobby_asks_for_a_moment(stage: Stage) -> None:
    stage.meetings.show(guest(stage, SessionState.WAITING))
    stage.meetings.refusal = MeetingRefused("too-many-tries")
    assert not await stage.board.meetings.page.reply("Hello?")
    advice = page(stage).advice
    assert advice is not None
    assert advice.what_to_do == "Wait a moment and send it again."


async def test_a_word_that_was_sent_leaves_its_field_though_a_link_was_pressed_meanwhile(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.meetings.show(guest(stage, SessionState.WAITING))

    async def pressed_meanwhile(text: str) -> None:
        stage.program.bus.publish(LinkOpened(stage.meetings.read_link(LINK)))

    monkeypatch.setattr(stage.meetings, "lobby_say", pressed_meanwhile)
    assert await stage.board.meetings.page.reply("Hello?")
    advice = page(stage).advice
    assert advice is not None
    assert advice.id == "failure-in-a-meeting"


async def test_a_code_is_not_tried_twice_while_it_is_looked_at(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.meetings.show(guest(stage, SessionState.CONNECTED))
    tried, answer = list[str](), asyncio.Event()

    async def slow(code: str) -> None:
        tried.append(code)
        await answer.wait()
        raise MeetingRefused("wrong-code", tries_left=4)

    monkeypatch.setattr(stage.meetings, "confirm", slow)
    confirm = stage.board.meetings.page.confirm
    both = asyncio.gather(confirm("123456"), confirm("123456"))
    await settle()
    answer.set()
    await both
    assert tried == ["123456"]
    view = page(stage).code
    assert view is not None
    assert view.fault == "This code is not right. 4 tries left."
    await stage.board.meetings.page.confirm("654321")
    assert tried == ["123456", "654321"]
