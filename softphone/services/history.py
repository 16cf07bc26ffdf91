"""The list of past calls; what the disk refuses now is kept and written later."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from softphone.domain.errors import StorageError
from softphone.domain.events import HistoryChanged, Notice
from softphone.domain.history import HistoryEntry, Outcome
from softphone.ports import HistoryStore
from softphone.runtime.bus import Bus

log = logging.getLogger(__name__)

MOST_WAITING = 1_000
"""Entries kept in memory while the disk refuses them."""


class History:
    """Ended calls, newest first."""

    def __init__(self, store: HistoryStore, bus: Bus) -> None:
        self._store = store
        self._bus = bus
        self._waiting: list[HistoryEntry] = []

    async def recent(self, limit: int = 200, search: str = "") -> list[HistoryEntry]:
        """The newest entries, those matching `search` in name or number when given."""
        wanted = search.casefold()
        fresh = [e for e in self._waiting if wanted in e.name.casefold() or wanted in e.number.casefold()]
        try:
            stored = await self._store.recent(limit, search)
        except StorageError as error:
            self._failed(error)
            stored = []
        return sorted([*fresh, *stored], key=lambda entry: entry.started_at, reverse=True)[:limit]

    async def add(self, entry: HistoryEntry) -> None:
        """Keep an entry: on disk, or in memory until the disk takes it again."""
        told = bool(self._waiting)
        self._waiting = [*self._waiting[-MOST_WAITING:], entry]
        await self._write_waiting(told)
        self._bus.publish(HistoryChanged(entry, await self.missed()))

    async def missed(self) -> int:
        """How many missed calls nobody has looked at."""
        waiting = sum(1 for e in self._waiting if e.outcome is Outcome.MISSED and not e.seen)
        try:
            return waiting + await self._store.missed()
        except StorageError as error:
            log.warning("history not readable: %s", error)
            return waiting

    async def mark_seen(self) -> None:
        """Somebody has looked at the list."""
        await self._change(self._store.mark_seen)

    async def delete(self, entry_id: str) -> None:
        """Remove one entry."""
        self._waiting = [entry for entry in self._waiting if entry.id != entry_id]
        await self._change(lambda: self._store.delete(entry_id))

    async def clear(self) -> None:
        """Remove all entries."""
        self._waiting.clear()
        await self._change(self._store.clear)

    async def _write_waiting(self, told: bool) -> None:
        try:
            while self._waiting:
                await self._store.add(self._waiting[0])
                self._waiting.pop(0)
        except StorageError as error:
            if told:
                log.warning("history still not written: %s", error)
            else:
                self._failed(error)
            return
        if told:
            self._bus.publish(Notice("storage-recovered", {"what": "history"}))

    async def _change(self, write: Callable[[], Awaitable[None]]) -> None:
        try:
            await write()
        except StorageError as error:
            self._failed(error)
        self._bus.publish(HistoryChanged(None, await self.missed()))

    def _failed(self, error: StorageError) -> None:
        log.warning("history: %s", error)
        self._bus.publish(Notice("storage-failed", {"what": "history"}))
