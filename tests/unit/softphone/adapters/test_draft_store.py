"""The appointment somebody types, on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from softphone.adapters.draft_store import JsonDrafts
from softphone.domain.errors import StorageError
from softphone.domain.meeting import Assurance, InviteeWish
from tests.doubles.appointment_ports import a_wish

WISH = a_wish(
    description="Zwei\nZeilen – ä",
    demanded=Assurance.PHONE,
    lobby=False,
    participants=(InviteeWish("Casper", "c@example.com", "0405555555", "sv", "p1"), InviteeWish("Maija")),
)


async def test_what_was_typed_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "profile" / "draft.json"
    await JsonDrafts(path).save("me", WISH)
    assert await JsonDrafts(path).load("me") == WISH
    assert await JsonDrafts(path).load("somebody else") is None
    await JsonDrafts(path).save("me", None)
    await JsonDrafts(path).save("me", None)
    assert not path.exists()
    assert await JsonDrafts(path).load("me") is None


@pytest.mark.parametrize(
    "change",
    [
        {"start": "2026-11-24T10:00:00"},
        {"start": "soon"},
        {"demanded": "much"},
        {"participants": "many"},
        {"participants": [{"nom": "Casper"}]},
        {"unknown": 1},
    ],
)
async def test_what_cannot_be_understood_counts_as_nothing(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "draft.json"
    await JsonDrafts(path).save("me", WISH)
    kept = json.loads(path.read_text())
    path.write_text(json.dumps({**kept, "wish": {**kept["wish"], **change}}))
    assert await JsonDrafts(path).load("me") is None


@pytest.mark.parametrize("content", ["", "[]", "{", '{"owner":"me"}', "[" * 100_000, "\x00"])
async def test_a_broken_file_counts_as_nothing(tmp_path: Path, content: str) -> None:
    path = tmp_path / "draft.json"
    path.write_text(content)
    assert await JsonDrafts(path).load("me") is None


async def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / "draft.json").mkdir()
    with pytest.raises(StorageError):
        await JsonDrafts(tmp_path / "draft.json").load("me")
    with pytest.raises(StorageError):
        await JsonDrafts(tmp_path / "draft.json").save("me", None)
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        await JsonDrafts(tmp_path / "file" / "draft.json").save("me", WISH)
