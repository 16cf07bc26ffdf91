"""One program per profile: a lock the system releases with the process, however that ends."""

from __future__ import annotations

import importlib
import sys
from io import BufferedRandom
from pathlib import Path
from typing import Any


class InstanceLock:
    """Holds the profile's lock file while it lives."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BufferedRandom | None = None

    def take(self) -> bool:
        """Take the lock; False when another program has it. Raises OSError when the file can't be made."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        file = self._path.open("r+b")
        try:
            _lock(file)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Let another program have it."""
        if self._file is not None:
            _unlock(self._file)
            self._file.close()
            self._file = None


def _lock(file: BufferedRandom) -> None:
    """Raises OSError when another process holds it."""
    if sys.platform == "win32":
        msvcrt: Any = importlib.import_module("msvcrt")
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl: Any = importlib.import_module("fcntl")
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unlock(file: BufferedRandom) -> None:
    """Closing is enough but on Windows, which may take its time to forget a lock that was left."""
    if sys.platform == "win32":
        msvcrt: Any = importlib.import_module("msvcrt")
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
