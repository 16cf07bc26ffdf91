"""Settings as one JSON file, replaced whole or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import tempfile
import time
from pathlib import Path

from softphone.domain.errors import StorageError

log = logging.getLogger(__name__)


class JsonSettingsStore:
    """Implements ports.SettingsStore. A file that can't be understood is set aside with its date."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = asyncio.Lock()

    async def load(self) -> tuple[dict[str, object], bool]:
        """See ports.SettingsStore."""
        async with self._lock:
            return await asyncio.to_thread(self._load)

    async def save(self, values: dict[str, object]) -> None:
        """See ports.SettingsStore."""
        async with self._lock:
            await asyncio.to_thread(write_atomically, self._path, _text(values))

    def _load(self) -> tuple[dict[str, object], bool]:
        self._sweep()
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return {}, False
        except OSError as error:
            raise StorageError(f"{self._path.name}: {error.strerror}") from error
        try:
            values = json.loads(data)
        except (ValueError, RecursionError):
            values = None
        if isinstance(values, dict):
            return values, False
        self._set_aside()
        return {}, True

    def _sweep(self) -> None:
        """Drop what was half written when the program was killed."""
        for unfinished in self._path.parent.glob(f"{self._path.name}*.new"):
            with contextlib.suppress(OSError):
                unfinished.unlink()

    def _set_aside(self) -> None:
        aside = self._path.with_name(f"{self._path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
        try:
            self._path.replace(aside)
        except OSError as error:
            raise StorageError(f"{self._path.name}: {error.strerror}") from error
        log.warning("%s was damaged and is now %s", self._path.name, aside.name)


def write_atomically(path: Path, text: str) -> None:
    """Write beside, flush to the disk, then rename: a kill or a full disk leaves the old file whole.

    Raises StorageError.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise StorageError(f"{path.name}: {error.strerror}") from error


def _text(values: dict[str, object]) -> str:
    return json.dumps(values, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
