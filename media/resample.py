"""48 kHz to and from a codec's 8 or 16 kHz, by a polyphase filter whose output never runs ahead or behind.

A jitter buffer needs exactly six (or three) samples out for each one in; a general stream resampler holds
back a varying number. The delay is half the filter: 1.5 ms at 8 kHz and 0.9 ms at 16 kHz, each way.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import numpy.typing as npt

from media.types import RATE, Pcm

Taps = npt.NDArray[np.float32]
STOP_BAND_DB = 60.0
GROUP = 8
"""So many steps of a filter are one row of its matrix: longer rows multiply more by zero, of shorter ones
more is laid out twice."""
LEAST, MOST = np.array(-32768, np.float32), np.array(32767, np.float32)
"""Full scale, as arrays: numpy makes one of each number it is given."""


@functools.cache
def low_pass(factor: int) -> Taps:
    """A Kaiser-windowed sinc of unit gain for RATE/`factor`; its length is a multiple of `factor`."""
    edge = 0.5 / factor
    width = (0.15 if factor > 3 else 0.125) * 2 * edge * 2 * np.pi
    per_phase = int(np.ceil((STOP_BAND_DB - 8) / (2.285 * width) / factor))
    length = per_phase * factor
    time = np.arange(length) - (length - 1) / 2
    beta = 0.1102 * (STOP_BAND_DB - 8.7)
    taps = 2 * edge * np.sinc(2 * edge * time) * np.kaiser(length, beta)
    unit: Taps = (taps / taps.sum()).astype(np.float32)
    return unit


def to_int16(signal: npt.NDArray[np.float32]) -> Pcm:
    """Rounded and cut off at full scale; `signal` is used up."""
    np.rint(signal, out=signal)
    np.maximum(signal, LEAST, out=signal)
    np.minimum(signal, MOST, out=signal)
    pcm: Pcm = signal.astype(np.int16)
    return pcm


class _Filter:
    """Steps of `step` samples in, for each a row of `bank` outputs, of the last `len(bank)` samples.

    It is one product of matrices, in which GROUP steps stand in a row and share what is laid out for them: a
    row for each step takes 90 KB for 20 ms, and memory is what costs where caches are cold. Views stay as
    long as pieces of one length come: to lay them out anew costs as much as the filter.
    """

    def __init__(self, bank: Taps, step: int) -> None:
        self._bank, self._step = bank, step
        self._past = len(bank) - step
        self._whole = np.zeros(self._past, np.float32)
        self._length = -1

    def process(self, pcm: npt.NDArray[np.generic]) -> Taps:
        """The outputs of `pcm`, a multiple of `step` samples."""
        if len(pcm) != self._length:
            self._lay_out(len(pcm))
        self._before[:] = self._end
        self._new[:] = pcm
        # `dot` copies the overlapping views into one piece and lets BLAS have it; `@` would not.
        made: Taps = self._views.dot(self._matrix).ravel()
        return made

    def _lay_out(self, length: int) -> None:
        end = self._whole[len(self._whole) - self._past :]
        self._whole = np.zeros(self._past + length, np.float32)
        self._before, self._new = self._whole[: self._past], self._whole[self._past :]
        self._end = self._whole[length:]
        self._end[:] = end
        steps = length // self._step
        group = math.gcd(steps, GROUP)
        self._matrix = self._grouped(group)
        size = self._whole.itemsize
        # By hand: numpy's own function for windows takes 10 µs, as long as all the rest.
        self._views = np.ndarray(
            (steps // group, len(self._matrix)),
            np.float32,
            self._whole,
            strides=(group * self._step * size, size),
        )
        self._length = length

    def _grouped(self, group: int) -> Taps:
        """The bank `group` times, each a step further down and to the right of the one before."""
        rows, columns = self._bank.shape
        matrix = np.zeros((rows + (group - 1) * self._step, group * columns), np.float32)
        for place in range(group):
            top, left = place * self._step, place * columns
            matrix[top : top + rows, left : left + columns] = self._bank
        return matrix


class Upsampler:
    """`rate` Hz to 48 kHz as a stream."""

    def __init__(self, rate: int) -> None:
        self.factor = RATE // rate
        taps = low_pass(self.factor) * self.factor
        # Column p of the bank makes output phase p; the newest input meets the first tap.
        self._filter = _Filter(taps.reshape(-1, self.factor)[::-1], 1)

    def process(self, pcm: npt.NDArray[np.generic]) -> Pcm:
        """All of the sound of `pcm`, `factor` times as many samples."""
        return to_int16(self._filter.process(pcm))


class Downsampler:
    """48 kHz to `rate` Hz as a stream; blocks must be a multiple of the factor."""

    def __init__(self, rate: int) -> None:
        self.factor = RATE // rate
        self._filter = _Filter(low_pass(self.factor)[::-1, np.newaxis], self.factor)

    def process(self, pcm: Pcm) -> Pcm:
        """A `factor`-th as many samples."""
        return to_int16(self.filtered(pcm))

    def filtered(self, pcm: Pcm) -> npt.NDArray[np.float32]:
        """As `process`, neither rounded nor cut off."""
        return self._filter.process(pcm)
