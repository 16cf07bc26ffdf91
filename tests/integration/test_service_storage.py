"""The service's file: its revisions, its rights, and what a crash or another process does to it."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from service.adapters.sqlite import meeting_tables
from service.adapters.sqlite.database import Database, StorageError, sync_engine
from service.adapters.sqlite.migrate import SchemaTooNew, migrate
from service.adapters.sqlite.schema import METADATA
from service.adapters.sqlite.tables import access_tokens, accounts
from tests.doubles.service_bench import Bench
from tests.doubles.service_bench import bench as make_bench

ACCOUNT = {"id": "a", "number": "+3581", "name": "n", "role": "admin", "password": "x", "created_at": 1.0}


def revision_of(path: Path) -> str:
    with sqlite3.connect(path) as connection:
        found: str = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    connection.close()
    return found


def test_the_revisions_make_exactly_the_tables_the_program_uses(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    migrate(path)
    assert meeting_tables.meetings.metadata is METADATA
    engine = sync_engine(path)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


async def test_a_file_of_the_first_revision_is_brought_up_with_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "service.sqlite"
    migrate(path, "0001")
    assert revision_of(path) == "0001"
    database = Database(path)
    async with database.write() as connection:
        await connection.execute(accounts.insert().values(**ACCOUNT))
    await database.close()
    migrate(path)
    assert revision_of(path) > "0001"
    database = Database(path)
    bench = Bench(database)
    async with bench.store.read() as tables:
        found = await tables.accounts.get("a")
    assert found is not None
    assert found.number == "+3581"
    await database.close()


def test_a_file_of_a_newer_program_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    migrate(path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(SchemaTooNew):
        migrate(path)
    assert revision_of(path) == "9999"


def test_a_revision_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    migrate(path, "0001")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE confirmations (x)")  # in the way of the last table of 0002
    connection.close()
    with pytest.raises(StorageError):
        migrate(path)
    with sqlite3.connect(path) as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert "meetings" not in names
    assert revision_of(path) == "0001"


def test_a_file_that_is_none_of_ours_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    path.write_bytes(b"not a database, but long enough to look like one" * 100)
    with pytest.raises(StorageError, match="not a database"):
        migrate(path)


async def test_a_unit_of_work_is_whole_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    migrate(path)
    database = Database(path)
    with pytest.raises(RuntimeError):
        async with database.write() as connection:
            await connection.execute(accounts.insert().values(**ACCOUNT))
            raise RuntimeError
    with pytest.raises(asyncio.TimeoutError):
        async with asyncio.timeout(0.05), database.write() as connection:
            await connection.execute(accounts.insert().values(**ACCOUNT))
            await asyncio.sleep(10)
    async with database.read() as connection:
        assert (await connection.execute(accounts.select())).all() == []
    async with database.write() as connection:
        await connection.execute(accounts.insert().values(**ACCOUNT))
    await database.close()


async def test_keys_between_tables_are_held(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    migrate(path)
    database = Database(path)
    row = {"token": "t", "device_id": "nobody", "expires_at": 1.0}
    with pytest.raises(StorageError, match="FOREIGN KEY"):
        async with database.write() as connection:
            await connection.execute(access_tokens.insert().values(**row))
    async with database.read() as connection:
        for name, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            assert (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one() == value
    await database.close()


async def test_writers_take_turns_and_readers_do_not_wait(tmp_path: Path) -> None:
    async with make_bench(tmp_path) as bench:
        await asyncio.gather(*(bench.add_account(f"+3584000{n}") for n in range(20)))
        async with bench.store.write() as tables:
            await tables.devices.seen("nobody", 1.0)
            async with asyncio.timeout(10), bench.store.read() as others:
                assert await others.accounts.of_number("+358400019") is not None


async def test_another_process_may_write_meanwhile(tmp_path: Path) -> None:
    async with make_bench(tmp_path) as bench:
        with sqlite3.connect(tmp_path / "service.sqlite") as other:
            other.execute("BEGIN IMMEDIATE")
            writing = asyncio.create_task(bench.add_account())
            await asyncio.sleep(0.1)
            assert not writing.done()
        other.close()
        assert (await writing).number


async def test_a_number_has_one_account(tmp_path: Path) -> None:
    async with make_bench(tmp_path) as bench:
        account = await bench.add_account()
        async with bench.store.write() as tables:
            assert not await tables.accounts.add(account)
            assert await tables.accounts.get(account.account_id) == account
