"""Steers the delay of what is played towards its target, where nobody hears it."""

from __future__ import annotations

import numpy as np

from media import timescale
from media.levels import mean_square
from media.types import RATE, Pcm

START_S = 0.010
STOP_S = 0.002
SMOOTHING = 0.1
SNAP_S = 0.020
STRICT = 0.95
LOOSE = 0.5
LOOSE_FROM_S = 0.080
QUIET = 10 ** (-25 / 10)
"""Below the recent loudness by this factor of power, sound can be cut anywhere."""
QUIET_ALWAYS = 30.0**2
LOUDNESS_DECAY = 0.998
REST_S = 0.040
WANTED = RATE * 30 // 1000
"""Samples a search for the pitch period should have before it."""


class Regulator:
    """Decides when to take out or put in a pitch period. Times in seconds."""

    def __init__(self) -> None:
        self.delay = 0.0
        """The delay, freed of the noise of timers."""
        self._settled = False
        self._steering = 0
        self._rest = 0
        self._loudness = 0.0
        self._likeness_wanted = STRICT

    def begin(self, delay: float) -> None:
        """Sound starts to play."""
        self.delay = delay
        self._steering = 0

    def observe(self, delay: float, target: float, played: int) -> None:
        """Measured once per pull, `played` samples after the last time."""
        difference = delay - self.delay
        self.delay += difference if abs(difference) > SNAP_S else SMOOTHING * difference
        self._rest = max(0, self._rest - played)
        excess = self.delay - target
        if abs(excess) > START_S:
            self._steering = 1 if excess > 0 else -1
        elif abs(excess) < STOP_S or excess * self._steering < 0:
            self._steering = 0
        strictness = min(1.0, max(0.0, abs(excess) - START_S) / LOOSE_FROM_S)
        self._likeness_wanted = STRICT - (STRICT - LOOSE) * strictness
        self._urgent = abs(excess) > LOOSE_FROM_S / 2

    @property
    def hungry(self) -> bool:
        """Whether more sound than a block would help, if it is there."""
        return self._steering > 0 and self._rest == 0

    def adjust(self, pcm: Pcm) -> Pcm:
        """`pcm`, perhaps a pitch period shorter or longer."""
        power = mean_square(pcm)
        self._loudness = max(power, self._loudness * LOUDNESS_DECAY)
        if not self._steering or self._rest:
            return pcm
        lag = self._lag(pcm, quiet=power < max(QUIET_ALWAYS, QUIET * self._loudness))
        if not lag:
            return pcm
        change = timescale.shorten if self._steering > 0 else timescale.lengthen
        changed = change(pcm, lag)
        self.delay += (len(changed) - len(pcm)) / RATE
        self._rest = 0 if self._urgent else int(REST_S * RATE)
        return changed

    def _lag(self, pcm: Pcm, *, quiet: bool) -> int:
        if quiet:
            return min(timescale.LONGEST, len(pcm) - timescale.OVERLAP // 2)
        period = timescale.find_period(pcm)
        return period.lag if period and period.likeness >= self._likeness_wanted else 0
