"""Nobody has media who was not let in, and nobody keeps it who was put out, whatever the engine is doing."""

from __future__ import annotations

import asyncio

import pytest

from service.usecases.engine import FeedEnded
from service.usecases.meeting_room import TICKET_S
from service_api.meeting import (
    Adjust,
    Admit,
    Answer,
    FeedAdded,
    FeedRemoved,
    Knock,
    MediaLost,
    Publish,
    Redeem,
    Refused,
    Remove,
    Resync,
    Snapshot,
    Subscribe,
    Ticket,
    Unpublish,
    Unsubscribe,
)
from service_api.states import SessionState
from tests.doubles.meeting_hall import APPOINTMENT, HOST, Client, Hall, a_guest


@pytest.fixture
def hall() -> Hall:
    return Hall()


async def admitted(hall: Hall, host: Client, number: int = 1) -> Client:
    guest = await hall.waiting(a_guest(number))
    await host.done(Admit, session=guest.session)
    return guest


async def inside(hall: Hall, host: Client, number: int = 1) -> Client:
    guest = await admitted(hall, host, number)
    await guest.done(Redeem, ticket=guest.ticket)
    return guest


async def test_without_a_redeemed_ticket_no_command_reaches_the_engine(hall: Hall) -> None:
    host = await hall.host()
    prejoin, waiting = await hall.open(a_guest(1)), await hall.waiting(a_guest(2))
    guest = await admitted(hall, host, 3)
    for client in (prejoin, waiting, guest):
        assert (await client.refused(Publish, sdp="audio")).code == "ticket-refused"
        assert (await client.refused(Unpublish)).code == "ticket-refused"
        assert (await client.refused(Subscribe, feed="feed-1")).code == "ticket-refused"
        assert (await client.refused(Answer, subscription="s", sdp="x")).code == "ticket-refused"
        assert (await client.refused(Adjust, subscription="s", video=True, height=1)).code == "ticket-refused"
        assert (await client.refused(Unsubscribe, subscription="s")).code == "ticket-refused"
        assert (await client.refused(Redeem, ticket="x" * 43)).code == "ticket-refused"
    assert hall.engine.ever == {host.session}


async def test_a_ticket_has_sixty_seconds_and_a_resync_gives_another(hall: Hall) -> None:
    host = await hall.host()
    guest = await admitted(hall, host)
    hall.clock.advance(TICKET_S)
    assert (await guest.refused(Redeem, ticket=guest.ticket)).code == "ticket-refused"
    await guest.done(Resync)
    await guest.done(Redeem, ticket=guest.ticket)
    assert len(guest.events(Ticket)) == 2
    await guest.done(Resync)
    assert len(guest.events(Ticket)) == 2
    assert TICKET_S == 60


async def test_a_ticket_works_once_and_for_its_own_connection(hall: Hall) -> None:
    host = await hall.host()
    first, second = await admitted(hall, host, 1), await admitted(hall, host, 2)
    assert (await second.refused(Redeem, ticket=first.ticket)).code == "ticket-refused"
    await first.done(Redeem, ticket=first.ticket)
    assert (await first.refused(Redeem, ticket=first.ticket)).code == "ticket-refused"
    resumed = await hall.open(a_guest(1), resume=first.resume_token)
    assert (await resumed.refused(Redeem, ticket=first.ticket)).code == "ticket-refused"
    await asyncio.sleep(0)
    assert hall.engine.names() == {host.session}


async def test_feeds_come_and_go_for_the_others(hall: Hall) -> None:
    host = await hall.host()
    guest = await inside(hall, host)
    await guest.done(Publish, sdp="audio video")
    (feed,) = [one.feed for one in host.events(FeedAdded)]
    assert (feed.session, feed.video) == (guest.session, True)
    assert not guest.picture.feeds
    made = await host.done(Subscribe, feed=feed.id, height=180)
    await host.done(Answer, subscription=made.subscription, sdp="x")
    await host.done(Adjust, subscription=made.subscription, video=False, height=0)
    await host.done(Unsubscribe, subscription=made.subscription)
    assert (await guest.refused(Subscribe, feed=feed.id)).code == "no-media"
    await guest.done(Publish, sdp="audio")
    assert [one.feed for one in host.events(FeedRemoved)] == [feed.id]
    await guest.done(Unpublish)
    assert not host.picture.feeds
    assert (await host.refused(Subscribe, feed=feed.id)).code == "no-media"


async def test_a_feed_that_died_in_the_engine_is_over(hall: Hall) -> None:
    host = await hall.host()
    guest = await inside(hall, host)
    await host.done(Publish, sdp="audio")
    hall.engine.on_event(FeedEnded(APPOINTMENT, guest.picture.feeds[0].id))
    assert not guest.picture.feeds
    hall.engine.on_event(FeedEnded("no-such-room", "feed"))


