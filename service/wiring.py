"""The service put together: what it is made of, its start and its end."""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from service.adapters.chance import SystemChance
from service.adapters.clock import SystemClock
from service.adapters.http import accounts, app, appointments, discovery, invitations
from service.adapters.keys import BrokenKey, FileKeys
from service.adapters.passwords import Argon2Passwords
from service.adapters.quiet_watcher import QuietWatcher
from service.adapters.registrar_table import NoRegistrar, TableRegistrar
from service.adapters.sqlite.database import Database, StorageError
from service.adapters.sqlite.migrate import SchemaTooNew, migrate
from service.adapters.sqlite.store import SqliteStore
from service.adapters.wording import CatalogueWords
from service.config import Config, ConfigError
from service.usecases.appointments import Appointments
from service.usecases.appointments_reader import StoredAppointments
from service.usecases.devices import Devices
from service.usecases.engine import MediaEngine
from service.usecases.identities import StoredIdentities
from service.usecases.invitations import Invitations
from service.usecases.ports import Chance, Clock
from service.usecases.sign_in import SignIn, SipSide
from service.usecases.sign_in_limits import SignInLimits
from service.usecases.tokens import RefreshTokens, Renewal

log = logging.getLogger(__name__)


class Service:
    """One service on one data folder, without a socket: `app` is served by whoever has one.

    `config.public_url` is set. Raises ConfigError where the data folder can't be used.
    """

    app: ASGIApp

    def __init__(
        self,
        config: Config,
        engine: MediaEngine | None = None,
        clock: Clock | None = None,
        chance: Chance | None = None,
    ) -> None:
        self.config = config
        self._clock = clock or SystemClock()
        self._chance = chance or SystemChance()
        open_data(config.data)
        self._keys = _keys(config.data)
        self._database = Database(config.database)
        self._store = SqliteStore(self._database)
        self._passwords = Argon2Passwords()
        self._watcher = QuietWatcher()
        self._registrar = NoRegistrar() if config.sip_table is None else TableRegistrar(config.sip_table)
        self.identities = StoredIdentities(self._store, self._clock)
        self._devices = Devices(self._store, self._registrar, self._watcher, config.numbering)
        self.reader = StoredAppointments(self._store, config.window)
        self._appointments = self._make_appointments()
        self.routes = app.build(self.identities)
        self._add_routes()
        self.app = app.guarded(self.routes, config.origin)

    async def start(self) -> None:
        """Bring the data up to date and the registrar's table with it. Raises ConfigError, ServiceError."""
        await asyncio.to_thread(update_data, self.config)
        await self._devices.publish()

    async def close(self) -> None:
        """Let everything go."""
        self._passwords.close()
        await self._database.close()

    def _make_appointments(self) -> Appointments:
        config = self.config
        words = CatalogueWords(config.public_url, self._clock)
        return Appointments(
            self._store, words, self._watcher, config.numbering, config.window, self._clock, self._chance
        )

    def _add_routes(self) -> None:
        config = self.config
        refresh = RefreshTokens(self._chance, self._keys)
        sign_in = SignIn(
            self._store,
            self._passwords,
            SignInLimits(self._clock),
            self._devices,
            refresh,
            side_of(config),
            config.numbering,
            self._clock,
            self._chance,
        )
        renewal = Renewal(self._store, refresh, self._devices, self._clock, self._chance)
        links = Invitations(
            self._store, self._watcher, self._clock, self._chance, config.window, host_of(config)
        )
        app.add(
            self.routes,
            api=(
                accounts.router(sign_in, renewal, self._devices, config.numbering),
                appointments.router(self._appointments),
                invitations.router(links, config.origin),
            ),
            root=(discovery.router(_discovery(config)),),
            plain=(),
        )


def host_of(config: Config) -> str:
    """The name people know the service by."""
    return urlsplit(config.public_url).hostname or config.host


def side_of(config: Config) -> SipSide:
    """The registrar; where nothing else is said it is at the service's own host."""
    domain = config.sip.domain or host_of(config)
    return replace(config.sip, domain=domain, realm=config.sip.realm or domain)


def open_data(folder: Path) -> None:
    """Make the data folder, for this user alone. Raises ConfigError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise ConfigError(f"The data folder {folder} can't be used: {error.strerror}.") from None
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigError(f"The data folder {folder} can't be written by this user.")


def update_data(config: Config) -> None:
    """Bring the file to this program's schema. Raises ConfigError."""
    path = config.database
    try:
        path.touch(mode=0o600)
        migrate(path)
    except SchemaTooNew:
        raise ConfigError(
            f"{path} was written by a newer version: install that one or a later one."
        ) from None
    except (OSError, StorageError) as error:
        raise ConfigError(f"{path} can't be used: {error}.") from None


def _keys(folder: Path) -> FileKeys:
    try:
        return FileKeys(folder)
    except (OSError, BrokenKey) as error:
        raise ConfigError(f"The service's key can't be used: {error}.") from None


def _discovery(config: Config) -> dict[str, str]:
    transport = config.sip.transport
    return {
        "sip_domain": side_of(config).domain,
        "transport": "" if transport == "auto" else transport,
        "number_format": "international" if config.numbering.international else "national",
        "service_url": config.public_url + app.API_PATH,
        "minimum_version": config.minimum_version,
    }
