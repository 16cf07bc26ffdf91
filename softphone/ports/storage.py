"""What outlives a run: secrets, settings, history, contacts."""

from __future__ import annotations

from typing import Protocol

from softphone.domain.contact import Contact
from softphone.domain.history import HistoryEntry


class Secrets(Protocol):
    """The operating system's keyring. Every method may raise SecretsUnavailable."""

    async def get(self, name: str) -> str | None:
        """The secret of this name, or None."""
        ...

    async def set(self, name: str, secret: str) -> None:
        """Store or replace it."""
        ...

    async def delete(self, name: str) -> None:
        """Forget it; harmless when absent."""
        ...


class SettingsStore(Protocol):
    """The user's settings on disk, written atomically."""

    async def load(self) -> tuple[dict[str, object], bool]:
        """Stored values, and whether a damaged file had to be set aside."""
        ...

    async def save(self, values: dict[str, object]) -> None:
        """Replace the stored values. Raises StorageError and leaves the old file whole."""
        ...


class HistoryStore(Protocol):
    """Ended calls, newest first. Raises StorageError."""

    async def add(self, entry: HistoryEntry) -> None:
        """Keep one entry; durable when it returns."""
        ...

    async def recent(self, limit: int = 200, search: str = "") -> list[HistoryEntry]:
        """The newest entries, those matching `search` in name or number when given."""
        ...

    async def mark_seen(self) -> None:
        """No missed call is new any more."""
        ...

    async def missed(self) -> int:
        """How many missed calls nobody has looked at."""
        ...

    async def delete(self, entry_id: str) -> None:
        """Remove one entry."""
        ...

    async def clear(self) -> None:
        """Remove all entries."""
        ...


class ContactStore(Protocol):
    """The user's own contacts. Raises StorageError."""

    async def all(self, search: str = "") -> list[Contact]:
        """Contacts by name, those matching `search` in name, company or number when given."""
        ...

    async def put(self, contact: Contact) -> None:
        """Add or replace by id."""
        ...

    async def delete(self, contact_id: str) -> None:
        """Remove one."""
        ...
