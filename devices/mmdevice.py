"""Windows' sound devices by its MMDevice API (mmdeviceapi.h): what is there, and notices of plugging.

The notices come on threads of the system's own, to an object of ours that stays registered meanwhile.
"""

from __future__ import annotations

import ctypes
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from devices.com import S_OK, ComObject, Guid, call, release
from devices.described import Described
from devices.kinds import from_windows
from devices.notices import Notice

log = logging.getLogger(__name__)

ENUMERATOR_CLASS = Guid.of("BCDE0395-E52F-467C-8E3D-C4579291692E")
ENUMERATOR = Guid.of("A95664D2-9614-4F35-A746-DE8DB63617E6")
NOTIFICATION_CLIENT = Guid.of("7991EEC9-7E89-4D85-8390-6C703CEC60C0")

ENUM_ENDPOINTS, GET_DEFAULT, REGISTER, UNREGISTER = 3, 4, 6, 7
COUNT, ITEM = 3, 4
OPEN_PROPERTIES, GET_ID = 4, 5
GET_VALUE = 5

RENDER, CAPTURE = 0, 1
COMMUNICATIONS = 2
"""eCommunications: the default a person sets for calls; the same as for music unless set."""

ACTIVE = 1
ALL_SERVERS = 23
"""CLSCTX_ALL."""

CHANGED_MODE = -0x7FFEFEFA
"""RPC_E_CHANGED_MODE: this thread has COM already, in another mode, which serves as well."""

TEXT, NUMBER = 31, 19
"""VT_LPWSTR and VT_UI4."""

Pointer = ctypes.POINTER(ctypes.c_void_p)


class PropertyKey(ctypes.Structure):
    """PROPERTYKEY."""

    _fields_ = (("format", Guid), ("number", ctypes.c_uint32))


class Value(ctypes.Structure):
    """PROPVARIANT, as far as text and numbers go; 24 octets on 64-bit systems."""

    _fields_ = (
        ("type", ctypes.c_uint16),
        ("reserved", ctypes.c_uint16 * 3),
        ("data", ctypes.c_void_p),
        ("more", ctypes.c_void_p),
    )


FRIENDLY_NAME = PropertyKey(Guid.of("A45C254E-DF1C-4EFD-8020-67D146A850E0"), 14)
FORM_FACTOR = PropertyKey(Guid.of("1DA5D803-D492-4EDD-8C23-E0C0FFEE7F0E"), 0)


def _ole32() -> Any:
    return ctypes.CDLL("ole32")


class MMDevices:
    """The API, entered anew by each call: it belongs to the calling thread. Raises OSError where it fails."""

    def __init__(self, load: Callable[[], Any] = _ole32) -> None:
        self._load = load

    def follow(self, changed: Notice, stop: threading.Event) -> None:
        """Call `changed` on every plugging and change of defaults until `stop` is set."""
        client = ComObject(NOTIFICATION_CLIENT, _methods(changed))
        with self._enumerator() as (enumerator, _):
            call(enumerator, REGISTER, (ctypes.c_void_p,), client.address)
            try:
                stop.wait()
            finally:
                call(enumerator, UNREGISTER, (ctypes.c_void_p,), client.address)

    def described(self) -> tuple[Described, ...]:
        """The devices that are plugged in."""
        with self._enumerator() as (enumerator, library):
            return tuple(
                _described(device, flow == CAPTURE, default, library)
                for flow in (RENDER, CAPTURE)
                for default in (_default(enumerator, flow, library),)
                for device in _endpoints(enumerator, flow)
            )

    @contextmanager
    def _enumerator(self) -> Iterator[tuple[int, Any]]:
        library = self._load()
        entered = library.CoInitializeEx(None, 0)
        if entered < S_OK and entered != CHANGED_MODE:
            raise OSError(f"COM can't be entered: {entered & 0xFFFFFFFF:#010x}")
        try:
            found = ctypes.c_void_p()
            result = library.CoCreateInstance(
                ctypes.byref(ENUMERATOR_CLASS),
                None,
                ALL_SERVERS,
                ctypes.byref(ENUMERATOR),
                ctypes.byref(found),
            )
            if result < S_OK or not found.value:
                raise OSError(f"there is no list of sound devices: {result & 0xFFFFFFFF:#010x}")
            with _released(found.value) as enumerator:
                yield enumerator, library
        finally:
            if entered >= S_OK:
                library.CoUninitialize()


