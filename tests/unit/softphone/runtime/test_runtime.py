"""Bus, tasks, engine thread and the lock of a profile."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from softphone.domain.events import ContactsChanged, Event
from softphone.runtime import instance_lock
from softphone.runtime.bus import Bus
from softphone.runtime.engine import Engine
from softphone.runtime.instance_lock import InstanceLock
from softphone.runtime.tasks import Tasks


def test_a_subscriber_that_fails_keeps_nobody_from_hearing(caplog: pytest.LogCaptureFixture) -> None:
    bus, heard = Bus(), list[Event]()

    def fails(event: Event) -> None:
        raise ValueError("mine")

    bus.subscribe(fails)
    cancel = bus.subscribe(heard.append)
    bus.publish(ContactsChanged())
    cancel()
    cancel()
    bus.publish(ContactsChanged())
    assert heard == [ContactsChanged()]
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2


async def test_tasks_log_failures_and_end_with_their_owner(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks()

    async def fails() -> None:
        raise ValueError("mine")

    forever = tasks.spawn(asyncio.Event().wait(), "forever")
    tasks.spawn(fails(), "the failing one")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert "the failing one" in caplog.text
    await tasks.close()
    assert forever.cancelled()


def test_the_engine_runs_commands_on_its_own_thread() -> None:
    engine = Engine()
    engine.start()
    try:

        async def where() -> str:
            return threading.current_thread().name

        assert engine.submit(where()).result(5) == "engine"
        called = threading.Event()
        engine.call_soon(called.set)
        assert called.wait(5)
    finally:
        engine.stop()
    assert engine.loop.is_closed()


def test_one_program_per_profile(tmp_path: Path) -> None:
    first, second = InstanceLock(tmp_path / "p" / "lock"), InstanceLock(tmp_path / "p" / "lock")
    assert first.take()
    assert not second.take()
    first.release()
    assert second.take()
    second.release()


def test_the_lock_on_windows_is_taken_and_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []

    def locking(file: int, how: str, size: int) -> None:
        if how == "try" and asked[-1:] == [("try", 1)]:
            raise OSError(13, "Permission denied")
        asked.append((how, size))

    msvcrt = SimpleNamespace(locking=locking, LK_NBLCK="try", LK_UNLCK="unlock")
    monkeypatch.setitem(sys.modules, "msvcrt", msvcrt)
    monkeypatch.setattr(instance_lock, "sys", SimpleNamespace(platform="win32"))
    first, second = InstanceLock(tmp_path / "lock"), InstanceLock(tmp_path / "lock")
    assert first.take()
    assert not second.take()
    second.release()
    first.release()
    assert second.take()
    second.release()
    assert [how for how, _ in asked] == ["try", "unlock", "try", "unlock"]
