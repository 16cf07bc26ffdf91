"""Filling gaps of codecs that cannot do it themselves: G.711 and G.722, at the codec's own rate.

The idea is that of ITU-T G.711 Appendix I: speech goes on as it was for some milliseconds, so its last pitch
period is repeated, ever more quietly, and what comes after the gap is faded in over the repetition. Unlike
there nothing is delayed for the sake of a smooth beginning.

Where what comes after the gap is known already, the gap is filled from both sides. What was before is
repeated forwards, stretched a little so that its periods come to be in step; what follows is repeated
backwards; and the one fades into the other. So pitch, timbre and strength change gradually, and a sound that
began within the gap is there.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float32]

HISTORY_S = 0.12
PITCH_MIN_S = 0.0025
PITCH_MAX_S = 0.015
MATCH_S = 0.02
FULL_S = 0.010
SILENT_S = 0.060
SEAM_PER_LAG = 4
MERGE_S = 0.004
MERGE_PER_LOST = 0.4
MERGE_MAX_S = 0.010

TOGETHER = 10
"""Pieces that are only put together where no gap asks for them before."""

BRIDGE_MATCH_S = 0.010
BRIDGE_STRETCH = 0.1
BRIDGE_LIKENESS = 0.1
BRIDGE_GROWTH = 1.2
BACK_LEAST_S = 0.005
"""What of `following` is compared with its beginning at least."""


def best_lag(signal: Signal, shortest: int, longest: int, match: int) -> int:
    """The lag at which the end of `signal` looks most like what was before (normalised correlation)."""
    tail = signal[-match:]
    span = signal[-match - longest : -shortest]
    products = np.correlate(span, tail, "valid")
    energy = np.convolve(span * span, np.ones(match, np.float32), "valid")
    score = products / np.sqrt(energy + 1.0)
    return longest - int(score.argmax())


def first_lag(signal: Signal, shortest: int, longest: int, match: int) -> int:
    """The lag at which `signal`, a short one, repeats its beginning best: `match` samples of it or, at long
    lags, as many as there are to compare with."""
    lags = np.arange(shortest, longest + 1)
    padded = np.concatenate([signal, np.zeros(match, np.float32)])
    products = np.correlate(padded[shortest : longest + match], signal[:match], "valid")
    squares = np.concatenate([np.zeros(1), np.cumsum(padded.astype(np.float64) ** 2)])
    later = squares[lags + match] - squares[lags]
    first = squares[np.minimum(match, len(signal) - lags)]
    return shortest + int((products / (np.sqrt(first * later) + 1.0)).argmax())


def last_period(signal: Signal, lag: int) -> Signal:
    """The last `lag` samples, their end bent so that a repetition has no seam."""
    period = signal[-lag:].copy()
    seam = lag // SEAM_PER_LAG
    before = signal[-lag - seam : -lag]
    fade = np.linspace(0, 1, seam, dtype=np.float32)
    period[-seam:] = period[-seam:] * (1 - fade) + before * fade
    return period


def _strength(signal: Signal) -> float:
    return float(np.sqrt(signal @ signal / len(signal)))


class Concealer:
    """Remembers what was played and makes up what is missing. Works on float32 at `rate` Hz."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._known = np.zeros(int(HISTORY_S * rate), np.float32)
        self._recent: list[Signal] = []
        self._lag = 0
        self._concealed = 0
        self._period: Signal = np.zeros(0, np.float32)
        self._phase = 0
        self._seam = 0

    def reset(self) -> None:
        """Forget the past."""
        self.__init__(self._rate)  # type: ignore[misc]

    def received(self, pcm: npt.NDArray[np.generic]) -> Signal:
        """Pass sound through, merged with the repetition when a gap came before."""
        signal = pcm.astype(np.float32, copy=False)
        if self._concealed:
            signal = signal.copy()
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

    def outlook(self, samples: int) -> tuple[Signal, int]:
        """What was played lately, with the next `samples` as `conceal` would make them but without going
        on; and how many at its end are made up."""
        if not self._concealed:
            self._begin()
        coming = self._repetition(samples) * self._gain(samples)
        return np.concatenate([self._history, coming]), self._concealed + samples

    def bridge(self, samples: int, following: npt.NDArray[np.generic]) -> Signal:
        """The last `samples` of a gap, leading over to `following`, which `received` gets next."""
        future = following.astype(np.float32)
        longest = min(int(PITCH_MAX_S * self._rate), len(future) - int(BACK_LEAST_S * self._rate))
        if longest <= int(PITCH_MIN_S * self._rate):
            return self.conceal(samples)
        if not self._concealed:
            self._begin()
        forwards, backwards = self._forwards(samples, future), self._backwards(samples, future, longest)
        fade = np.linspace(0, 1, samples, dtype=np.float32)
        out: Signal = forwards * (1 - fade) + backwards * fade
        self._concealed += samples
        self._remember(out)
        return out

    def _forwards(self, samples: int, future: Signal) -> Signal:
        """The repetition, in step with `future` at its end and as strong."""
        match = min(len(future), int(BRIDGE_MATCH_S * self._rate))
        slack = min(self._lag // 2 + 1, int(samples * BRIDGE_STRETCH))
        raw = self._repetition(samples + slack + match)
        shift, likeness = self._step(raw, future[:match], samples, slack)
        speed = (samples + shift) / samples if likeness >= BRIDGE_LIKENESS else 1.0
        stretched = np.interp(np.arange(samples) * speed, np.arange(len(raw)), raw)
        start = float(self._gain(1)[0])
        end = min(BRIDGE_GROWTH, _strength(future[:match]) / (_strength(raw[-match:]) + 1.0))
        scaled: Signal = (stretched * np.linspace(start, end, samples)).astype(np.float32)
        return scaled

    def _backwards(self, samples: int, future: Signal, longest: int) -> Signal:
        """What would have led to `future` if its first pitch period had been repeated all the time."""
        lag = first_lag(future, int(PITCH_MIN_S * self._rate), longest, int(BRIDGE_MATCH_S * self._rate))
        self._period, self._phase = last_period(future[::-1], lag)[::-1], 0
        self._seam = lag // SEAM_PER_LAG
        repeated: Signal = self._period[np.arange(-samples, 0) % lag]
        return repeated

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
        self._period = last_period(self._history, self._lag)
        self._phase = 0

    def _repetition(self, samples: int) -> Signal:
        return self._period[(self._phase + np.arange(samples)) % len(self._period)]

    def _repeat(self, samples: int) -> Signal:
        out = self._repetition(samples)
        self._phase = (self._phase + samples) % len(self._period)
        return out

    def _gain(self, samples: int) -> Signal:
        start = self._concealed
        when = np.arange(start, start + samples, dtype=np.float32) / self._rate
        gain: Signal = np.clip((SILENT_S - when) / (SILENT_S - FULL_S), 0, 1).astype(np.float32)
        return gain

    def _merge(self, signal: Signal) -> None:
        lost = self._concealed / self._rate
        seconds = min(MERGE_MAX_S, max(MERGE_S, MERGE_PER_LOST * lost))
        length = min(len(signal), self._seam or int(seconds * self._rate))
        gain = 1.0 if self._seam else self._gain(length)
        fade = np.linspace(0, 1, length, dtype=np.float32)
        signal[:length] = signal[:length] * fade + self._repeat(length) * gain * (1 - fade)
        self._concealed = self._seam = 0

    def _remember(self, signal: Signal) -> None:
        self._recent.append(signal)
        if len(self._recent) >= TOGETHER:
            self._join()

    def _join(self) -> None:
        self._known = np.concatenate([self._known, *self._recent])[-len(self._known) :]
        self._recent.clear()

    @property
    def _history(self) -> Signal:
        """The last HISTORY_S of what was played."""
        if self._recent:
            self._join()
        return self._known
