"""The devices of PortAudio's own list: Windows, macOS, and Linux without a sound server."""

from __future__ import annotations

import logging

from devices.hotplug import Hotplug
from devices.notices import Notice, Notices
from devices.portaudio import Listed, PortAudio
from devices.types import CaptureStream, DeviceFailure, PlayoutStream, SoundDevice

log = logging.getLogger(__name__)


class PortAudioDriver:
    """Devices named `portaudio:HOST API:NAME`. The list is read anew after each notice of plugging."""

    name = "portaudio"

    def __init__(self, portaudio: PortAudio, hotplug: Hotplug | None = None) -> None:
        self._portaudio = portaudio
        self._hotplug = hotplug or Hotplug()
        self._notices = Notices()
        self._stale = False
        self._unwatch: Notice | None = None

    def devices(self) -> tuple[SoundDevice, ...]:
        """What is present now; nothing where PortAudio is missing or fails."""
        try:
            rows = self._rows()
        except DeviceFailure as failure:
            log.info("%s", failure)
            return ()
        return tuple(_described(identity, row) for identity, row in rows.items())

    def find(self, device: str) -> SoundDevice | None:
        """The device of this id, if it is there."""
        return next((found for found in self.devices() if found.id == device), None)

    def open_capture(self, device: str) -> CaptureStream:
        """Open a microphone. Raises DeviceFailure."""
        return self._portaudio.open_capture(self._row(device))

    def open_playout(self, device: str, *, waits: bool = False) -> PlayoutStream:
        """Open a speaker; one that `waits` sounds from its `begin` on. Raises DeviceFailure."""
        return self._portaudio.open_playout(self._row(device), waits=waits)

    def watch(self, changed: Notice) -> Notice:
        """Call `changed` from a thread when devices come or go; the returned function ends it."""
        if self._unwatch is None:
            self._unwatch = self._hotplug.watch(self._plugged)
        return self._notices.add(changed)

    def close(self) -> None:
        """Stop watching and close the streams."""
        self._hotplug.close()
        self._portaudio.close()

    def _plugged(self) -> None:
        self._stale = True
        self._notices.tell()

    def _rows(self) -> dict[str, Listed]:
        if self._stale:
            self._stale = False
            self._portaudio.refresh()
        rows: dict[str, Listed] = {}
        for row in self._portaudio.listed():
            rows.setdefault(f"{self.name}:{row.api}:{row.name}", row)
        return rows

    def _row(self, device: str) -> Listed:
        row = self._rows().get(device)
        if row is None:
            raise DeviceFailure(f"{device} is not there")
        return row


def _described(identity: str, row: Listed) -> SoundDevice:
    return SoundDevice(identity, row.name, row.inputs, row.outputs, row.default_input, row.default_output)
