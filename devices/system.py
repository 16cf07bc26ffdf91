"""The devices of PortAudio's own list: Windows, macOS, and Linux without a sound server."""

from __future__ import annotations

import logging
import sys

from devices.core_audio import CoreAudio
from devices.described import Described
from devices.hotplug import Hotplug
from devices.mmdevice import MMDevices
from devices.notices import Notice, Notices
from devices.portaudio import Listed, PortAudio
from devices.seats import Seat, Seats
from devices.system_list import Describe, SystemList
from devices.types import CaptureStream, DeviceFailure, PlayoutStream, SoundDevice
from devices.waking import Waking

log = logging.getLogger(__name__)


class PortAudioDriver:
    """Devices named `portaudio:HOST API:NAME`. The list is looked at anew after each notice of plugging, and
    the library is started anew after sleep, which opens every stream again."""

    name = "portaudio"

    def __init__(
        self,
        portaudio: PortAudio,
        hotplug: Hotplug | None = None,
        describe: Describe | None = None,
        waking: Waking | None = None,
    ) -> None:
        self._portaudio = portaudio
        self._hotplug = hotplug or Hotplug()
        self._waking = waking or Waking()
        self._list = SystemList(portaudio, describe or described_here)
        self._notices = Notices()
        self._seats = Seats()
        self._stale = False
        self._woke = False
        self._unwatch: Notice | None = None

    def devices(self) -> tuple[SoundDevice, ...]:
        """What is present now; nothing where PortAudio is missing or fails."""
        try:
            return tuple(_described(identity, seat) for identity, seat in self._look().items())
        except DeviceFailure as failure:
            log.info("%s", failure)
            return ()

    def find(self, device: str) -> SoundDevice | None:
        """The device of this id, if it is there."""
        return next((found for found in self.devices() if found.id == device), None)

    def open_capture(self, device: str) -> CaptureStream:
        """Open a microphone. Raises DeviceFailure."""
        return self._portaudio.open_capture(_able(device, self._seat(device).input))

    def open_playout(self, device: str, *, waits: bool = False) -> PlayoutStream:
        """Open a speaker; one that `waits` sounds from its `begin` on. Raises DeviceFailure."""
        return self._portaudio.open_playout(_able(device, self._seat(device).output), waits=waits)

    def watch(self, changed: Notice) -> Notice:
        """Call `changed` from a thread when devices come or go, or the computer woke up; the returned
        function ends it."""
        if self._unwatch is None:
            self._unwatch = self._hotplug.watch(self._plugged)
            self._waking.watch(self._wake)
        return self._notices.add(changed)

    def close(self) -> None:
        """Stop watching and close the streams."""
        self._hotplug.close()
        self._waking.close()
        self._portaudio.close()

    def _plugged(self) -> None:
        self._stale = True
        self._notices.tell()

    def _wake(self) -> None:
        self._woke = True
        self._plugged()

    def _look(self) -> dict[str, Seat]:
        woke, changed, self._woke, self._stale = self._woke, self._stale, False, False
        seated = self._seats.seated(self._list.look(changed=changed, anew=woke))
        return {f"{self.name}:{api}:{name}": seat for (api, name), seat in seated.items()}

    def _seat(self, device: str) -> Seat:
        seat = self._look().get(device)
        if seat is None:
            raise DeviceFailure(f"{device} is not there")
        return seat


def described_here() -> tuple[Described, ...] | None:
    """What this system says of its devices, or None where it can't be asked."""
    ask = _ASKED.get(sys.platform)
    try:
        return ask() if ask else None
    except OSError as failure:
        log.info("the system does not describe its sound devices: %s", failure)
        return None


_ASKED = {"win32": MMDevices().described, "darwin": CoreAudio().described}


def _able(device: str, row: Listed | None) -> Listed:
    if row is None:
        raise DeviceFailure(f"{device} can't do that")
    return row


def _described(identity: str, seat: Seat) -> SoundDevice:
    return SoundDevice(
        identity,
        seat.name,
        seat.input.inputs if seat.input else 0,
        seat.output.outputs if seat.output else 0,
        seat.default_input,
        seat.default_output,
        seat.kind,
        seat.system_id,
    )
