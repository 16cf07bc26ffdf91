"""The user's own contacts in SQLite."""

from __future__ import annotations

import json

from softphone.adapters.database import Database
from softphone.adapters.search_text import folded, like
from softphone.domain.contact import Contact

MIGRATION = """
CREATE TABLE contacts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    numbers TEXT NOT NULL,
    company TEXT NOT NULL,
    email TEXT NOT NULL,
    note TEXT NOT NULL,
    search TEXT NOT NULL
)
"""


class SqliteContactStore:
    """Implements ports.ContactStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self, search: str = "") -> list[Contact]:
        """See ports.ContactStore."""
        sql = "SELECT id, name, numbers, company, email, note FROM contacts WHERE search LIKE ? ESCAPE '\\'"
        rows = await self._database.run(lambda db: db.execute(sql, (like(search),)).fetchall())
        contacts = [Contact(i, name, tuple(json.loads(numbers)), *rest) for i, name, numbers, *rest in rows]
        return sorted(contacts, key=lambda contact: (contact.name.casefold(), contact.id))

    async def put(self, contact: Contact) -> None:
        """See ports.ContactStore."""
        row = (
            contact.id,
            contact.name,
            json.dumps(contact.numbers, ensure_ascii=False),
            contact.company,
            contact.email,
            contact.note,
            folded(contact.name, contact.company, contact.email, *contact.numbers),
        )
        sql = "INSERT OR REPLACE INTO contacts VALUES (?,?,?,?,?,?,?)"
        await self._database.run(lambda db: db.execute(sql, row))

    async def delete(self, contact_id: str) -> None:
        """See ports.ContactStore."""
        await self._database.run(lambda db: db.execute("DELETE FROM contacts WHERE id = ?", (contact_id,)))
