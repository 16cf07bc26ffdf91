"""Two hundred joins leave nothing behind."""

from __future__ import annotations

import gc

from service_api.meeting import Admit, Leave, Publish, Redeem, Subscribe
from tests.doubles.meeting_hall import Client, Hall, a_guest

SLACK = 300
"""Objects: caches fill, and a hundred joins that each kept something would be far above."""


async def test_memory_is_flat_over_two_hundred_joins() -> None:
    hall = Hall()
    host = await hall.host()
    await host.done(Publish, sdp="audio video")
    counted = [await objects_after(hall, host, 67) for _ in range(3)]
    assert counted[2] - counted[1] < SLACK, counted


async def objects_after(hall: Hall, host: Client, joins: int) -> int:
    """How many objects there are after so many people came and went."""
    for number in range(joins):
        hall.clock.advance(20)
        guest = await hall.waiting(a_guest(1 + number % 3))
        await host.done(Admit, session=guest.session)
        await guest.done(Redeem, ticket=guest.ticket)
        await guest.done(Publish, sdp="audio")
        await guest.done(Subscribe, feed=guest.picture.feeds[0].id)
        await guest.done(Leave)
        await hall.meetings.tick()
        host.forget()
    gc.collect()
    return len(gc.get_objects())
