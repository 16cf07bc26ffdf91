"""Secrets in the operating system's keyring, and nowhere else."""

from __future__ import annotations

import asyncio
import importlib
import logging
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from softphone.domain.errors import SecretsUnavailable

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

log = logging.getLogger(__name__)

T = TypeVar("T")

SERVICE = "Softphone"
PATIENCE_S = 60.0
"""How long a keyring may take: it may be asking the person to unlock it."""

BACKENDS = {
    "win32": ("keyring.backends.Windows:WinVaultKeyring",),
    "darwin": ("keyring.backends.macOS:Keyring",),
}
OTHER_BACKENDS = (
    "keyring.backends.SecretService:Keyring",
    "keyring.backends.kwallet:DBusKeyring",
    "keyring.backends.libsecret:Keyring",
)
"""Named here, not detected: a backend that keeps secrets in a plain file must never be picked."""

FOREIGN_FAILURES = (
    "keyring.errors:KeyringError",
    "secretstorage.exceptions:SecretStorageException",
    "jeepney:DBusErrorResponse",
    "pywintypes:error",
)
"""What `keyring` and its backends' own libraries raise; those not loaded raise nothing."""


class SystemKeyring:
    """Implements ports.Secrets. Each call has a thread of its own: a hanging keyring blocks nothing."""

    def __init__(self) -> None:
        self._found: KeyringBackend | None = None

    async def get(self, name: str) -> str | None:
        """See ports.Secrets."""
        return await self._call(lambda backend: backend.get_password(SERVICE, name))

    async def set(self, name: str, secret: str) -> None:
        """See ports.Secrets."""
        await self._call(lambda backend: backend.set_password(SERVICE, name, secret))

    async def delete(self, name: str) -> None:
        """See ports.Secrets."""

        def delete(backend: KeyringBackend) -> None:
            if backend.get_password(SERVICE, name) is not None:
                backend.delete_password(SERVICE, name)

        await self._call(delete)

    async def name(self) -> str:
        """The keyring in use, for diagnostics. Raises SecretsUnavailable."""
        return await self._call(lambda backend: f"{type(backend).__module__}.{type(backend).__name__}")

    async def _call(self, work: Callable[[KeyringBackend], T]) -> T:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def run() -> None:
            try:
                result = self._guarded(work)
            except SecretsUnavailable as error:
                _post(loop, answer, error)
            else:
                _post(loop, answer, result)

        threading.Thread(target=run, name="keyring", daemon=True).start()
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await answer
        except TimeoutError:
            raise SecretsUnavailable("the keyring does not answer") from None

    def _guarded(self, work: Callable[[KeyringBackend], T]) -> T:
        try:
            if self._found is None:
                self._found = _backend()
            return work(self._found)
        except _failures() as error:
            self._found = None
            raise SecretsUnavailable(f"{type(error).__name__}: {error}") from None


def _post(loop: asyncio.AbstractEventLoop, answer: asyncio.Future[T], result: T | SecretsUnavailable) -> None:
    def settle() -> None:
        if answer.done():
            return
        if isinstance(result, SecretsUnavailable):
            answer.set_exception(result)
        else:
            answer.set_result(result)

    if not loop.is_closed():
        loop.call_soon_threadsafe(settle)


def _backend() -> KeyringBackend:
    """The first backend of this platform that works here. Raises SecretsUnavailable."""
    for place in BACKENDS.get(sys.platform, OTHER_BACKENDS):
        backend = _load(place)
        if backend is not None:
            return backend
    raise SecretsUnavailable("no keyring")


def _load(place: str) -> KeyringBackend | None:
    module, _, name = place.partition(":")
    try:
        kind: type[KeyringBackend] = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        log.info("keyring %s: %s", module, error)
        return None
    try:
        return kind() if kind.priority > 0 else None
    except _failures() as error:
        log.info("keyring %s: %s", module, error)
        return None


def _failures() -> tuple[type[Exception], ...]:
    """Every way in which a backend says no."""
    found: list[type[Exception]] = [OSError, RuntimeError, ValueError]
    for place in FOREIGN_FAILURES:
        module, _, name = place.partition(":")
        loaded = sys.modules.get(module)
        if loaded is not None:
            found.append(getattr(loaded, name))
    return tuple(found)
