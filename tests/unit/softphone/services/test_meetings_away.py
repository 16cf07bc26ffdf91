"""While the connection or the media of a meeting is away: what stops at once, and what is caught up with."""

from __future__ import annotations

import asyncio

import pytest

from service_api import meeting as wire
from softphone.domain.events import ChatArrived, Knocked
from softphone.domain.meeting import Seat, SessionState, Trouble
from tests.doubles.application import settle
from tests.doubles.meeting_ports import a_chat_line, a_picture, a_wire_person
from tests.unit.softphone.services.meetings_bench import Bench, a_ticket, at

__all__ = ["at"]


@pytest.mark.parametrize("gap", [False, True])
async def test_who_knocked_and_what_was_written_meanwhile_is_told_once(at: Bench, gap: bool) -> None:
    first = a_wire_person("s8", state=SessionState.WAITING)
    at.server.picture = a_picture(people=(first,), chat=(a_chat_line(),))
    await at.inside(seat=Seat.HOST)
    assert (at.told(Knocked), at.told(ChatArrived)) == ([], []), "what one finds is no news"
    known = at.server.picture
    at.server.picture = known.model_copy(
        update={
            "people": (*known.people, first, *_others()),
            "chat": (a_chat_line(), a_chat_line(2), a_chat_line(3, session="me")),
        }
    )
    at.server.tell(wire.PersonChanged(person=first))
    at.server.tell(wire.ChatAdded(line=a_chat_line()))
    at.doubles.events.clear()
    if gap:
        at.server.tell(wire.Snapshot(picture=at.server.picture), skip=3)
    else:
        at.server.lose()
    await settle(60)
    assert [event.person.session for event in at.told(Knocked)] == ["s9"]
    assert [event.line.text for event in at.told(ChatArrived)] == ["text 2"]
    at.server.tell(wire.Snapshot(picture=at.server.picture))
    assert (len(at.told(Knocked)), len(at.told(ChatArrived))) == (1, 1)


def _others() -> tuple[wire.Person, ...]:
    """One who knocked, and two who wait for nobody's leave."""
    return (
        a_wire_person("s9", state=SessionState.WAITING),
        a_wire_person("s10", state=SessionState.WAITING_FOR_OTHERS),
        a_wire_person("s11", state=SessionState.CONNECTED),
    )


async def test_a_place_under_another_session_brings_no_news(at: Bench) -> None:
    await at.inside(seat=Seat.HOST)
    you = a_wire_person("me2", seat=Seat.HOST)
    at.server.picture = a_picture(you, people=_others(), chat=(a_chat_line(),))
    at.server.lose()
    await settle(60)
    assert at.meeting.you.session == "me2"
    assert (at.told(Knocked), at.told(ChatArrived)) == ([], [])


async def test_camera_and_microphone_are_off_at_once_also_while_the_connection_is_away(at: Bench) -> None:
    await at.inside()
    at.server.down = True
    at.server.lose()
    await at.meetings.microphone(False)
    await at.meetings.camera(False)
    assert at.media.done[-2:] == [("microphone", False), ("camera", False)], "the engine may still send on"
    await at.meetings.microphone(True)
    await at.meetings.camera(True)
    assert at.last() == ("microphone", True), "a picture waits until it may flow"
    assert (at.meeting.camera_on, at.meeting.microphone_on) == (True, True)


@pytest.mark.parametrize("by", ["service", "media"])
async def test_reconnect_now_brings_another_ticket_while_only_media_is_away(at: Bench, by: str) -> None:
    await at.inside()
    if by == "service":
        at.server.tell(wire.MediaLost())
    else:
        at.media.on_trouble("media-away")
    assert at.trouble() is Trouble.MEDIA_AWAY
    await at.meetings.reconnect()
    assert at.server.connects == 2
    assert at.trouble() is Trouble.MEDIA_AWAY, "until it flows"
    at.server.tell(a_ticket(2))
    await settle(60)
    assert [done[0] for done in at.media.done].count("join") == 2
    assert at.trouble() is Trouble.NONE


async def test_reconnect_now_while_the_service_is_away_too_goes_on_trying(at: Bench) -> None:
    await at.inside()
    at.server.tell(wire.MediaLost())
    at.server.down = True
    await at.meetings.reconnect()
    assert at.trouble() is Trouble.SERVICE_AWAY
    at.server.down = False
    await at.meetings.reconnect()
    await settle(60)
    assert at.server.connects == 2


async def test_put_back_while_media_begins_leaves_the_camera_alone(
    at: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    joining, go_on, join = asyncio.Event(), asyncio.Event(), at.media.join

    async def slow() -> None:
        joining.set()
        await go_on.wait()
        await join()

    monkeypatch.setattr(at.media, "join", slow)
    await at.inside()
    await joining.wait()
    at.server.tell(wire.YouChanged(you=a_wire_person(state=SessionState.WAITING), place=1))
    go_on.set()
    await settle(60)
    assert [done[0] for done in at.media.done[-2:]] == ["join", "leave"]
    assert (at.media.camera_on, at.meeting.you.camera, at.meeting.you.microphone) == (False, False, False)


async def test_put_back_at_the_moment_media_has_begun_leaves_the_camera_alone(
    at: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    join = at.media.join

    async def put_back_then() -> None:
        await join()
        asyncio.get_running_loop().call_soon(
            at.server.tell, wire.YouChanged(you=a_wire_person(state=SessionState.WAITING), place=1)
        )

    monkeypatch.setattr(at.media, "join", put_back_then)
    await at.inside()
    assert ("camera", True) not in at.media.done
    assert at.last() == ("leave",)


async def test_a_line_that_waits_goes_out_when_the_place_is_taken_back(at: Bench) -> None:
    await at.inside()
    at.server.deaf = True
    writing = asyncio.create_task(at.meetings.say("one"))
    await settle()
    at.server.tell(wire.TakenOver())
    at.server.lose("taken-over")
    await settle()
    assert [line.pending for line in at.meeting.chat] == [True]
    at.server.deaf = False
    await at.meetings.reconnect()
    await settle(60)
    assert at.meeting.chat == ()
    assert len(at.server.repeated) == 1
    await writing
