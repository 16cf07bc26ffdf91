"""How many bits a second a picture is given: what its size needs, less where packets are lost."""

from __future__ import annotations

FLOOR = 150_000
START = 0.7
"""Share of what the size needs to begin with."""
HOLD_ABOVE, LESS_ABOVE = 0.02, 0.10
"""Shares of packets lost: the loss-based rule of draft-ietf-rmcat-gcc, section 6."""
GROWTH_PER_S = 1.08
LONGEST_STEP_S = 5.0
STEP = 0.15
"""A change smaller than this is not worth the key frame it costs."""
SIZES = ((720, 700_000), (540, 450_000), (360, 250_000), (240, 0))
"""The tallest picture that a rate can carry."""


def needed(width: int, height: int, fps: float = 30.0) -> int:
    """Bit/s for a good picture of this size: 1.8 Mbit/s for 720p30, 0.6 for 360p30."""
    pixels = width * height
    return int(1_800_000 * (pixels / (1280 * 720)) ** 0.8 * max(fps, 10.0) / 30.0)


class RateControl:
    """One sender's rate. `now` in monotonic seconds."""

    def __init__(self, width: int, height: int, fps: float = 30.0) -> None:
        self._limit = self._most = max(FLOOR, needed(width, height, fps))
        self._free = max(float(FLOOR), self._most * START)
        self._reported: float | None = None
        self._given = 0

    def estimate(self, bitrate: int) -> None:
        """The far end believes that so much gets through (REMB)."""
        self._limit = max(FLOOR, min(self._most, bitrate))

    def report(self, lost: float, now: float) -> None:
        """The far end lost this share of the packets since its last report."""
        since = min(now - self._reported, LONGEST_STEP_S) if self._reported is not None else 1.0
        self._reported = now
        if lost > LESS_ABOVE:
            self._free *= 1 - 0.5 * lost
        elif lost <= HOLD_ABOVE:
            self._free *= GROWTH_PER_S**since
        self._free = max(float(FLOOR), min(self._free, float(self._most)))

    def bitrate(self) -> int:
        """What the encoder is to be given now: it changes in steps."""
        wanted = round(min(self._free, self._limit))
        full = wanted == self._most != self._given
        if full or not self._given or abs(wanted - self._given) > STEP * self._given:
            self._given = wanted
        return self._given

    def height(self) -> int:
        """The tallest picture that looks better at this rate than a smaller one would."""
        rate = self.bitrate()
        return next(height for height, least in SIZES if rate >= least)


HEIGHTS = (720, 540, 360)
BUSY_S, EASY_S = 0.030, 0.008
"""Seconds for one picture: of the 33 ms between two, encoding may take nearly all."""
DOWN_AFTER_S, UP_AFTER_S = 3.0, 20.0
MEMORY = 30
"""Pictures over which the time is averaged."""


class EncodingEffort:
    """Makes the picture smaller where this computer does not keep up, quickly down and slowly up again.

    `now` in monotonic seconds.
    """

    def __init__(self) -> None:
        self._level = 0
        self._average = 0.0
        self._changed: float | None = None

    def note(self, seconds: float, now: float) -> None:
        """Encoding one picture took so long."""
        if self._changed is None:
            self._changed = now
        self._average += (seconds - self._average) / MEMORY
        since = now - self._changed
        if self._average > BUSY_S and since > DOWN_AFTER_S and self._level < len(HEIGHTS) - 1:
            self._move(1, now)
        elif self._average < EASY_S and since > UP_AFTER_S and self._level:
            self._move(-1, now)

    def height(self) -> int:
        """The tallest picture that can be had."""
        return HEIGHTS[self._level]

    def _move(self, step: int, now: float) -> None:
        self._level += step
        self._average = (BUSY_S + EASY_S) / 2
        self._changed = now
