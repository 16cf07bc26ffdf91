"""What a system itself says of its sound devices, beside what PortAudio lists."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Described:
    """One direction of a device that is there now; `name` is the one PortAudio knows it by."""

    name: str
    is_input: bool
    kind: str = ""
    system_id: str = ""
    is_default: bool = False
    number: int = 0
    """Core Audio's number of it, another one each time it is plugged in."""
