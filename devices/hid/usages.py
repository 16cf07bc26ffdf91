"""The usages a headset has, from the USB HID Usage Tables: pages 0x08 (LED), 0x09 (Button), 0x0B (Telephony).

A usage is written with its page in the upper 16 bits.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

TELEPHONY_PAGE = 0x0B

PROGRAMMABLE_BUTTON = 0x0B_0007


class Control(StrEnum):
    """Something on a headset that can be pressed or switched."""

    HOOK = "hook"
    MUTE = "mute"
    FLASH = "flash"
    HOLD = "hold"
    REDIAL = "redial"
    DROP = "drop"
    REJECT = "reject"


CONTROLS: MappingProxyType[int, Control] = MappingProxyType(
    {
        0x0B_0020: Control.HOOK,
        0x0B_0021: Control.FLASH,
        0x0B_0023: Control.HOLD,
        0x0B_0024: Control.REDIAL,
        0x0B_0026: Control.DROP,
        0x0B_002F: Control.MUTE,
        0x09_0007: Control.REJECT,
    }
)
"""Inputs by usage. Headsets report "reject" as button 7, or as any button below a programmable button."""

LIGHTS: MappingProxyType[int, str] = MappingProxyType(
    {
        0x08_0009: "muted",
        0x08_0017: "off_hook",
        0x08_0018: "rings",
        0x08_0020: "held",
        0x0B_0020: "off_hook",
        0x0B_0023: "held",
        0x0B_002F: "muted",
        0x0B_009E: "rings",
    }
)
"""Outputs by usage, as names in `Lights`; some headsets take the ringer's usage, not the ring light's."""


def page(usage: int) -> int:
    """The page of a usage."""
    return usage >> 16
