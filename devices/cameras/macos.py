"""Cameras as AVFoundation lists them, and whether this program may use one."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from devices.cameras.types import CameraFailure
from devices.cameras.v4l2 import Found

RESTRICTED, DENIED = 1, 2
"""AVAuthorizationStatus."""


def _load(name: str) -> Any:
    found = ctypes.util.find_library(name)
    if found is None:
        raise OSError(f"{name} is not there")
    return ctypes.CDLL(found)


@dataclass(frozen=True, slots=True)
class MacOs:
    """Implements system.System. OpenCV counts cameras in the order of their unique ids."""

    backend: str = "CAP_AVFOUNDATION"
    load: Callable[[str], Any] = field(default=_load, repr=False)

    def listed(self) -> tuple[Found, ...]:
        """See System."""
        try:
            cameras = sorted(self._cameras())
        except (OSError, ValueError, AttributeError):
            return ()
        return tuple(Found(index, name, lasting) for index, (lasting, name) in enumerate(cameras))

    def check(self, camera: Found) -> None:
        """See System. A person who was not asked yet is asked by the system when the camera is opened."""
        try:
            status = self._asked(ctypes.c_long, "authorizationStatusForMediaType:")
        except (OSError, ValueError, AttributeError):
            return
        if status in (RESTRICTED, DENIED):
            raise CameraFailure(f"macOS does not let this program use {camera.name}", "denied")

    def _cameras(self) -> list[tuple[str, str]]:
        """Unique ids and names."""
        array = self._asked(ctypes.c_void_p, "devicesWithMediaType:")
        count = self._sent(ctypes.c_ulong, array, "count")
        out = []
        for index in range(count):
            device = self._sent(ctypes.c_void_p, array, "objectAtIndex:", ctypes.c_ulong(index))
            out.append((self._text(device, "uniqueID"), self._text(device, "localizedName")))
        return out

    def _asked(self, result: Any, selector: str) -> Any:
        """`[AVCaptureDevice SELECTOR AVMediaTypeVideo]`."""
        capture = self.load("AVFoundation")
        kind = ctypes.c_void_p.in_dll(capture, "AVMediaTypeVideo")
        objc = self.load("objc")
        objc.objc_getClass.restype = ctypes.c_void_p
        return self._sent(result, objc.objc_getClass(b"AVCaptureDevice"), selector, kind)

    def _text(self, owner: int, selector: str) -> str:
        string = self._sent(ctypes.c_void_p, owner, selector)
        return str((self._sent(ctypes.c_char_p, string, "UTF8String") or b"").decode("utf-8", "replace"))

    def _sent(self, result: Any, receiver: Any, selector: str, *arguments: Any) -> Any:
        objc = self.load("objc")
        objc.sel_registerName.restype = ctypes.c_void_p
        types: tuple[Any, ...] = (
            ctypes.c_void_p,
            ctypes.c_void_p,
            *(type(argument) for argument in arguments),
        )
        send = ctypes.cast(objc.objc_msgSend, ctypes.CFUNCTYPE(result, *types))
        return send(receiver, objc.sel_registerName(selector.encode()), *arguments)
