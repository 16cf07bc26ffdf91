"""What a sound driver is.

PCM at this border is int16, mono, 48 000 Hz, whatever the device runs at; the driver converts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Pcm = npt.NDArray[np.int16]


class DeviceFailure(Exception):
    """A device could not be opened or has gone; the text names it."""


@dataclass(frozen=True, slots=True)
class SoundDevice:
    """One device of one driver. `id` = "driver:name" (for PortAudio the host API's name and the device's),
    stable over plugging, never an index.

    `kind` is "headset", "headphones", "speakers", "handset", or "" where the system does not tell.
    `system_id` is the system's own word for it, "" where there is none: PulseAudio's serial number or place
    on the bus (the same for a headset's microphone and speaker), Core Audio's UID, Windows' endpoint id.
    """

    id: str
    name: str
    inputs: int
    outputs: int
    default_input: bool = False
    default_output: bool = False
    kind: str = ""
    system_id: str = ""


class CaptureStream(Protocol):
    """An open microphone, filling a ring from its own thread."""

    @property
    def alive(self) -> bool:
        """False once the device has gone or the callbacks have stopped."""
        ...

    def available(self) -> int:
        """Samples that can be read now."""
        ...

    def read(self, samples: int) -> Pcm:
        """Take exactly `samples`; silence fills what is missing."""
        ...

    def close(self) -> None:
        """Release the device; harmless when done already."""
        ...


class PlayoutStream(Protocol):
    """An open speaker, emptying a ring from its own thread, at once or from `begin` on."""

    @property
    def alive(self) -> bool:
        """False once the device has gone or the callbacks have stopped."""
        ...

    @property
    def underflows(self) -> int:
        """How often the ring was empty when the device asked."""
        ...

    @property
    def takes(self) -> int:
        """Samples the device takes out of the ring at a time: for so long nobody need look after it."""
        ...

    def begin(self) -> None:
        """Let a stream sound that was opened to wait: with what is in its ring by now, not with silence.
        Harmless on one that sounds. May block as opening does. Raises DeviceFailure."""
        ...

    def queued(self) -> int:
        """Samples waiting in the ring."""
        ...

    def write(self, pcm: Pcm) -> int:
        """Queue samples; returns how many fitted."""
        ...

    def close(self) -> None:
        """Release the device; harmless when done already."""
        ...


class SoundDriver(Protocol):
    """A family of devices. Calls may block (tens of ms) and are made from an executor."""

    name: str

    def devices(self) -> tuple[SoundDevice, ...]:
        """What is present now."""
        ...

    def find(self, device: str) -> SoundDevice | None:
        """What this id names, or None where it is not there now. Not all that can be found is listed."""
        ...

    def open_capture(self, device: str) -> CaptureStream:
        """Open a microphone by id. Raises DeviceFailure."""
        ...

    def open_playout(self, device: str, *, waits: bool = False) -> PlayoutStream:
        """Open a speaker by id; one that `waits` sounds from its `begin` on. Raises DeviceFailure."""
        ...

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` (from any thread) when devices come or go; returns a function that stops it."""
        ...

    def close(self) -> None:
        """Release everything."""
        ...
