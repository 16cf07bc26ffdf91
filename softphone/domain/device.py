"""Sound devices as a person sees them, and the roles they fill."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SYSTEM_DEFAULT = "default"
"""In a role's list: whatever the system names."""

IN_EAR = "speaker"
"""In the alert's list: wherever speech is heard."""

ANY_OUTPUT = "*"
"""Among the ring's places: every output there is, those plugged in later too."""

PLACES = frozenset({SYSTEM_DEFAULT, IN_EAR, ANY_OUTPUT})
"""What lists hold beside the ids of devices."""


class Role(StrEnum):
    """What a device is used for."""

    MICROPHONE = "microphone"
    SPEAKER = "speaker"
    ALERT = "alert"
    RING = "ring"


class Reason(StrEnum):
    """Why a role does not use the first device on its list."""

    AS_WISHED = ""
    NOT_PLUGGED_IN = "not-plugged-in"
    FAILED = "failed"
    NONE = "none"
    PERMISSION = "permission"


@dataclass(frozen=True, slots=True)
class Standing:
    """Why a role uses what it uses. `wanted` is the first id of its list, `used` the id in use, "" for none.

    `listed`: the list names the device in use itself; otherwise it is only better than silence, or the
    system's.
    """

    wanted: str = SYSTEM_DEFAULT
    used: str = ""
    reason: Reason = Reason.AS_WISHED
    listed: bool = False

    @property
    def instead(self) -> bool:
        """Whether a person should know: what they wish for fails, or is away with nothing named behind it."""
        away = self.reason is Reason.NOT_PLUGGED_IN and not self.listed
        return bool(self.used) and (away or self.reason is Reason.FAILED)


@dataclass(frozen=True, slots=True)
class Device:
    """`id` is stable over plugging and restarts (host API and name, never an index).

    `kind` is "headset", "headphones", "speakers", "handset", or "" where nobody knows.
    """

    id: str
    name: str
    is_input: bool
    is_output: bool
    is_default_input: bool = False
    is_default_output: bool = False
    kind: str = ""


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
    """Devices present now, what each role asks for, what it really uses, and why.

    `microphone`, `speaker` and `alert` are lists of ids, the best first (SYSTEM_DEFAULT follows the system at
    its place); `ring` is a set. The `*_used` fields hold names of devices in use, "" where there is none.
    """

    devices: tuple[Device, ...] = ()
    microphone: tuple[str, ...] = (SYSTEM_DEFAULT,)
    speaker: tuple[str, ...] = (SYSTEM_DEFAULT,)
    ring: tuple[str, ...] = (SYSTEM_DEFAULT,)
    microphone_used: str = ""
    speaker_used: str = ""
    ring_used: tuple[str, ...] = ()
    alert: tuple[str, ...] = (IN_EAR,)
    alert_used: str = ""
    microphone_why: Standing = Standing()
    speaker_why: Standing = Standing()
    alert_why: Standing = Standing(IN_EAR)

    @property
    def inputs(self) -> tuple[Device, ...]:
        """Devices with a microphone."""
        return tuple(device for device in self.devices if device.is_input)

    @property
    def outputs(self) -> tuple[Device, ...]:
        """Devices that can play."""
        return tuple(device for device in self.devices if device.is_output)
