"""Notice of plugging where PortAudio gives none: a cheap look at what the system counts, once a second.

Windows: the wave devices' number and names (winmm). macOS: Core Audio's list of device ids. Linux without a
sound server: the kernel's list of sound devices.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devices.notices import Notice, Notices

log = logging.getLogger(__name__)

PERIOD_S = 1.0

Fingerprint = Callable[[], bytes]


class Hotplug:
    """Tells its listeners when the fingerprint of the system's devices changes. Runs a thread while heard."""

    def __init__(self, fingerprint: Fingerprint | None = None, period_s: float = PERIOD_S) -> None:
        self._fingerprint = fingerprint or FINGERPRINTS.get(sys.platform, _nothing)
        self._period_s = period_s
        self._notices = Notices()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, changed: Notice) -> Notice:
        """Call `changed` on the watching thread; the returned function ends it."""
        unwatch = self._notices.add(changed)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="hotplug", daemon=True)
            self._thread.start()
        return unwatch

    def close(self) -> None:
        """Stop the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(self._period_s + 1)

    def _run(self) -> None:
        before = self._look()
        while not self._stop.wait(self._period_s):
            now = self._look()
            if now != before:
                before = now
                self._notices.tell()

    def _look(self) -> bytes:
        try:
            return self._fingerprint()
        except OSError as failure:
            log.debug("the system's devices can't be counted: %s", failure)
            return b""


def _nothing() -> bytes:
    return b""


def _kernel() -> bytes:
    """Linux: the kernel's PCM devices."""
    return Path("/proc/asound/pcm").read_bytes()


def _winmm() -> bytes:
    """Windows: every wave device's capability record, which holds its name."""
    winmm: Any = ctypes.CDLL("winmm")
    found = b""
    for kind, size in (("In", 80), ("Out", 84)):
        count = getattr(winmm, f"wave{kind}GetNumDevs")()
        for index in range(count):
            record = ctypes.create_string_buffer(size)
            getattr(winmm, f"wave{kind}GetDevCapsW")(index, record, size)
            found += record.raw
    return found


class _Property(ctypes.Structure):
    _fields_ = (("selector", ctypes.c_uint32), ("scope", ctypes.c_uint32), ("element", ctypes.c_uint32))


def _core_audio() -> bytes:
    """macOS: the ids of all devices and of the two default ones (kAudioHardwareProperty…)."""
    core: Any = ctypes.CDLL(ctypes.util.find_library("CoreAudio"))
    found = b""
    for selector in (b"dev#", b"dIn ", b"dOut"):
        address = _Property(int.from_bytes(selector, "big"), int.from_bytes(b"glob", "big"), 0)
        size = ctypes.c_uint32()
        core.AudioObjectGetPropertyDataSize(1, ctypes.byref(address), 0, None, ctypes.byref(size))
        data = ctypes.create_string_buffer(max(1, size.value))
        core.AudioObjectGetPropertyData(1, ctypes.byref(address), 0, None, ctypes.byref(size), data)
        found += data.raw
    return found


FINGERPRINTS: dict[str, Fingerprint] = {"linux": _kernel, "win32": _winmm, "darwin": _core_audio}
