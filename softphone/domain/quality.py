"""How a call sounds, in figures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class QualityWord(StrEnum):
    """The one word shown for a MOS (ITU-T G.107 Annex B bands)."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


class Trouble(StrEnum):
    """What is wrong with a call's sound, and on which side; in the order in which it matters to a person."""

    NO_MICROPHONE = "no-microphone"
    MICROPHONE_SILENT = "microphone-silent"
    NOTHING_SENT = "nothing-sent"
    NOTHING_ARRIVES = "nothing-arrives"
    ARRIVES_SILENT = "arrives-silent"
    OTHER_MICROPHONE = "other-microphone"
    OTHER_SPEAKER = "other-speaker"
    THEY_LOSE_SOUND = "they-lose-sound"
    WE_LOSE_SOUND = "we-lose-sound"


@dataclass(frozen=True, slots=True)
class CallQuality:
    """mos 1.0–4.5; loss and concealed in percent; jitter, rtt and delay in milliseconds; levels in dBFS.

    These are of the last seconds; `average_mos` is of the whole call. `remote_loss_percent` is what the far
    end says it lost of our sound lately, None before it said anything. `packets_sent` and
    `packets_received` are counters.
    """

    mos: float
    loss_percent: float
    jitter_ms: float
    rtt_ms: float | None
    concealed_percent: float
    received_level_dbfs: float = -96.0
    sent_level_dbfs: float = -96.0
    playout_delay_ms: float = 0.0
    average_mos: float | None = None
    remote_loss_percent: float | None = None
    packets_sent: int = 0
    packets_received: int = 0

    @property
    def word(self) -> QualityWord:
        """Good from MOS 3.6, fair from 3.1 (G.107 Annex B: satisfied, many dissatisfied)."""
        if self.mos >= 3.6:
            return QualityWord.GOOD
        return QualityWord.FAIR if self.mos >= 3.1 else QualityWord.POOR
