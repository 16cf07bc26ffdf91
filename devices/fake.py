"""The fake driver: devices made, plugged and pulled out by a script, moved by a clock the test owns."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from devices.clocked import Clock, ClockedCapture, ClockedPlayout
from devices.notices import Notice, Notices
from devices.types import DeviceFailure, Pcm, SoundDevice


class Heard:
    """A microphone's sound: whatever was put in, once, then silence."""

    def __init__(self) -> None:
        self._pcm: Pcm = np.zeros(0, np.int16)

    def put(self, pcm: Pcm) -> None:
        """Say this next."""
        self._pcm = np.concatenate([self._pcm, pcm])

    def next(self, samples: int) -> Pcm:
        """The next samples, silence after the end."""
        taken, self._pcm = self._pcm[:samples], self._pcm[samples:]
        return np.concatenate([taken, np.zeros(samples - len(taken), np.int16)])

    def close(self) -> None:
        """The microphone was closed; what it hears goes on."""


class Played:
    """What a speaker has played, in order."""

    def __init__(self) -> None:
        self._parts: list[Pcm] = []

    def take(self, pcm: Pcm) -> None:
        """Keep the next samples."""
        self._parts.append(pcm)

    def pcm(self) -> Pcm:
        """Everything so far."""
        return np.concatenate([np.zeros(0, np.int16), *self._parts])

    def close(self) -> None:
        """The speaker was closed; the sound is kept."""


class FakeDriver:
    """Devices as a test wants them. `plug` and `unplug` tell the watchers; a pulled device's streams die."""

    name = "fake"

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._devices: dict[str, SoundDevice] = {}
        self._streams: list[tuple[str, ClockedCapture | ClockedPlayout]] = []
        self._notices = Notices()
        self.refuses: set[str] = set()
        """Ids that can't be opened although they are listed."""
        self.heard: dict[str, Heard] = {}
        self.played: dict[str, Played] = {}

    def plug(self, name: str, *, inputs: int = 0, outputs: int = 0, default: bool = False) -> str:
        """Plug a device in and return its id; `default` makes it the system's for what it can do."""
        identity = f"{self.name}:{name}"
        if default:
            self._clear_default(bool(inputs), bool(outputs))
        self._devices[identity] = SoundDevice(
            identity, name, inputs, outputs, default and inputs > 0, default and outputs > 0
        )
        self.heard.setdefault(identity, Heard())
        self.played.setdefault(identity, Played())
        self._notices.tell()
        return identity

    def unplug(self, identity: str) -> None:
        """Pull a device out."""
        del self._devices[identity]
        self.kill(identity)
        self._notices.tell()

    def kill(self, identity: str) -> None:
        """Let a device's streams die without a notice, as a crashed driver would."""
        for owner, stream in self._streams:
            if owner == identity:
                stream.close()
        self._streams = [entry for entry in self._streams if entry[0] != identity]

    def open_streams(self, identity: str) -> int:
        """How many streams of this device are open."""
        return sum(owner == identity and stream.alive for owner, stream in self._streams)

    def devices(self) -> tuple[SoundDevice, ...]:
        """What is plugged in."""
        return tuple(self._devices.values())

    def find(self, device: str) -> SoundDevice | None:
        """The device of this id, if it is plugged in."""
        return self._devices.get(device)

    def open_capture(self, device: str) -> ClockedCapture:
        """Open a microphone. Raises DeviceFailure."""
        identity = self._openable(device, "inputs")
        stream = ClockedCapture(self.heard[identity], self._clock)
        self._streams.append((identity, stream))
        return stream

    def open_playout(self, device: str, *, waits: bool = False) -> ClockedPlayout:
        """Open a speaker. Raises DeviceFailure."""
        identity = self._openable(device, "outputs")
        stream = ClockedPlayout(self.played[identity], self._clock)
        self._streams.append((identity, stream))
        return stream

    def watch(self, changed: Notice) -> Notice:
        """Call `changed` on every plug and unplug; the returned function ends it."""
        return self._notices.add(changed)

    def close(self) -> None:
        """Close every stream."""
        for _, stream in self._streams:
            stream.close()
        self._streams.clear()

    def _openable(self, identity: str, direction: str) -> str:
        device = self._devices.get(identity)
        if device is None or identity in self.refuses or not getattr(device, direction):
            raise DeviceFailure(f"{identity} can't be opened")
        return identity

    def _clear_default(self, inputs: bool, outputs: bool) -> None:
        for identity, device in self._devices.items():
            self._devices[identity] = replace(
                device,
                default_input=device.default_input and not inputs,
                default_output=device.default_output and not outputs,
            )
