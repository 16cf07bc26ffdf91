"""What a jitter buffer tells of itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JitterStatistics:
    """Counters since the start, and delays as they stand.

    Packets: `received` in all, `lost` never came, `late` came after having been given up (not in `lost`),
    `duplicate`, `invalid` not decodable, `discarded` to cut the delay after an outage; `recovered` of the
    lost and late ones, by FEC. Samples: `played` since speech began; of these `concealed` were made up for
    what was missing or late (comfort noise not counted); `accelerated` taken out and `expanded` put in to
    change the delay. In ms: `delay` that sound waits here beyond the network's fastest packet, `target`
    where that is going, `buffered` arrived and not played, `jitter` as in RFC 3550 6.4.1.
    """

    received: int = 0
    lost: int = 0
    late: int = 0
    duplicate: int = 0
    invalid: int = 0
    discarded: int = 0
    recovered: int = 0
    played: int = 0
    concealed: int = 0
    accelerated: int = 0
    expanded: int = 0
    delay_ms: float = 0.0
    target_ms: float = 0.0
    buffered_ms: float = 0.0
    jitter_ms: float = 0.0

    @property
    def concealed_percent(self) -> float:
        """Share of what was played that had to be made up."""
        return 100 * self.concealed / self.played if self.played else 0.0


@dataclass(slots=True)
class Counters:
    """Those of `JitterStatistics` that only grow."""

    received: int = 0
    lost: int = 0
    late: int = 0
    duplicate: int = 0
    invalid: int = 0
    discarded: int = 0
    recovered: int = 0
    played: int = 0
    concealed: int = 0
    accelerated: int = 0
    expanded: int = 0
