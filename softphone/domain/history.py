"""What is remembered of a call that has ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from softphone.domain.call import Direction


class Outcome(StrEnum):
    """How a call ended, as the history shows it."""

    ANSWERED = "answered"
    MISSED = "missed"
    DECLINED = "declined"
    NOT_ANSWERED = "not-answered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """`started_at` is Unix time in seconds (UTC); `duration_s` is talk time; `mos` None where unknown."""

    id: str
    direction: Direction
    uri: str
    number: str
    name: str
    started_at: float
    duration_s: float
    outcome: Outcome
    mos: float | None = None
    seen: bool = True
