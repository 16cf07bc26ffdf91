"""The data folder: for this user alone, brought to this program's schema."""

from __future__ import annotations

import os
from pathlib import Path

from service.adapters.keys import BrokenKey, FileKeys
from service.adapters.sqlite.database import StorageError
from service.adapters.sqlite.migrate import SchemaTooNew, migrate
from service.config import ConfigError


def open_data(folder: Path) -> None:
    """Make the data folder where it is not. Raises ConfigError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            folder.chmod(0o700)
            return
    except OSError as error:
        raise ConfigError(f"The data folder {folder} can't be used: {error.strerror}.") from None
    raise ConfigError(f"The data folder {folder} can't be written by this user.")


def update_data(database: Path) -> None:
    """Bring the file to this program's schema; it blocks. Raises ConfigError."""
    try:
        database.touch(mode=0o600)
        migrate(database)
    except SchemaTooNew:
        raise ConfigError(
            f"{database} was written by a newer version of the service: install that."
        ) from None
    except OSError as error:
        raise ConfigError(f"{database} can't be used: {error.strerror}.") from None
    except StorageError as error:
        raise ConfigError(f"{database} can't be used: {error}.") from None


def read_keys(folder: Path) -> FileKeys:
    """The service's keys, made where there are none. Raises ConfigError."""
    try:
        return FileKeys(folder)
    except OSError as error:
        raise ConfigError(f"The service's key in {folder} can't be used: {error.strerror}.") from None
    except BrokenKey as error:
        raise ConfigError(f"{error}.") from None
