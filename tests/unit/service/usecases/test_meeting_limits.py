"""How often one person may come, knock and connect."""

from __future__ import annotations

import pytest

from service_api.meeting import Decline, Knock, Knocked, Leave
from tests.doubles.meeting_hall import Hall, a_guest


@pytest.fixture
def hall() -> Hall:
    return Hall()


async def test_one_person_has_a_handful_of_devices_at_once(hall: Hall) -> None:
    places = [await hall.open(a_guest(place=f"device{number}")) for number in range(4)]
    assert await hall.refused(a_guest(place="device5")) == "too-many-tries"
    await places[0].done(Leave)
    await hall.open(a_guest(place="device5"))


async def test_knocking_again_and_again_is_not_heard(hall: Hall) -> None:
    host = await hall.host()
    for _ in range(5):
        guest = await hall.waiting(a_guest())
        await host.done(Decline, session=guest.session)
    guest = await hall.open(a_guest())
    assert (await guest.refused(Knock)).code == "too-many-tries"
    assert len(host.events(Knocked)) == 5
    hall.clock.advance(15)
    await guest.done(Knock)


async def test_knocking_with_one_device_after_another_is_not_heard_either(hall: Hall) -> None:
    host = await hall.host()
    for number in range(5):
        guest = await hall.waiting(a_guest(place=f"device{number}"))
        await guest.done(Leave)
    guest = await hall.open(a_guest(place="another"))
    assert (await guest.refused(Knock)).code == "too-many-tries"
    assert len(host.events(Knocked)) == 5
    await hall.waiting(a_guest(2))


async def test_connecting_with_one_device_after_another_is_refused(hall: Hall) -> None:
    await hall.host()
    for number in range(20):
        guest = await hall.open(a_guest(place=f"device{number}"))
        await guest.done(Leave)
    assert await hall.refused(a_guest(place="another")) == "too-many-tries"
    hall.clock.advance(2)
    await hall.open(a_guest(place="another"))


async def test_connecting_again_and_again_is_refused(hall: Hall) -> None:
    for _ in range(20):
        await hall.open(a_guest())
    assert await hall.refused(a_guest()) == "too-many-tries"


async def test_who_came_again_on_another_device_is_shown_once_as_gone(hall: Hall) -> None:
    host = await hall.host()
    for number in range(10):
        guest = await hall.open(a_guest(place=f"device{number}"))
        await guest.done(Leave)
    assert [one.participant for one in host.sees().values()] == ["p1"]
