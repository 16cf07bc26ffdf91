"""The order in which things happen in a meeting: cut, keep, tell; and what comes between them."""

from __future__ import annotations

import asyncio

import pytest

from service.domain.errors import ServiceError
from service.usecases.meeting_ports import Change
from service_api.meeting import Say
from tests.doubles.meeting_hall import Hall


@pytest.fixture
def hall() -> Hall:
    return Hall()


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
