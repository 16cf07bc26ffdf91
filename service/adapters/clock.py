"""The computer's clock."""

from __future__ import annotations

import time


class SystemClock:
    """Implements ports.Clock."""

    def time(self) -> float:
        """See Clock."""
        return time.time()

    def monotonic(self) -> float:
        """See Clock."""
        return time.monotonic()
