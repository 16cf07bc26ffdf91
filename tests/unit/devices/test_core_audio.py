from __future__ import annotations

import threading

import pytest

from devices.core_audio import SYSTEM, CoreAudio
from devices.described import Described
from tests.doubles.mac_sound import MacSound


@pytest.fixture
def mac() -> MacSound:
    made = MacSound()
    made.add(70, "MacBookin kaiuttimet ä", "BuiltInSpeaker", outputs=71)
    made.add(80, "Jabra", "AppleUSB:Jabra", outputs=81, inputs=82)
    made.add(90, "Aggregate", "none")
    made.numbers[SYSTEM, b"dOut", b"glob"] = [80]
    made.numbers[SYSTEM, b"dIn ", b"glob"] = [80]
    made.numbers[70, b"ssrc", b"outp"] = [int.from_bytes(b"hdpn", "big")]
    made.numbers[71, b"term", b"glob"] = [int.from_bytes(b"spkr", "big")]
    made.numbers[81, b"term", b"glob"] = [0x0402]
    made.numbers[82, b"term", b"glob"] = [0x0201]
    return made


def test_describes_each_direction_and_releases_every_string(mac: MacSound) -> None:
    assert CoreAudio(mac.load).described() == (
        Described("MacBookin kaiuttimet ä", False, "headphones", "BuiltInSpeaker", False, 70),
        Described("Jabra", False, "headset", "AppleUSB:Jabra", True, 80),
        Described("Jabra", True, "", "AppleUSB:Jabra", True, 80),
    )
    assert mac.strings == {}


def test_a_device_that_tells_no_name_is_still_there(mac: MacSound) -> None:
    mac.texts.clear()
    assert [one.name for one in CoreAudio(mac.load).described()] == ["", "", ""]


def test_a_name_that_is_too_long_is_none_and_is_released(mac: MacSound) -> None:
    mac.texts[70, b"lnam", b"glob"] = "x" * 2000
    assert CoreAudio(mac.load).described()[0].name == ""
    assert mac.strings == {}


def test_follows_devices_and_both_defaults_until_it_is_stopped(mac: MacSound) -> None:
    told, stop, watched = list[int](), threading.Event(), list[bytes]()

    def happen() -> None:
        watched.extend(selector for selector, _ in mac.listeners)
        mac.tell()
        stop.set()

    mac.registered = happen
    CoreAudio(mac.load).follow(lambda: told.append(1), stop)
    assert watched == [b"dev#", b"dIn ", b"dOut"]
    assert (len(told), mac.own_thread, mac.listeners) == (3, True, [])


def test_a_refused_listener_is_an_error(mac: MacSound) -> None:
    mac.refuses = 560947818
    with pytest.raises(OSError, match="560947818"):
        CoreAudio(mac.load).follow(lambda: None, threading.Event())


def test_a_missing_library_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    with pytest.raises(OSError, match="CoreAudio is not there"):
        CoreAudio().described()


def test_a_fingerprint_changes_with_devices_and_defaults(mac: MacSound) -> None:
    core = CoreAudio(mac.load)
    prints = {core.fingerprint()}
    mac.numbers[SYSTEM, b"dOut", b"glob"] = [70]
    prints.add(core.fingerprint())
    mac.add(100, "Another", "uid")
    prints.add(core.fingerprint())
    assert len(prints) == 3
