"""How long a packet has to be waited for.

Transit is arrival minus media time; only its differences mean anything. `base` is the fastest transit of the
last seconds, and what a packet took longer is its lag. The target is the second largest lag of the last four
seconds and a little more, so it follows jitter up at once, soon forgets it, and leaves few packets late (each
late one is heard; delay is not until there is much of it). A delay spike, a pause after which everything that
was held up arrives together, moves nothing. Spikes that come again and again are waited for, but for their
last moment.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass

WINDOW_S = 4.0
BASE_WINDOW_S = 10.0
BEYOND = 1.2
BEYOND_MAXIMUM_S = 0.020
"""Larger lags are to be expected than have been seen."""
MARGIN_S = 0.010
"""Sound is asked for in blocks: a packet may be wanted up to one block before its time."""
MINIMUM_S = 0.025
MAXIMUM_S = 0.300
TOGETHER_S = 0.004
"""Packets that arrive closer than this were held up together."""
START_S = 0.040
ENOUGH = 10
"""Observations before anything is said."""
PLENTY = 40
"""Observations before it may be less than at the start."""

SPIKE_S = 0.100
SPIKE_APART_S = 0.5
SPIKES = 2
SPIKES_WITHIN_S = 20.0
SPARED_S = 0.020
SPARED_UP_TO = 8
"""Of so few spikes this much is not waited for: a frame made up now and then disturbs less than so much more
delay all the time."""


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


class SlidingRank:
    """The second largest of the values of the last seconds."""

    def __init__(self, window_s: float) -> None:
        self._window = window_s
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
    def median(self) -> float:
        """Half of the values are at most this."""
        return self._sorted[len(self._sorted) // 2]

    @property
    def value(self) -> float:
        """The second largest now; of a single one, that."""
        return self._sorted[-min(2, len(self._sorted))]


@dataclass(slots=True)
class _Spike:
    when: float
    lag: float


class SpikeMemory:
    """Whether delay spikes keep coming, and how high they were."""

    def __init__(self) -> None:
        self._spikes: deque[_Spike] = deque()
        self.recurring = False

    def add(self, when: float, lag: float) -> bool:
        """A lag far above the usual (SPIKE_S); those close together are one spike. True for a new one."""
        if self._spikes and when - self._spikes[-1].when < SPIKE_APART_S:
            self._spikes[-1].lag = max(self._spikes[-1].lag, lag)
            return False
        self._spikes.append(_Spike(when, lag))
        return True

    def expected(self, now: float) -> float:
        """The lag to be ready for, in seconds; 0 while spikes are rare."""
        while self._spikes and self._spikes[0].when < now - SPIKES_WITHIN_S:
            self._spikes.popleft()
        self.recurring = len(self._spikes) >= (1 if self.recurring else SPIKES)
        if not self.recurring:
            return 0.0
        spared = SPARED_S if len(self._spikes) <= SPARED_UP_TO else 0.0
        return max(spike.lag for spike in self._spikes) - spared


class DelayEstimator:
    """Lags in, target delay out; all in seconds."""

    def __init__(self) -> None:
        self._minimum = SlidingMinimum(BASE_WINDOW_S)
        self._lags = SlidingRank(WINDOW_S)
        self._spikes = SpikeMemory()
        self._last_arrival = float("-inf")
        self._beyond_since: float | None = None
        self.base: float | None = None
        """The fastest transit lately; None before the first packet."""
        self.target = START_S
        """How much later than the fastest packet sound should be played."""

    @property
    def spiky(self) -> bool:
        """Whether spikes keep coming and are waited for."""
        return self._spikes.recurring

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
        spike = len(self._lags) >= ENOUGH and lag > min(self._lags.median + SPIKE_S, MAXIMUM_S)
        if not (spike and self._spikes.add(arrival, lag)):
            self._lags.add(arrival, lag)
        if len(self._lags) >= ENOUGH:
            seen = self._lags.value
            likely = min(BEYOND * seen, seen + BEYOND_MAXIMUM_S)
            wanted = max(likely, self._spikes.expected(arrival)) + MARGIN_S
            least = MINIMUM_S if len(self._lags) >= PLENTY else min(self.target, START_S)
            self.target = min(MAXIMUM_S, max(least, wanted))

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
        """Another way through the network: start anew, keep the target until more is known."""
        self._minimum = SlidingMinimum(BASE_WINDOW_S)
        self._lags = SlidingRank(WINDOW_S)
        self._beyond_since = None
        self.base = None
