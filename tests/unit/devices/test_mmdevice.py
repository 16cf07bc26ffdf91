from __future__ import annotations

import ctypes
import threading

import pytest

from devices.described import Described
from devices.mmdevice import CAPTURE, CHANGED_MODE, RENDER, MMDevices, PropertyKey
from tests.doubles.windows_sound import HEADSET_IN, HEADSET_OUT, SPEAKERS, Endpoint, WindowsSound

TEXT = ctypes.c_void_p
PLUGGINGS = [
    (3, (TEXT, ctypes.c_uint32), (None, 1)),
    (4, (TEXT,), (None,)),
    (5, (TEXT,), (None,)),
    (6, (ctypes.c_int, ctypes.c_int, TEXT), (0, 2, None)),
]


def devices(windows: WindowsSound) -> MMDevices:
    return MMDevices(lambda: windows)


def test_describes_what_is_plugged_in_and_gives_everything_back() -> None:
    windows = WindowsSound(HEADSET_IN, HEADSET_OUT, SPEAKERS)
    windows.defaults = {RENDER: SPEAKERS.identity, CAPTURE: HEADSET_IN.identity}
    assert devices(windows).described() == (
        Described("Headset (Jabra Évolve)", False, "headset", HEADSET_OUT.identity),
        Described("Speakers (Realtek)", False, "speakers", SPEAKERS.identity, is_default=True),
        Described("Headset (Jabra Évolve)", True, "headset", HEADSET_IN.identity, is_default=True),
    )
    assert (windows.entered, windows.texts, windows.leaked) == (0, 0, 0)


def test_a_device_without_name_and_form_is_still_there() -> None:
    windows = WindowsSound(Endpoint(RENDER, "x", None, None))
    assert devices(windows).described() == (Described("", False, "", "x"),)


def test_a_thread_that_has_com_already_uses_it_and_leaves_it() -> None:
    windows = WindowsSound(SPEAKERS)
    windows.enters_with = CHANGED_MODE
    assert len(devices(windows).described()) == 1
    assert windows.entered == 0


def test_without_com_it_is_an_error() -> None:
    windows = WindowsSound(SPEAKERS)
    windows.enters_with = -1
    with pytest.raises(OSError, match="0xffffffff"):
        devices(windows).described()


def test_without_an_audio_service_it_is_an_error_and_com_is_left() -> None:
    windows = WindowsSound()
    windows.has_service = False
    with pytest.raises(OSError, match="no list"):
        devices(windows).described()
    assert windows.entered == 0


def test_every_kind_of_plugging_is_told_until_it_is_stopped() -> None:
    windows, told, stop = WindowsSound(), list[int](), threading.Event()

    def happen() -> None:
        for slot, types, arguments in PLUGGINGS:
            windows.tell(slot, types, *arguments)
        key = PropertyKey()
        windows.tell(7, (TEXT, TEXT), None, ctypes.addressof(key))
        stop.set()

    windows.registered = happen
    devices(windows).follow(lambda: told.append(1), stop)
    assert len(told) == len(PLUGGINGS)  # a changed property, a volume for one, is no plugging
    assert (windows.clients, windows.entered, windows.leaked) == ([], 0, 0)
