"""The Linux sound server's devices: listed by the server, reached by PortAudio and ALSA's pulse plugin."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from devices.alsa import PCM, AlsaConfiguration
from devices.clocked import RATE
from devices.notices import Notice
from devices.pactl import Endpoint, Pactl
from devices.portaudio import Listed, PortAudio
from devices.pulse_list import ServerList
from devices.titles import Titles
from devices.types import CaptureStream, DeviceFailure, PlayoutStream, SoundDevice

log = logging.getLogger(__name__)


class PulseDriver:
    """Devices named `pulse:NAME` with the server's own stable name.

    Lists nothing where no server answers, or where there is no way to it: then the system's own list counts.
    """

    name = "pulse"

    def __init__(self, portaudio: PortAudio, directory: Path, server: Pactl | None = None) -> None:
        self._portaudio = portaudio
        self._alsa = AlsaConfiguration(directory)
        self._list = ServerList(server or Pactl())
        self._answered: bool | None = None
        self._row: Listed | None = None
        self._titles = Titles()

    def devices(self) -> tuple[SoundDevice, ...]:
        """What the server has now, monitors left out."""
        found = self._list.endpoints()
        if self._answered != (found is not None):
            self._answered = found is not None
            self._row = self._way() if self._answered else None
            if self._row is None:
                self._use_system()
        if found is None or self._row is None:
            return ()
        titles = self._titles.of(found)
        return tuple(self._described(one, titles[one.is_input, one.name]) for one in found)

    def find(self, device: str) -> SoundDevice | None:
        """The device of this id, if the server has it."""
        return next((found for found in self.devices() if found.id == device), None)

    def open_capture(self, device: str) -> CaptureStream:
        """Open a microphone. Raises DeviceFailure."""
        return self._portaudio.open_capture(self._aimed(device))

    def open_playout(self, device: str, *, waits: bool = False) -> PlayoutStream:
        """Open a speaker; one that `waits` sounds from its `begin` on. Raises DeviceFailure."""
        return self._portaudio.open_playout(self._aimed(device), waits=waits)

    def watch(self, changed: Notice) -> Notice:
        """Call `changed` from a thread when the server's devices or defaults change; returns what ends it."""
        return self._list.watch(changed)

    def close(self) -> None:
        """Stop listening to the server and close the streams."""
        self._list.close()
        self._portaudio.close()
        self._alsa.close()

    def _described(self, endpoint: Endpoint, title: str) -> SoundDevice:
        return SoundDevice(
            f"{self.name}:{endpoint.name}",
            title,
            inputs=endpoint.channels if endpoint.is_input else 0,
            outputs=0 if endpoint.is_input else endpoint.channels,
            default_input=endpoint.is_input and endpoint.is_default,
            default_output=not endpoint.is_input and endpoint.is_default,
            kind=endpoint.kind,
            system_id=endpoint.system_id,
        )

    def _way(self) -> Listed | None:
        """PortAudio's row of our PCM, or None where something on the way is missing. The server converts."""
        try:
            self._alsa.use_server()
            self._portaudio.refresh()
            for row in self._portaudio.listed():
                if row.name == PCM:
                    return replace(row, rate=RATE)
            log.warning("no way to the sound server: ALSA's pulse plugin is missing")
        except (DeviceFailure, OSError) as failure:
            log.warning("no way to the sound server: %s", failure)
        return None

    def _use_system(self) -> None:
        self._alsa.use_system()
        try:
            self._portaudio.refresh()
        except DeviceFailure as failure:
            log.warning("no sound devices: %s", failure)

    def _aimed(self, device: str) -> Listed:
        """Our PCM, which the next opening will find leading to `device`."""
        if self._answered is None:
            self.devices()
        if self._row is None:
            raise DeviceFailure(f"{device} can't be reached: no way to a sound server")
        self._alsa.aim(device.removeprefix(f"{self.name}:"))
        return self._row
