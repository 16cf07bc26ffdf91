from __future__ import annotations

import sys

import pytest

from devices.fake import FakeDriver
from devices.registry import Drivers, system_drivers
from devices.types import DeviceFailure
from devices.wavfile import WavDriver


class OtherDriver(FakeDriver):
    name = "other"


def test_the_first_driver_that_lists_anything_speaks_for_the_machine() -> None:
    first, second = FakeDriver(), OtherDriver()
    drivers = Drivers([first, second, WavDriver()])
    assert drivers.devices() == ()
    second.plug("Card", outputs=2)
    assert [device.id for device in drivers.devices()] == ["other:Card"]
    first.plug("Headset", inputs=1, outputs=2)
    assert [device.id for device in drivers.devices()] == ["fake:Headset"]
    assert drivers.find("other:Card") is not None


def test_an_id_goes_to_the_driver_it_names() -> None:
    fake = FakeDriver()
    identity = fake.plug("Headset", inputs=1, outputs=2)
    drivers = Drivers([OtherDriver(), fake])
    drivers.open_capture(identity)
    drivers.open_playout(identity)
    assert fake.open_streams(identity) == 2
    drivers.close()
    assert fake.open_streams(identity) == 0


@pytest.mark.parametrize("identity", ["nobody:Headset", "default", "", "fake:Headset"])
def test_an_id_nobody_knows_is_a_failure(identity: str) -> None:
    drivers = Drivers([FakeDriver()])
    assert drivers.find(identity) is None
    with pytest.raises(DeviceFailure):
        drivers.open_capture(identity)
    with pytest.raises(DeviceFailure):
        drivers.open_playout(identity)


def test_every_driver_is_watched_until_it_is_enough() -> None:
    fake, other, told = FakeDriver(), OtherDriver(), list[str]()
    stop = Drivers([fake, other]).watch(lambda: told.append("changed"))
    fake.plug("A", outputs=1)
    other.plug("B", outputs=1)
    assert len(told) == 2
    stop()
    fake.unplug("fake:A")
    assert len(told) == 2


def test_linux_asks_the_sound_server_first() -> None:
    names = system_drivers().names
    assert names[:2] == (("pulse", "portaudio") if sys.platform == "linux" else ("portaudio", "file"))
    assert "file" in names
