"""How much picture a sender should send: what its own loss allows, what its receivers can take and use.

There is no simulcast, so everybody is sent the same picture: the worst receiver counts, down to FLOOR, below
which it loses packets rather than everybody else their picture.
"""

from __future__ import annotations

CAP = 1_500_000
FLOOR = 250_000
"""Bits per second."""

HEIGHTS = ((180, 300_000), (360, 700_000))
"""What a picture of at most this many pixels in height needs, bits per second."""

SMALL_AFTER_S = 5.0
"""All views must have been small this long: senders are quick to go down and slow to come up."""

MUCH_LOSS, LITTLE_LOSS = 0.10, 0.02
CONGESTED = 0.95
"""A receiver's estimate below this much of what it is being sent is a true limit (an idle one starts low)."""


class Bandwidth:
    """One sender's. `now` is monotonic, seconds."""

    def __init__(self, now: float) -> None:
        self._limit = float(CAP)
        self._receivers: dict[str, int] = {}
        self._heights: dict[str, int] = {}
        self._large_at = now
        self._bytes = 0
        self._rate = 0.0
        self._measured_at = now

    def received(self, size: int) -> None:
        """Bytes came from the sender."""
        self._bytes += size

    def lost(self, fraction: float) -> None:
        """Loss on the way from the sender in the last second, 0 to 1: down at much, up at little of it."""
        if fraction > MUCH_LOSS:
            self._limit *= 1 - fraction / 2
        elif fraction < LITTLE_LOSS:
            self._limit = self._limit * 1.08 + 1000
        self._limit = min(max(self._limit, FLOOR), CAP)

    def receiver(self, subscription: str, bitrate: int) -> None:
        """One receiver's own estimate, bits per second."""
        self._receivers[subscription] = bitrate

    def view(self, subscription: str, height: int) -> None:
        """One receiver looks at it this high now, in pixels; 0 for not at all."""
        self._heights[subscription] = height

    def gone(self, subscription: str) -> None:
        """One less."""
        self._receivers.pop(subscription, None)
        self._heights.pop(subscription, None)

    def estimate(self, now: float) -> int:
        """What to tell the sender, bits per second."""
        self._measure(now)
        limits = [self._limit, self._wanted(now)]
        limits += [float(rate) for rate in self._receivers.values() if rate < CONGESTED * self._rate]
        return int(min(max(min(limits), FLOOR), CAP))

    def _wanted(self, now: float) -> float:
        tallest = max(self._heights.values(), default=0)
        need = next((rate for height, rate in HEIGHTS if 0 < tallest <= height), None)
        if need is None:
            self._large_at = now
            return CAP
        return need if now - self._large_at >= SMALL_AFTER_S else CAP

    def _measure(self, now: float) -> None:
        passed = now - self._measured_at
        if passed >= 1:
            self._rate = self._bytes * 8 / passed
            self._bytes, self._measured_at = 0, now
