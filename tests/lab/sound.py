"""Tones into WAV files and out of them again, measured."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 48_000
Pcm = npt.NDArray[np.int16]


def tone(frequency: float, seconds: float, level_dbfs: float = -12.0, rate: int = RATE) -> Pcm:
    """A sine, int16 mono; `level_dbfs` is its peak relative to full scale."""
    time = np.arange(int(seconds * rate)) / rate
    peak = 32767 * 10 ** (level_dbfs / 20)
    return np.asarray(np.round(peak * np.sin(2 * np.pi * frequency * time)), dtype=np.int16)


def write_wav(path: Path, pcm: Pcm, rate: int = RATE) -> Path:
    """Write mono 16-bit sound."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm.astype("<i2").tobytes())
    return path


def read_growing_wav(path: Path) -> tuple[Pcm, int]:
    """Mono samples and rate of a 16-bit WAV still being written, whatever sizes its header claims."""
    data = path.read_bytes()
    if len(data) < 44:
        return np.zeros(0, dtype=np.int16), RATE
    channels, rate = struct.unpack_from("<HI", data, 22)
    samples = np.frombuffer(data[44 : 44 + (len(data) - 44) // (2 * channels) * 2 * channels], dtype="<i2")
    return samples.reshape(-1, channels).mean(axis=1).astype(np.int16), rate


def level_at(pcm: Pcm, frequency: float, rate: int = RATE) -> float:
    """Peak level in dBFS of the sine of `frequency` within `pcm` (-120 for silence or nothing)."""
    if len(pcm) == 0:
        return -120.0
    window = np.hanning(len(pcm))
    phase = np.exp(-2j * np.pi * frequency * np.arange(len(pcm)) / rate)
    amplitude = 2 * abs(np.sum(pcm * window * phase)) / np.sum(window)
    return float(max(-120.0, 20 * np.log10(max(amplitude, 1e-3) / 32767)))
