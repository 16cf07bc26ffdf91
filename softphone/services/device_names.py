"""Names of devices that were chosen once: a person knows them by name when they are away, not by id."""

from __future__ import annotations

import logging
from collections.abc import Container, Iterable
from urllib.parse import unquote

from softphone.domain.device import Device
from softphone.domain.errors import BadSetting
from softphone.services.settings import Settings

log = logging.getLogger(__name__)

KEY = "audio.names"
MOST = 100


class DeviceNames:
    """Kept as "id=name", the newest last; an equals sign in an id is written %3D."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._seen: dict[str, str] = {}

    def see(self, devices: Iterable[Device]) -> None:
        """These are there: their names hold while the program runs."""
        self._seen.update((device.id, device.name) for device in devices)

    def name(self, identity: str) -> str:
        """As last seen, now or once; else the end of the id."""
        known = self._seen.get(identity) or self._kept().get(identity)
        return known or identity.rpartition(":")[2] or identity

    async def keep(self, chosen: Container[str]) -> None:
        """Remember those of the devices seen that are chosen."""
        before = self._kept()
        names = before | {i: " ".join(name.split()) for i, name in self._seen.items() if i in chosen}
        if names == before or self._settings.locked(KEY):
            return
        lines = tuple(f"{_written(identity)}={name}" for identity, name in names.items())
        try:
            await self._settings.set(KEY, lines[-MOST:])
        except BadSetting as error:
            log.warning("a device's name can't be kept: %s", error)

    def _kept(self) -> dict[str, str]:
        parted = (line.partition("=") for line in self._settings.names(KEY))
        return {unquote(identity): name for identity, _, name in parted}


def _written(identity: str) -> str:
    return identity.replace("%", "%25").replace("=", "%3D")
