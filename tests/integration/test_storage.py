"""Storage when it matters: kills, damage, a full disk, an older and a newer schema."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from softphone.adapters import history_store
from softphone.adapters.database import Database
from softphone.adapters.history_store import MIGRATION, SqliteHistoryStore
from softphone.adapters.settings_store import JsonSettingsStore
from softphone.domain.call import Direction
from softphone.domain.errors import StorageError
from softphone.domain.history import HistoryEntry, Outcome

ROOT = Path(__file__).resolve().parents[2]

WRITER = """
import asyncio, sys
from pathlib import Path
from softphone.adapters.database import Database
from softphone.adapters.history_store import MIGRATION, SqliteHistoryStore
from softphone.domain.call import Direction
from softphone.domain.history import HistoryEntry, Outcome

async def write(path, start):
    store = SqliteHistoryStore(Database(path, (MIGRATION,), ("history",)))
    number = start
    while True:
        number += 1
        way, outcome = Direction.INCOMING, Outcome.ANSWERED
        await store.add(HistoryEntry(str(number), way, "u", "n", "Aino", number, 0.0, outcome))
        print(number, flush=True)

asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2])))
"""

SETTINGS_WRITER = """
import asyncio, sys
from pathlib import Path
from softphone.adapters.settings_store import JsonSettingsStore

async def write(path):
    store, number = JsonSettingsStore(path), 0
    while True:
        number += 1
        await store.save({"number": number, "filling": ["x" * 50] * 200})
        print(number, flush=True)

