"""A headset's buttons and lights, as the core sees them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class HeadsetEvent(StrEnum):
    """What somebody did on a headset. MUTE_ON and MUTE_OFF come from switches that stay as they are put."""

    PICK_UP = "pick-up"
    HANG_UP = "hang-up"
    DECLINE = "decline"
    DROP = "drop"
    MUTE_TOGGLE = "mute-toggle"
    MUTE_ON = "mute-on"
    MUTE_OFF = "mute-off"
    FLASH = "flash"
    REDIAL = "redial"


@dataclass(frozen=True, slots=True)
class HeadsetLights:
    """What headsets are told of the calls there are. A `silenced` ring can be answered still."""

    ringing: bool = False
    off_hook: bool = False
    muted: bool = False
    held: bool = False
    silenced: bool = False


@dataclass(frozen=True, slots=True)
class HeadsetState:
    """`names` of the headsets whose buttons are in use; `problem` says why none can be ("": they can)."""

    names: tuple[str, ...] = ()
    problem: str = ""
