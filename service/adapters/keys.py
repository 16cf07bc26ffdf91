"""The service's own keys: all derived from 32 random bytes in one file beside the data."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

NAME = "service.key"
SIZE = 32


class BrokenKey(Exception):
    """The file is there and is not a key."""


class FileKeys:
    """Implements ports.Keys. Raises OSError, BrokenKey."""

    def __init__(self, folder: Path) -> None:
        self._root = _read_or_make(folder / NAME)

    def confirmation(self) -> bytes:
        """See Keys."""
        return self._derived(b"confirmation codes")

    def refresh(self) -> bytes:
        """See Keys."""
        return self._derived(b"refresh tokens")

    def _derived(self, purpose: bytes) -> bytes:
        """One step of HKDF-Expand (RFC 5869 2.3); the root is uniformly random."""
        return hmac.digest(self._root, purpose + b"\x01", hashlib.sha256)


def _read_or_make(path: Path) -> bytes:
    """Whole or not there at all, also where two start at once: the first one's link stands."""
    if not path.exists():
        partial = path.with_suffix(f".{secrets.token_hex(4)}")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(SIZE))
                file.flush()
                os.fsync(file.fileno())
            if not path.exists():
                partial.rename(path)
        finally:
            partial.unlink(missing_ok=True)
    key = path.read_bytes()
    if len(key) != SIZE:
        raise BrokenKey(f"{path} is not a key of this service")
    return key
