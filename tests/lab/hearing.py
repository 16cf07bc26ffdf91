"""What was said at one place and heard at another: how well, and after how long."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soxr

from tests.lab.process import PeerFailed
from tests.lab.sound import read_growing_wav
from tests.lab.speech import RATE, Pcm, delay, pesq

LOOK_S = 0.004
LATEST_S = 2.0
ALIKE = 0.4
"""Likeness from which on two sounds are one, codec and stretching in between."""

HEADER = 44
"""Bytes before the samples of a WAV file."""


class Tape(NamedTuple):
    """Sound at 48 kHz, and when its first sample was there (time.monotonic)."""

    pcm: Pcm
    began: float

    def when(self, sound: Pcm) -> float:
        """When the start of `sound` was heard on it."""
        return self.began + delay(sound, self.pcm)

    def after(self, moment: float, seconds: float) -> Pcm:
        """What was on it from a moment on."""
        start = max(0, round((moment - self.began) * RATE))
        return self.pcm[start : start + round(seconds * RATE)]


def transit_ms(near: Tape, far: Tape, since: float, seconds: float = 1.5) -> float:
    """How long what was on one tape from `since` on (time.monotonic) took to the other, in ms; NaN when it
    is not there. The sound must not repeat itself."""
    said, heard = near.after(since, seconds), far.after(since, seconds + LATEST_S)
    shift = max(0.0, delay(said, heard))
    found = heard[round(shift * RATE) :][: len(said)].astype(float)
    said = said[: len(found)]
    power = float(np.sqrt(np.sum(found**2) * np.sum(said.astype(float) ** 2)))
    return 1000 * shift if power and float(np.sum(found * said)) / power > ALIKE else float("nan")


class FileTape:
    """A WAV file that another program begins to write and goes on writing; its growth tells when."""

    def __init__(self, folder: Path, pattern: str) -> None:
        self._folder = folder
        self._pattern = pattern
        self._old = set(folder.glob(pattern))
        self._file: Path | None = None
        self._sizes: list[tuple[float, int]] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def tape(self) -> Tape:
        """All of it so far. Raises PeerFailed when there is no file."""
        if self._file is None or not self._sizes:
            raise PeerFailed(f"no {self._pattern} was written")
        pcm, rate = read_growing_wav(self._file)
        width = (self._file.stat().st_size - HEADER) / max(1, len(pcm))
        begins = [at - (size - HEADER) / width / rate for at, size in self._sizes]
        converted: Pcm = soxr.resample(pcm, rate, RATE)
        return Tape(converted, float(np.median(begins)))

    def stop(self) -> None:
        """Watch no more."""
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        last = HEADER
        while not self._done.wait(LOOK_S):
            if self._file is None:
                self._file = next(iter(set(self._folder.glob(self._pattern)) - self._old), None)
            elif (size := self._file.stat().st_size) > last:
                self._sizes.append((time.monotonic(), size))
                last = size


@contextmanager
def watching(folder: Path, pattern: str) -> Iterator[FileTape]:
    """A `FileTape` for as long as the block runs."""
    tape = FileTape(folder, pattern)
    try:
        yield tape
    finally:
        tape.stop()


class Journey(NamedTuple):
    """How a sound came through: PESQ (1…4.6) and the way it took in ms."""

    score: float
    delay_ms: float

    def __str__(self) -> str:
        return f"PESQ {self.score:.2f} after {self.delay_ms:.0f} ms"


def journey(said: Pcm, near: Tape, far: Tape, *, wide_band: bool = True) -> Journey:
    """What became of `said` between the tape beside the mouth and the one at the ear."""
    return Journey(pesq(said, far.pcm, wide_band=wide_band), 1000 * (far.when(said) - near.when(said)))
