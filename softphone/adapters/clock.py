"""The machine's clock."""

from __future__ import annotations

import time


class SystemClock:
    """Implements ports.Clock."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def time(self) -> float:
        """Unix time in seconds, UTC."""
        return time.time()
