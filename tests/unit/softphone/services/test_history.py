"""The list of past calls, on a disk that sometimes refuses."""

from __future__ import annotations

import pytest

from softphone.domain.call import Direction
from softphone.domain.events import Event, HistoryChanged, Notice
from softphone.domain.history import HistoryEntry, Outcome
from softphone.runtime.bus import Bus
from softphone.services import history as service
from softphone.services.history import History
from tests.doubles.stores import FakeHistoryStore


def entry(number: int, outcome: Outcome = Outcome.ANSWERED) -> HistoryEntry:
    """A call; later numbers began later."""
    seen, began = outcome is not Outcome.MISSED, 1000.0 + number
    way, dialled = Direction.INCOMING, f"040{number}"
    return HistoryEntry(f"id{number}", way, "sip:a@b", dialled, "Aino", began, 5.0, outcome, None, seen)


class Bench:
    """A history and what the bus said."""

    def __init__(self) -> None:
        self.store = FakeHistoryStore()
        self.events: list[Event] = []
        bus = Bus()
        bus.subscribe(self.events.append)
        self.history = History(self.store, bus)


async def test_add_and_look() -> None:
    bench = Bench()
    await bench.history.add(entry(1))
    await bench.history.add(entry(2, Outcome.MISSED))
    assert [e.id for e in await bench.history.recent()] == ["id2", "id1"]
    assert [e.id for e in await bench.history.recent(search="0401")] == ["id1"]
    assert bench.events == [HistoryChanged(entry(1), 0), HistoryChanged(entry(2, Outcome.MISSED), 1)]
    await bench.history.mark_seen()
    assert bench.events[-1] == HistoryChanged(None, 0)
    await bench.history.delete("id1")
    await bench.history.clear()
    assert await bench.history.recent() == []


async def test_a_full_disk_loses_nothing_and_is_told_once() -> None:
    bench = Bench()
    bench.store.full = True
    await bench.history.add(entry(1))
    await bench.history.add(entry(2, Outcome.MISSED))
    assert [e.id for e in await bench.history.recent()] == ["id2", "id1"]
    assert [e.id for e in await bench.history.recent(search="0402")] == ["id2"]
    assert await bench.history.missed() == 1
    bench.store.full = False
    await bench.history.add(entry(3))
    assert [e.id for e in bench.store.entries] == ["id1", "id2", "id3"]
    assert [e for e in bench.events if isinstance(e, Notice)] == [
        Notice("storage-failed", {"what": "history"}),
        Notice("storage-recovered", {"what": "history"}),
    ]


async def test_what_waits_for_the_disk_can_be_deleted() -> None:
    bench = Bench()
    bench.store.full = True
    await bench.history.add(entry(1))
    await bench.history.delete("id1")
    assert await bench.history.recent() == []
    await bench.history.add(entry(2))
    await bench.history.clear()
    assert await bench.history.recent() == []


async def test_what_waits_for_the_disk_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_WAITING", 2)
    bench = Bench()
    bench.store.full = True
    for number in range(6):
        await bench.history.add(entry(number))
    assert [e.id for e in await bench.history.recent()] == ["id5", "id4", "id3"]
