"""Which devices are headsets: looks for them in a thread of its own, again and again."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from devices.hid.device import HeadsetDevice, Standing
from devices.hid.library import Found, HidFailure, Library, load
from devices.hid.types import DARK, Lights, Press
from devices.hid.usages import TELEPHONY_PAGE

log = logging.getLogger(__name__)

PERIOD_S = 2.0
SLOW_PERIOD_S = 15.0
"""Where a look at the devices is costly; a notice that sound devices changed comes sooner."""
AFTER_NOTICE_S = 10.0
"""How long after such a notice the buttons of a new headset are looked for every PERIOD_S."""
MOST_TRIES = 5
"""How often a device that can't be opened is tried: on Linux its permission comes after the device."""

KERNEL_LIST = Path("/sys/class/hidraw")


class Headsets:
    """All headsets with buttons. Every method but `close` returns at once; `pressed` is called by threads."""

    def __init__(
        self,
        pressed: Callable[[Press], None],
        *,
        loader: Callable[[], Library] = load,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pressed = pressed
        self._loader, self._clock = loader, clock
        self._devices: dict[bytes, HeadsetDevice] = {}
        self._tries: dict[bytes, int] = {}
        self._lights = DARK
        self._preferred: tuple[str, ...] = ()
        self._lock = threading.RLock()
        self._wake = threading.Condition()
        self._stopping = False
        self._busy_until = clock() + AFTER_NOTICE_S
        self._seen: tuple[str, ...] | None = None
        self.problem = ""
        self._thread = threading.Thread(target=self._run, name="headset finder", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    @property
    def names(self) -> tuple[str, ...]:
        """The headsets in use."""
        with self._lock:
            return tuple(d.found.name for d in self._devices.values() if d.standing is Standing.IN_USE)

    def show(self, lights: Lights) -> None:
        """Show the program's calls on the headsets people hear and speak with."""
        with self._lock:
            self._lights = lights
            self._spread()

    def prefer(self, sound_devices: Sequence[str]) -> None:
        """Names of the sound devices in use: where a headset goes by such a name, only its buttons count."""
        with self._lock:
            if self._preferred != tuple(sound_devices):
                self._preferred = tuple(sound_devices)
                self._spread()

    def look(self) -> None:
        """Devices have come or gone, perhaps."""
        with self._wake:
            self._busy_until = self._clock() + AFTER_NOTICE_S
            self._seen = None
            self._wake.notify()

    def close(self, timeout_s: float = 1.0) -> None:
        """Put all lights out. A device that hangs is waited for `timeout_s` seconds, then left behind."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        with self._lock:
            devices = tuple(self._devices.values())
        for device in devices:
            device.stop()
        deadline = self._clock() + timeout_s
        for device in devices:
            if not device.join(max(0.0, deadline - self._clock())):
                log.warning("headset %s does not answer; it is left as it is", device.found.name)
        self._thread.join(max(0.0, deadline - self._clock()))

    # --- the finder's thread ---------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._look_on(self._loader())
        except HidFailure as failure:
            self.problem = str(failure)
            log.warning("headset buttons are off: %s", failure)
        except Exception as fault:
            self.problem = str(fault)
            log.exception("headset buttons are off")

    def _look_on(self, library: Library) -> None:
        while not self._stopping:
            self._look(library)
            with self._wake:
                if not self._stopping:
                    self._wake.wait(self._period())

    def _period(self) -> float:
        cheap = sys.platform == "linux" or self._clock() < self._busy_until
        return PERIOD_S if cheap else SLOW_PERIOD_S

    def _look(self, library: Library) -> None:
        self._drop_ended()
        listed = _kernel_list()
        waiting = any(tries < MOST_TRIES for tries in self._tries.values())
        if listed and listed == self._seen and not waiting:
            return
        self._seen = listed
        try:
            present = {found.path: found for found in library.devices() if _may_be_headset(found)}
        except HidFailure as failure:
            log.info("%s", failure)
            return
        self._forget_gone(present)
        for found in present.values():
            self._take(library, found)

    def _drop_ended(self) -> None:
        """What was unplugged may come back by the same path, and what was refused may be tried again."""
        with self._lock:
            for path, device in tuple(self._devices.items()):
                if device.standing is Standing.GONE:
                    log.info("headset %s is gone", device.found.name)
                    del self._devices[path]
                    self._seen = None
                elif device.standing is Standing.REFUSED and self._again(path, device):
                    del self._devices[path]

    def _again(self, path: bytes, device: HeadsetDevice) -> bool:
        tries = self._tries.get(path, 0) + 1
        if tries == 1:
            log.warning("buttons of %s: %s", device.found.name, device.problem)
        self._tries[path] = min(tries, MOST_TRIES)
        return tries < MOST_TRIES

    def _forget_gone(self, present: dict[bytes, Found]) -> None:
        with self._lock:
            for path in set(self._devices) - set(present):
                self._devices.pop(path).stop()
        for path in set(self._tries) - set(present):
            del self._tries[path]

    def _take(self, library: Library, found: Found) -> None:
        with self._lock:
            if found.path in self._devices or self._stopping:
                return
            device = HeadsetDevice(library, found, self._pressed, self._told, self._clock)
            self._devices[found.path] = device
            self._spread()
            device.start()

    def _told(self) -> None:
        """A device came into use or left it."""
        with self._lock:
            self._spread()

    def _spread(self) -> None:
        """Each device's lights: the program's, or none for a headset nobody listens to."""
        names = self.names
        matching = {name for name in names if _matches(name, self._preferred)}
        for device in self._devices.values():
            chosen = not matching or device.found.name in matching
            device.show(self._lights if chosen else DARK)


def _may_be_headset(found: Found) -> bool:
    """Keyboards and mice are never opened."""
    return TELEPHONY_PAGE in found.pages or 0 in found.pages


def _matches(name: str, sound_devices: Sequence[str]) -> bool:
    """Sound systems put words of their own around a device's name."""
    wanted = name.strip().casefold()
    return len(wanted) > 3 and any(wanted in sound.casefold() for sound in sound_devices)


def _kernel_list() -> tuple[str, ...]:
    """Linux: what there is, without opening any of it."""
    try:
        return tuple(sorted(entry.name for entry in KERNEL_LIST.iterdir()))
    except OSError:
        return ()
