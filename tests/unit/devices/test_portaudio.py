from __future__ import annotations

import sys
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from devices.hotplug import Hotplug
from devices.portaudio import PortAudio, load_sounddevice
from devices.system import PortAudioDriver
from devices.types import DeviceFailure, SoundDevice
from devices.waking import Waking
from tests.doubles.sound_device import FakeSoundDevice

FINE = SimpleNamespace(input_overflow=False, output_underflow=False)
HEADSET = "portaudio:ALSA:Headset"


@pytest.fixture(autouse=True)
def _linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.portaudio.sys", SimpleNamespace(platform="linux"))


def library(api: str = "ALSA") -> FakeSoundDevice:
    fake = FakeSoundDevice(api)
    fake.add("Headset", 1, 2)
    fake.add("Speakers", 0, 2)
    fake.add("Headset", 1, 2, api=1)
    return fake


def driver(fake: FakeSoundDevice, hotplug: Hotplug | None = None) -> PortAudioDriver:
    return PortAudioDriver(PortAudio(lambda: fake), hotplug or Hotplug(lambda: b""), waking=ScriptedWaking())


def test_lists_the_platforms_host_api_only() -> None:
    assert driver(library()).devices() == (
        SoundDevice(HEADSET, "Headset", 1, 2, default_input=True, default_output=True),
        SoundDevice("portaudio:ALSA:Speakers", "Speakers", 0, 2),
    )


def test_lists_every_api_where_the_preferred_one_is_missing() -> None:
    assert {device.id for device in driver(library("OSS")).devices()} == {
        "portaudio:OSS:Headset",
        "portaudio:OSS:Speakers",
        "portaudio:MME:Headset",
    }


def test_twins_are_two_devices_and_each_is_opened_by_its_own_index() -> None:
    fake = FakeSoundDevice()
    fake.add("Headset", 1, 2)
    fake.add("Headset", 1, 2)
    fake.add("Nothing", 0, 0)
    sound = driver(fake)
    assert [device.name for device in sound.devices()] == ["Headset", "Headset (2)"]
    sound.open_playout(f"{HEADSET} (2)")
    sound.open_capture(HEADSET)
    assert [stream.settings["device"] for stream in fake.streams] == [1, 0]


def test_two_halves_of_one_name_are_one_device() -> None:
    fake = FakeSoundDevice()
    fake.add("Headset", 0, 2)
    fake.add("Headset", 1, 0)
    fake.add("Speakers", 0, 2)
    sound = driver(fake)
    assert [(device.name, device.inputs, device.outputs) for device in sound.devices()] == [
        ("Headset", 1, 2),
        ("Speakers", 0, 2),
    ]
    sound.open_playout(HEADSET)
    sound.open_capture(HEADSET)
    assert [stream.settings["device"] for stream in fake.streams] == [0, 1]
    with pytest.raises(DeviceFailure, match="can't do that"):
        sound.open_capture("portaudio:ALSA:Speakers")


def test_after_sleep_the_library_starts_anew_and_streams_go_on() -> None:
    fake, waking, told = library(), ScriptedWaking(), list[str]()
    sound = PortAudioDriver(PortAudio(lambda: fake), Hotplug(lambda: b"", follow=no_notices), waking=waking)
    sound.watch(lambda: told.append("told"))
    stream = sound.open_playout("portaudio:ALSA:Speakers")
    before = fake.starts
    waking.tell()
    sound.devices()
    sound.devices()
    assert (told, fake.starts - before, stream.alive, len(fake.streams)) == (["told"], 1, True, 2)
    sound.close()


def test_opens_at_48_khz_in_blocks_of_10_ms() -> None:
    fake = library()
    stream = driver(fake).open_capture(HEADSET)
    settings = fake.streams[0].settings
    assert (settings["samplerate"], settings["blocksize"], settings["channels"]) == (48_000, 480, 1)
    fake.streams[0].call(1, 7, FINE)
    assert stream.read(480).tolist() == [7] * 480


