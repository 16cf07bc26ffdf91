"""Playing a little faster or slower without a change of pitch (WSOLA): one or more pitch periods are
taken out of, or put into, a stretch of sound where it repeats itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from media.types import RATE, Pcm

SHORTEST = RATE // 400
LONGEST = RATE * 15 // 1000
COARSE = 4
"""The search runs on every fourth sample's average first."""
OVERLAP = RATE * 10 // 1000

Signal = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Period:
    """After `lag` samples the sound repeats itself with this normalised correlation (1: exactly)."""

    lag: int
    likeness: float


def find_period(pcm: Pcm, shortest: int = SHORTEST, longest: int = LONGEST) -> Period | None:
    """The lag at which the beginning of `pcm` repeats itself best; None where `pcm` is too short to tell.

    A silent stretch counts as repeating itself at the longest lag.
    """
    longest = min(longest, len(pcm) - OVERLAP // 2)
    if longest < shortest + COARSE:
        return None
    match = min(OVERLAP, len(pcm) - longest)
    signal = pcm.astype(np.float32)
    usable = (len(pcm) // COARSE) * COARSE
    coarse = signal[:usable].reshape(-1, COARSE).sum(axis=1)
    rough = _best(coarse, shortest // COARSE, longest // COARSE, match // COARSE)
    first = max(shortest, rough.lag * COARSE - COARSE)
    return _best(signal, first, min(longest, rough.lag * COARSE + COARSE), match)


def _best(signal: Signal, shortest: int, longest: int, match: int) -> Period:
    head = signal[:match]
    rest = signal[shortest : min(longest + match, len(signal))]
    products = np.correlate(rest, head, "valid")
    squares = np.concatenate(([0.0], np.cumsum(rest.astype(np.float64) ** 2)))
    energy = squares[match:] - squares[:-match]
    score = products / np.sqrt(energy * float(head @ head) + 1.0)
    index = int(score.argmax())
    return Period(shortest + index, float(score[index]))


def _cross_fade(out_going: Pcm, in_coming: Pcm) -> Pcm:
    fade = np.linspace(0, 1, len(out_going), dtype=np.float32)
    faded: Pcm = np.rint(out_going * (1 - fade) + in_coming * fade).astype(np.int16)
    return faded


def shorten(pcm: Pcm, lag: int) -> Pcm:
    """Without `lag` samples: its beginning is faded over into what comes `lag` later."""
    overlap = min(OVERLAP, len(pcm) - lag)
    return np.concatenate([_cross_fade(pcm[:overlap], pcm[lag : lag + overlap]), pcm[lag + overlap :]])


def lengthen(pcm: Pcm, lag: int) -> Pcm:
    """With `lag` samples more: after the first `lag` it is faded back into its beginning."""
    overlap = min(OVERLAP, len(pcm) - lag)
    seam = _cross_fade(pcm[lag : lag + overlap], pcm[:overlap])
    return np.concatenate([pcm[:lag], seam, pcm[overlap:]])
