"""What a recording says: how loud, and how much later than what was said."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]
FLOOR_DBFS = -96.0


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