async def test_a_lost_connection_has_no_media(hall: Hall) -> None:
    host = await hall.host()
    guest = await inside(hall, host)
    await guest.done(Publish, sdp="audio")
    await hall.lose(guest)
    await asyncio.sleep(0)
    assert hall.engine.names() == {host.session}
    assert not host.picture.feeds


async def test_removed_while_the_engine_admits(hall: Hall) -> None:
    host = await hall.host()
    guest = await admitted(hall, host)
    hall.engine.gate.clear()
    redeeming = asyncio.create_task(guest.send(Redeem(id="r", ticket=guest.ticket)))
    await asyncio.sleep(0)
    await host.done(Remove, session=guest.session)
    hall.engine.gate.set()
    answer = await redeeming
    assert isinstance(answer, Refused) and answer.code == "wrong-state"
    assert hall.engine.names() == {host.session}
    assert guest.state() is SessionState.REMOVED


async def test_removed_while_the_engine_takes_the_picture(hall: Hall) -> None:
    host = await hall.host()
    guest = await inside(hall, host)
    hall.engine.gate.clear()
    publishing = asyncio.create_task(guest.send(Publish(id="p", sdp="audio")))
    await asyncio.sleep(0)
    await host.done(Remove, session=guest.session)
    hall.engine.gate.set()
    assert isinstance(await publishing, Refused)
    assert hall.engine.names() == {host.session}
    assert not host.picture.feeds


async def test_a_second_tab_takes_over_while_the_engine_works_for_the_first(hall: Hall) -> None:
    host = await hall.host()
    guest = await inside(hall, host)
    hall.engine.gate.clear()
    publishing = asyncio.create_task(guest.send(Publish(id="p", sdp="audio")))
    await asyncio.sleep(0)
    tab = await hall.open(a_guest())
    redeeming = asyncio.create_task(tab.send(Redeem(id="r", ticket=tab.ticket)))
    await asyncio.sleep(0)
    hall.engine.gate.set()
    assert (await redeeming).type == "done"
    publishing.cancel()
    await tab.done(Publish, sdp="audio")
    assert hall.engine.names() == {host.session, tab.session}
    assert len(host.picture.feeds) == 1


async def test_an_engine_that_is_down_is_said_and_another_try_works(hall: Hall) -> None:
    host = await hall.host()
    guest = await admitted(hall, host)
    hall.engine.down = True
    assert (await guest.refused(Redeem, ticket=guest.ticket)).code == "engine-down"
    assert (await host.refused(Publish, sdp="audio")).code == "engine-down"
    hall.engine.restart()
    assert guest.events(MediaLost) and host.events(MediaLost)
    for client in (guest, host):
        await client.done(Redeem, ticket=client.ticket)
    assert hall.engine.names() == {host.session, guest.session}


async def test_a_redemption_that_failed_can_be_tried_with_a_new_ticket(hall: Hall) -> None:
    host = await hall.host()
    guest = await admitted(hall, host)
    hall.engine.down = True
    assert (await guest.refused(Redeem, ticket=guest.ticket)).code == "engine-down"
    hall.engine.down = False
    await guest.done(Resync)
    await guest.done(Redeem, ticket=guest.ticket)


async def test_a_removal_that_the_engine_missed_is_made_good(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    host = await hall.host()
    guest = await inside(hall, host)
    hall.engine.down = True
    await host.done(Remove, session=guest.session)
    assert guest.session in hall.engine.names()
    await hall.meetings.sweep()
    hall.engine.down = False
    await hall.meetings.sweep()
    assert hall.engine.names() == {host.session}
    assert "engine could not remove" in caplog.text


async def test_media_commands_sent_twice_work_once_for_each_connection(hall: Hall) -> None:
    host = await hall.host()
    guest = await inside(hall, host)
    published = Publish(id="same", sdp="audio")
    assert await guest.send(published) == await guest.send(published)
    assert len(host.events(FeedAdded)) == 1
    back = await hall.open(a_guest())
    await back.done(Redeem, ticket=back.ticket)
    assert (await back.send(published)).type == "done"
    assert len(host.events(FeedAdded)) == 2


async def test_a_resync_tells_everything_anew(hall: Hall) -> None:
    host = await hall.host()
    await hall.waiting(a_guest())
    host.forget()
    await host.done(Resync)
    assert host.events(Snapshot)[-1].picture == host.picture


async def test_the_service_lets_go_of_everybody_and_their_places_are_kept(hall: Hall) -> None:
    host = await hall.host()
    guest = await inside(hall, host)
    await hall.meetings.close()
    assert not hall.engine.names()
    await hall.restart()
    assert (await hall.open(HOST)).state() is SessionState.CONNECTED
    assert (await hall.open(a_guest())).session == guest.session


async def test_a_late_hello_of_a_guest_is_no_second_session(hall: Hall) -> None:
    guest = await hall.open(a_guest())
    again = await hall.open(a_guest())
    assert guest.session == again.session
    await again.done(Knock)
    await hall.lose(guest)
    assert again.state() is SessionState.WAITING
