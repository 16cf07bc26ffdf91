"""What passes between a headset and whoever follows its buttons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Press(StrEnum):
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
class Lights:
    """What a headset is told of the program's calls; it lights, rings and beeps by it.

    A `silenced` ring is not shown, since headsets beep by it; lifting still answers.
    """

    ringing: bool = False
    off_hook: bool = False
    muted: bool = False
    held: bool = False
    silenced: bool = False

    @property
    def rings(self) -> bool:
        """Whether the headset should ring."""
        return self.ringing and not self.silenced


DARK = Lights()
"""No call at all."""
