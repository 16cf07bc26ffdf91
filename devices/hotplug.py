"""Notice of plugging where PortAudio gives none.

Windows and macOS tell it themselves (mmdevice, core_audio). Where they can't be asked, and on Linux without a
sound server, a cheap look at what the system counts is taken once a second. Windows: the wave devices' number
and names (winmm). macOS: Core Audio's list of device ids. Linux: the kernel's list of sound devices.
"""

from __future__ import annotations

import ctypes
import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devices.core_audio import CoreAudio
from devices.mmdevice import MMDevices
from devices.notices import Notice, Notices, Watch

log = logging.getLogger(__name__)

PERIOD_S = 1.0

Fingerprint = Callable[[], bytes]

Follow = Callable[[Notice, threading.Event], None]
"""Tells every plugging until the event is set, from whatever thread. Raises OSError where it can't."""


class Hotplug:
    """Tells its listeners when devices come or go. Runs a thread while heard."""

    def __init__(
        self,
        fingerprint: Fingerprint | None = None,
        period_s: float = PERIOD_S,
        follow: Follow | None = None,
    ) -> None:
        self._fingerprint = fingerprint or FINGERPRINTS.get(sys.platform, _nothing)
        self._follow = follow or (None if fingerprint else FOLLOWED.get(sys.platform))
        self._period_s = period_s
        self._notices = Notices()
        self._watch = Watch("hotplug", self._notices, self._run, period_s)

    def watch(self, changed: Notice) -> Notice:
        """Call `changed` on a watching thread; the returned function ends it."""
        return self._watch.add(changed)

    def close(self) -> None:
        """Stop the thread."""
        self._watch.close()

    def _run(self) -> None:
        try:
            if self._follow is not None:
                self._follow(self._notices.tell, self._watch.over)
                return
        except OSError as failure:
            log.info("the system gives no notice of plugging (%s): it is looked at", failure)
        self._look_on()

    def _look_on(self) -> None:
        before = self._look()
        while not self._watch.over.wait(self._period_s):
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


FINGERPRINTS: dict[str, Fingerprint] = {"linux": _kernel, "win32": _winmm, "darwin": CoreAudio().fingerprint}

FOLLOWED: dict[str, Follow] = {"win32": MMDevices().follow, "darwin": CoreAudio().follow}
