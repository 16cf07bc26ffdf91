"""A meeting from knock to goodbye, on memory alone."""

from __future__ import annotations

import asyncio

import pytest

from service.usecases import meetings
from service_api.meeting import (
    Admit,
    AdmitAll,
    ChatAdded,
    Close,
    Done,
    End,
    Ended,
    Hello,
    Knock,
    Knocked,
    Leave,
    LobbySay,
    MediaState,
    PersonChanged,
    Publish,
    PutBack,
    Redeem,
    Refused,
    Remove,
    Resync,
    Say,
    Snapshot,
    Subscribe,
    Ticket,
    Welcome,
    YouChanged,
)
from service_api.states import SessionState
from tests.doubles.meeting_hall import HOST, Hall, a_guest


@pytest.fixture
def hall() -> Hall:
    return Hall()


async def test_from_knock_to_pictures_and_goodbye(hall: Hall) -> None:
    host = await hall.host()
    guest = await hall.open(a_guest())
    assert guest.state() is SessionState.PREJOIN
    assert not guest.sees()
    await guest.done(Knock, camera=True)
    assert guest.state() is SessionState.WAITING
    assert guest.picture.place == 1
    assert [one.session for one in host.events(Knocked)] == [guest.session]
    assert guest.session not in hall.engine.ever

    await host.done(Admit, session=guest.session)
    assert guest.state() is SessionState.ADMITTED
    assert guest.session not in hall.engine.ever
    await guest.done(Redeem, ticket=guest.ticket)
    assert guest.state() is SessionState.CONNECTED

    await host.done(Publish, sdp="audio video")
    feed = guest.picture.feeds[0]
    made = await guest.done(Subscribe, feed=feed.id)
    assert made.sdp == f"offer of {feed.id} at 720"

    await guest.done(Say, text="Good day")
    assert [one.line.text for one in host.events(ChatAdded)] == ["Good day"]
    await guest.done(Leave)
    assert guest.ended_by() is Close.NORMAL
    assert host.sees()[guest.session].state is SessionState.LEFT
    assert hall.engine.names() == {host.session}


async def test_events_are_numbered_from_one_for_each_connection(hall: Hall) -> None:
    host = await hall.host()
    await hall.waiting(a_guest(1))
    events = [one for one in host.told if hasattr(one, "seq")]
    assert [one.seq for one in events] == list(range(1, len(events) + 1))
    assert isinstance(events[0], Welcome)


async def test_those_who_wait_see_nobody_and_nobody_but_the_host_sees_them(hall: Hall) -> None:
    host = await hall.host()
    inside = await hall.waiting(a_guest(1))
    await host.done(Admit, session=inside.session)
    first, second = await hall.waiting(a_guest(2)), await hall.waiting(a_guest(3))
    assert not first.sees() and not second.sees()
    assert set(inside.sees()) == {host.session}
    assert set(host.sees()) == {inside.session, first.session, second.session}
    assert (first.picture.place, second.picture.place) == (1, 2)
    assert not any(isinstance(one, PersonChanged) for one in (*first.told, *second.told))
    await host.done(Admit, session=first.session)
    assert second.events(YouChanged)[-1].place == 1


async def test_a_host_without_lobby_commands_gets_none_of_them_as_a_guest(hall: Hall) -> None:
    await hall.host()
    guest, other = await hall.waiting(a_guest(1)), await hall.waiting(a_guest(2))
    for kind in (Admit, PutBack, Remove):
        assert (await guest.refused(kind, session=other.session)).code == "not-allowed"
    for each in (AdmitAll, End):
        assert (await guest.refused(each)).code == "not-allowed"


async def test_removal_cuts_media_and_the_ticket_is_worth_nothing_afterwards(hall: Hall) -> None:
    host = await hall.host()
    guest = await hall.waiting(a_guest())
    await host.done(Admit, session=guest.session)
    captured = guest.ticket
    await guest.done(Redeem, ticket=captured)
    await host.done(Remove, session=guest.session, reason="Good bye")
    assert hall.engine.names() == {host.session}
    assert guest.picture.reason == "Good bye"
    assert (await guest.refused(Redeem, ticket=captured)).code == "ticket-refused"
    assert (await guest.refused(Publish, sdp="audio")).code == "ticket-refused"
    again = await hall.open(a_guest())
    assert again.state() is SessionState.REMOVED
    assert (await again.refused(Redeem, ticket=captured)).code == "ticket-refused"
    assert (await again.refused(Knock)).code == "not-allowed"
    assert hall.engine.names() == {host.session}


async def test_a_broken_connection_comes_back_without_the_lobby(hall: Hall) -> None:
    host = await hall.host()
    guest = await hall.waiting(a_guest())
    await host.done(Admit, session=guest.session)
    await guest.done(Redeem, ticket=guest.ticket)
    await hall.lose(guest)
    assert host.sees()[guest.session].state is SessionState.RECONNECTING
    await hall.after(59)
    back = await hall.open(a_guest(), resume=guest.resume_token)
    assert back.state() is SessionState.CONNECTED
    assert (await back.refused(Redeem, ticket=guest.ticket)).code == "ticket-refused"
    await back.done(Redeem, ticket=back.ticket)
    await hall.lose(back)
    await hall.after(61)
    assert host.sees()[guest.session].state is SessionState.LEFT


