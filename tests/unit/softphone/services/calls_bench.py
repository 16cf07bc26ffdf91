"""Calls with everything that follows them, on a user agent without a network."""

from __future__ import annotations

import asyncio

import pytest

from softphone.domain.account import LineState
from softphone.domain.call import Call
from softphone.domain.events import CallChanged, Event
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.auto_answer import AutoAnswer
from softphone.services.call_quality import CallQualityWatch
from softphone.services.call_table import CallTable
from softphone.services.call_tones import CallTones
from softphone.services.calls import Calls
from softphone.services.contacts import Contacts
from softphone.services.history import History
from softphone.services.history_writer import HistoryWriter
from softphone.services.numbers import Numbers
from softphone.services.ringing import Ringing
from softphone.services.settings import Settings
from tests.doubles.application import settle
from tests.doubles.clock import FakeClock
from tests.doubles.sound import FakeSound
from tests.doubles.stores import FakeContactStore, FakeHistoryStore, FakeSettingsStore
from tests.doubles.telephony import FakeTelephony


class Bench:
    """Calls with everything that follows them."""

    def __init__(self) -> None:
        self.telephony, self.sound, self.clock = FakeTelephony(), FakeSound(), FakeClock()
        self.telephony.registered = True
        self.line = LineState.REGISTERED
        self.hurried, self.hurry_helps = 0, True
        self.events: list[Event] = []
        self.end_of_tone = asyncio.Event()
        self.tone_lengths: list[float] = []
        bus = Bus()
        bus.subscribe(self.events.append)
        self.tasks = Tasks()
        self.settings = Settings(FakeSettingsStore(), bus)
        self.store = FakeHistoryStore()
        numbers = Numbers()
        self.contacts = Contacts(FakeContactStore(), numbers, bus)
        self.table = CallTable(bus, self.clock)
        self.calls = Calls(
            self.telephony,
            self.table,
            numbers,
            bus,
            self.clock,
            self.tasks,
            line=lambda: self.line,
            hurry=self._hurry,
            name_for=self.contacts.name_for,
            auto_answer=AutoAnswer(self.table, self.sound, self.settings),
        )
        self.ringing = Ringing(self.table, self.sound, self.tasks)
        self.tones = CallTones(self.table, self.sound, self.tasks, sleep=self._tone_sleeps)
        self.quality = CallQualityWatch(self.table, self.telephony, self.sound, self.clock, self.tasks)
        self.writer = HistoryWriter(self.table, History(self.store, bus), self.clock, self.tasks)

    async def _hurry(self) -> bool:
        self.hurried += 1
        self.telephony.refuse.clear()
        return self.hurry_helps

    async def _tone_sleeps(self, seconds: float) -> None:
        self.tone_lengths.append(seconds)
        await self.end_of_tone.wait()

    async def talk(self, target: str = "0401234567") -> str:
        """An own call that was answered."""
        call_id = await self.calls.dial(target)
        self.telephony.establish(call_id)
        await settle()
        return call_id

    async def ring(self, number: str = "0507654321") -> str:
        """An incoming call that rings."""
        call_id = self.telephony.incoming(number)
        await settle()
        return call_id

    def rings(self) -> bool:
        """Whether the ring tone plays now."""
        return self.sound.ringing

    def call(self, call_id: str) -> Call:
        """The call now."""
        return self.calls.get(call_id)

    def last(self, call_id: str) -> Call:
        """The call as it was last told."""
        return [e.call for e in self.events if isinstance(e, CallChanged) and e.call.id == call_id][-1]

    def did(self, *names: str) -> list[tuple[object, ...]]:
        """The user agent's commands of these names."""
        return [command for command in self.telephony.commands if command[0] in names]


@pytest.fixture
def bench() -> Bench:
    return Bench()
