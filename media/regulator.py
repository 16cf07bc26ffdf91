"""Steers the delay of what is played towards its target, where nobody hears it.

In a pause sound can be cut or stretched anywhere. Within speech it is done only for a reason: there has
been no pause for long, the delay is so short that packets come late, or a spike has just driven it up. Then a
pitch period goes, or comes, where the sound repeats itself; the further off the delay is, the less exactly
it has to. Once begun, such a way is gone to its end.
"""

from __future__ import annotations

from media import timescale
from media.levels import mean_square
from media.types import BLOCK, RATE, Pcm

ABOVE_S = 0.008
BELOW_S = -0.004
"""How far from its target the delay may wander before a pause is used."""
FAR_BELOW_S = -0.035
"""From here on speech itself is stretched."""
PATIENCE_S = 5.0
"""After so long without a pause, speech itself is changed."""
STOP_S = 0.002
OVERSHOOT_S = 0.003

STRICT = 0.95
LOOSE = 0.5
LOOSE_AT_S = 0.090
HURRY_S = 0.060
REST_S = 0.040
"""Between two changes, unless in a hurry."""

SMOOTHING = 0.1
"""Of each block."""
SNAP_S = 0.020

QUIET = 10 ** (-25 / 10)
"""Below the recent loudness by this factor of power."""
QUIET_ALWAYS = 30.0**2
LOUDNESS_DECAY = 0.998
PAUSE = RATE * 160 // 1000
WANTED = RATE * 30 // 1000
"""Samples a search for the pitch period should have before it."""


class Regulator:
    """Decides when to take out or put in a piece of sound. Times in seconds."""

    def __init__(self) -> None:
        self.delay = 0.0
        """The delay, freed of the noise of timers."""
        self._excess = 0.0
        self._direction = 0
        self._far = False
        self._waited = 0.0
        self._rest = 0
        self._loudness = 0.0
        self._quiet_for = 0

    def begin(self, delay: float) -> None:
        """Sound starts to play."""
        self.delay = delay
        self._direction = 0

    def observe(self, delay: float, target: float, played: int) -> None:
        """Measured once per pull, which takes `played` samples."""
        difference = delay - self.delay
        self.delay += difference if abs(difference) > SNAP_S else SMOOTHING * played / BLOCK * difference
        self._rest = max(0, self._rest - played)
        self._excess = excess = self.delay - target
        if not BELOW_S < excess < ABOVE_S:
            self._direction = 1 if excess > 0 else -1
            self._waited += played / RATE
            self._far |= excess < FAR_BELOW_S or self._waited > PATIENCE_S
        elif abs(excess) < STOP_S or excess * self._direction < 0:
            self._direction = 0
            self._waited = 0.0
            self._far = False

    def hasten(self) -> None:
        """Late packets have just driven the delay up: bring it back at once, within speech too."""
        self._far = True

    @property
    def hungry(self) -> bool:
        """Whether more sound than a block would help, if it is there."""
        return self._direction > 0 and self._rest == 0

    def adjust(self, pcm: Pcm, fresh: int) -> Pcm:
        """`pcm`, whose last `fresh` samples were decoded just now, perhaps a piece shorter or longer."""
        self._listen(pcm, fresh)
        if not self._direction or self._rest:
            return pcm
        lag = self._lag(pcm)
        if not lag:
            return pcm
        change = timescale.shorten if self._direction > 0 else timescale.lengthen
        changed = change(pcm, lag)
        self.delay += (len(changed) - len(pcm)) / RATE
        self._excess += (len(changed) - len(pcm)) / RATE
        hurry = abs(self._excess) > HURRY_S or self._quiet_for > PAUSE
        self._rest = 0 if hurry else int(REST_S * RATE)
        return changed

    def _listen(self, pcm: Pcm, fresh: int) -> None:
        power = mean_square(pcm)
        self._loudness = max(power, self._loudness * LOUDNESS_DECAY)
        quiet = power < max(QUIET_ALWAYS, QUIET * self._loudness)
        self._quiet_for = self._quiet_for + fresh if quiet else 0

    def _lag(self, pcm: Pcm) -> int:
        """How much to take or add; 0 where it would be heard."""
        longest = min(timescale.LONGEST, int((abs(self._excess) + OVERSHOOT_S) * RATE))
        if self._quiet_for > (0 if self._far else PAUSE):
            return max(0, min(longest, len(pcm) - timescale.OVERLAP // 2))
        if not self._far:
            return 0
        period = timescale.find_period(pcm, longest=longest)
        return period.lag if period and period.likeness >= self._likeness_wanted() else 0

    def _likeness_wanted(self) -> float:
        return STRICT - (STRICT - LOOSE) * min(1.0, abs(self._excess) / LOOSE_AT_S)
