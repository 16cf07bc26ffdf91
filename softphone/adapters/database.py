"""One SQLite file behind one thread: durable at every commit, whole after a kill at any moment."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from softphone.domain.errors import StorageError

log = logging.getLogger(__name__)

T = TypeVar("T")

BUSY_TIMEOUT_S = 5.0


class Database:
    """Runs functions on the connection, one after another, in its own thread.

    `migrations[n]` brings a database from user_version n to n+1. A damaged file is set aside with what can
    still be read of `salvage`d tables carried over, and `recovered` becomes True.
    """

    def __init__(self, path: Path, migrations: Sequence[str], salvage: Sequence[str]) -> None:
        self._path = path
        self._migrations = tuple(migrations)
        self._salvage = tuple(salvage)
        self._thread = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix=path.stem)
        self._connection: sqlite3.Connection | None = None
        self.recovered = False

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction and commit it. Raises StorageError; then nothing of it is kept."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)

    async def close(self) -> None:
        """Close the file; a later `run` opens it again."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return self._transaction(work)
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise StorageError(f"{self._path.name}: {error}") from error
            log.warning("%s is damaged: %s", self._path.name, error)
        try:
            self._start_anew()
            return self._transaction(work)
        except (sqlite3.Error, OSError) as error:
            raise StorageError(f"{self._path.name}: {error}") from error

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._open()
        with connection:
            connection.execute("BEGIN")
            return work(connection)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
            except OSError as error:
                raise StorageError(f"{self._path.name}: {error.strerror}") from error
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=FULL")
                self._migrate(connection)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        for number, script in enumerate(self._migrations[version:], start=version + 1):
            connection.executescript(f"BEGIN;{script};PRAGMA user_version={number};COMMIT;")

    def _start_anew(self) -> None:
        """Move the damaged file aside, open a new one and carry over every row that can still be read."""
        self._close()
        aside = self._path.with_name(f"{self._path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
        self._path.replace(aside)
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                self._path.with_name(self._path.name + suffix).replace(aside.with_name(aside.name + suffix))
        self.recovered = True
        connection = self._open()
        for table in self._salvage:
            saved = _carry_over(aside, connection, table)
            log.info("%d rows of %s saved", saved, table)

    def _close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _carry_over(damaged: Path, connection: sqlite3.Connection, table: str) -> int:
    """Copy readable rows one by one until the damage stops us; both ends of the table are tried."""
    saved = 0
    for order in ("ASC", "DESC"):
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(damaged)) as old:
            for row in old.execute(f"SELECT * FROM {table} ORDER BY rowid {order}"):  # noqa: S608
                marks = ",".join("?" * len(row))
                inserted = connection.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row)  # noqa: S608
                saved += inserted.rowcount
    return saved
