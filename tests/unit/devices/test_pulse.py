from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from devices.alsa import CONFIGURATION, DEVICE, PCM
from devices.pactl import Change, Endpoint, Pactl, Subscription
from devices.portaudio import PortAudio
from devices.pulse import PulseDriver
from devices.types import DeviceFailure, SoundDevice
from tests.doubles.sound_device import FakeSoundDevice

HEADSET = Endpoint("usb", "Headset", 2, is_input=False, is_default=True, kind="headset", system_id="s1")
MICROPHONE = Endpoint("mic", "Microphone", 1, is_input=True, is_default=True)


class FakeServer(Pactl):
    """A sound server that has what the test says; None where none runs."""

    def __init__(self, *has: Endpoint) -> None:
        super().__init__("none")
        self.has: tuple[Endpoint, ...] | None = has
        self.stopped = 0
        self.asked = self.asked_defaults = 0
        self.default_names = ("", "")
        self.tell: Callable[[Change], None] = lambda change: None
        self.connected = True

    def endpoints(self) -> tuple[Endpoint, ...] | None:
        self.asked += 1
        return self.has

    def defaults(self) -> tuple[str, str] | None:
        self.asked_defaults += 1
        return self.default_names if self.has is not None else None

    def subscribe(self, changed: Callable[[Change], None]) -> Subscription:
        self.tell = changed
        return self  # type: ignore[return-value]

    def stop(self) -> None:
        self.stopped += 1


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONFIGURATION, "/etc/somewhere/alsa.conf")
    monkeypatch.setenv(DEVICE, "")
    monkeypatch.setattr("devices.portaudio.sys", SimpleNamespace(platform="linux"))


def library() -> FakeSoundDevice:
    fake = FakeSoundDevice()
    fake.add(PCM, 32, 32)
    fake.add("default", 32, 32)
    return fake


def test_lists_what_the_server_has(tmp_path: Path) -> None:
    driver = PulseDriver(PortAudio(library), tmp_path, FakeServer(HEADSET, MICROPHONE))
    assert driver.devices() == (
        SoundDevice("pulse:usb", "Headset", 0, 2, default_output=True, kind="headset", system_id="s1"),
        SoundDevice("pulse:mic", "Microphone", 1, 0, default_input=True),
    )
    assert driver.find("pulse:mic") == driver.devices()[1]
    assert driver.find("pulse:gone") is None


def test_points_our_pcm_at_the_device_when_it_is_opened(tmp_path: Path) -> None:
    fake = library()
    driver = PulseDriver(PortAudio(lambda: fake), tmp_path / "run", FakeServer(HEADSET, MICROPHONE))
    driver.open_playout("pulse:usb")
    assert (os.environ[DEVICE], fake.streams[0].settings["channels"]) == ("usb", 2)
    driver.open_capture("pulse:mic")
    assert (os.environ[DEVICE], fake.streams[1].settings["channels"]) == ("mic", 1)
    assert os.environ[CONFIGURATION] == str(tmp_path / "run" / "alsa.conf")
    assert f"pcm.{PCM} {{" in (tmp_path / "run" / "alsa.conf").read_text()
    assert fake.starts == 1


def test_without_a_server_the_systems_own_configuration_stands(tmp_path: Path) -> None:
    fake, server = library(), FakeServer(HEADSET)
    driver = PulseDriver(PortAudio(lambda: fake), tmp_path, server)
    driver.open_playout("pulse:usb")
    server.has = None
    assert driver.devices() == ()
    assert os.environ[CONFIGURATION] == "/etc/somewhere/alsa.conf"
    assert fake.starts == 2
    server.has = (HEADSET,)
    assert len(driver.devices()) == 1
    assert fake.starts == 3


def test_without_alsas_pulse_plugin_the_systems_own_list_stands(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    driver = PulseDriver(PortAudio(FakeSoundDevice), tmp_path, FakeServer(HEADSET))
    assert driver.devices() == driver.devices() == ()
    assert os.environ[CONFIGURATION] == "/etc/somewhere/alsa.conf"
    assert caplog.text.count("pulse plugin is missing") == 1
    with pytest.raises(DeviceFailure, match="can't be reached"):
        driver.open_playout("pulse:usb")


def test_without_portaudio_nothing_is_listed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def missing() -> FakeSoundDevice:
        raise DeviceFailure("PortAudio is not there")

    driver = PulseDriver(PortAudio(missing), tmp_path, FakeServer(HEADSET))
    assert driver.devices() == ()
    assert "PortAudio is not there" in caplog.text


def test_where_no_configuration_was_named_none_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(CONFIGURATION)
    server = FakeServer(HEADSET)
    driver = PulseDriver(PortAudio(library), tmp_path, server)
    driver.devices()
    assert os.environ[CONFIGURATION] == str(tmp_path / "alsa.conf")
    server.has = None
    driver.devices()
    assert CONFIGURATION not in os.environ


def test_watching_ends_with_the_driver(tmp_path: Path) -> None:
    server, told = FakeServer(HEADSET), list[str]()
    driver = PulseDriver(PortAudio(library), tmp_path, server)
    driver.watch(lambda: told.append("changed"))
    server.tell(Change())
    driver.close()
    assert (told, server.stopped) == (["changed"], 1)


def test_where_nothing_can_be_written_the_server_is_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    driver = PulseDriver(PortAudio(library), tmp_path / "file", FakeServer(HEADSET))
    assert driver.devices() == ()
    assert "no way to the sound server" in caplog.text


@pytest.mark.parametrize("name", ["My Profile", "a:b"])
def test_a_folder_alsa_would_split_is_not_named_to_it(tmp_path: Path, name: str) -> None:
    driver = PulseDriver(PortAudio(library), tmp_path / name, FakeServer(HEADSET))
    driver.open_playout("pulse:usb")
    named = Path(os.environ[CONFIGURATION])
    assert f"pcm.{PCM} {{" in named.read_text()
    assert not set(" :") & set(str(named))
    driver.close()
    assert not named.parent.exists()


def test_where_even_the_temporary_folder_would_be_split_the_server_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no good").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "no good"))
    driver = PulseDriver(PortAudio(library), tmp_path / "My Profile", FakeServer(HEADSET))
    assert driver.devices() == ()
    assert os.environ[CONFIGURATION] == "/etc/somewhere/alsa.conf"
    driver.close()
