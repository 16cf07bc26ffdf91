"""Choosing devices, following plugging, the meter."""

from __future__ import annotations

import pytest

from softphone.domain.device import Device, Role
from softphone.domain.errors import BadSetting
from softphone.domain.events import DevicesChanged, Event, LevelsChanged, Notice
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.settings import Settings
from softphone.services.sound_devices import SoundDevices
from tests.doubles.application import settle
from tests.doubles.sound import HEADSET, FakeSound
from tests.doubles.stores import FakeSettingsStore


class Bench:
    """Devices on fake sound."""

    def __init__(self, policy: dict[str, object] | None = None, **overrides: str) -> None:
        self.sound, self.store = FakeSound(), FakeSettingsStore()
        self.events: list[Event] = []
        bus = Bus()
        bus.subscribe(self.events.append)
        chosen = {key.replace("__", "."): value for key, value in overrides.items()}
        self.settings = Settings(self.store, bus, policy=policy, overrides=chosen)
        self.tasks = Tasks()
        self.devices = SoundDevices(self.sound, self.settings, bus, self.tasks)

    def notices(self) -> list[Notice]:
        """What people were told."""
        return [event for event in self.events if isinstance(event, Notice)]


async def test_the_settings_decide_at_the_start() -> None:
    bench = Bench(audio__microphone=HEADSET.id, audio__ring=f"{HEADSET.id},fake:speakers")
    await bench.devices.start()
    state = bench.devices.state()
    assert (state.microphone_used, state.speaker_used) == (HEADSET.name, "Laptop speakers")
    assert state.ring_used == (HEADSET.name, "Laptop speakers")
    assert DevicesChanged(state) in bench.events


async def test_choosing_is_used_at_once_and_remembered() -> None:
    bench = Bench()
    await bench.devices.start()
    await bench.devices.choose(speaker=HEADSET.id, ring=["fake:speakers"])
    assert bench.devices.state().speaker_used == HEADSET.name
    stored = {key: value for key, value in bench.store.values.items() if key != "audio.names"}
    assert stored == {"audio.speaker": [HEADSET.id, "default"], "audio.ring": ["fake:speakers"]}


async def test_a_setting_changed_elsewhere_is_followed() -> None:
    bench = Bench()
    await bench.devices.start()
    await bench.settings.set_text("audio.microphone", f"fake:gone,{HEADSET.id}")
    await settle()
    assert bench.devices.state().microphone_used == HEADSET.name


async def test_what_policy_decides_can_not_be_chosen() -> None:
    bench = Bench(policy={"audio.ring": ["fake:speakers"]})
    await bench.devices.start()
    with pytest.raises(BadSetting):
        await bench.devices.choose(ring=[HEADSET.id])
    assert bench.devices.state().ring == ("fake:speakers",)


async def test_a_device_in_use_that_goes_is_told() -> None:
    bench = Bench(audio__microphone=HEADSET.id)
    await bench.devices.start()
    bench.sound.plug(Device("fake:dock", "USB dock", True, True))
    bench.sound.pull("fake:dock")
    assert bench.notices() == []
    bench.sound.pull(HEADSET.id)
    assert bench.notices() == [Notice("device-lost", {"device": HEADSET.name})]
    assert bench.devices.state().microphone_used == "Laptop microphone"
    bench.sound.pull("fake:microphone")
    assert Notice("device-none") in bench.notices()


async def test_a_device_that_is_picked_goes_first_and_the_others_stay_behind_it() -> None:
    bench = Bench()
    await bench.devices.start()
    await bench.devices.choose(speaker=HEADSET.id, alert="fake:speakers")
    await bench.devices.choose(speaker="fake:speakers")
    assert bench.devices.order(Role.SPEAKER) == ("fake:speakers", HEADSET.id, "default")
    assert bench.devices.order(Role.ALERT) == ("fake:speakers", "speaker")
    await bench.devices.reorder(Role.SPEAKER, [HEADSET.id, HEADSET.id, "default"])
    assert bench.devices.order(Role.SPEAKER) == (HEADSET.id, "default")
    assert bench.devices.state().alert_used == "Laptop speakers"


@pytest.mark.parametrize("stored", [HEADSET.id, [HEADSET.id]])
async def test_a_device_stored_by_an_older_version_is_a_list_of_one(stored: object) -> None:
    bench = Bench()
    bench.store.values["audio.microphone"] = stored
    await bench.settings.load()
    await bench.devices.start()
    assert bench.devices.order(Role.MICROPHONE) == (HEADSET.id,)
    assert bench.devices.state().microphone_used == HEADSET.name


async def test_treatment_follows_its_settings() -> None:
    bench = Bench(policy={"audio.noise_suppression": "high"})
    await bench.devices.start()
    assert bench.sound.treatment == ("auto", "high")
    await bench.settings.set("audio.echo_cancel", "off")
    assert bench.sound.treatment == ("off", "high")


async def test_names_of_chosen_devices_are_known_after_they_went_and_in_the_next_run() -> None:
    bench = Bench()
    odd = Device("fake:a=b%20", "Desk = best", True, True)
    bench.sound.plug(odd)
    bench.sound.plug(Device("fake:other", "Never chosen", True, True))
    await bench.devices.start()
    await bench.devices.choose(microphone=odd.id, ring=[HEADSET.id])
    bench.sound.pull(odd.id)
    await settle()
    assert bench.devices.name_of(odd.id) == "Desk = best"
    later = Bench()
    later.sound.devices = ()
    later.store.values.update(bench.store.values)
    await later.settings.load()
    await later.devices.start()
    assert [later.devices.name_of(i) for i in (odd.id, HEADSET.id)] == ["Desk = best", HEADSET.name]
    assert later.devices.name_of("fake:other") == "other"


async def test_the_meter_runs_while_somebody_looks() -> None:
    bench = Bench()
    await bench.devices.start()
    await bench.devices.meter(True)
    await bench.devices.meter(True)
    await settle()
    await bench.devices.meter(False)
    measured = [bench.sound.metering]
    assert LevelsChanged(-30.0, -40.0) in bench.events
    await bench.devices.meter(False)
    measured.append(bench.sound.metering)
    assert measured == [True, False]
    await bench.devices.meter(False)
    await bench.tasks.close()


async def test_trying_out() -> None:
    bench = Bench()
    await bench.devices.test_tone()
    await bench.devices.try_ring(HEADSET.id)
    assert (bench.sound.played, bench.sound.tried) == (["test"], [HEADSET.id])
