"""The Linux sound server's devices: listed by the server, reached through PortAudio.

PortAudio sees the server only as ALSA's `pulse` and knows none of its devices. So the program names a
configuration file of its own in ALSA_CONFIG_PATH with a single PCM whose device is read from the environment
at every opening: each device is reached at once, also one plugged in later, and no running stream is touched.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from devices.notices import Notice
from devices.pactl import Endpoint, Pactl
from devices.portaudio import Listed, PortAudio
from devices.types import CaptureStream, DeviceFailure, PlayoutStream, SoundDevice

log = logging.getLogger(__name__)

PCM = "softphone"
VARIABLE = "SOFTPHONE_SOUND_DEVICE"
SYSTEM_CONFIGURATION = "/usr/share/alsa/alsa.conf"

_OWN = f"""# Written by Softphone: the way to one device of the sound server, named by {VARIABLE}.
pcm.{PCM} {{
    type pulse
    device {{ @func getenv vars [ {VARIABLE} ] default "" }}
    hint {{ show on description "Softphone" }}
}}
# PortAudio aborts where there is no default.
pcm.default {{ type pulse }}
"""


class PulseDriver:
    """Devices named `pulse:NAME` with the server's own stable name. Lists nothing where no server answers."""

    name = "pulse"

    def __init__(self, portaudio: PortAudio, directory: Path, server: Pactl | None = None) -> None:
        self._portaudio = portaudio
        self._file = directory / "alsa.conf"
        self._server = server or Pactl()
        self._base = os.environ.get("ALSA_CONFIG_PATH", SYSTEM_CONFIGURATION)
        self._served: bool | None = None
        self._stops: list[Notice] = []

    def devices(self) -> tuple[SoundDevice, ...]:
        """What the server has now, monitors left out."""
        found = self._server.endpoints()
        try:
            self._configure(found is not None)
        except OSError as failure:
            log.warning("the way to the sound server can't be written: %s", failure)
            return ()
        return tuple(self._described(endpoint) for endpoint in found or ())

    def find(self, device: str) -> SoundDevice | None:
        """The device of this id, if the server has it."""
        return next((found for found in self.devices() if found.id == device), None)

    def open_capture(self, device: str) -> CaptureStream:
        """Open a microphone. Raises DeviceFailure."""
        return self._portaudio.open_capture(self._aimed(device))

    def open_playout(self, device: str) -> PlayoutStream:
        """Open a speaker. Raises DeviceFailure."""
        return self._portaudio.open_playout(self._aimed(device))

    def watch(self, changed: Notice) -> Notice:
        """Call `changed` from a thread when the server's devices or defaults change; returns what ends it."""
        stop = self._server.subscribe(changed)
        self._stops.append(stop)
        return stop

    def close(self) -> None:
        """Stop listening to the server and close the streams."""
        for stop in self._stops:
            stop()
        self._stops.clear()
        self._portaudio.close()

    def _described(self, endpoint: Endpoint) -> SoundDevice:
        return SoundDevice(
            f"{self.name}:{endpoint.name}",
            endpoint.description,
            inputs=endpoint.channels if endpoint.is_input else 0,
            outputs=0 if endpoint.is_input else endpoint.channels,
            default_input=endpoint.is_input and endpoint.is_default,
            default_output=not endpoint.is_input and endpoint.is_default,
        )

    def _configure(self, served: bool) -> None:
        """With a server PortAudio sees our PCM alone and starts at once; without, the system's list."""
        if served == self._served:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(_OWN if served else f"<{self._base}>\n", encoding="utf-8")
        os.environ["ALSA_CONFIG_PATH"] = str(self._file)
        os.environ.setdefault(VARIABLE, "")
        self._served = served
        try:
            self._portaudio.refresh()
        except DeviceFailure as failure:
            log.warning("the sound server's devices can't be opened: %s", failure)

    def _aimed(self, device: str) -> Listed:
        """PortAudio's row of our PCM, which the next opening will find pointing at `device`."""
        if self._served is None:
            self.devices()
        os.environ[VARIABLE] = device.removeprefix(f"{self.name}:")
        for row in self._portaudio.listed():
            if row.name == PCM:
                return row
        raise DeviceFailure("ALSA has no way to the sound server (its pulse plugin is missing)")
