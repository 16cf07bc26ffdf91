"""Places in meetings over a restart, a missing keyring and time."""

from __future__ import annotations

from dataclasses import replace

from softphone.runtime.bus import Bus
from softphone.services.place_memory import INDEX, MOST, Place, PlaceMemory, key_of
from softphone.services.settings import Settings
from tests.doubles.clock import FakeClock
from tests.doubles.stores import FakeSecrets, FakeSettingsStore

KEY = key_of("https://meet.example.com/api/v1", "s" * 43)


class Bench:
    """A memory on doubles; `again` is the same after a restart."""

    def __init__(self, secrets: FakeSecrets, store: FakeSettingsStore, clock: FakeClock) -> None:
        self.secrets, self.store, self.clock = secrets, store, clock
        self.settings = Settings(store, Bus())
        self.memory = PlaceMemory(secrets, self.settings, clock)

    @classmethod
    async def new(cls) -> Bench:
        """The first."""
        return await cls(FakeSecrets(), FakeSettingsStore(), FakeClock()).loaded()

    async def again(self) -> Bench:
        """Another run of the program."""
        return await Bench(self.secrets, self.store, self.clock).loaded()

    async def loaded(self) -> Bench:
        """With its settings."""
        await self.settings.load()
        return self

    def place(self, resume: str = "resume1") -> Place:
        """A place for the next hour."""
        return Place("appointment1", self.clock.time() + 3600, "token1", resume)


async def test_a_place_outlives_a_restart_and_tells_nothing_of_itself() -> None:
    bench = await Bench.new()
    await bench.memory.keep(KEY, bench.place())
    await bench.memory.keep(KEY, bench.place("resume2"))
    again = await bench.again()
    assert await again.memory.find(KEY) == bench.place("resume2")
    assert "token1" not in str(bench.store.values)
    assert "token1" not in repr(bench.place())
    assert "s" * 43 not in KEY


async def test_what_is_over_leaves_the_keyring() -> None:
    bench = await Bench.new()
    await bench.memory.keep(KEY, bench.place())
    bench.clock.advance(7200)
    await bench.memory.keep("other", bench.place())
    assert list(bench.secrets.stored) == ["meeting other"]
    assert len(bench.settings.names(INDEX)) == 1


async def test_there_is_an_end_to_what_is_kept() -> None:
    bench = await Bench.new()
    for number in range(MOST + 3):
        place = replace(bench.place(), until=bench.clock.time() + 100 + number)
        await bench.memory.keep(f"place{number}", place)
    assert len(bench.secrets.stored) == MOST
    assert "meeting place0" not in bench.secrets.stored


async def test_without_a_keyring_a_place_lasts_as_long_as_the_run() -> None:
    bench = await Bench.new()
    bench.secrets.unavailable = True
    await bench.memory.keep(KEY, bench.place())
    assert await bench.memory.find(KEY) == bench.place()
    assert await (await bench.again()).memory.find(KEY) is None


async def test_what_cannot_be_read_counts_as_nothing() -> None:
    bench = await Bench.new()
    await bench.memory.keep(KEY, bench.place())
    for broken in ("", "{}", "[1]", "no json", '["a", "soon", "t", "r"]'):
        bench.secrets.stored[f"meeting {KEY}"] = broken
        assert await (await bench.again()).memory.find(KEY) is None
    bench.secrets.unavailable = True
    assert await (await bench.again()).memory.find(KEY) is None
