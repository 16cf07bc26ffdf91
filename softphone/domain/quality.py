"""How a call sounds, in figures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class QualityWord(StrEnum):
    """The one word shown for a MOS (ITU-T G.107 Annex B bands)."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


@dataclass(frozen=True, slots=True)
class CallQuality:
    """mos 1.0–4.5; loss and concealed in percent; jitter, rtt and delay in milliseconds; levels in dBFS."""

    mos: float
    loss_percent: float
    jitter_ms: float
    rtt_ms: float | None
    concealed_percent: float
    received_level_dbfs: float = -96.0
    sent_level_dbfs: float = -96.0
    playout_delay_ms: float = 0.0

    @property
    def word(self) -> QualityWord:
        """Good from MOS 3.6, fair from 3.1 (G.107 Annex B: satisfied, many dissatisfied)."""
        if self.mos >= 3.6:
            return QualityWord.GOOD
        return QualityWord.FAIR if self.mos >= 3.1 else QualityWord.POOR
