"""What the SIP registrar is told of the devices."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from service.domain.numbers import Numbering
from service.usecases.ports import Registrar
from service.usecases.storage import Store


class RegistrarTable:
    """Whoever is signed in may register, under the number as people dial it, and nobody else."""

    def __init__(self, store: Store, registrar: Registrar, numbering: Numbering) -> None:
        self._store = store
        self._registrar = registrar
        self._numbering = numbering
        self._turn = asyncio.Lock()

    async def publish(self) -> frozenset[str]:
        """Give the registrar the devices there are now; which these are. Raises ServiceError."""
        async with self._turn:
            async with self._store.read() as tables:
                found = await tables.devices.all_sip()
            await self._registrar.admit(
                [replace(one, number=self._numbering.shown(one.number)) for one in found]
            )
        return frozenset(one.device_id for one in found)
