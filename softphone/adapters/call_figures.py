"""How a call sounds, over its last seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from media.jitter import JitterStatistics
from media.stream import VoiceStream
from sip_bridge.rtp.rtcp import Feedback
from softphone.domain.quality import CallQuality

WINDOW_S = 8.0
BASE = 93.2
"""R without any impairment but the terminals' own (ITU-T G.107 Table 3 defaults)."""

CODEC_DELAY_MS = {"opus": 26.5, "G722": 22.0, "PCMA": 20.0, "PCMU": 20.0}
ROBUSTNESS = {"opus": 29.0, "G722": 20.0, "PCMA": 25.1, "PCMU": 25.1}
"""Bpl of G.113 Appendix I for G.711 with concealment; the others set beside it by listening scores."""

RECORD_DELAY_MS = 20.0
SMALLEST_SHARE = 50


def mos_of(codec: str, loss_percent: float, one_way_ms: float) -> float:
    """MOS 1.0–4.5 by the E-model (ITU-T G.107): R from delay and effective loss, then Annex B's curve."""
    late = max(0.0, one_way_ms - 177.3)
    delay = 0.024 * one_way_ms + 0.11 * late
    loss = 95.0 * loss_percent / (loss_percent + ROBUSTNESS.get(codec, 20.0))
    r = min(100.0, max(0.0, BASE - delay - loss))
    return min(4.5, max(1.0, 1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6))


class CallFigures:
    """Counters of one voice, looked at again and again; `clock` in seconds."""

    def __init__(self, stream: VoiceStream, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock
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
        rtt = feedback.rtt_ms if feedback is not None else None
        one_way = (
            (rtt or 0.0) / 2 + new.delay_ms + CODEC_DELAY_MS.get(statistics.codec, 20.0) + RECORD_DELAY_MS
        )
        return CallQuality(
            mos=round(mos_of(statistics.codec, lost, one_way), 2),
            loss_percent=lost,
            jitter_ms=new.jitter_ms,
            rtt_ms=rtt,
            concealed_percent=hidden,
            received_level_dbfs=statistics.received_level_dbfs,
            sent_level_dbfs=statistics.sent_level_dbfs,
            playout_delay_ms=new.delay_ms,
        )


def _share(part: int, whole: int) -> float:
    """Percent; of too few samples nothing can be said."""
    return round(100.0 * part / whole, 2) if whole >= SMALLEST_SHARE else 0.0
