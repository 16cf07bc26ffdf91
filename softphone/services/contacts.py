"""The user's own contacts: list, search, vCards, and the name behind a number."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from pathlib import Path

from softphone.domain.contact import Contact
from softphone.domain.errors import StorageError
from softphone.domain.events import ContactsChanged, Notice
from softphone.ports import ContactStore
from softphone.runtime.bus import Bus
from softphone.services.ids import new_id
from softphone.services.numbers import Numbers

log = logging.getLogger(__name__)

FILE_LIMIT = 20_000_000
"""Largest vCard file read, in bytes."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many contacts came in, and how many cards could not be used."""

    added: int
    skipped: int


class Contacts:
    """Contacts by name. Names of numbers are kept in memory: a ringing call shows its name at once."""

    def __init__(self, store: ContactStore, numbers: Numbers, bus: Bus) -> None:
        self._store = store
        self._numbers = numbers
        self._bus = bus
        self._names: dict[str, str] = {}
        self._indexing = asyncio.Lock()

    async def load(self) -> None:
        """Read the names once at the start."""
        try:
            await self._index()
        except StorageError as error:
            log.warning("contacts not readable: %s", error)
            self._bus.publish(Notice("storage-failed", {"what": "contacts"}))

    async def all(self, search: str = "") -> list[Contact]:
        """Contacts by name, those matching `search` in name, company or number when given."""
        return await self._store.all(search)

    async def put(self, contact: Contact) -> Contact:
        """Add or replace a contact; an empty id means a new one. Raises StorageError."""
        kept = contact if contact.id else replace(contact, id=new_id())
        await self._store.put(kept)
        await self._changed()
        return kept

    async def delete(self, contact_id: str) -> None:
        """Remove one. Raises StorageError."""
        await self._store.delete(contact_id)
        await self._changed()

    def name_for(self, number: str) -> str:
        """The name of whoever has this number or address, "" when nobody has."""
        return self._names.get(self._numbers.key(number), "") if number else ""

    async def import_file(self, path: Path) -> Imported:
        """Add a vCard file's people; someone who is there already with the same name and numbers is left out.

        Raises StorageError when the file can't be read or the disk refuses.
        """
        from softphone.services.vcards import read_cards  # its parser is loaded when somebody needs it

        cards = await asyncio.to_thread(lambda: read_cards(_read(path)))
        present = {(contact.name, contact.numbers) for contact in await self._store.all()}
        added = 0
        for contact in cards.contacts:
            if (contact.name, contact.numbers) not in present:
                await self._store.put(contact)
                present.add((contact.name, contact.numbers))
                added += 1
        await self._changed()
        return Imported(added, cards.skipped)

    async def export_file(self, path: Path) -> int:
        """Write all contacts as vCard 3.0 and return how many. Raises StorageError."""
        from softphone.services.vcards import write_cards

        contacts = await self._store.all()
        await asyncio.to_thread(lambda: _write(path, write_cards(contacts)))
        return len(contacts)

    async def _changed(self) -> None:
        await self._index()
        self._bus.publish(ContactsChanged())

    async def _index(self) -> None:
        """In another thread: thousands of numbers take seconds to read, and sound passes through this one."""
        async with self._indexing:
            contacts = await self._store.all()
            self._names = await asyncio.to_thread(self._read_names, contacts)

    def _read_names(self, contacts: list[Contact]) -> dict[str, str]:
        return {self._numbers.key(n): contact.name for contact in contacts for n in contact.numbers}


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise StorageError(f"{path.name} is too large")
        data = path.read_bytes()
    except OSError as error:
        raise StorageError(f"{path.name}: {error.strerror}") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _write(path: Path, text: str) -> None:
    try:
        path.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise StorageError(f"{path.name}: {error.strerror}") from error
