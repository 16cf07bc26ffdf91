"""The devices of an account, and what the registrar may know of them."""

from __future__ import annotations

import asyncio

from service.domain.account import SipCredential
from service.domain.errors import RefusedError
from service.domain.numbers import Numbering
from service.domain.principal import User
from service.usecases.appointment_view import moment
from service.usecases.ports import Registrar, Watcher
from service.usecases.storage import Store
from service_api.accounts import Device, DeviceList
from service_api.states import MeetingRefusal


class Devices:
    """Lists and signs out; every change is told to the registrar before it is confirmed."""

    def __init__(self, store: Store, registrar: Registrar, watcher: Watcher, numbering: Numbering) -> None:
        self._store = store
        self._registrar = registrar
        self._watcher = watcher
        self._numbering = numbering
        self._turn = asyncio.Lock()

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
        """Sign a device out for good; harmless where it is gone."""
        async with self._store.write() as tables:
            await tables.devices.remove(device_id)
        await self.publish()
        await self._watcher.device_gone(device_id)

    async def publish(self) -> None:
        """Give the registrar the devices there are now."""
        async with self._turn:
            async with self._store.read() as tables:
                found = await tables.devices.all_sip()
            await self._registrar.admit([self._dialled(credential) for credential in found])

    def _dialled(self, credential: SipCredential) -> SipCredential:
        return SipCredential(
            credential.device_id,
            credential.auth_user,
            credential.realm,
            credential.algorithm,
            credential.ha1,
            self._numbering.shown(credential.number),
        )
