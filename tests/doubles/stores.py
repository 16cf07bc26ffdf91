"""Stores, keyring and directory in memory, each able to fail on command."""

from __future__ import annotations

from dataclasses import replace

from service_api.devices import DeviceCredentials, DeviceRevocation, DeviceSignIn
from softphone.domain.account import Refusal
from softphone.domain.contact import Contact
from softphone.domain.errors import SecretsUnavailable, SignInRefused, StorageError
from softphone.domain.history import HistoryEntry, Outcome
from softphone.ports import Discovery


class FakeSecrets:
    """Implements ports.Secrets; `unavailable` makes every method refuse."""

    def __init__(self, **stored: str) -> None:
        self.stored: dict[str, str] = dict(stored)
        self.unavailable = False

    async def get(self, name: str) -> str | None:
        """See ports.Secrets."""
        self._check()
        return self.stored.get(name)

    async def set(self, name: str, secret: str) -> None:
        """See ports.Secrets."""
        self._check()
        self.stored[name] = secret

    async def delete(self, name: str) -> None:
        """See ports.Secrets."""
        self._check()
        self.stored.pop(name, None)

    def _check(self) -> None:
        if self.unavailable:
            raise SecretsUnavailable("no keyring here")


class FakeSettingsStore:
    """Implements ports.SettingsStore; `full` makes saving fail, `damaged` tells a damaged file at load."""

    def __init__(self, **values: object) -> None:
        self.values: dict[str, object] = dict(values)
        self.full = False
        self.damaged = False
        self.saves = 0

    async def load(self) -> tuple[dict[str, object], bool]:
        """See ports.SettingsStore."""
        return dict(self.values), self.damaged

    async def save(self, values: dict[str, object]) -> None:
        """See ports.SettingsStore."""
        if self.full:
            raise StorageError("no space left")
        self.saves += 1
        self.values = dict(values)


class FakeHistoryStore:
    """Implements ports.HistoryStore; `full` makes writing fail."""

    def __init__(self, *entries: HistoryEntry) -> None:
        self.entries: list[HistoryEntry] = list(entries)
        self.full = False

    async def add(self, entry: HistoryEntry) -> None:
        """See ports.HistoryStore."""
        self._check()
        self.entries = [*(one for one in self.entries if one.id != entry.id), entry]

    async def recent(self, limit: int = 200, search: str = "") -> list[HistoryEntry]:
        """See ports.HistoryStore."""
        wanted = search.casefold()
        found = [
            e for e in self.entries if any(wanted in text.casefold() for text in (e.name, e.number, e.uri))
        ]
        return sorted(found, key=lambda entry: entry.started_at, reverse=True)[:limit]

    async def mark_seen(self) -> None:
        """See ports.HistoryStore."""
        self._check()
        self.entries = [replace(entry, seen=True) for entry in self.entries]

    async def missed(self) -> int:
        """See ports.HistoryStore."""
        return sum(1 for e in self.entries if e.outcome is Outcome.MISSED and not e.seen)

    async def delete(self, entry_id: str) -> None:
        """See ports.HistoryStore."""
        self._check()
        self.entries = [entry for entry in self.entries if entry.id != entry_id]

    async def clear(self) -> None:
        """See ports.HistoryStore."""
        self._check()
        self.entries = []

    def _check(self) -> None:
        if self.full:
            raise StorageError("no space left")


class FakeContactStore:
    """Implements ports.ContactStore; `full` makes writing fail."""

    def __init__(self, *contacts: Contact) -> None:
        self.contacts: dict[str, Contact] = {contact.id: contact for contact in contacts}
        self.full = False

    async def all(self, search: str = "") -> list[Contact]:
        """See ports.ContactStore."""
        wanted = search.casefold()
        found = [
            c
            for c in self.contacts.values()
            if any(wanted in text.casefold() for text in (c.name, c.company, *c.numbers))
        ]
        return sorted(found, key=lambda contact: contact.name.casefold())

    async def put(self, contact: Contact) -> None:
        """See ports.ContactStore."""
        self._check()
        self.contacts[contact.id] = contact

    async def delete(self, contact_id: str) -> None:
        """See ports.ContactStore."""
        self._check()
        self.contacts.pop(contact_id, None)

    def _check(self) -> None:
        if self.full:
            raise StorageError("no space left")


class FakeDirectory:
    """Implements ports.Directory; answers from `found`."""

    def __init__(self, **found: Discovery) -> None:
        self.found: dict[str, Discovery] = dict(found)
        self.asked: list[str] = []

    async def discover(self, host: str, *, ca_file: str = "") -> Discovery | None:
        """See ports.Directory."""
        self.asked.append(host)
        return self.found.get(host)


class FakeCompanyService:
    """Implements ports.CompanyService for people given as number=password.

    `asked` holds what it was asked as (url, request), `devices` what is signed in; `silent` answers nobody.
    """

    def __init__(self, people: dict[str, str] | None = None) -> None:
        self.people = people or {}
        self.asked: list[tuple[str, DeviceSignIn | DeviceRevocation]] = []
        self.devices: dict[str, tuple[str, DeviceCredentials]] = {}
        self.silent = False
        self.issued = 0

    async def sign_in(self, url: str, request: DeviceSignIn, *, ca_file: str = "") -> DeviceCredentials:
        """See ports.CompanyService."""
        self.asked.append((url, request))
        if self.silent:
            raise SignInRefused(Refusal.SERVER_SILENT, url)
        if self.people.get(request.phone) != request.password:
            raise SignInRefused(Refusal.WRONG_CREDENTIALS, url)
        self.issued += 1
        own = f"{self.issued}".zfill(43)
        made = DeviceCredentials(
            "sip.example.com",
            "tls",
            request.phone,
            f"user{self.issued}",
            own,
            f"device{self.issued}",
            5061,
            f"refresh{self.issued}".ljust(43, "r"),
        )
        place = f"{request.phone} {request.instance_id}"
        self.devices = {key: kept for key, kept in self.devices.items() if kept[0] != place}
        self.devices[made.device_id] = (place, made)
        return made

    async def revoke(self, url: str, request: DeviceRevocation, *, ca_file: str = "") -> bool:
        """See ports.CompanyService."""
        self.asked.append((url, request))
        _, known = self.devices.get(request.device_id, ("", None))
        if self.silent or known is None or known.sip_secret != request.sip_secret:
            return False
        del self.devices[request.device_id]
        return True
