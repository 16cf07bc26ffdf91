"""A second start: what was asked for is handed to the program that runs already."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from softphone.control import client
from softphone.control.commands import OPEN
from softphone.control.protocol import ControlError

PATIENCE_S = 5.0


def hand_over(profile: Path, target: str) -> int:
    """Give the address (or "show yourself") to the running program; returns the exit code."""
    try:
        client.request(profile, OPEN, {"target": target}, PATIENCE_S)
    except ControlError as error:
        with contextlib.suppress(OSError, AttributeError):  # a program of windows has no standard error
            sys.stderr.write(f"already running with this profile, and it did not listen: {error}\n")
        return 1
    return 0
