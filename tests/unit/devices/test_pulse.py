from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.pactl import Change, Endpoint, Pactl, Subscription
from devices.pulse import PulseDriver
from devices.pulse_wire import Command
from devices.types import DeviceFailure, SoundDevice
from tests.doubles.pulse_server import PulseServer

HEADSET = Endpoint("usb", "Headset", 2, is_input=False, is_default=True, kind="headset", system_id="s1")
MICROPHONE = Endpoint("mic", "Microphone", 1, is_input=True, is_default=True)


class FakeServer(Pactl):
    """A sound server that has what the test says; None where none runs."""

    def __init__(self, *has: Endpoint, address: str = "") -> None:
        super().__init__("none")
        self.has: tuple[Endpoint, ...] | None = has
        self.answers_at = address
        self.stopped = 0
        self.asked = self.asked_defaults = 0
        self.default_names = ("", "")
        self.tell: Callable[[Change], None] = lambda change: None
        self.connected = True

    def endpoints(self) -> tuple[Endpoint, ...] | None:
        self.asked += 1
        self.address = self.answers_at
        return self.has

    def defaults(self) -> tuple[str, str] | None:
        self.asked_defaults += 1
        return self.default_names if self.has is not None else None

    def subscribe(self, changed: Callable[[Change], None]) -> Subscription:
        self.tell = changed
        return self  # type: ignore[return-value]

    def stop(self) -> None:
        self.stopped += 1


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PulseServer]:
    running = PulseServer(tmp_path)
    yield running
    running.hang_up()


def test_lists_what_the_server_has() -> None:
    driver = PulseDriver(FakeServer(HEADSET, MICROPHONE))
    assert driver.devices() == (
        SoundDevice("pulse:usb", "Headset", 0, 2, default_output=True, kind="headset", system_id="s1"),
        SoundDevice("pulse:mic", "Microphone", 1, 0, default_input=True),
    )
    assert driver.find("pulse:mic") == driver.devices()[1]
    assert driver.find("pulse:gone") is None


def test_a_device_is_opened_where_the_server_answers_and_closed_with_the_driver(server: PulseServer) -> None:
    driver = PulseDriver(FakeServer(HEADSET, address=server.address))
    stream = driver.open_playout("pulse:usb")
    assert server.commands[-1] == Command.CREATE_PLAYBACK_STREAM
    assert stream.alive
    driver.close()
    assert not stream.alive


def test_a_microphone_too(server: PulseServer) -> None:
    driver = PulseDriver(FakeServer(MICROPHONE, address=server.address))
    driver.open_capture("pulse:mic")
    assert server.commands[-1] == Command.CREATE_RECORD_STREAM
    driver.close()


def test_without_a_server_nothing_is_listed_or_opened() -> None:
    answers = FakeServer()
    answers.has = None
    driver = PulseDriver(answers)
    assert driver.devices() == ()
    with pytest.raises(DeviceFailure, match="no sound server answers"):
        driver.open_playout("pulse:usb")


def test_watching_ends_with_the_driver() -> None:
    server, told = FakeServer(HEADSET), list[str]()
    driver = PulseDriver(server)
    driver.watch(lambda: told.append("changed"))
    server.tell(Change())
    driver.close()
    assert (told, server.stopped) == (["changed"], 1)
