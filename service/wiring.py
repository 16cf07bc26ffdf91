"""The service put together: what it is made of, its start and its end."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from fastapi import APIRouter
from starlette.types import ASGIApp

from service.adapters.chance import SystemChance
from service.adapters.clock import SystemClock
from service.adapters.http import accounts, app, appointments, discovery, invitations, pages, socket
from service.adapters.passwords import Argon2Passwords
from service.adapters.registrar_table import registrar_of
from service.adapters.sqlite.database import Database
from service.adapters.sqlite.meeting_store import SqliteMeetingStore
from service.adapters.sqlite.store import SqliteStore
from service.adapters.wording import CatalogueWords
from service.config import Config
from service.data import open_data, read_keys, update_data
from service.media_engine.embedded import EmbeddedEngine
from service.usecases.appointments import Appointments
from service.usecases.appointments_reader import StoredAppointments
from service.usecases.devices import Devices
from service.usecases.engine import MediaEngine
from service.usecases.identities import StoredIdentities
from service.usecases.invitations import Invitations
from service.usecases.meetings import Meetings
from service.usecases.ports import Chance, Clock, Passwords
from service.usecases.registrar_table import RegistrarTable
from service.usecases.sign_in import SignIn, SipSide
from service.usecases.sign_in_limits import SignInLimits
from service.usecases.tokens import RefreshTokens, Renewal
from service_api.appointments import time_zones


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
        passwords: Passwords | None = None,
    ) -> None:
        open_data(config.data)
        self.config = config
        self._clock = clock or SystemClock()
        self._chance = chance or SystemChance()
        self._keys = read_keys(config.data)
        self.database = Database(config.database)
        self.store = SqliteStore(self.database)
        self._passwords = passwords or Argon2Passwords()
        self.engine = engine or EmbeddedEngine(config.media_address, config.media_ports, config.media_bind)
        self.meetings = self._make_meetings()
        table = RegistrarTable(self.store, registrar_of(config.sip_table), config.numbering)
        self._devices = Devices(self.store, table, self.meetings)
        self.routes = app.build(StoredIdentities(self.store, self._clock))
        self._add_routes()
        self.app = app.guarded(self.routes, config.origin)

    async def start(self) -> None:
        """Data up to date, the registrar told, the engine running. Raises ConfigError, ServiceError."""
        await asyncio.to_thread(update_data, self.config.database)
        await asyncio.to_thread(time_zones)
        await self.engine.start()
        await self.meetings.start()
        await self._devices.start()

    async def close(self) -> None:
        """Let everything go; harmless where it never started."""
        await self._devices.close()
        await self.meetings.close()
        await self.engine.close()
        self._passwords.close()
        await self.database.close()

    def _make_meetings(self) -> Meetings:
        return Meetings(
            SqliteMeetingStore(self.database),
            StoredAppointments(self.store, self.config.window),
            self.engine,
            self._clock,
            self._chance,
            self._keys,
            self.config.server,
        )

    def _add_routes(self) -> None:
        config = self.config
        identities = self.routes.state.identities
        app.add(
            self.routes,
            self._accounts(),
            appointments.router(self._appointments()),
            self._invitations(),
            discovery.router(self._well_known()),
            plain=(
                *socket.routes(self.meetings, identities, config.origin, app.API_PATH),
                *pages.routes(config.public_url),
            ),
        )

    def _accounts(self) -> APIRouter:
        clock, chance, numbering = self._clock, self._chance, self.config.numbering
        refresh = RefreshTokens(chance, self._keys)
        sign_in = SignIn(
            self.store,
            self._passwords,
            SignInLimits(clock),
            self._devices,
            refresh,
            self._sip(),
            numbering,
            clock,
            chance,
        )
        renewal = Renewal(self.store, refresh, self._devices, clock, chance)
        return accounts.router(sign_in, renewal, self._devices, numbering)

    def _appointments(self) -> Appointments:
        config = self.config
        words = CatalogueWords(config.public_url, self._clock)
        return Appointments(
            self.store, words, self.meetings, config.numbering, config.window, self._clock, self._chance
        )

    def _invitations(self) -> APIRouter:
        config = self.config
        links = Invitations(
            self.store, self.meetings, self._clock, self._chance, config.window, config.server
        )
        return invitations.router(links, config.origin)

    def _sip(self) -> SipSide:
        """The registrar; where nothing else is said it is at the service's own host."""
        side = self.config.sip
        domain = side.domain or self.config.server
        return replace(side, domain=domain, realm=side.realm or domain)

    def _well_known(self) -> dict[str, str]:
        side = self._sip()
        return {
            "sip_domain": side.domain,
            "transport": "" if side.transport == "auto" else side.transport,
            "number_format": "international" if self.config.numbering.international else "national",
            "service_url": self.config.public_url + app.API_PATH,
            "minimum_version": self.config.minimum_version,
        }
