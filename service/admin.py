"""What an administrator does at the data itself, also while the service runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.adapters.chance import SystemChance
from service.adapters.clock import SystemClock
from service.adapters.passwords import Argon2Passwords
from service.adapters.registrar_table import registrar_of
from service.adapters.sqlite.database import Database
from service.adapters.sqlite.store import SqliteStore
from service.config import Config, ConfigError
from service.data import open_data, update_data
from service.domain.account import Account
from service.usecases.registrar_table import RegistrarTable
from service.usecases.storage import Tables
from service_api.states import AccountRole

NAME_LIMIT = 80
PASSWORD_LIMIT = 1024


async def add_user(config: Config, phone: str, role: AccountRole, name: str, password: str) -> str:
    """Make an account; the number as it will be shown. Raises ConfigError, ServiceError."""
    number, shown = _number(config, phone)
    _check_password(password)
    name = name.strip() or shown
    if len(name) > NAME_LIMIT or not name.isprintable():
        raise ConfigError(f"A name is one line of at most {NAME_LIMIT} characters.")
    kept = await _hash(password)
    account = Account(SystemChance().token(), number, name, role, kept, SystemClock().time())
    async with _open(config) as store, store.write() as tables:
        if not await tables.accounts.add(account):
            raise ConfigError(f"{shown} has an account already.")
    return shown


async def set_password(config: Config, phone: str, password: str) -> str:
    """Another password; every device has to sign in with it. The number as it is shown.

    Raises ConfigError, ServiceError.
    """
    _check_password(password)
    return await _shut(config, phone, password)


async def lock_user(config: Config, phone: str) -> str:
    """Nobody can sign in, and every device is signed out, until there is another password; meetings stay.

    Raises ConfigError, ServiceError.
    """
    return await _shut(config, phone, SystemChance().secret())


async def list_users(config: Config) -> list[str]:
    """A line for each: number, role, number of devices, name. Raises ConfigError, ServiceError."""
    async with _open(config) as store, store.read() as tables:
        return [await _line(config, tables, account) for account in await tables.accounts.all()]


async def _line(config: Config, tables: Tables, account: Account) -> str:
    devices = len(await tables.devices.of_account(account.account_id))
    return "\t".join((config.numbering.shown(account.number), account.role.value, str(devices), account.name))


async def _shut(config: Config, phone: str, password: str) -> str:
    number, shown = _number(config, phone)
    kept = await _hash(password)
    async with _open(config) as store:
        async with store.write() as tables:
            account = await tables.accounts.of_number(number)
            if account is None:
                raise ConfigError(f"{shown} has no account.")
            await tables.accounts.set_password(account.account_id, kept)
            for device in await tables.devices.of_account(account.account_id):
                await tables.devices.remove(device.device_id)
        await RegistrarTable(store, registrar_of(config.sip_table), config.numbering).publish()
    return shown


def _number(config: Config, phone: str) -> tuple[str, str]:
    """Canonical, and as it is shown."""
    number = config.numbering.canonical(phone)
    if number is None:
        raise ConfigError(f"{phone!r} is no phone number.")
    return number, config.numbering.shown(number)


def _check_password(password: str) -> None:
    if not 0 < len(password) <= PASSWORD_LIMIT:
        raise ConfigError(f"A password has 1 to {PASSWORD_LIMIT} characters; it is the first line of stdin.")


async def _hash(password: str) -> str:
    passwords = Argon2Passwords()
    try:
        return await passwords.hash(password)
    finally:
        passwords.close()


@asynccontextmanager
async def _open(config: Config) -> AsyncIterator[SqliteStore]:
    """The data, brought up to date."""
    open_data(config.data)
    await asyncio.to_thread(update_data, config.database)
    database = Database(config.database)
    try:
        yield SqliteStore(database)
    finally:
        await database.close()
