"""Cameras as Windows' Media Foundation lists them (mfidl.h), which is the order of OpenCV's indexes."""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from devices.cameras.types import CameraFailure
from devices.cameras.v4l2 import Found
from devices.com import S_OK, Guid, call, release

SOURCE_TYPE = Guid.of("C60AC5FE-252A-478F-A0EF-BC8FA5F7CAD3")
VIDEO_CAPTURE = Guid.of("8AC3587A-4AE7-42D8-99E0-0A6013EEF90F")
FRIENDLY_NAME = Guid.of("60D0E559-52F8-4FA2-BBCE-ACDB34A8EC01")
SYMBOLIC_LINK = Guid.of("58F0AAD8-22BF-4F8A-BB3D-D2C4978C6E2F")

GET_ALLOCATED_STRING, SET_GUID = 13, 24
"""Places in IMFAttributes, which IMFActivate begins with."""
CHANGED_MODE = -0x7FFEFEFA
"""RPC_E_CHANGED_MODE: this thread has COM already, in another mode, which serves as well."""

_CONSENT = r"SOFTWARE\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\webcam"
SWITCHES = (
    ("HKEY_LOCAL_MACHINE", _CONSENT),
    ("HKEY_CURRENT_USER", _CONSENT),
    ("HKEY_CURRENT_USER", rf"{_CONSENT}\NonPackaged"),
)
"""The computer's switch, the person's, and the person's for desktop programs: all three must allow it."""

Pointer = ctypes.POINTER(ctypes.c_void_p)
IdPointer = ctypes.POINTER(Guid)
NumberPointer = ctypes.POINTER(ctypes.c_uint32)


def _load(name: str) -> Any:
    return ctypes.CDLL(name)


def _registry() -> Any:
    return importlib.import_module("winreg")


@dataclass(frozen=True, slots=True)
class Windows:
    """Implements system.System."""

    backend: str = "CAP_MSMF"
    load: Callable[[str], Any] = field(default=_load, repr=False)
    registry: Callable[[], Any] = field(default=_registry, repr=False)

    def listed(self) -> tuple[Found, ...]:
        """See System; nothing where Media Foundation is missing (editions N without the media pack)."""
        try:
            with self._sources() as sources:
                return tuple(
                    Found(index, self._text(source, FRIENDLY_NAME), self._text(source, SYMBOLIC_LINK))
                    for index, source in enumerate(sources)
                )
        except OSError:
            return ()

    def check(self, camera: Found) -> None:
        """See System."""
        registry = self.registry()
        if any(_switch(registry, *place) == "Deny" for place in SWITCHES):
            raise CameraFailure(f"Windows lets no desktop program use {camera.name}", "denied")

    @contextmanager
    def _sources(self) -> Iterator[tuple[int, ...]]:
        """IMFActivate objects, alive meanwhile. Raises OSError."""
        ole, foundation = self.load("ole32"), self.load("mf")
        entered = ole.CoInitializeEx(None, 0)
        if entered < S_OK and entered != CHANGED_MODE:
            raise OSError(f"COM can't be entered: {entered & 0xFFFFFFFF:#010x}")
        try:
            attributes = self._attributes()
            array, count = ctypes.c_void_p(), ctypes.c_uint32()
            try:
                _checked(foundation.MFEnumDeviceSources(attributes, ctypes.byref(array), ctypes.byref(count)))
            finally:
                release(attributes.value or 0)
            yield from self._given(ole, array, count.value)
        finally:
            if entered >= S_OK:
                ole.CoUninitialize()

    def _given(self, ole: Any, array: ctypes.c_void_p, count: int) -> Iterator[tuple[int, ...]]:
        found = ctypes.cast(array, Pointer)
        sources = tuple(found[index] or 0 for index in range(count))
        try:
            yield sources
        finally:
            for source in sources:
                release(source)
            ole.CoTaskMemFree(array)

    def _attributes(self) -> ctypes.c_void_p:
        attributes = ctypes.c_void_p()
        _checked(self.load("mfplat").MFCreateAttributes(ctypes.byref(attributes), 1))
        types = (IdPointer, IdPointer)
        call(attributes.value or 0, SET_GUID, types, ctypes.byref(SOURCE_TYPE), ctypes.byref(VIDEO_CAPTURE))
        return attributes

    def _text(self, source: int, what: Guid) -> str:
        text, length = ctypes.c_void_p(), ctypes.c_uint32()
        types = (IdPointer, Pointer, NumberPointer)
        asked = (ctypes.byref(what), ctypes.byref(text), ctypes.byref(length))
        call(source, GET_ALLOCATED_STRING, types, *asked)
        try:
            return ctypes.wstring_at(text.value or 0, length.value) if text.value else ""
        finally:
            self.load("ole32").CoTaskMemFree(text)


def _checked(result: int) -> None:
    if result < S_OK:
        raise OSError(f"Media Foundation failed: {result & 0xFFFFFFFF:#010x}")


def _switch(registry: Any, hive: str, path: str) -> str:
    try:
        with registry.OpenKey(getattr(registry, hive), path) as key:
            return str(registry.QueryValueEx(key, "Value")[0])
    except OSError:  # versions before 1903 have no such key
        return ""