def _methods(changed: Notice) -> list[tuple[Callable[..., int], tuple[Any, ...]]]:
    """IMMNotificationClient. A change of volume or of a name's property is no plugging."""

    def told(*_: Any) -> int:
        changed()
        return S_OK

    device = ctypes.c_void_p
    return [
        (told, (device, ctypes.c_uint32)),  # OnDeviceStateChanged
        (told, (device,)),  # OnDeviceAdded
        (told, (device,)),  # OnDeviceRemoved
        (told, (ctypes.c_int, ctypes.c_int, device)),  # OnDefaultDeviceChanged
        (lambda *_: S_OK, (device, ctypes.c_void_p)),  # OnPropertyValueChanged: its key comes by reference
    ]


@contextmanager
def _released(interface: int) -> Iterator[int]:
    try:
        yield interface
    finally:
        release(interface)


def _got(interface: int, slot: int, types: tuple[Any, ...], *arguments: Any) -> int:
    """The interface or text whose address a function gives in its last argument."""
    found = ctypes.c_void_p()
    call(interface, slot, (*types, Pointer), *arguments, ctypes.byref(found))
    if not found.value:
        raise OSError(f"function {slot} of an interface gave nothing")
    return found.value


def _endpoints(enumerator: int, flow: int) -> Iterator[int]:
    types = (ctypes.c_int, ctypes.c_uint32)
    with _released(_got(enumerator, ENUM_ENDPOINTS, types, flow, ACTIVE)) as collection:
        count = ctypes.c_uint32()
        call(collection, COUNT, (ctypes.POINTER(ctypes.c_uint32),), ctypes.byref(count))
        for index in range(count.value):
            with _released(_got(collection, ITEM, (ctypes.c_uint32,), index)) as device:
                yield device


def _default(enumerator: int, flow: int, library: Any) -> str:
    """The id of the default device, "" where there is none."""
    try:
        default = _got(enumerator, GET_DEFAULT, (ctypes.c_int, ctypes.c_int), flow, COMMUNICATIONS)
    except OSError:
        return ""
    with _released(default) as device:
        return _identity(device, library)


def _identity(device: int, library: Any) -> str:
    identity = _got(device, GET_ID, ())
    try:
        return ctypes.wstring_at(identity)
    finally:
        library.CoTaskMemFree(ctypes.c_void_p(identity))


def _described(device: int, is_input: bool, default: str, library: Any) -> Described:
    identity = _identity(device, library)
    with _released(_got(device, OPEN_PROPERTIES, (ctypes.c_uint32,), 0)) as properties:
        name, form = (_property(properties, key, library) for key in (FRIENDLY_NAME, FORM_FACTOR))
    kind = from_windows(form) if isinstance(form, int) else ""
    return Described(str(name), is_input, kind, identity, identity == default)


def _property(properties: int, key: PropertyKey, library: Any) -> str | int:
    """A text or a number; "" for what is neither."""
    value = Value()
    types = (ctypes.POINTER(PropertyKey), ctypes.POINTER(Value))
    call(properties, GET_VALUE, types, ctypes.byref(key), ctypes.byref(value))
    try:
        if value.type == TEXT and value.data:
            return ctypes.wstring_at(value.data)
        return (value.data or 0) & 0xFFFFFFFF if value.type == NUMBER else ""
    finally:
        library.PropVariantClear(ctypes.byref(value))
