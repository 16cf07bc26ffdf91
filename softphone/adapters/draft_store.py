"""The appointment somebody is typing, as one JSON file: a crash or an empty battery takes none of it."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from softphone.adapters.settings_store import write_atomically
from softphone.domain.errors import StorageError
from softphone.domain.meeting import AppointmentWish, Assurance, InviteeWish

log = logging.getLogger(__name__)


class JsonDrafts:
    """Implements ports.meetings.Drafts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = asyncio.Lock()

    async def load(self, owner: str) -> AppointmentWish | None:
        """See ports.meetings.Drafts."""
        async with self._lock:
            return await asyncio.to_thread(self._load, owner)

    async def save(self, owner: str, wish: AppointmentWish | None) -> None:
        """See ports.meetings.Drafts."""
        async with self._lock:
            await asyncio.to_thread(self._save, owner, wish)

    def _load(self, owner: str) -> AppointmentWish | None:
        try:
            found = json.loads(self._path.read_bytes())
            return _wish(found["wish"]) if found["owner"] == owner else None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"{self._path.name}: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, RecursionError):
            log.warning("%s can't be understood", self._path.name)
            return None

    def _save(self, owner: str, wish: AppointmentWish | None) -> None:
        if wish is not None:
            text = json.dumps({"owner": owner, "wish": asdict(wish)}, default=datetime.isoformat)
            write_atomically(self._path, text + "\n")
            return
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{self._path.name}: {error.strerror}") from error


def _wish(values: dict[str, object]) -> AppointmentWish:
    """Raises ValueError, KeyError or TypeError."""
    known = dict(values)
    for name in ("start", "end"):
        moment = datetime.fromisoformat(str(known[name]))
        if moment.tzinfo is None:
            raise ValueError(name)
        known[name] = moment
    people = known["participants"]
    if not isinstance(people, list):
        raise TypeError("participants")
    known["participants"] = tuple(InviteeWish(**one) for one in people)
    known["demanded"] = Assurance(str(known["demanded"]))
    return AppointmentWish(**known)  # type: ignore[arg-type]
