"""A profile somebody spoilt: the program starts, says what is wrong, and loses nothing it can keep."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from softphone.domain.contact import Contact
from softphone.domain.errors import StorageError
from softphone.domain.events import Notice
from tests.doubles.application import Doubles, running_application, settle

NOISE = b"\xa5 this is no database, and no JSON either " * 300


def notices(doubles: Doubles) -> list[str]:
    """The codes people were told."""
    return [event.code for event in doubles.events if isinstance(event, Notice)]


async def a_call(doubles: Doubles) -> None:
    """Somebody calls and gives up."""
    call_id = doubles.telephony.incoming()
    await settle()
    doubles.telephony.end(call_id)
    await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("settings.json", "settings-recovered"),
        ("history.sqlite", "history-recovered"),
        ("contacts.sqlite", "contacts-recovered"),
    ],
)
async def test_damaged_files(tmp_path: Path, file: str, code: str) -> None:
    (tmp_path / file).write_bytes(NOISE)
    async with running_application(tmp_path) as (application, doubles):
        assert notices(doubles) == [code]
        await application.settings.set("ui.theme", "dark")
        await application.contacts.put(Contact("", "Aino", ("1001",)))
        await a_call(doubles)
        assert len(await application.history.recent()) == 1
        assert await application.history.missed() == 1
    assert [path.read_bytes() for path in tmp_path.glob(f"{file}.damaged-*")] == [NOISE]
    async with running_application(tmp_path) as (application, doubles):
        assert notices(doubles) == []
        assert application.settings.text("ui.theme") == "dark"
        assert len(await application.history.recent()) == 1
        assert [contact.name for contact in await application.contacts.all()] == ["Aino"]


async def test_folders_where_files_should_be(tmp_path: Path) -> None:
    for name in ("settings.json", "history.sqlite", "contacts.sqlite"):
        (tmp_path / name).mkdir()
    async with running_application(tmp_path) as (application, doubles):
        assert "storage-failed" in notices(doubles)
        await application.settings.set("ui.theme", "dark")
        assert application.settings.text("ui.theme") == "dark"
        await a_call(doubles)
        assert [entry.number for entry in await application.history.recent()] == ["0401234567"]
        with pytest.raises(StorageError):
            await application.contacts.put(Contact("", "Aino", ("1001",)))
        assert application.calls.calls() == ()


async def test_a_disk_that_fills_up_and_is_emptied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_application(tmp_path) as (application, doubles):
        sync: Callable[[int], None] = os.fsync

        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        await application.settings.set("ui.theme", "dark")
        assert notices(doubles) == ["storage-failed"]
        monkeypatch.setattr(os, "fsync", sync)
        await application.settings.set("ui.language", "sv")
        assert notices(doubles) == ["storage-failed", "storage-recovered"]
    async with running_application(tmp_path) as (application, _):
        kept = [application.settings.text(key) for key in ("ui.theme", "ui.language")]
        assert kept == ["dark", "sv"]


async def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "control").write_text("left behind")
    async with running_application(tmp_path) as (_, doubles):
        assert notices(doubles) == []
    assert not (tmp_path / "control").exists()


async def test_a_control_socket_that_can_not_be(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No outside control then, but a phone."""
    (tmp_path / "control").mkdir()
    async with running_application(tmp_path) as (application, doubles):
        await a_call(doubles)
        assert len(await application.history.recent()) == 1
    assert "no control interface" in caplog.text
