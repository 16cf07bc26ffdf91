"""Who speaks, from how loud somebody is."""

from __future__ import annotations

BEGINS_DBFS = -42.0
GOES_ON_DBFS = -50.0
LASTS_S = 0.7
"""Between two words nobody has stopped speaking."""


class SpeakingDetector:
    """One voice. `level` in dBFS, `now` in monotonic seconds; call it some five times a second."""

    def __init__(self) -> None:
        self.speaking = False
        self._heard = 0.0

    def update(self, level: float, now: float) -> bool:
        """Whether the voice speaks now."""
        if level > (GOES_ON_DBFS if self.speaking else BEGINS_DBFS):
            self._heard = now
            self.speaking = True
        elif now - self._heard > LASTS_S:
            self.speaking = False
        return self.speaking
