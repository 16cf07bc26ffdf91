"""Spoken text made at test time, and how well it came through: loudness, delay, PESQ."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import soxr

from tests.lab.process import PeerFailed

Pcm = npt.NDArray[np.int16]
RATE = 48_000
TEXT = (
    "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. "
    "It is easy to tell the depth of a well."
)


def speak(directory: Path, text: str = TEXT, *, voice: str = "en", level_dbfs: float = -24.0) -> Pcm:
    """Spoken text as 48 kHz mono at a mean level of `level_dbfs`."""
    file = directory / "speech.wav"
    command = ["espeak-ng", "-v", voice, "-s", "150", "-w", str(file), text]
    done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    if done.returncode:
        raise PeerFailed(f"espeak-ng: {done.stderr.decode(errors='replace')}")
    return scaled(read_wav(file), level_dbfs)


def read_wav(path: Path) -> Pcm:
    """A 16-bit mono WAV file as 48 kHz; its header's length need not be right (a program was killed)."""
    data = path.read_bytes()
    rate = int.from_bytes(data[24:28], "little")
    start = data.index(b"data") + 8
    pcm = np.frombuffer(data[start : start + (len(data) - start) // 2 * 2], "<i2")
    converted: Pcm = soxr.resample(pcm.astype(np.int16), rate, RATE)
    return converted


def scaled(pcm: Pcm, level_dbfs: float) -> Pcm:
    """The same sound at another mean level."""
    gain = 10 ** ((level_dbfs - level(pcm)) / 20)
    louder: Pcm = np.clip(np.rint(pcm * gain), -32_768, 32_767).astype(np.int16)
    return louder


def level(pcm: Pcm) -> float:
    """Mean level in dBFS, −120 for nothing at all."""
    rms = np.sqrt(np.mean(pcm.astype(float) ** 2)) if len(pcm) else 0.0
    return float(20 * np.log10(max(rms / 32_768, 1e-6)))


def delay(reference: Pcm, heard: Pcm) -> float:
    """How many seconds into `heard` the start of `reference` lies, by cross-correlation."""
    size = 1 << int(np.ceil(np.log2(len(reference) + len(heard))))
    spectrum = np.fft.rfft(heard.astype(float), size) * np.conj(np.fft.rfft(reference.astype(float), size))
    lag = int(np.argmax(np.fft.irfft(spectrum, size)))
    return (lag - size if lag > size // 2 else lag) / RATE


def aligned(reference: Pcm, heard: Pcm) -> tuple[Pcm, Pcm]:
    """Both from the same moment on and equally long."""
    shift = round(delay(reference, heard) * RATE)
    late, early = heard[max(0, shift) :], reference[max(0, -shift) :]
    length = min(len(late), len(early))
    return early[:length], late[:length]


def pesq(reference: Pcm, heard: Pcm, *, wide_band: bool = True) -> float:
    """PESQ (ITU-T P.862, wide band P.862.2) of what was heard against what was said, 1…4.6."""
    from pesq import pesq as measure

    rate = 16_000 if wide_band else 8_000
    said, got = (soxr.resample(part, RATE, rate) for part in aligned(reference, heard))
    return float(measure(rate, said, got, "wb" if wide_band else "nb"))


class Gaps(NamedTuple):
    """Holes in a steady tone: how many, and the longest, in ms."""

    number: int
    longest_ms: float


def gaps(heard: Pcm, *, quiet: int = 50, shortest_ms: float = 2.0) -> Gaps:
    """Stretches of near silence between the first and the last loud sample of a steady tone."""
    loud = np.flatnonzero(np.abs(heard.astype(np.int32)) > quiet)
    holes = np.diff(loud) / RATE * 1000 if len(loud) else np.zeros(0)
    long = holes[holes >= shortest_ms]
    return Gaps(len(long), float(long.max(initial=0.0)))
