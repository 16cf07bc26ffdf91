"""What was said and what was heard, on the system's clock: how loud, how much later, how alike.

Mouths are files that loop by the clock, ears are recordings that know when they began (devices.wavfile), so
both are asked for the same moments, whichever programs they belong to. Moments are Unix time in seconds.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt

from devices.wavfile import began

Samples = npt.NDArray[np.float64]
FLOOR_DBFS = -96.0
AUDIBLE_DBFS = -50.0
WORD_S = 0.5
LONGEST_S = 1.0
"""The longest delay that is looked for."""
BLOCK_S = 0.01


def read_wav(path: Path) -> tuple[Samples, int]:
    """Mono samples in -1…1 and their rate in Hz."""
    with wave.open(str(path), "rb") as file:
        raw = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float64) / 32768
        channels = file.getnchannels()
        return raw.reshape(-1, channels).mean(axis=1), file.getframerate()


def level_dbfs(samples: Samples) -> float:
    """RMS level in dB below full scale; silence is -96."""
    if len(samples) == 0:
        return FLOOR_DBFS
    power = float(np.mean(np.square(samples)))
    return max(FLOOR_DBFS, 10 * float(np.log10(power))) if power > 0 else FLOOR_DBFS


class Mouth:
    """A microphone `file:PATH?loop`: what it says at each moment."""

    def __init__(self, path: Path) -> None:
        self._samples, self._rate = read_wav(path)

    def between(self, start: float, stop: float) -> Samples:
        """What was said in this time."""
        moments = np.arange(round(start * self._rate), round(stop * self._rate))
        said: Samples = self._samples[moments % len(self._samples)]
        return said


class Ear:
    """A recording by a speaker `file:PATH`. Raises OSError or ValueError where there is none."""

    def __init__(self, path: Path) -> None:
        self.began = began(path)
        self._samples, self.rate = read_wav(path)

    @property
    def ended(self) -> float:
        """Until when it is written."""
        return self.began + len(self._samples) / self.rate

    def between(self, start: float, stop: float) -> Samples:
        """What was heard in this time; silence before and after the recording."""
        first, last = (round((moment - self.began) * self.rate) for moment in (start, stop))
        heard = np.zeros(last - first)
        inside = self._samples[max(0, first) : max(0, last)]
        heard[max(0, -first) :][: len(inside)] = inside
        return heard

    def audible(self, start: float, stop: float) -> tuple[float, float] | None:
        """First and last moment of sound in this time, to 10 ms; None for silence."""
        block = round(BLOCK_S * self.rate)
        heard = self.between(start, stop)
        levels = [level_dbfs(heard[at : at + block]) for at in range(0, len(heard), block)]
        loud = np.flatnonzero(np.array(levels) > AUDIBLE_DBFS)
        return (start + loud[0] * BLOCK_S, start + (loud[-1] + 1) * BLOCK_S) if len(loud) else None


@dataclass(frozen=True, slots=True)
class Found:
    """Where one sound lies in another: `delay_ms` after its own time, `likeness` 0…1."""

    delay_ms: float
    likeness: float


def find(said: Samples, heard: Samples, rate: int) -> Found:
    """Find `said` in `heard` by cross-correlation."""
    size = 1 << (len(said) + len(heard) - 1).bit_length()
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size))
    lags = np.fft.irfft(spectrum, size)[: max(1, len(heard))]
    best = int(np.argmax(np.abs(lags)))
    part = heard[best : best + len(said)]
    norm = float(np.sqrt(np.sum(np.square(said)) * np.sum(np.square(part))))
    return Found(1000.0 * best / rate, min(1.0, float(abs(lags[best])) / norm) if norm > 0 else 0.0)


def journey(mouth: Mouth, ear: Ear, start: float, stop: float) -> Found:
    """How much later the ear heard what the mouth said in this time, at the median of its words.

    Words are short, for a jitter buffer that changes its delay may do so between them. The ear must hear on
    for LONGEST_S after `stop`.
    """
    moments = np.arange(start, stop - WORD_S + 0.001, WORD_S / 2)
    words = [
        find(mouth.between(at, at + WORD_S), ear.between(at, at + WORD_S + LONGEST_S), ear.rate)
        for at in moments
    ]
    return Found(median(word.delay_ms for word in words), median(word.likeness for word in words))
