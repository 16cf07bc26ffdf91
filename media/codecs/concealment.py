"""Filling gaps of codecs that cannot do it themselves: G.711 and G.722, at the codec's own rate.

The idea is that of ITU-T G.711 Appendix I: speech goes on as it was for some milliseconds, so its last pitch
period is repeated, ever more quietly, and what comes after the gap is faded in over the repetition. Unlike
there nothing is delayed for the sake of a smooth beginning. Where what comes after the gap is known already,
the repetition is stretched a little so that its periods meet it in step, and keeps its strength.
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

BRIDGE_MATCH_S = 0.010
BRIDGE_STRETCH = 0.1
BRIDGE_LIKENESS = 0.1
BRIDGE_MERGE_S = 0.002


def best_lag(signal: Signal, shortest: int, longest: int, match: int) -> int:
    """The lag at which the end of `signal` looks most like what was before (normalised correlation)."""
    tail = signal[-match:]
    span = signal[-match - longest : -shortest]
    products = np.correlate(span, tail, "valid")
    energy = np.convolve(span * span, np.ones(match, np.float32), "valid")
    score = products / np.sqrt(energy + 1.0)
    return longest - int(score.argmax())


def _strength(signal: Signal) -> float:
    return float(np.sqrt(signal @ signal / len(signal)))


class Concealer:
    """Remembers what was played and makes up what is missing. Works on float32 at `rate` Hz."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._history = np.zeros(int(HISTORY_S * rate), np.float32)
        self._lag = 0
        self._concealed = 0
        self._period: Signal = np.zeros(0, np.float32)
        self._phase = 0
        self._met = 0.0

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

    def bridge(self, samples: int, following: npt.NDArray[np.generic]) -> Signal:
        """The last `samples` of a gap, leading over to `following`, which `received` gets next."""
        if not self._concealed:
            self._begin()
        future = following.astype(np.float32)
        match = min(len(future), int(BRIDGE_MATCH_S * self._rate))
        slack = min(self._lag // 2 + 1, int(samples * BRIDGE_STRETCH))
        raw = self._repeat(samples + slack + match)
        shift, likeness = self._step(raw, future[:match], samples, slack)
        if likeness < BRIDGE_LIKENESS:
            self._phase = (self._phase - len(raw)) % len(self._period)
            return self.conceal(samples)
        speed = (samples + shift) / samples
        stretched = np.interp(np.arange(samples) * speed, np.arange(len(raw)), raw)
        self._phase = (self._phase - len(raw) + samples + shift) % len(self._period)
        start = float(self._gain(1)[0])
        end = min(1.2, _strength(future[:match]) / (_strength(raw[-match:]) + 1.0))
        out: Signal = (stretched * np.linspace(start, end, samples)).astype(np.float32)
        self._met = end
        self._concealed += samples
        self._remember(out)
        return out

    @staticmethod
    def _step(raw: Signal, future: Signal, samples: int, slack: int) -> tuple[int, float]:
        """By how many samples the repetition must go further to be in step, and how alike it then is."""
        match = len(future)
        space = raw[samples - slack : samples + slack + match]
        products = np.correlate(space, future, "valid")
        energy = np.convolve(space * space, np.ones(match, np.float32), "valid")
        score = products / (np.sqrt(energy * float(future @ future)) + 1.0)
        index = int(score.argmax())
        return index - slack, float(score[index])

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
        seconds = min(MERGE_MAX_S, max(MERGE_S, MERGE_PER_LOST * lost))
        if self._met:
            seconds = BRIDGE_MERGE_S
        length = min(len(signal), int(seconds * self._rate))
        gain = self._met or self._gain(length)
        fade = np.linspace(0, 1, length, dtype=np.float32)
        signal[:length] = signal[:length] * fade + self._repeat(length) * gain * (1 - fade)
        self._concealed = 0
        self._met = 0.0

    def _remember(self, signal: Signal) -> None:
        self._history = np.concatenate([self._history, signal])[-len(self._history) :]
