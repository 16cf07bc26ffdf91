"""The table a SIP registrar reads: Kamailio's db_text, a line for each device, HA1 in place of a password."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path

from service.domain.account import SipCredential
from service.domain.errors import ServiceError
from service.usecases.ports import Registrar

HEADER = "username(string) domain(string) password(string) ha1(string) owner(string)"
MODE = 0o640
"""The registrar runs as somebody else: the folder's group may read."""


class TableError(ServiceError):
    """The table can't be written."""


class TableRegistrar:
    """Implements ports.Registrar. The file is replaced whole, and its time always moves on by a second."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def admit(self, devices: Sequence[SipCredential]) -> None:
        """See Registrar."""
        rows = [HEADER, *(_row(device) for device in devices)]
        try:
            await asyncio.to_thread(self._replace, "\n".join(rows) + "\n")
        except OSError as error:
            raise TableError(f"the registrar's table {self._path}: {error.strerror}") from None

    def _replace(self, text: str) -> None:
        new = self._path.with_name(f"{self._path.name}.new{os.getpid()}")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MODE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            new.chmod(MODE)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if self._path.exists():
            later = max(int(self._path.stat().st_mtime), int(time.time())) + 1
            os.utime(new, (later, later))
        new.replace(self._path)


class NoRegistrar:
    """Where no table is configured: devices get secrets that nobody asks for yet."""

    async def admit(self, devices: Sequence[SipCredential]) -> None:
        """See Registrar."""


def registrar_of(table: Path | None) -> Registrar:
    """The one that is configured."""
    return NoRegistrar() if table is None else TableRegistrar(table)


def _row(device: SipCredential) -> str:
    fields = (device.auth_user, device.realm, "none", device.ha1, device.number)
    return ":".join(field.replace("\\", "\\\\").replace(":", "\\:") for field in fields)
