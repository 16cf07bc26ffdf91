"""macOS' sound devices by Core Audio (AudioHardware.h): what is there, and notices of plugging.

The notices come on Core Audio's own thread, to a function of ours that stays registered meanwhile.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import logging
import threading
from collections.abc import Callable
from typing import Any

from devices.described import Described
from devices.kinds import from_core_audio
from devices.notices import Notice

log = logging.getLogger(__name__)

SYSTEM = 1
UTF8 = 0x08000100
WATCHED = (b"dev#", b"dIn ", b"dOut")
"""All devices, the default input, the default output."""

STATUS = ctypes.c_int32


class Address(ctypes.Structure):
    """AudioObjectPropertyAddress."""

    _fields_ = (("selector", ctypes.c_uint32), ("scope", ctypes.c_uint32), ("element", ctypes.c_uint32))


Listener = ctypes.CFUNCTYPE(
    STATUS, ctypes.c_uint32, ctypes.c_uint32, ctypes.POINTER(Address), ctypes.c_void_p
)


def _library(name: str) -> Any:
    found = ctypes.util.find_library(name)
    if found is None:
        raise OSError(f"{name} is not there")
    return ctypes.CDLL(found)


def address(selector: bytes, scope: bytes = b"glob") -> Address:
    """A property's address by its four letters."""
    return Address(int.from_bytes(selector, "big"), int.from_bytes(scope, "big"), 0)


class CoreAudio:
    """The library, loaded at the first use. Raises OSError where it is missing or refuses."""

    def __init__(self, load: Callable[[str], Any] = _library) -> None:
        self._load = load

    def follow(self, changed: Notice, stop: threading.Event) -> None:
        """Call `changed` on every plugging and change of defaults until `stop` is set."""
        core = self._load("CoreAudio")

        def told(*_: Any) -> int:
            changed()
            return 0

        listener = Listener(told)
        self._notify_from_own_thread(core)
        watched: list[Address] = []
        try:
            for selector in WATCHED:
                watched.append(address(selector))
                _check(core.AudioObjectAddPropertyListener(SYSTEM, ctypes.byref(watched[-1]), listener, None))
            stop.wait()
        finally:
            for one in watched:
                core.AudioObjectRemovePropertyListener(SYSTEM, ctypes.byref(one), listener, None)

    def described(self) -> tuple[Described, ...]:
        """The devices that are plugged in, each direction by itself."""
        core, foundation = self._load("CoreAudio"), self._load("CoreFoundation")
        defaults = [_numbers(core, SYSTEM, address(selector)) for selector in (b"dOut", b"dIn ")]
        found: list[Described] = []
        for device in _numbers(core, SYSTEM, address(b"dev#")):
            name = _text(core, foundation, device, b"lnam")
            identity = _text(core, foundation, device, b"uid ")
            for scope, is_input in ((b"outp", False), (b"inpt", True)):
                streams = _numbers(core, device, address(b"stm#", scope))
                if streams:
                    kind = _kind(core, device, streams[0], scope)
                    default = [device] == defaults[is_input]
                    found.append(Described(name, is_input, kind, identity, default, device))
        return tuple(found)

    def fingerprint(self) -> bytes:
        """The ids of all devices and of the two default ones, for where no notice can be had."""
        core = self._load("CoreAudio")
        return b"".join(_data(core, SYSTEM, address(selector)) for selector in WATCHED)

    def _notify_from_own_thread(self, core: Any) -> None:
        """Without a run loop of ours Core Audio uses a thread of its own (kAudioHardwarePropertyRunLoop)."""
        none = ctypes.c_void_p()
        core.AudioObjectSetPropertyData(
            SYSTEM, ctypes.byref(address(b"rnlp")), 0, None, ctypes.sizeof(none), ctypes.byref(none)
        )


def _kind(core: Any, device: int, stream: int, scope: bytes) -> str:
    """By what is plugged into the jack (the data source), else by the terminal of its first stream."""
    for owner, where in ((device, address(b"ssrc", scope)), (stream, address(b"term"))):
        codes = _numbers(core, owner, where)
        if codes and (kind := from_core_audio(codes[0])):
            return kind
    return ""


def _numbers(core: Any, owner: int, where: Address) -> list[int]:
    """A property that is one number or several; none where the object has no such property."""
    data = _data(core, owner, where)
    return [int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data) - 3, 4)]


def _data(core: Any, owner: int, where: Address) -> bytes:
    size = ctypes.c_uint32()
    if core.AudioObjectGetPropertyDataSize(owner, ctypes.byref(where), 0, None, ctypes.byref(size)):
        return b""
    data = ctypes.create_string_buffer(max(1, size.value))
    if core.AudioObjectGetPropertyData(owner, ctypes.byref(where), 0, None, ctypes.byref(size), data):
        return b""
    return data.raw[: size.value]


def _text(core: Any, foundation: Any, owner: int, selector: bytes) -> str:
    """A property that is a CFString, which is ours to release."""
    string = ctypes.c_void_p.from_buffer_copy(_data(core, owner, address(selector)).ljust(8, b"\0")[:8])
    if not string.value:
        return ""
    try:
        buffer = ctypes.create_string_buffer(1024)
        foundation.CFStringGetCString.restype = ctypes.c_ubyte
        fits = foundation.CFStringGetCString(string, buffer, ctypes.c_long(len(buffer)), UTF8)
        return buffer.value.decode(errors="replace") if fits else ""
    finally:
        foundation.CFRelease(string)


def _check(status: int) -> None:
    if status:
        raise OSError(f"Core Audio refuses a listener: {status}")