asyncio.run(write(Path(sys.argv[1])))
"""


def entry(number: int) -> HistoryEntry:
    """An answered call."""
    return HistoryEntry(
        str(number), Direction.INCOMING, "u", "n", "Aino", float(number), 0.0, Outcome.ANSWERED
    )


def store_at(path: Path) -> tuple[Database, SqliteHistoryStore]:
    """A history store on this file."""
    database = Database(path, (MIGRATION,), ("history",))
    return database, SqliteHistoryStore(database)


async def filled(path: Path) -> None:
    """Two thousand calls, written without waiting for the disk each time."""
    database, store = store_at(path)
    await store.recent()
    await database.run(lambda db: db.execute("COMMIT").execute("PRAGMA synchronous=OFF").execute("BEGIN"))
    for number in range(2000):
        await store.add(entry(number))
    await database.close()


def killed_after(program: str, lines: int, *arguments: str) -> int:
    """Run a writer, kill it in the midst of writing, and return the last number it had promised."""
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    try:
        assert writer.stdout is not None
        for _ in range(lines):
            writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
        promised = [line for line in writer.stdout.read().splitlines() if line.strip().isdigit()]
    finally:
        writer.kill()
        writer.communicate(timeout=10)
    return int(promised[-1]) if promised else -1


@pytest.mark.slow
async def test_history_survives_kills_at_any_moment(tmp_path: Path) -> None:
    path, last = tmp_path / "history.sqlite", 0
    for round_number in range(6):
        promised = killed_after(WRITER, 3 + 4 * round_number, str(path), str(last))
        database, store = store_at(path)
        numbers = sorted(int(e.id) for e in await store.recent(limit=100_000))
        await database.close()
        assert not database.recovered
        assert numbers == list(range(1, numbers[-1] + 1)), "an entry that was promised is missing"
        assert numbers[-1] >= max(promised, last + 3 + 4 * round_number)
        last = numbers[-1]


async def test_settings_survive_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    for lines in (1, 4, 9):
        promised = killed_after(SETTINGS_WRITER, lines, str(path))
        values, damaged = await JsonSettingsStore(path).load()
        assert not damaged
        assert int(str(values["number"])) >= max(lines, promised)
    assert json.loads(path.read_text())


async def test_a_damaged_database_is_set_aside_and_what_is_readable_saved(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    await filled(path)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 8192] = b"\xa5" * 8192
    path.write_bytes(data)
    database, store = store_at(path)
    await store.add(entry(5000))
    found = {int(e.id) for e in await store.recent(limit=10_000)}
    await store.clear()
    await database.close()
    assert database.recovered
    assert 5000 in found
    assert 500 < len(found) < 2001
    assert list(tmp_path.glob("history.sqlite.damaged-*"))


async def test_rows_before_and_behind_the_damage_are_carried_over(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    await filled(path)
    data = bytearray(path.read_bytes())
    for page in range(20, 24):
        data[page * 4096 : (page + 1) * 4096] = b"\xa5" * 4096
    path.write_bytes(data)
    database, store = store_at(path)
    found = {int(e.id) for e in await store.recent(limit=10_000)}
    await database.close()
    assert database.recovered
    assert {0, 1999} <= found
    assert 500 < len(found) < 2000


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    path.write_bytes(b"not a database at all" * 400)
    database, store = store_at(path)
    await store.add(entry(1))
    assert [e.id for e in await store.recent()] == ["1"]
    await database.close()
    assert database.recovered


async def test_an_older_schema_is_brought_up(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    database, store = store_at(path)
    await store.add(entry(1))
    await database.close()
    newer = Database(path, (MIGRATION, "ALTER TABLE history ADD COLUMN extra TEXT NOT NULL DEFAULT ''"), ())
    rows = await newer.run(lambda db: db.execute("SELECT id, extra FROM history").fetchall())
    version = await newer.run(lambda db: db.execute("PRAGMA user_version").fetchone()[0])
    await newer.close()
    assert (rows, version) == ([("1", "")], 2)


async def test_a_migration_that_breaks_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    database, store = store_at(path)
    await store.add(entry(1))
    await database.close()
    newer = Database(path, (MIGRATION, "CREATE TABLE more (id TEXT); SELECT nonsense FROM nowhere"), ())
    with pytest.raises(StorageError):
        await newer.run(lambda db: db.execute("SELECT 1"))
    await newer.close()
    database, store = store_at(path)
    assert [e.id for e in await store.recent()] == ["1"]
    tables = await database.run(lambda db: db.execute("SELECT name FROM sqlite_master").fetchall())
    await database.close()
    assert ("more",) not in tables


async def test_a_full_disk_is_a_storage_error_and_leaves_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    database, store = store_at(path)
    await store.add(entry(1))
    pages = await database.run(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    await database.run(lambda db: db.execute(f"PRAGMA max_page_count={pages}").fetchone())
    with pytest.raises(StorageError):
        for number in range(2, 400):
            await store.add(entry(number))
    kept = await store.recent(limit=1000)
    await database.run(lambda db: db.execute("PRAGMA max_page_count=100000").fetchone())
    await store.add(entry(1000))
    assert len(await store.recent(limit=1000)) == len(kept) + 1
    await database.close()
    assert not database.recovered


async def test_a_folder_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    database, store = store_at(tmp_path / "file" / "history.sqlite")
    with pytest.raises(StorageError):
        await store.add(entry(1))
    await database.close()
    with pytest.raises(StorageError):
        await JsonSettingsStore(tmp_path / "file" / "settings.json").save({})


async def test_what_a_kill_left_half_written_is_swept_away(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    await JsonSettingsStore(path).save({"ui.theme": "dark"})
    for name in ("settings.json.new", "settings.jsonk3_x9.new"):
        (tmp_path / name).write_text('{"ui.th')
    (tmp_path / "other.new").write_text("somebody else's")
    assert await JsonSettingsStore(path).load() == ({"ui.theme": "dark"}, False)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["other.new", "settings.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe\x00", b'{"a": ' * 5000])
async def test_a_damaged_settings_file_is_set_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    assert await JsonSettingsStore(path).load() == ({}, True)
    (aside,) = tmp_path.glob("settings.json.damaged-*")
    assert aside.read_bytes() == content
    assert await JsonSettingsStore(path).load() == ({}, False)


async def test_a_full_disk_leaves_the_old_settings_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "settings.json"
    store = JsonSettingsStore(path)
    await store.save({"a": 1})

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError):
        await store.save({"a": 2})
    assert await store.load() == ({"a": 1}, False)
    assert [file.name for file in tmp_path.iterdir()] == ["settings.json"]


async def test_search_forgives_spaces_case_and_accents(tmp_path: Path) -> None:
    database, store = store_at(tmp_path / "history.sqlite")
    await store.add(
        HistoryEntry("1", Direction.INCOMING, "u", "+358 40 123", "Åsa Öberg", 1.0, 0.0, Outcome.MISSED)
    )
    for search in ("asa", "ÖBERG", "358 4012", "+35840", "oberg"):
        assert len(await store.recent(search=search)) == 1, search
    for search in ("%", "_", "'; DROP TABLE history; --"):
        assert await store.recent(search=search) == []
    await database.close()


async def test_the_journal_is_write_ahead_and_every_commit_on_the_disk(tmp_path: Path) -> None:
    database, _ = store_at(tmp_path / "x.sqlite")
    modes = await database.run(
        lambda db: [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    )
    await database.close()
    assert modes == ["wal", 2]


async def test_the_oldest_calls_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_store, "KEPT", 3)
    database, store = store_at(tmp_path / "history.sqlite")
    for number in (4, 1, 5, 2, 3):
        await store.add(entry(number))
    assert [kept.id for kept in await store.recent()] == [entry(number).id for number in (5, 4, 3)]
    await database.close()
