"""Lobby and media engine together: its own list holds those alone who were let in, whatever happens to it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest

from service.media_engine.embedded import EmbeddedEngine
from service_api.meeting import (
    Admit,
    Answer,
    FeedRemoved,
    MediaLost,
    Publish,
    PutBack,
    Redeem,
    Remove,
    Subscribe,
)
from tests.doubles.meeting_hall import Client, Hall, a_guest
from tests.lab.engine_clients import AiortcClient

pytestmark = pytest.mark.peer


@pytest.fixture
async def engine() -> AsyncIterator[EmbeddedEngine]:
    found = EmbeddedEngine()
    await found.start()
    yield found
    await found.close()


@pytest.fixture
async def media() -> AsyncIterator[AiortcClient]:
    found = AiortcClient()
    yield found
    await found.close()


async def members(engine: EmbeddedEngine) -> set[str]:
    """Who has a right to media, by the engine's own list."""
    return {one.member for one in await engine.members()}


async def publish(client: Client, media: AiortcClient) -> str:
    """Sound and picture to the engine; the feed as the others see it."""
    made = await client.done(Publish, sdp=await media.offer())
    await media.accept(made.sdp)
    return made.id


async def test_nothing_exists_for_anyone_not_admitted(engine: EmbeddedEngine, media: AiortcClient) -> None:
    hall = Hall(real=engine)
    guest = await hall.waiting(a_guest(1))
    assert await members(engine) == set()
    host = await hall.host()
    await publish(host, media)
    assert await members(engine) == {host.session}
    await host.done(Admit, session=guest.session)
    assert await members(engine) == {host.session}
    assert (await guest.refused(Subscribe, feed=guest.picture.feeds[0].id)).code == "ticket-refused"
    await guest.done(Redeem, ticket=guest.ticket)
    made = await guest.done(Subscribe, feed=guest.picture.feeds[0].id)
    answer = await media.take("seen by the guest", made.sdp)
    await guest.done(Answer, subscription=made.subscription, sdp=answer)
    for _ in range(200):
        if (await media.stats("seen by the guest"))["pictures"] > 5:
            break
        await asyncio.sleep(0.05)
    assert (await media.stats("seen by the guest"))["pictures"] > 5

    captured = guest.ticket
    await host.done(Remove, session=guest.session)
    assert await members(engine) == {host.session}
    assert all(not one.subscriptions for one in await engine.members())
    await asyncio.sleep(0.3)
    before = (await media.stats("seen by the guest"))["pictures"]
    await asyncio.sleep(1)
    assert (await media.stats("seen by the guest"))["pictures"] == before
    assert (await guest.refused(Redeem, ticket=captured)).code == "ticket-refused"
    assert await members(engine) == {host.session}


async def test_back_to_the_lobby_and_a_lost_connection_take_the_feed_away(
    engine: EmbeddedEngine, media: AiortcClient
) -> None:
    hall = Hall(real=engine)
    host, guest = await hall.host(), await hall.waiting(a_guest(1))
    await host.done(Admit, session=guest.session)
    await guest.done(Redeem, ticket=guest.ticket)
    await publish(guest, media)
    assert [one.session for one in host.picture.feeds] == [guest.session]
    await host.done(PutBack, session=guest.session)
    assert await members(engine) == {host.session}
    assert len(host.events(FeedRemoved)) == 1
    await hall.lose(host)
    assert await members(engine) == set()


async def test_a_killed_engine_comes_back_and_takes_those_inside_and_nobody_else(
    engine: EmbeddedEngine,
) -> None:
    hall = Hall(real=engine)
    host, guest = await hall.host(), await hall.waiting(a_guest(1))
    waiting = await hall.waiting(a_guest(2))
    await host.done(Admit, session=guest.session)
    await guest.done(Redeem, ticket=guest.ticket)
    for _ in range(2):
        for client in (host, guest):
            client.forget()
        os.kill(engine.pid, signal.SIGKILL)
        async with asyncio.timeout(10):
            while not guest.events(MediaLost):
                await asyncio.sleep(0.02)
        for client in (host, guest):
            await client.done(Redeem, ticket=client.ticket)
        assert await members(engine) == {host.session, guest.session}
    assert not waiting.events(MediaLost)
