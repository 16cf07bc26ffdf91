"""The order in which things happen in a meeting: cut, keep, tell; and what comes between them."""

from __future__ import annotations

import asyncio

import pytest

from service.domain.errors import ServiceError
from service.usecases.meeting_ports import Change
from service_api.meeting import Admit, Publish, PutBack, Redeem, Say, Ticket
from service_api.states import SessionState
from tests.doubles.meeting_hall import Client, Hall, a_guest


@pytest.fixture
def hall() -> Hall:
    return Hall()


async def inside(hall: Hall, host: Client, number: int) -> Client:
    """A guest with media."""
    guest = await hall.waiting(a_guest(number))
    await host.done(Admit, session=guest.session)
    await guest.done(Redeem, ticket=guest.ticket)
    return guest


async def quiet() -> None:
    """Everything that needs nothing from outside has happened."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_what_the_disk_has_the_room_has_though_the_writer_was_cancelled(hall: Hall) -> None:
    host = await hall.host()
    gate = hall.store.held = asyncio.Event()
    saying = asyncio.create_task(host.done(Say, text="one"))
    await quiet()
    saying.cancel()
    await quiet()
    assert not saying.done()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await saying
    await host.done(Say, text="two")
    assert [one.text for one in host.picture.chat] == ["one", "two"]


async def test_a_write_that_fails_after_its_writer_was_cancelled_changes_nothing(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    host = await hall.host()
    gate = asyncio.Event()

    async def failing(change: Change) -> None:
        await gate.wait()
        raise ServiceError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(hall.store, "save", failing)
        saying = asyncio.create_task(host.done(Say, text="one"))
        await quiet()
        saying.cancel()
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await saying
    assert "disk full" in caplog.text
    await host.done(Say, text="two")
    assert [one.text for one in host.picture.chat] == ["two"]


async def test_who_is_being_put_out_keeps_no_ticket_that_somebody_elses_news_brought(hall: Hall) -> None:
    host = await hall.host()
    guest, other = await inside(hall, host, 1), await inside(hall, host, 2)
    gate = hall.store.held = asyncio.Event()
    putting = asyncio.create_task(host.done(PutBack, session=guest.session))
    await quiet()
    await other.done(Publish, sdp="audio")
    redeeming = asyncio.create_task(guest.send(Redeem(id="again", ticket=guest.ticket)))
    await quiet()
    gate.set()
    await asyncio.gather(putting, redeeming)
    assert guest.state() is SessionState.WAITING
    assert hall.engine.names() == {host.session, other.session}
    guest.forget()
    await host.done(Admit, session=guest.session)
    assert len(guest.events(Ticket)) == 1
    await guest.done(Redeem, ticket=guest.ticket)
    assert guest.session in hall.engine.names()


async def test_a_cut_that_begins_while_another_is_waited_for_is_not_forgotten(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = await hall.host()
    assert host.connection is not None
    room, gates, remove = host.connection.room, [asyncio.Event(), asyncio.Event()], hall.engine.remove

    async def slow(of: str, member: str) -> None:
        await gates.pop(0).wait()
        await remove(of, member)
        cut_again()

    def cut_again() -> None:
        if gates:
            room.members.add(host.session)
            room.cut(host.session)

    monkeypatch.setattr(hall.engine, "remove", slow)
    first, second = gates
    room.cut(host.session)
    first.set()
    await room.cuts_done()
    waiting = asyncio.create_task(room.cuts_done())
    await quiet()
    assert not waiting.done()
    second.set()
    await waiting