async def test_a_restart_keeps_every_place(hall: Hall) -> None:
    host = await hall.host()
    inside, outside = await hall.waiting(a_guest(1)), await hall.waiting(a_guest(2))
    await host.done(Admit, session=inside.session)
    await inside.done(Redeem, ticket=inside.ticket)
    await inside.done(Say, text="before")
    await hall.restart()
    back = await hall.open(a_guest(1))
    assert back.state() is SessionState.CONNECTED
    assert [line.text for line in back.picture.chat] == ["before"]
    assert (await hall.open(a_guest(2))).state() is SessionState.WAITING
    host = await hall.open(HOST)
    assert host.state() is SessionState.CONNECTED
    assert outside.session in host.sees()


async def test_an_orderly_stop_however_long_keeps_every_place_too(hall: Hall) -> None:
    host = await hall.host()
    inside, outside = await hall.waiting(a_guest(1)), await hall.waiting(a_guest(2))
    await host.done(Admit, session=inside.session)
    for client in (host, inside, outside):
        await hall.lose(client)
    hall.clock.advance(3600)
    await hall.restart()
    await hall.after(59)
    assert (await hall.open(a_guest(1))).state() is SessionState.CONNECTED
    assert (await hall.open(a_guest(2))).state() is SessionState.WAITING
    await hall.after(1)
    assert (await hall.open(HOST)).state() is SessionState.PREJOIN


async def test_a_command_sent_twice_works_once(hall: Hall) -> None:
    host = await hall.host()
    guest = await hall.waiting(a_guest())
    await host.done(Admit, session=guest.session)
    said = Say(id="same", text="once")
    first = await guest.send(said)
    assert await guest.send(said) == first
    back = await hall.open(a_guest())
    assert isinstance(await back.send(said), Done)
    assert len(back.picture.chat) == 1
    await hall.restart()
    late = await hall.open(a_guest())
    assert isinstance(await late.send(said), Done)
    assert len(late.picture.chat) == 1


async def test_hello_is_said_once(hall: Hall) -> None:
    guest = await hall.open(a_guest())
    assert (await guest.refused(Hello, client="browser")).code == "bad-request"


async def test_a_connection_that_was_taken_over_is_not_listened_to(hall: Hall) -> None:
    first = await hall.open(a_guest())
    second = await hall.open(a_guest())
    assert first.connection is not None
    for command in (Knock(id="k"), Resync(id="r"), Publish(id="p", sdp="audio")):
        await hall.meetings.command(first.connection, command)
    assert not [one for one in first.told if isinstance(one, Done | Refused)]
    assert second.state() is SessionState.PREJOIN


async def test_time_goes_on_after_a_fault(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(meetings, "TICK_S", 0)
    guest = await hall.waiting(a_guest())
    await hall.lose(guest)
    monkeypatch.setattr(hall.engine, "members", None)
    await hall.meetings.start()
    async with asyncio.timeout(5):
        while "time stood still" not in caplog.text:
            await asyncio.sleep(0)
        hall.clock.advance(60)
        while hall.meetings.rooms():
            await asyncio.sleep(0)
    await hall.meetings.close()


async def test_the_end_is_for_everybody_and_a_host_may_open_it_again(hall: Hall) -> None:
    host = await hall.host()
    guest, waiting = await hall.waiting(a_guest(1)), await hall.waiting(a_guest(2))
    await host.done(Admit, session=guest.session)
    await guest.done(Redeem, ticket=guest.ticket)
    await host.done(End)
    assert {one.ended_by() for one in (host, guest, waiting)} == {Close.OVER}
    assert all(len(one.events(Ended)) == 1 for one in (host, guest, waiting))
    assert not hall.engine.names()
    assert await hall.refused(a_guest(1)) == "meeting-over"
    await hall.host()
    assert (await hall.open(a_guest(1))).state() is SessionState.PREJOIN


async def test_an_engine_that_started_anew_gives_new_tickets(hall: Hall) -> None:
    host = await hall.host()
    await host.done(Publish, sdp="audio")
    hall.engine.restart()
    assert (await host.refused(Publish, sdp="audio")).code == "ticket-refused"
    assert len(host.events(Ticket)) == 2
    await host.done(Redeem, ticket=host.ticket)
    await host.done(Publish, sdp="audio")


async def test_messages_to_and_from_the_lobby(hall: Hall) -> None:
    host = await hall.host()
    first, second = await hall.waiting(a_guest(1)), await hall.waiting(a_guest(2))
    await first.done(LobbySay, text="I am early")
    await host.done(LobbySay, text="one moment", session=first.session)
    await host.done(LobbySay, text="welcome all")
    assert [one.text for one in first.picture.chat] == ["I am early", "one moment", "welcome all"]
    assert [one.text for one in second.picture.chat] == ["welcome all"]
    assert len(host.picture.chat) == 3


async def test_going_in_shows_everything_at_once(hall: Hall) -> None:
    host = await hall.host()
    await host.done(Publish, sdp="audio")
    guest = await hall.waiting(a_guest())
    await host.done(Admit, session=guest.session)
    snapshot = guest.events(Snapshot)[-1].picture
    assert [one.session for one in snapshot.people] == [host.session]
    assert [one.session for one in snapshot.feeds] == [host.session]
    await guest.done(MediaState, camera=True, microphone=True)
    assert host.sees()[guest.session].camera
