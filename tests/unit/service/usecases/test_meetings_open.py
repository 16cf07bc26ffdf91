"""Who is given a place, asked at the moment it is given: what was true before it may be true no longer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from service.domain.errors import RefusedError
from service.domain.principal import Principal, User
from service_api.meeting import Close
from service_api.states import AccountRole
from tests.doubles.meeting_hall import APPOINTMENT, HOST, Client, Hall, a_guest, an_appointment

INVITED = User("account", "+358409999999", "Uno", AccountRole.PARTICIPANT, "uno-pc")


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.mark.parametrize("who", [HOST, INVITED, a_guest()])
async def test_who_is_signed_out_before_hello_is_given_no_place(hall: Hall, who: Principal) -> None:
    assert await hall.refused(who, good=False) == "not-signed-in"
    assert not hall.store.sessions


async def test_a_device_that_was_put_out_is_not_let_in_by_a_connection_it_had_ready(hall: Hall) -> None:
    host = await hall.host()
    await hall.meetings.device_gone(HOST.device_id)
    assert host.ended_by() is Close.NOT_SIGNED_IN
    assert await hall.refused(HOST, good=False) == "not-signed-in"


async def test_an_access_token_that_runs_out_inside_puts_nobody_out(hall: Hall) -> None:
    host, invited = await hall.host(), await hall.waiting(INVITED)
    host.credentials_good = invited.credentials_good = False
    change(hall, title="Another")
    await hall.meetings.appointment_changed(APPOINTMENT)
    assert host.ended_by() is None and invited.ended_by() is None


async def test_who_is_taken_out_of_the_appointment_while_connecting_is_not_let_in(hall: Hall) -> None:
    host = await hall.host()
    async with looking_up(hall) as opening:
        change(hall, participants=an_appointment().participants[:1])
        await hall.meetings.appointment_changed(APPOINTMENT)
    with pytest.raises(RefusedError, match="link-expired"):
        await opening
    assert [one.name for one in host.picture.appointment.participants] == ["Person 1"]


@pytest.mark.parametrize("held", [True, False])
async def test_an_appointment_cancelled_while_somebody_connects_stays_cancelled(
    hall: Hall, held: bool
) -> None:
    if held:
        await hall.host()
    async with looking_up(hall) as opening:
        change(hall, cancelled=True)
        await hall.meetings.appointment_changed(APPOINTMENT)
    with pytest.raises(RefusedError, match="meeting-cancelled"):
        await opening


def change(hall: Hall, **changed: object) -> None:
    """The host has changed the appointment."""
    hall.desk.appointments[APPOINTMENT] = replace(hall.desk.appointments[APPOINTMENT], **changed)  # type: ignore[arg-type]


@asynccontextmanager
async def looking_up(hall: Hall) -> AsyncIterator[asyncio.Task[Client]]:
    """A guest connects, and the appointment found for them is what it was when they did."""
    gate = hall.desk.held = asyncio.Event()
    opening = asyncio.create_task(hall.open(a_guest(2)))
    await asyncio.sleep(0)
    yield opening
    gate.set()
