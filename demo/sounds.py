"""Sounds the demo's people make, composed here: a tune to wait by, and a voice-like babble for measuring."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 48_000
Samples = npt.NDArray[np.float64]

# A slow waltz in G: (semitones above A3, beats).
TUNE = (
    *((10, 1), (14, 1), (17, 1), (22, 2), (17, 1), (15, 1), (19, 1), (22, 1), (24, 2), (19, 1)),
    *((12, 1), (15, 1), (19, 1), (21, 2), (19, 1), (17, 1), (14, 1), (10, 1), (10, 3)),
)
BEAT_S = 0.42


def note(semitones: int, seconds: float) -> Samples:
    """A plucked tone: four partials that die away."""
    time = np.arange(int(seconds * RATE)) / RATE
    pitch = 220.0 * 2 ** (semitones / 12)
    partials = sum(np.sin(2 * np.pi * pitch * k * time) / k**1.6 for k in (1, 2, 3, 4))
    attack = np.minimum(1.0, time / 0.012)
    shaped: Samples = partials * attack * np.exp(-2.2 * time)
    return shaped


def music() -> Samples:
    """About eleven seconds of tune, peak 0.3 of full scale."""
    tune = np.concatenate([note(semitones, beats * BEAT_S) for semitones, beats in TUNE])
    scaled: Samples = 0.3 * tune / np.max(np.abs(tune))
    return scaled


def babble(seconds: float = 8.0, seed: int = 5) -> Samples:
    """Sound shaped like speech: voiced syllables of moving pitch between pauses, peak 0.4 of full scale.

    Aperiodic over its whole length, so that a recording of it can be found in time without doubt.
    """
    chance = np.random.default_rng(seed)
    parts: list[Samples] = []
    while sum(map(len, parts)) < seconds * RATE:
        length = int(chance.uniform(0.10, 0.28) * RATE)
        pitch = np.linspace(chance.uniform(110, 200), chance.uniform(95, 220), length)
        phase = 2 * np.pi * np.cumsum(pitch) / RATE
        formant = chance.uniform(3, 9)
        voice = sum(np.exp(-(((k - formant) / 3.0) ** 2)) * np.sin(k * phase) for k in range(1, 24))
        envelope = np.hanning(length)
        parts += [voice * envelope, np.zeros(int(chance.uniform(0.02, 0.16) * RATE))]
    sound = np.concatenate(parts)[: int(seconds * RATE)]
    scaled: Samples = 0.4 * sound / np.max(np.abs(sound))
    return scaled


def write_wav(path: Path, samples: Samples) -> Path:
    """Save as 16-bit mono at 48 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path
