"""Bring the file to this program's schema. A file that is ahead of the program is left alone."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from service.adapters.sqlite.database import StorageError, sync_engine

SCRIPTS = Path(__file__).parent / "migrations"


class SchemaTooNew(StorageError):
    """A newer program has written this file."""


def migrate(path: Path, revision: str = "head") -> None:
    """Make the file, or bring it to `revision`. All or nothing. Raises StorageError, SchemaTooNew."""
    engine = sync_engine(path)
    try:
        with engine.begin() as connection:
            _upgrade(connection, revision)
    except DBAPIError as error:
        raise StorageError(str(error.orig)) from None
    finally:
        engine.dispose()


def _upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in known:
        raise SchemaTooNew(found)
    command.upgrade(config, revision)
