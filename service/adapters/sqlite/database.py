"""One SQLite file (WAL): one writer at a time, readers beside it; what was promised is on disk first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from service.domain.errors import ServiceError

log = logging.getLogger(__name__)

BUSY_MS = 10_000
"""How long a write waits for another process (the admin command) before it gives up."""

READERS = 4
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={BUSY_MS}",
)


class StorageError(ServiceError):
    """The file can't be read or written now: full disk, missing rights, damage; or what was to be written
    does not go with what is there. Nothing was changed."""


class Database:
    """Units of work on one file: `write` commits at its end or changes nothing, `read` sees one moment."""

    def __init__(self, path: Path) -> None:
        self._writer = _engine(path, "BEGIN IMMEDIATE", 1)
        self._readers = _engine(path, "BEGIN", READERS)
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Alone, on disk when it ends, undone when it raises. Raises StorageError."""
        async with self._turn, _told(), self._writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """What was committed when it began. Raises StorageError."""
        async with _told(), self._readers.begin() as connection:
            yield connection

    async def close(self) -> None:
        """Let go of the file; the write-ahead log is folded in by the last connection."""
        await self._readers.dispose()
        await self._writer.dispose()


def sync_engine(path: Path) -> Engine:
    """For migrations and the admin command, outside any loop."""
    engine = create_engine(_url("sqlite", path), hide_parameters=True)
    _prepare(engine, "BEGIN IMMEDIATE")
    return engine


def _engine(path: Path, begin: str, size: int) -> AsyncEngine:
    engine = create_async_engine(
        _url("sqlite+aiosqlite", path), hide_parameters=True, pool_size=size, max_overflow=0
    )
    _prepare(engine.sync_engine, begin)
    return engine


def _url(driver: str, path: Path) -> URL:
    return URL.create(driver, database=str(path))


def _prepare(engine: Engine, begin: str) -> None:
    """The driver's own idea of transactions leaves schema changes outside them: ours is explicit."""

    def connected(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)


@asynccontextmanager
async def _told() -> AsyncIterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise StorageError(str(error.orig)) from None
