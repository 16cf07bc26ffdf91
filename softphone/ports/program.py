"""Time, and pictures of the windows."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Time, injected so that tests own it."""

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""
        ...

    def time(self) -> float:
        """Unix time in seconds, UTC."""
        ...


class Screenshot(Protocol):
    """Filled by the user interface; a headless program has none."""

    async def save(self, path: Path) -> None:
        """Write a PNG of all open windows."""
        ...
