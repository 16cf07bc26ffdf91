"""What every history, contact and settings store and every keyring must do: the fakes and the real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from softphone.adapters.contact_store import MIGRATION as CONTACTS
from softphone.adapters.contact_store import SqliteContactStore
from softphone.adapters.database import Database
from softphone.adapters.history_store import MIGRATION as HISTORY
from softphone.adapters.history_store import SqliteHistoryStore
from softphone.adapters.keyring import SystemKeyring
from softphone.adapters.settings_store import JsonSettingsStore
from softphone.domain.call import Direction
from softphone.domain.contact import Contact
from softphone.domain.history import HistoryEntry, Outcome
from softphone.ports import ContactStore, HistoryStore, Secrets, SettingsStore
from tests.doubles.stores import FakeContactStore, FakeHistoryStore, FakeSecrets, FakeSettingsStore
from tests.lab.keyring import in_environment, secret_service

MISSED = HistoryEntry(
    "m1", Direction.INCOMING, "sip:0401@vip", "0401234567", "Aino", 100.0, 0.0, Outcome.MISSED, None, False
)
CALL = HistoryEntry(
    "c1", Direction.OUTGOING, "0507", "0507654321", "Matti", 200.0, 61.5, Outcome.ANSWERED, 4.2, True
)
AINO = Contact("1", "Aino Asiakas", ("0401234567", "sip:aino@vip"), "Pankki", "aino@example.com", "VIP")
AKE = Contact("2", "Åke 100%", ("+46700000000",))


@pytest.fixture(params=["fake", "sqlite"])
async def history(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[HistoryStore]:
    if request.param == "fake":
        yield FakeHistoryStore()
        return
    database = Database(tmp_path / "history.sqlite", (HISTORY,), ("history",))
    yield SqliteHistoryStore(database)
    await database.close()


@pytest.fixture(params=["fake", "sqlite"])
async def contacts(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ContactStore]:
    if request.param == "fake":
        yield FakeContactStore()
        return
    database = Database(tmp_path / "contacts.sqlite", (CONTACTS,), ("contacts",))
    yield SqliteContactStore(database)
    await database.close()


@pytest.fixture(params=["fake", pytest.param("system", marks=pytest.mark.peer)])
def secrets(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Secrets]:
    if request.param == "fake":
        yield FakeSecrets()
        return
    with secret_service(tmp_path / "keyring") as service, in_environment(service.environment):
        yield SystemKeyring()


@pytest.fixture(params=["fake", "json"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> SettingsStore:
    return FakeSettingsStore() if request.param == "fake" else JsonSettingsStore(tmp_path / "settings.json")


async def test_history_newest_first(history: HistoryStore) -> None:
    await history.add(CALL)
    await history.add(MISSED)
    assert await history.recent() == [CALL, MISSED]
    assert await history.recent(limit=1) == [CALL]


async def test_history_search(history: HistoryStore) -> None:
    await history.add(CALL)
    await history.add(MISSED)
    assert await history.recent(search="aino") == [MISSED]
    assert await history.recent(search="0507") == [CALL]
    assert await history.recent(search="@VIP") == [MISSED]
    assert await history.recent(search="nobody") == []


async def test_missed_calls_are_new_until_seen(history: HistoryStore) -> None:
    await history.add(CALL)
    await history.add(MISSED)
    assert await history.missed() == 1
    await history.mark_seen()
    assert await history.missed() == 0
    assert [entry.seen for entry in await history.recent()] == [True, True]
    await history.add(replace(MISSED, id="m2"))
    assert await history.missed() == 1


@pytest.mark.parametrize("forget", ["one", "all"])
async def test_a_call_missed_after_others_were_forgotten_is_new(history: HistoryStore, forget: str) -> None:
    await history.add(CALL)
    await history.add(MISSED)
    await history.mark_seen()
    await (history.delete("c1") if forget == "one" else history.clear())
    await history.add(replace(MISSED, id="m2"))
    assert await history.missed() == 1


async def test_the_same_call_again_takes_its_own_place(history: HistoryStore) -> None:
    await history.add(CALL)
    await history.add(replace(CALL, duration_s=90.0))
    assert await history.recent() == [replace(CALL, duration_s=90.0)]


async def test_history_delete_and_clear(history: HistoryStore) -> None:
    await history.add(CALL)
    await history.add(MISSED)
    await history.delete("c1")
    await history.delete("no-such")
    assert [entry.id for entry in await history.recent()] == ["m1"]
    await history.clear()
    assert await history.recent() == []


async def test_contacts_by_name(contacts: ContactStore) -> None:
    await contacts.put(AKE)
    await contacts.put(AINO)
    assert await contacts.all() == [AINO, AKE]
    await contacts.put(replace(AINO, name="Beata"))
    assert [contact.name for contact in await contacts.all()] == ["Beata", "Åke 100%"]
    await contacts.delete("1")
    await contacts.delete("no-such")
    assert await contacts.all() == [AKE]


@pytest.mark.parametrize(
    ("search", "found"), [("aino", [AINO]), ("PANKKI", [AINO]), ("+467", [AKE]), ("%", [AKE])]
)
async def test_contacts_search(contacts: ContactStore, search: str, found: list[Contact]) -> None:
    await contacts.put(AKE)
    await contacts.put(AINO)
    assert await contacts.all(search) == found


async def test_settings_round_trip(settings: SettingsStore) -> None:
    assert await settings.load() == ({}, False)
    await settings.save({"audio.ring": ["a", "ä"], "call.auto_answer": True, "sip.keepalive_s": 2})
    await settings.save({"audio.ring": ["a", "ä"], "sip.keepalive_s": 3})
    assert await settings.load() == ({"audio.ring": ["a", "ä"], "sip.keepalive_s": 3}, False)


async def test_secrets(secrets: Secrets) -> None:
    assert await secrets.get("0401234567@vip") is None
    await secrets.set("0401234567@vip", "first")
    await secrets.set("0401234567@vip", "sécond")
    await secrets.set("other@vip", "third")
    assert await secrets.get("0401234567@vip") == "sécond"
    await secrets.delete("0401234567@vip")
    await secrets.delete("0401234567@vip")
    assert await secrets.get("0401234567@vip") is None
    assert await secrets.get("other@vip") == "third"
