"""How a call sounds, over its last seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from media.jitter_figures import JitterStatistics
from media.quality import estimate_mos
from media.stream import StreamStatistics
from sip_bridge.rtp.rtcp import Feedback
from sip_bridge.rtp.stream import MediaStatistics
from softphone.domain.quality import CallQuality

WINDOW_S = 8.0
CODEC_DELAY_MS = {"opus": 26.5, "G722": 22.0, "PCMA": 20.0, "PCMU": 20.0}
"""One frame and the codec's look-ahead."""

DEVICE_DELAY_MS = 20.0
SMALLEST_SHARE = 50


class Counted(Protocol):
    """What counts: a VoiceStream."""

    def statistics(self) -> StreamStatistics:
        """Figures so far."""
        ...


class Carried(Protocol):
    """What carries the voice: an AudioSession."""

    def statistics(self) -> MediaStatistics:
        """Counters so far."""
        ...


class CallFigures:
    """Counters of one voice and of the session that carries it, looked at again and again; `clock` in
    seconds."""

    def __init__(self, stream: Counted, session: Carried, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._session = session
        self._clock = clock
        self._average = Average()
        self._seen: deque[tuple[float, JitterStatistics]] = deque([(clock(), JitterStatistics())])

    def now(self, feedback: Feedback | None) -> CallQuality:
        """The figures of the last WINDOW_S seconds; `feedback` is the far end's latest report."""
        statistics = self._stream.statistics()
        new, moment = statistics.receive, self._clock()
        self._seen.append((moment, new))
        while len(self._seen) > 2 and self._seen[1][0] <= moment - WINDOW_S:
            self._seen.popleft()
        old = self._seen[0][1]
        missing = max(0, new.lost - old.lost)
        lost = _share(missing, missing + max(0, new.received - old.received))
        concealed = max(0, new.concealed - old.concealed)
        hidden = _share(concealed, concealed + max(0, new.played - old.played))
        carried = self._session.statistics()
        rtt = feedback.rtt_ms if feedback is not None else None
        one_way = (rtt or 0.0) / 2 + new.delay_ms + CODEC_DELAY_MS[statistics.codec] + DEVICE_DELAY_MS
        mos = round(estimate_mos(statistics.codec, concealed_percent=hidden, one_way_ms=one_way), 2)
        return CallQuality(
            mos=mos,
            loss_percent=lost,
            jitter_ms=new.jitter_ms,
            rtt_ms=rtt,
            concealed_percent=hidden,
            received_level_dbfs=statistics.received_level_dbfs,
            sent_level_dbfs=statistics.sent_level_dbfs,
            playout_delay_ms=new.delay_ms,
            average_mos=self._average.add(mos, moment),
            remote_loss_percent=round(100 * feedback.loss, 2) if feedback is not None else None,
            packets_sent=carried.packets_sent,
            packets_received=carried.packets_received,
        )


class Average:
    """The mean of a score over time: how long each value stood counts, not how often it was asked for."""

    def __init__(self) -> None:
        self._sum = self._time = 0.0
        self._last: float | None = None

    def add(self, score: float, now: float) -> float:
        """A value at `now` (seconds), which has stood since the one before; the mean until now."""
        if self._last is not None:
            self._sum += score * (now - self._last)
            self._time += now - self._last
        self._last = now
        return round(self._sum / self._time, 2) if self._time else score


def _share(part: int, whole: int) -> float:
    """Percent; of too few samples nothing can be said."""
    return round(100.0 * part / whole, 2) if whole >= SMALLEST_SHARE else 0.0
