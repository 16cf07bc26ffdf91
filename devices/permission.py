"""Whether the system lets this program hear a microphone, and where a person changes that.

macOS asks once and then delivers exact zeros without an error; Windows has a switch for desktop programs.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

log = logging.getLogger(__name__)

Permission = Literal["granted", "denied", "undetermined", "unknown"]

_PLACES = {
    "win32": "ms-settings:privacy-microphone",
    "darwin": "x-apple.systempreferences:com.apple.preference.security?Privacy_Microphone",
}

_CONSENT = r"SOFTWARE\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\microphone"
_SWITCHES = (
    ("HKEY_LOCAL_MACHINE", _CONSENT),
    ("HKEY_CURRENT_USER", _CONSENT),
    ("HKEY_CURRENT_USER", rf"{_CONSENT}\NonPackaged"),
)
"""The computer's switch, the person's, and the person's for desktop programs: all three must allow it."""

_AUTHORIZATION: dict[int, Permission] = {0: "undetermined", 1: "denied", 2: "denied", 3: "granted"}
"""AVAuthorizationStatus: not determined, restricted, denied, authorized."""

_SANDBOX = Path("/.flatpak-info")


def microphone_permission() -> Permission:
    """What the system says now; "unknown" where it does not say. May take some milliseconds."""
    try:
        return _ASKED[sys.platform]() if sys.platform in _ASKED else "unknown"
    except (OSError, ImportError, AttributeError, ValueError) as failure:
        log.debug("the system does not say who may hear the microphone: %s", failure)
        return "unknown"


def settings_place() -> str:
    """A URL the system opens at the switch for the microphone, "" where there is no such place."""
    return _PLACES.get(sys.platform, "")


def _linux() -> Permission:
    """Without a sandbox a program that reaches the sound server may hear; a sandbox does not tell."""
    return "unknown" if _SANDBOX.exists() else "granted"


def _windows() -> Permission:
    registry = importlib.import_module("winreg")
    said = [_switch(registry, *place) for place in _SWITCHES]
    if "Deny" in said:
        return "denied"
    return "granted" if "Allow" in said else "unknown"


def _switch(registry: Any, hive: str, path: str) -> str:
    try:
        with registry.OpenKey(getattr(registry, hive), path) as key:
            return str(registry.QueryValueEx(key, "Value")[0])
    except FileNotFoundError:  # versions before 1903 have no such key
        return ""


def _macos() -> Permission:
    """`[AVCaptureDevice authorizationStatusForMediaType: AVMediaTypeAudio]`."""
    objc, capture = _library("objc"), _library("AVFoundation")
    objc.objc_getClass.restype = objc.sel_registerName.restype = ctypes.c_void_p
    ask = ctypes.cast(
        objc.objc_msgSend,
        ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p),
    )
    status = ask(
        objc.objc_getClass(b"AVCaptureDevice"),
        objc.sel_registerName(b"authorizationStatusForMediaType:"),
        _constant(capture, "AVMediaTypeAudio"),
    )
    return _AUTHORIZATION.get(status, "unknown")


def _constant(library: Any, name: str) -> ctypes.c_void_p:
    return ctypes.c_void_p.in_dll(library, name)


def _library(name: str) -> Any:
    found = ctypes.util.find_library(name)
    if found is None:
        raise OSError(f"{name} is not there")
    return ctypes.CDLL(found)


_ASKED: dict[str, Callable[[], Permission]] = {"linux": _linux, "win32": _windows, "darwin": _macos}
