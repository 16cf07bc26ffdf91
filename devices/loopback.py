"""A cable: what is played into `loop:NAME` is heard by the microphone `loop:NAME`, as an echo needs it.

The cable holds what was played until it is heard, at most a second. Like files, cables are named, not found.
"""

from __future__ import annotations

import re
import time

import numpy as np

from devices.clocked import CAPACITY, Clock, ClockedCapture, ClockedPlayout
from devices.notices import Notice
from devices.ring import Ring
from devices.types import DeviceFailure, Pcm, SoundDevice

PREFIX = "loop:"
_NAME = re.compile(r"loop:[\w-]+")


class Cable:
    """One ring with a plug at each end; fits as the sink of a speaker and the source of a microphone."""

    def __init__(self) -> None:
        self._ring = Ring(CAPACITY)

    def take(self, pcm: Pcm) -> None:
        """What was played; where nobody listens the newest is lost."""
        self._ring.write(pcm)

    def next(self, samples: int) -> Pcm:
        """What is heard next, silence where nothing was played."""
        heard = np.zeros(samples, np.int16)
        self._ring.read_into(heard)
        return heard

    def close(self) -> None:
        """Nothing is held open."""


class LoopbackDriver:
    """`loop:NAME`: both ends of as many cables as are named."""

    name = "loop"

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._cables: dict[str, Cable] = {}

    def devices(self) -> tuple[SoundDevice, ...]:
        """None: cables are named, not found."""
        return ()

    def find(self, device: str) -> SoundDevice | None:
        """The cable's device; every name of letters, digits and dashes is there."""
        if not _NAME.fullmatch(device):
            return None
        return SoundDevice(device, device.removeprefix(PREFIX), inputs=1, outputs=1)

    def open_capture(self, device: str) -> ClockedCapture:
        """Hear what is played into the cable. Raises DeviceFailure for what is no cable's name."""
        return ClockedCapture(self.cable(device), self._clock)

    def open_playout(self, device: str, *, waits: bool = False) -> ClockedPlayout:
        """Play into the cable. Raises DeviceFailure for what is no cable's name."""
        return ClockedPlayout(self.cable(device), self._clock)

    def watch(self, changed: Notice) -> Notice:
        """Cables are never plugged: `changed` is never called."""
        return lambda: None

    def close(self) -> None:
        """Streams are closed by who opened them."""

    def cable(self, device: str) -> Cable:
        """The cable itself. Raises DeviceFailure for what is no cable's name."""
        if not _NAME.fullmatch(device):
            raise DeviceFailure(f"{device} is not there")
        return self._cables.setdefault(device, Cable())
