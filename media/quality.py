"""How a conversation would be judged: the E-model of ITU-T G.107.

Everything but codec, loss and delay is at its default.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

DEFAULT_R = 93.2
"""G.107 with all default values."""
MOS_MINIMUM = 1.0
MOS_MAXIMUM = 4.5


@dataclass(frozen=True, slots=True)
class Impairment:
    """`equipment` (Ie) of the codec itself and its `robustness` (Bpl) against loss, after concealment."""

    equipment: float
    robustness: float


IMPAIRMENTS = {
    "PCMA": Impairment(0.0, 25.1),
    "PCMU": Impairment(0.0, 25.1),
    "G722": Impairment(0.0, 13.0),
    "opus": Impairment(0.0, 13.0),
}
"""G.711 with concealment: G.113 Appendix I. For the wideband codecs it has no values on this scale; theirs
stand between G.711 with concealment and without, as their PESQ under loss did when measured."""


def equipment_impairment(codec: str, loss_percent: float, burstiness: float = 1.0) -> float:
    """Ie,eff (G.107 7.5). `loss_percent` is what had to be concealed; `burstiness` 1 for random loss, 2 for
    bursts of two on average. Raises KeyError for an unknown codec."""
    known = IMPAIRMENTS[codec]
    if loss_percent <= 0:
        return known.equipment
    share = loss_percent / (loss_percent / burstiness + known.robustness)
    return known.equipment + (95.0 - known.equipment) * share


def delay_impairment(one_way_ms: float) -> float:
    """Idd (G.107 7.4): what mouth-to-ear delay costs with perfect echo cancelling."""
    if one_way_ms <= 100:
        return 0.0
    x = math.log2(one_way_ms / 100)
    return 25 * float((1 + x**6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2)


def mos_of(rating: float) -> float:
    """Mean opinion score of a rating R (G.107 Annex B)."""
    if rating <= 0:
        return MOS_MINIMUM
    if rating >= 100:
        return MOS_MAXIMUM
    mos = 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6
    return max(MOS_MINIMUM, mos)


def estimate_mos(
    codec: str, *, concealed_percent: float, one_way_ms: float, burstiness: float = 1.0
) -> float:
    """1.0–4.5 for a codec by its SDP name, the share of sound that was made up, and the delay mouth to ear.
    Raises KeyError for an unknown codec."""
    rating = DEFAULT_R - delay_impairment(one_way_ms)
    return mos_of(rating - equipment_impairment(codec, concealed_percent, burstiness))
