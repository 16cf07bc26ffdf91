"""How long a packet has to be waited for.

Transit is arrival minus media time; only its differences mean anything. `base` is the fastest transit of the last
seconds, and what a packet took longer is its lag. The target is a high quantile of the lags of the last two
seconds, so it follows jitter up at once and forgets it as soon as it may. A delay spike, a pause after which everything
that was held up arrives together, counts as one observation: waiting always for the worst would cost more
than it gives. Only when spikes come again and again are they waited for.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass

WINDOW_S = 2.0
BASE_WINDOW_S = 10.0
QUANTILE = 0.97
MARGIN_S = 0.005
MINIMUM_S = 0.020
MAXIMUM_S = 0.300
TOGETHER_S = 0.004
"""Packets that arrive closer than this were held up together."""
START_S = 0.040
ENOUGH = 10
"""Observations before the target is believed."""

SPIKE_S = 0.030
SPIKE_APART_S = 0.5
SPIKES = 3
SPIKES_WITHIN_S = 16.0


class SlidingMinimum:
    """The least of the values of the last seconds."""

    def __init__(self, window_s: float) -> None:
        self._window = window_s
        self._values: deque[tuple[float, float]] = deque()

    def add(self, when: float, value: float) -> float:
        """Take a value and return the minimum."""
        values = self._values
        while values and values[-1][1] >= value:
            values.pop()
        values.append((when, value))
        while values[0][0] < when - self._window:
            values.popleft()
        return values[0][1]


class SlidingQuantile:
    """A quantile of the values of the last seconds."""

    def __init__(self, window_s: float, quantile: float) -> None:
        self._window = window_s
        self._quantile = quantile
        self._arrived: deque[tuple[float, float]] = deque()
        self._sorted: list[float] = []

    def __len__(self) -> int:
        return len(self._sorted)

    def add(self, when: float, value: float) -> None:
        """Take a value."""
        self._arrived.append((when, value))
        insort(self._sorted, value)
        while self._arrived[0][0] < when - self._window:
            _, old = self._arrived.popleft()
            del self._sorted[bisect_left(self._sorted, old)]

    @property
    def value(self) -> float:
        """The quantile now."""
        return self._sorted[int(self._quantile * (len(self._sorted) - 1) + 0.5)]


@dataclass(slots=True)
class _Spike:
    when: float
    lag: float


class SpikeMemory:
    """Whether delay spikes keep coming, and how high they were."""

    def __init__(self) -> None:
        self._spikes: deque[_Spike] = deque()

    def add(self, when: float, lag: float) -> None:
        """A lag far above the usual; those close together are one spike."""
        if self._spikes and when - self._spikes[-1].when < SPIKE_APART_S:
            self._spikes[-1].lag = max(self._spikes[-1].lag, lag)
        else:
            self._spikes.append(_Spike(when, lag))

    def expected(self, now: float) -> float:
        """The lag to be ready for, in seconds; 0 while spikes are rare."""
        while self._spikes and self._spikes[0].when < now - SPIKES_WITHIN_S:
            self._spikes.popleft()
        return max(spike.lag for spike in self._spikes) if len(self._spikes) >= SPIKES else 0.0


class DelayEstimator:
    """Lags in, target delay out; all in seconds."""

    def __init__(self) -> None:
        self._minimum = SlidingMinimum(BASE_WINDOW_S)
        self._lags = SlidingQuantile(WINDOW_S, QUANTILE)
        self._spikes = SpikeMemory()
        self._last_arrival = float("-inf")
        self._beyond_since: float | None = None
        self.base: float | None = None
        """The fastest transit lately; None before the first packet."""
        self.target = START_S
        """How much later than the fastest packet sound should be played."""

    def add(self, arrival: float, transit: float) -> None:
        """A packet arrived."""
        together = arrival - self._last_arrival < TOGETHER_S
        self._last_arrival = arrival
        if self.base is not None and self._beyond(arrival, transit - self.base):
            return
        self.base = self._minimum.add(arrival, transit)
        lag = transit - self.base
        if together:
            return
        if len(self._lags) >= ENOUGH and lag > self.target + SPIKE_S:
            self._spikes.add(arrival, lag)
        self._lags.add(arrival, lag)
        if len(self._lags) >= ENOUGH:
            wanted = max(self._lags.value, self._spikes.expected(arrival)) + MARGIN_S
            self.target = min(MAXIMUM_S, max(MINIMUM_S, wanted))

    def _beyond(self, arrival: float, lag: float) -> bool:
        """Whether to leave out a lag no waiting could cover. If that lasts, it is the network's new way."""
        if lag <= MAXIMUM_S:
            self._beyond_since = None
            return False
        if self._beyond_since is None:
            self._beyond_since = arrival
        if arrival - self._beyond_since < 0.5:
            return True
        self.restart()
        return False

    def restart(self) -> None:
        """Another source or another way through the network: forget transits, keep the target until more is known."""
        self._minimum = SlidingMinimum(BASE_WINDOW_S)
        self._lags = SlidingQuantile(WINDOW_S, QUANTILE)
        self._beyond_since = None
        self.base = None
