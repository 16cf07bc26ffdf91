"""Sound devices as a person sees them, and the roles they fill."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SYSTEM_DEFAULT = "default"


class Role(StrEnum):
    """What a device is used for."""

    MICROPHONE = "microphone"
    SPEAKER = "speaker"
    RING = "ring"


@dataclass(frozen=True, slots=True)
class Device:
    """`id` is stable over plugging and restarts (host API and name, never an index)."""

    id: str
    name: str
    is_input: bool
    is_output: bool
    is_default_input: bool = False
    is_default_output: bool = False


@dataclass(frozen=True, slots=True)
class MicrophoneState:
    """What the open microphone delivers, and what is being done about it.

    Level and peak in dBFS over the last 50 ms, clipping within the last second, as recorded. `zero_for_s`:
    seconds of exact zeros until now, which no microphone gives by itself; `silent_for_s`: seconds since
    anything louder than a quiet room. `gain_db` is added before sending; `echo` and `noise` ("off", "low",
    "high") are what is being taken out.
    """

    level_dbfs: float = -96.0
    peak_dbfs: float = -96.0
    clipping: bool = False
    zero_for_s: float = 0.0
    silent_for_s: float = 0.0
    gain_db: float = 0.0
    echo: bool = False
    noise: str = "off"


@dataclass(frozen=True, slots=True)
class DeviceState:
    """Devices present now, what each role asks for, and what it really uses.

    `microphone`, `speaker` and `ring` hold the chosen ids (SYSTEM_DEFAULT follows the system);
    the `*_used` fields hold names of devices in use, "" where there is none.
    """

    devices: tuple[Device, ...] = ()
    microphone: str = SYSTEM_DEFAULT
    speaker: str = SYSTEM_DEFAULT
    ring: tuple[str, ...] = (SYSTEM_DEFAULT,)
    microphone_used: str = ""
    speaker_used: str = ""
    ring_used: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[Device, ...]:
        """Devices with a microphone."""
        return tuple(device for device in self.devices if device.is_input)

    @property
    def outputs(self) -> tuple[Device, ...]:
        """Devices that can play."""
        return tuple(device for device in self.devices if device.is_output)
