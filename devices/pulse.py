"""The Linux sound server's devices, PipeWire's as well: listed and reached by the server itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakSet

from devices.notices import Notice
from devices.pactl import Endpoint, Pactl
from devices.pulse_list import ServerList
from devices.pulse_stream import PulseCapture, PulsePlayout
from devices.titles import Titles
from devices.types import CaptureStream, DeviceFailure, PlayoutStream, SoundDevice

log = logging.getLogger(__name__)

S = TypeVar("S", PulseCapture, PulsePlayout)


class PulseDriver:
    """Devices named `pulse:NAME` with the server's own stable name.

    Lists nothing where no server answers: then the system's own list counts.
    """

    name = "pulse"

    def __init__(self, server: Pactl | None = None) -> None:
        self._list = ServerList(server or Pactl())
        self._titles = Titles()
        self._streams: WeakSet[PulseCapture | PulsePlayout] = WeakSet()

    def devices(self) -> tuple[SoundDevice, ...]:
        """What the server has now, monitors left out."""
        found = self._list.endpoints() or ()
        titles = self._titles.of(found)
        return tuple(self._described(one, titles[one.is_input, one.name]) for one in found)

    def find(self, device: str) -> SoundDevice | None:
        """The device of this id, if the server has it."""
        return next((found for found in self.devices() if found.id == device), None)

    def open_capture(self, device: str) -> CaptureStream:
        """Open a microphone. Raises DeviceFailure."""
        return self._opened(lambda at: PulseCapture(at, self._named(device)))

    def open_playout(self, device: str, *, waits: bool = False) -> PlayoutStream:
        """Open a speaker; one that `waits` sounds from its `begin` on. Raises DeviceFailure."""
        return self._opened(lambda at: PulsePlayout(at, self._named(device), waits=waits))

    def watch(self, changed: Notice) -> Notice:
        """Call `changed` from a thread when the server's devices or defaults change; returns what ends it."""
        return self._list.watch(changed)

    def close(self) -> None:
        """Stop listening to the server and close the streams."""
        self._list.close()
        for stream in tuple(self._streams):
            stream.close()

    def _opened(self, opener: Callable[[str], S]) -> S:
        address = self._list.address
        if not address:
            raise DeviceFailure("no sound server answers")
        stream = opener(address)
        self._streams.add(stream)
        return stream

    def _named(self, device: str) -> str:
        return device.removeprefix(f"{self.name}:")

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