def test_a_speaker_gets_both_channels() -> None:
    fake = library()
    stream = driver(fake).open_playout("portaudio:ALSA:Speakers")
    stream.write(np.full(480, 5, np.int16))
    assert fake.streams[0].call(2, 0, FINE).tolist() == [[5, 5]] * 480


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 44_100, 96_000])
def test_a_device_of_another_rate_is_converted(rate: int) -> None:
    fake = FakeSoundDevice()
    fake.add("Headset", 1, 1, rate=rate)
    fake.rates = {rate}
    capture, playout = driver(fake).open_capture(HEADSET), driver(fake).open_playout(HEADSET)
    assert fake.streams[0].settings["blocksize"] == rate // 100
    heard: list[int] = []
    for _ in range(20):
        fake.streams[0].call(1, 1000, FINE)
        assert playout.write(np.full(480, 1000, np.int16)) == 480
        heard += capture.read(capture.available()).tolist()
    in_the_filter = 20 * 480 - len(heard)
    assert 0 <= in_the_filter < (2 if rate >= 16_000 else 4) * 480
    assert heard[-1] == pytest.approx(1000, abs=2)
    assert playout.queued() == pytest.approx(20 * 480, abs=4 * 480)
    assert (capture.alive, playout.alive, playout.underflows) == (True, True, 0)
    capture.close()
    playout.close()
    assert (capture.alive, playout.alive) == (False, False)


def test_windows_lets_wasapi_convert(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.portaudio.sys", SimpleNamespace(platform="win32"))
    fake = library("Windows WASAPI")
    driver(fake).open_playout("portaudio:Windows WASAPI:Speakers")
    assert fake.streams[0].settings["extra_settings"] == "wasapi auto_convert=True"


@pytest.mark.parametrize("identity", ["portaudio:ALSA:Nothing", "portaudio:ALSA:"])
def test_a_device_that_is_not_there_is_a_failure(identity: str) -> None:
    with pytest.raises(DeviceFailure, match="not there"):
        driver(library()).open_playout(identity)
    assert driver(library()).find(identity) is None


def test_a_device_that_does_not_open_is_a_failure() -> None:
    fake = library()
    portaudio = PortAudio(lambda: fake)
    rows = portaudio.listed()
    fake.broken = True
    with pytest.raises(DeviceFailure, match="can't be opened"):
        portaudio.open_playout(rows[1])


def test_without_portaudio_nothing_is_listed_and_opening_says_why() -> None:
    def missing() -> Any:
        raise DeviceFailure("PortAudio is not there: library not found")

    without = PortAudioDriver(PortAudio(missing), Hotplug(lambda: b""))
    assert without.devices() == ()
    with pytest.raises(DeviceFailure, match="PortAudio is not there"):
        without.open_capture(HEADSET)


def test_a_missing_library_is_a_typed_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(DeviceFailure, match="PortAudio is not there"):
        load_sounddevice()


def test_a_library_that_does_not_start_lists_nothing() -> None:
    fake = library()
    fake.broken = True
    assert driver(fake).devices() == ()


def test_plugging_refreshes_the_list_and_open_streams_go_on_under_their_new_index() -> None:
    fake = library()
    plugged: list[str] = []
    hotplug = ScriptedHotplug()
    sound = driver(fake, hotplug)
    sound.watch(lambda: plugged.append("told"))
    stream = sound.open_playout("portaudio:ALSA:Speakers")
    stream.write(np.full(960, 5, np.int16))
    fake.rows.insert(0, {**fake.rows[0], "name": "USB"})
    assert "USB" not in [device.name for device in sound.devices()]
    hotplug.tell()
    assert plugged == ["told"]
    assert [device.name for device in sound.devices()] == ["USB", "Headset", "Speakers"]
    assert stream.alive
    assert fake.streams[-1].settings["device"] == 2
    assert fake.streams[-1].call(2, 0, FINE).tolist() == [[5, 5]] * 480


def test_a_stream_whose_device_is_gone_after_a_refresh_dies() -> None:
    fake = library()
    hotplug = ScriptedHotplug()
    sound = driver(fake, hotplug)
    sound.watch(lambda: None)
    stream = sound.open_playout("portaudio:ALSA:Speakers")
    del fake.rows[1]
    hotplug.tell()
    assert [device.name for device in sound.devices()] == ["Headset"]
    assert not stream.alive


def test_closing_the_driver_closes_its_streams() -> None:
    fake = library()
    sound = driver(fake)
    stream = sound.open_capture(HEADSET)
    sound.close()
    assert not stream.alive
    assert not fake.streams[0].open


class ScriptedWaking(Waking):
    """A watch for sleep that tells when the test says so, without a thread."""

    def watch(self, woke: Any) -> Any:
        return self._notices.add(woke)

    def tell(self) -> None:
        self._notices.tell()


def no_notices(changed: Any, stop: threading.Event) -> None:
    """A system where nothing is plugged."""


class ScriptedHotplug(Hotplug):
    """A watch that tells when the test says so, without a thread."""

    def __init__(self) -> None:
        super().__init__(lambda: b"")

    def watch(self, changed: Any) -> Any:
        return self._notices.add(changed)

    def tell(self) -> None:
        self._notices.tell()
