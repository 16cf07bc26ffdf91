"""Implements usecases.storage.Store on one file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.sqlite.account_rows import AccountRows, DeviceRows
from service.adapters.sqlite.appointment_rows import AppointmentRows
from service.adapters.sqlite.database import Database
from service.adapters.sqlite.link_rows import LinkRows


@dataclass(frozen=True, slots=True)
class Rows:
    """Implements usecases.storage.Tables."""

    accounts: AccountRows
    devices: DeviceRows
    appointments: AppointmentRows
    links: LinkRows


class SqliteStore:
    """Accounts and appointments in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Rows]:
        """See Store."""
        async with self._database.write() as connection:
            yield _rows(connection)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Rows]:
        """See Store."""
        async with self._database.read() as connection:
            yield _rows(connection)


def _rows(connection: AsyncConnection) -> Rows:
    return Rows(
        AccountRows(connection), DeviceRows(connection), AppointmentRows(connection), LinkRows(connection)
    )
