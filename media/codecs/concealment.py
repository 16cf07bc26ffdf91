"""Filling gaps of codecs that cannot do it themselves: G.711 and G.722, at the codec's own rate.

The idea is that of ITU-T G.711 Appendix I: speech goes on as it was for some milliseconds, so its last pitch
period is repeated, ever more quietly, and what comes after the gap is faded in over the repetition. Unlike
there nothing is delayed for the sake of a smooth beginning.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float32]

HISTORY_S = 0.05
PITCH_MIN_S = 0.0025
PITCH_MAX_S = 0.015
MATCH_S = 0.02
FULL_S = 0.010
SILENT_S = 0.060
MERGE_S = 0.004
MERGE_PER_LOST = 0.4
MERGE_MAX_S = 0.010


def best_lag(signal: Signal, shortest: int, longest: int, match: int) -> int:
    """The lag at which the end of `signal` looks most like what was before (normalised correlation)."""
    tail = signal[-match:]
    span = signal[-match - longest : -shortest]
    products = np.correlate(span, tail, "valid")
    energy = np.convolve(span * span, np.ones(match, np.float32), "valid")
    score = products / np.sqrt(energy + 1.0)
    return longest - int(score.argmax())


class Concealer:
    """Remembers what was played and makes up what is missing. Works on float32 at `rate` Hz."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._history = np.zeros(int(HISTORY_S * rate), np.float32)
        self._lag = 0
        self._concealed = 0
        self._period: Signal = np.zeros(0, np.float32)
        self._phase = 0

    def reset(self) -> None:
        """Forget the past."""
        self.__init__(self._rate)  # type: ignore[misc]

    def received(self, pcm: npt.NDArray[np.generic]) -> Signal:
        """Pass sound through, merged with the repetition when a gap came before."""
        signal = pcm.astype(np.float32)
        if self._concealed:
            self._merge(signal)
        self._remember(signal)
        return signal

    def conceal(self, samples: int) -> Signal:
        """The next `samples` of a gap."""
        if not self._concealed:
            self._begin()
        out = self._repeat(samples) * self._gain(samples)
        self._concealed += samples
        self._remember(out)
        return out

    def _begin(self) -> None:
        seconds = (PITCH_MIN_S, PITCH_MAX_S, MATCH_S)
        shortest, longest, match = (int(second * self._rate) for second in seconds)
        self._lag = best_lag(self._history, shortest, longest, match)
        self._period = self._smooth_period(1)
        self._phase = 0

    def _smooth_period(self, periods: int) -> Signal:
        """The last `periods` pitch periods, their end bent so that the repetition has no seam."""
        length = min(self._lag * periods, len(self._history) - self._lag)
        period = self._history[-length:].copy()
        seam = min(self._lag // 4, length)
        before = self._history[-length - seam : -length]
        fade = np.linspace(0, 1, seam, dtype=np.float32)
        period[-seam:] = period[-seam:] * (1 - fade) + before * fade
        return period

    def _repeat(self, samples: int) -> Signal:
        index = (self._phase + np.arange(samples)) % len(self._period)
        self._phase = (self._phase + samples) % len(self._period)
        return self._period[index]

    def _gain(self, samples: int) -> Signal:
        start = self._concealed
        when = np.arange(start, start + samples, dtype=np.float32) / self._rate
        gain: Signal = np.clip((SILENT_S - when) / (SILENT_S - FULL_S), 0, 1).astype(np.float32)
        return gain

    def _merge(self, signal: Signal) -> None:
        lost = self._concealed / self._rate
        length = min(len(signal), int(min(MERGE_MAX_S, max(MERGE_S, MERGE_PER_LOST * lost)) * self._rate))
        fade = np.linspace(0, 1, length, dtype=np.float32)
        signal[:length] = signal[:length] * fade + self._repeat(length) * self._gain(length) * (1 - fade)
        self._concealed = 0

    def _remember(self, signal: Signal) -> None:
        self._history = np.concatenate([self._history, signal])[-len(self._history) :]
