"""The call history in SQLite."""

from __future__ import annotations

import sqlite3

from softphone.adapters.database import Database
from softphone.adapters.search_text import folded, like
from softphone.domain.call import Direction
from softphone.domain.history import HistoryEntry, Outcome

MIGRATION = """
CREATE TABLE history (
    id TEXT PRIMARY KEY,
    direction TEXT NOT NULL,
    uri TEXT NOT NULL,
    number TEXT NOT NULL,
    name TEXT NOT NULL,
    started_at REAL NOT NULL,
    duration_s REAL NOT NULL,
    outcome TEXT NOT NULL,
    mos REAL,
    seen INTEGER NOT NULL,
    search TEXT NOT NULL
);
CREATE INDEX history_by_time ON history (started_at DESC)
"""

KEPT = 10_000
"""Calls remembered; whoever calls without end pushes out old entries and fills no disk."""

_FORGET = """
DELETE FROM history WHERE id IN (SELECT id FROM history ORDER BY started_at DESC LIMIT -1 OFFSET ?)
"""

_RECENT = """
SELECT id, direction, uri, number, name, started_at, duration_s, outcome, mos, seen FROM history
WHERE search LIKE ? ESCAPE '\\' ORDER BY started_at DESC LIMIT ?
"""


class SqliteHistoryStore:
    """Implements ports.HistoryStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, entry: HistoryEntry) -> None:
        """See ports.HistoryStore."""
        row = (
            entry.id,
            entry.direction.value,
            entry.uri,
            entry.number,
            entry.name,
            entry.started_at,
            entry.duration_s,
            entry.outcome.value,
            entry.mos,
            int(entry.seen),
            folded(entry.name, entry.number, entry.uri),
        )
        sql = "INSERT OR REPLACE INTO history VALUES (?,?,?,?,?,?,?,?,?,?,?)"

        def add(db: sqlite3.Connection) -> None:
            db.execute(sql, row)
            db.execute(_FORGET, (KEPT,))

        await self._database.run(add)

    async def recent(self, limit: int = 200, search: str = "") -> list[HistoryEntry]:
        """See ports.HistoryStore."""
        rows = await self._database.run(lambda db: db.execute(_RECENT, (like(search), limit)).fetchall())
        return [_entry(row) for row in rows]

    async def mark_seen(self) -> None:
        """See ports.HistoryStore."""
        await self._database.run(lambda db: db.execute("UPDATE history SET seen = 1 WHERE seen = 0"))

    async def missed(self) -> int:
        """See ports.HistoryStore."""
        sql = "SELECT count(*) FROM history WHERE seen = 0 AND outcome = ?"
        found = await self._database.run(lambda db: db.execute(sql, (Outcome.MISSED.value,)).fetchone())
        return int(found[0])

    async def delete(self, entry_id: str) -> None:
        """See ports.HistoryStore."""
        await self._database.run(lambda db: db.execute("DELETE FROM history WHERE id = ?", (entry_id,)))

    async def clear(self) -> None:
        """See ports.HistoryStore."""
        await self._database.run(lambda db: db.execute("DELETE FROM history"))


def _entry(row: tuple[str, str, str, str, str, float, float, str, float | None, int]) -> HistoryEntry:
    identity, direction, uri, number, name, started, duration, outcome, mos, seen = row
    way, end = Direction(direction), Outcome(outcome)
    return HistoryEntry(identity, way, uri, number, name, started, duration, end, mos, bool(seen))
