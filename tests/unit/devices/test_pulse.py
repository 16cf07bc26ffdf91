from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from devices.pactl import Endpoint, Pactl
from devices.portaudio import PortAudio
from devices.pulse import PCM, VARIABLE, PulseDriver
from devices.types import DeviceFailure, SoundDevice
from tests.doubles.sound_device import FakeSoundDevice

HEADSET = Endpoint("usb", "Headset", 2, is_input=False, is_default=True)
MICROPHONE = Endpoint("mic", "Microphone", 1, is_input=True, is_default=True)


class FakeServer(Pactl):
    """A sound server that has what the test says; None where none runs."""

    def __init__(self, *has: Endpoint) -> None:
        super().__init__("none")
        self.has: tuple[Endpoint, ...] | None = has
        self.stopped = 0

    def endpoints(self) -> tuple[Endpoint, ...] | None:
        return self.has

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        changed()

        def stop() -> None:
            self.stopped += 1

        return stop


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALSA_CONFIG_PATH", "/etc/somewhere/alsa.conf")
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.setattr("devices.portaudio.sys", SimpleNamespace(platform="linux"))


def library() -> FakeSoundDevice:
    fake = FakeSoundDevice()
    fake.add(PCM, 32, 32)
    fake.add("default", 32, 32)
    return fake


def test_lists_what_the_server_has(tmp_path: Path) -> None:
    driver = PulseDriver(PortAudio(library), tmp_path, FakeServer(HEADSET, MICROPHONE))
    assert driver.devices() == (
        SoundDevice("pulse:usb", "Headset", 0, 2, default_output=True),
        SoundDevice("pulse:mic", "Microphone", 1, 0, default_input=True),
    )
    assert driver.find("pulse:mic") == driver.devices()[1]
    assert driver.find("pulse:gone") is None


def test_points_our_pcm_at_the_device_when_it_is_opened(tmp_path: Path) -> None:
    fake = library()
    driver = PulseDriver(PortAudio(lambda: fake), tmp_path / "run", FakeServer(HEADSET, MICROPHONE))
    driver.open_playout("pulse:usb")
    assert (os.environ[VARIABLE], fake.streams[0].settings["channels"]) == ("usb", 2)
    driver.open_capture("pulse:mic")
    assert (os.environ[VARIABLE], fake.streams[1].settings["channels"]) == ("mic", 1)
    assert os.environ["ALSA_CONFIG_PATH"] == str(tmp_path / "run" / "alsa.conf")
    assert f"pcm.{PCM} {{" in (tmp_path / "run" / "alsa.conf").read_text()
    assert fake.starts == 1


def test_without_a_server_the_systems_own_configuration_stands(tmp_path: Path) -> None:
    fake, server = library(), FakeServer(HEADSET)
    driver = PulseDriver(PortAudio(lambda: fake), tmp_path, server)
    driver.open_playout("pulse:usb")
    server.has = None
    assert driver.devices() == ()
    assert (tmp_path / "alsa.conf").read_text() == "</etc/somewhere/alsa.conf>\n"
    assert fake.starts == 2
    server.has = (HEADSET,)
    assert len(driver.devices()) == 1
    assert fake.starts == 3


def test_without_alsas_pulse_plugin_opening_says_so(tmp_path: Path) -> None:
    driver = PulseDriver(PortAudio(FakeSoundDevice), tmp_path, FakeServer(HEADSET))
    with pytest.raises(DeviceFailure, match="pulse plugin is missing"):
        driver.open_playout("pulse:usb")


def test_watching_ends_with_the_driver(tmp_path: Path) -> None:
    server, told = FakeServer(HEADSET), list[str]()
    driver = PulseDriver(PortAudio(library), tmp_path, server)
    driver.watch(lambda: told.append("changed"))
    driver.close()
    assert (told, server.stopped) == (["changed"], 1)


def test_where_nothing_can_be_written_the_server_is_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    driver = PulseDriver(PortAudio(library), tmp_path / "file", FakeServer(HEADSET))
    assert driver.devices() == ()
    assert "can't be written" in caplog.text
