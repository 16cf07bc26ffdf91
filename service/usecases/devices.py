"""The devices of an account, and what the registrar may know of them."""

from __future__ import annotations

import asyncio
import logging

from service.domain.errors import RefusedError
from service.domain.principal import User
from service.usecases.appointment_view import moment
from service.usecases.ports import Watcher
from service.usecases.registrar_table import RegistrarTable
from service.usecases.storage import Store
from service_api.accounts import Device, DeviceList
from service_api.states import MeetingRefusal

log = logging.getLogger(__name__)

LOOK_S = 5.0
"""So long a device that was signed out at the data may keep a connection it has."""


class Devices:
    """Lists and signs out; every change is told to the registrar before it is confirmed."""

    def __init__(self, store: Store, table: RegistrarTable, watcher: Watcher) -> None:
        self._store = store
        self._table = table
        self._watcher = watcher
        self._known: frozenset[str] = frozenset()
        self._wanted = 0  # changes the registrar is to be told of
        self._told = 0  # up to which of them it has been
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Tell the registrar who there is, and notice from now on whom somebody else signs out.

        Raises ServiceError.
        """
        await self.look()
        await self.publish()
        self._looking = asyncio.create_task(self._look_on(), name="signed-out devices")

    async def close(self) -> None:
        """Notice nothing more; harmless where it never started."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait((self._looking,))

    async def look(self) -> None:
        """Devices that were signed out at the data, by an administrator's command, are out of their meetings.

        A registrar that could not be told is told now. Raises ServiceError.
        """
        async with self._store.read() as tables:
            there = await tables.devices.ids()
        gone = self._known - there
        for device_id in gone:
            await self._watcher.device_gone(device_id)
        self._known = self._known - gone | there
        if gone or self._told < self._wanted:
            await self.publish()

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except Exception:
                log.exception("signed-out devices could not be looked for, or the registrar not be told")

    async def list(self, user: User) -> DeviceList:
        """The asker's own."""
        async with self._store.read() as tables:
            found = await tables.devices.of_account(user.user_id)
        return DeviceList(
            devices=tuple(
                Device(
                    id=device.device_id,
                    name=device.name,
                    signed_in_at=moment(device.signed_in_at),
                    seen_at=moment(device.seen_at),
                    current=device.device_id == user.device_id,
                )
                for device in found
            )
        )

    async def sign_out(self, user: User, device_id: str) -> None:
        """One of the asker's own. Raises RefusedError(not-found)."""
        async with self._store.read() as tables:
            device = await tables.devices.get(device_id)
        if device is None or device.account_id != user.user_id:
            raise RefusedError(MeetingRefusal.NOT_FOUND)
        await self.forget(device_id)

    async def forget(self, device_id: str) -> None:
        """Sign a device out for good; harmless where it is gone.

        Raises ServiceError where the registrar could not be told; it is out of its meetings all the same.
        """
        async with self._store.write() as tables:
            await tables.devices.remove(device_id)
        try:
            await self.publish()
        finally:
            await self._watcher.device_gone(device_id)
            self._known -= {device_id}

    async def publish(self) -> None:
        """Give the registrar the devices there are now. Raises ServiceError; `look` tries again then."""
        self._wanted += 1
        wanted = self._wanted
        self._known |= await self._table.publish()
        self._told = max(self._told, wanted)
