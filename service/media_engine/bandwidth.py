"""How much picture a sender should send: what its own loss allows, what its receivers can take and use.

There is no simulcast, so everybody is sent the same picture: the worst receiver counts, down to FLOOR, below
which it loses packets rather than everybody else their picture.
"""

from __future__ import annotations

CAP = 1_500_000
FLOOR = 250_000
"""Bits per second."""

MOST = 8_000_000
"""Bits per second of one sender that are forwarded, a second's worth at once. None of ours sends a third."""

LEAST = 500
"""Bytes that a packet counts for at least, and a number that was skipped: both are work, however small."""

HEIGHTS = ((180, 300_000), (360, 700_000))
"""What a picture of at most this many pixels in height needs, bits per second."""

SMALL_AFTER_S = 5.0
"""All views must have been small this long: senders are quick to go down and slow to come up."""

MUCH_LOSS, LITTLE_LOSS = 0.10, 0.02
GROWTH = 1.08
"""A second, where little is lost (libwebrtc's loss-based controller has the same three figures)."""

CONGESTED = 0.95
"""A receiver's estimate below this much of what it is being sent is a true limit (an idle one starts low)."""


class Limit:
    """One path's, bits per second: down at much loss, up at little."""

    def __init__(self) -> None:
        self.bitrate = float(CAP)

    def lost(self, fraction: float) -> None:
        """What was lost in the last second or so, 0 to 1."""
        if fraction > MUCH_LOSS:
            self.set(self.bitrate * (1 - fraction / 2))
        elif fraction < LITTLE_LOSS:
            self.set(self.bitrate * GROWTH)

    def set(self, bitrate: float) -> None:
        """From FLOOR to CAP."""
        self.bitrate = min(max(bitrate, FLOOR), CAP)


class Bandwidth:
    """One sender's. `now` is monotonic, seconds."""

    def __init__(self, now: float) -> None:
        self._sender = Limit()
        self._receivers: dict[str, Limit] = {}
        self._heights: dict[str, int] = {}
        self._large_at = now
        self._bytes = 0
        self._rate = 0.0
        self._measured_at = now
        self._budget, self._budget_at = MOST / 8, now

    def received(self, size: int, now: float, skipped: int = 0) -> bool:
        """A packet of so many bytes came from the sender, so many numbers behind the one before. False where
        that is more than anybody should be sent.
        """
        self._bytes += size
        budget = self._budget + (now - self._budget_at) * MOST / 8
        self._budget, self._budget_at = min(budget, MOST / 8), now
        cost = max(size, LEAST) + skipped * LEAST
        if cost > self._budget:
            return False
        self._budget -= cost
        return True

    def lost(self, fraction: float) -> None:
        """Loss on the way from the sender, once a second."""
        self._sender.lost(fraction)

    def receiver_lost(self, subscription: str, fraction: float) -> None:
        """Loss on the way to one receiver, as it reports it."""
        self._receiver(subscription).lost(fraction)

    def receiver_estimates(self, subscription: str, bitrate: int) -> None:
        """One receiver's own estimate, bits per second."""
        if bitrate < CONGESTED * self._rate:
            self._receiver(subscription).set(bitrate)

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
        limits = [self._sender.bitrate, self._wanted(now)]
        for subscription, limit in self._receivers.items():
            if self._heights.get(subscription) != 0:  # who is sent no picture can't tell of a better line
                limits.append(limit.bitrate)
        return int(min(limits))

    def _receiver(self, subscription: str) -> Limit:
        return self._receivers.setdefault(subscription, Limit())

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
