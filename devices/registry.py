"""All drivers as one: a device's id begins with the name of its driver."""

from __future__ import annotations

import sys

from devices.drivers import Registry
from devices.types import CaptureStream, DeviceFailure, PlayoutStream, SoundDevice, SoundDriver


class Drivers(Registry[SoundDriver]):
    """Drivers in order of preference: the first that lists anything speaks for the machine.

    The others stay reachable by id. All calls may block, and are made from one worker thread.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """The drivers' names, in order of preference."""
        return tuple(driver.name for driver in self._drivers)

    def devices(self) -> tuple[SoundDevice, ...]:
        """What is present now."""
        for driver in self._drivers:
            if found := driver.devices():
                return found
        return ()

    def find(self, device: str) -> SoundDevice | None:
        """What this id names, or None where it is not there now."""
        driver = self._driver(device)
        return driver.find(device) if driver else None

    def open_capture(self, device: str) -> CaptureStream:
        """Open a microphone by id. Raises DeviceFailure."""
        return self._needed(device).open_capture(device)

    def open_playout(self, device: str, *, waits: bool = False) -> PlayoutStream:
        """Open a speaker by id; one that `waits` sounds from its `begin` on. Raises DeviceFailure."""
        return self._needed(device).open_playout(device, waits=waits)

    def _needed(self, device: str) -> SoundDriver:
        driver = self._driver(device)
        if driver is None:
            raise DeviceFailure(f"no sound driver for {device}")
        return driver


def system_drivers() -> Drivers:
    """The drivers of this platform."""
    from devices.loopback import LoopbackDriver
    from devices.portaudio import PortAudio
    from devices.system import PortAudioDriver
    from devices.wavfile import WavDriver

    drivers: list[SoundDriver] = [PortAudioDriver(PortAudio()), WavDriver(), LoopbackDriver()]
    if sys.platform == "linux":
        from devices.pulse import PulseDriver

        drivers.insert(0, PulseDriver())
    return Drivers(drivers)
