"""A sound that is recognised when it comes back, by the rhythm of its loudness.

Speech codecs, jitter buffers, echo cancellers and rooms change every sample, but not when the sound is loud:
syllables of speech-shaped noise in an order of their own are compared by power, 10 ms at a time. What else
is heard meanwhile, such as a fan or somebody talking, has another rhythm.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from media.levels import FLOOR_DBFS, dbfs, mean_square
from media.types import BLOCK, RATE, Pcm

LEVEL_DBFS = -24.0
PERIOD_S = 6.0
LOWEST_HZ, HIGHEST_HZ = 300.0, 3400.0
SYLLABLES = ((8, 6), (14, 5), (6, 9), (20, 12), (9, 5), (5, 14), (16, 8), (7, 6), (11, 18), (6, 5))
"""Blocks of sound and of silence, by turns; nothing in it repeats within a second."""

LONGEST_DELAY = 80
"""Blocks between playing and hearing: device queues, jitter buffers and the way to a far server."""

NOTHING_DB = 96.0
SEED = 20


@dataclass(frozen=True, slots=True)
class Comeback:
    """How much of what was played came back: `loss_db` weaker than it was (96: nothing), after `delay_ms`.

    `likeness` 0…1 says how far the rhythm heard is the one played; `heard_dbfs` is all that was heard.
    """

    loss_db: float
    delay_ms: int
    likeness: float
    heard_dbfs: float


class Loudness:
    """The power of a sound, block by block; fits as a tap."""

    def __init__(self) -> None:
        self.powers: list[float] = []

    def add(self, block: Pcm) -> None:
        """Take the next block."""
        self.powers.append(mean_square(block))


@functools.cache
def probe() -> Pcm:
    """One period of the sound."""
    samples = round(PERIOD_S * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(SEED).standard_normal(samples))
    hertz = np.fft.rfftfreq(samples, 1 / RATE)
    spectrum[(hertz < LOWEST_HZ) | (hertz > HIGHEST_HZ)] = 0
    noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(hertz, LOWEST_HZ)), samples)
    noise *= 32768 * 10 ** (LEVEL_DBFS / 20) / np.sqrt(np.mean(noise**2))
    pcm: Pcm = np.clip(np.rint(noise * _rhythm(samples)), -32768, 32767).astype(np.int16)
    pcm.flags.writeable = False
    return pcm


def _rhythm(samples: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """1 within syllables, 0 between them, with soft edges."""
    pattern = np.concatenate([np.repeat((1.0, 0.0), pair) for pair in SYLLABLES])
    blocks = np.resize(pattern, samples // BLOCK)
    edge = np.hanning(BLOCK + 1)
    return np.convolve(np.repeat(blocks, BLOCK), edge / edge.sum(), "same")


def probe_blocks(seconds: float) -> Iterator[Pcm]:
    """The sound for so long, in blocks of 10 ms."""
    pcm = probe()
    for at in range(round(seconds * RATE) // BLOCK):
        start = at * BLOCK % len(pcm)
        yield pcm[start : start + BLOCK]


def compare(played: Sequence[float], heard: Sequence[float]) -> Comeback:
    """Look for what was played in what was heard: powers of blocks, both lists from the same moment on."""
    blocks = min(len(played), len(heard))
    loudness = dbfs(float(np.mean(heard))) if heard else FLOOR_DBFS
    if blocks <= LONGEST_DELAY:
        return Comeback(NOTHING_DB, 0, 0.0, loudness)
    sent, came = np.array(played[:blocks]), np.array(heard[:blocks])
    sent -= sent.mean()
    came -= came.mean()
    strength = float(sent @ sent)
    spread = np.sqrt(strength * float(came @ came))
    if not spread:
        return Comeback(NOTHING_DB, 0, 0.0, loudness)
    along = np.correlate(came, sent, "full")[blocks - 1 : blocks + LONGEST_DELAY]
    along *= blocks / (blocks - np.arange(len(along)))
    delay = int(np.argmax(along))
    share = max(float(along[delay]), 0.0)
    loss = -10 * np.log10(share / strength) if share else NOTHING_DB
    return Comeback(
        float(np.clip(loss, 0.0, NOTHING_DB)), delay * 10, min(1.0, share / float(spread)), loudness
    )
