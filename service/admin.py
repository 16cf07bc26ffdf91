"""What an administrator does at the data itself, also while the service runs."""

from __future__ import annotations

import asyncio

from service.adapters.chance import SystemChance
from service.adapters.clock import SystemClock
from service.adapters.passwords import Argon2Passwords
from service.adapters.sqlite.database import Database
from service.adapters.sqlite.store import SqliteStore
from service.config import Config, ConfigError
from service.data import open_data, update_data
from service.domain.account import Account
from service_api.states import AccountRole

NAME_LIMIT = 80
PASSWORD_LIMIT = 1024


async def add_user(config: Config, phone: str, role: AccountRole, name: str, password: str) -> str:
    """Make an account; the number as it will be shown. Raises ConfigError, ServiceError."""
    number = config.numbering.canonical(phone)
    if number is None:
        raise ConfigError(f"{phone!r} is no phone number.")
    if not 0 < len(password) <= PASSWORD_LIMIT:
        raise ConfigError(f"A password has 1 to {PASSWORD_LIMIT} characters; it is the first line of stdin.")
    shown = config.numbering.shown(number)
    name = name.strip() or shown
    if len(name) > NAME_LIMIT or not name.isprintable():
        raise ConfigError(f"A name is one line of at most {NAME_LIMIT} characters.")
    open_data(config.data)
    await asyncio.to_thread(update_data, config.database)
    if not await _add(config, number, role, name, password):
        raise ConfigError(f"{shown} has an account already.")
    return shown


async def _add(config: Config, number: str, role: AccountRole, name: str, password: str) -> bool:
    passwords, database = Argon2Passwords(), Database(config.database)
    try:
        kept = await passwords.hash(password)
        account = Account(SystemChance().token(), number, name, role, kept, SystemClock().time())
        async with SqliteStore(database).write() as tables:
            return await tables.accounts.add(account)
    finally:
        passwords.close()
        await database.close()
