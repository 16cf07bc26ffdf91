"""48 kHz to and from a codec's 8 or 16 kHz, by a polyphase filter whose output never runs ahead or behind.

A jitter buffer needs exactly six (or three) samples out for each one in; a general stream resampler holds
back a varying number. The delay is half the filter: 1.5 ms at 8 kHz and 0.9 ms at 16 kHz, each way.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from media.types import RATE, Pcm

Taps = npt.NDArray[np.float32]
STOP_BAND_DB = 60.0
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


def _windows(signal: npt.NDArray[np.float32], length: int, step: int = 1) -> npt.NDArray[np.float32]:
    """Views of `length` samples, `step` apart, the last one at the end of `signal`.

    Made by hand: numpy's own function takes 10 µs for it, as long as all the rest.
    """
    first = (len(signal) - length) % step
    size = signal.itemsize
    count = (len(signal) - length) // step + 1
    return np.ndarray((count, length), np.float32, signal, first * size, (step * size, size))


def to_int16(signal: npt.NDArray[np.float32]) -> Pcm:
    """Rounded and cut off at full scale; `signal` is used up."""
    np.rint(signal, out=signal)
    np.maximum(signal, LEAST, out=signal)
    np.minimum(signal, MOST, out=signal)
    pcm: Pcm = signal.astype(np.int16)
    return pcm


class _Stream:
    """What has come and what of it the filter still needs, in memory that stays as long as pieces of one
    length come: laying out views anew costs as much as the filter."""

    def __init__(self, past: int, step: int) -> None:
        self._past, self._step = past, step
        self._whole = np.zeros(past, np.float32)
        self._length = -1

    def windows(self, pcm: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
        """`pcm` after what was before, as `_windows` gives it."""
        if len(pcm) != self._length:
            self._lay_out(len(pcm))
        self._before[:] = self._end
        self._new[:] = pcm
        return self._views

    def _lay_out(self, length: int) -> None:
        past, end = self._past, self._whole[len(self._whole) - self._past :]
        self._whole = np.zeros(past + length, np.float32)
        self._before, self._new = self._whole[:past], self._whole[past:]
        self._end = self._whole[length:]
        self._end[:] = end
        self._views = _windows(self._whole, past + 1, self._step)
        self._length = length


class Upsampler:
    """`rate` Hz to 48 kHz as a stream."""

    def __init__(self, rate: int) -> None:
        self.factor = RATE // rate
        taps = low_pass(self.factor) * self.factor
        # Column p of the bank makes output phase p; the newest input meets the first tap.
        self._bank = np.ascontiguousarray(taps.reshape(-1, self.factor)[::-1])
        self._stream = _Stream(len(self._bank) - 1, 1)

    def process(self, pcm: npt.NDArray[np.generic]) -> Pcm:
        """All of the sound of `pcm`, `factor` times as many samples."""
        return to_int16(self._stream.windows(pcm).dot(self._bank).ravel())


class Downsampler:
    """48 kHz to `rate` Hz as a stream; blocks must be a multiple of the factor."""

    def __init__(self, rate: int) -> None:
        self.factor = RATE // rate
        self._taps = np.ascontiguousarray(low_pass(self.factor)[::-1])
        self._stream = _Stream(len(self._taps) - 1, self.factor)

    def process(self, pcm: Pcm) -> Pcm:
        """A `factor`-th as many samples."""
        return to_int16(self.filtered(pcm))

    def filtered(self, pcm: Pcm) -> npt.NDArray[np.float32]:
        """As `process`, neither rounded nor cut off."""
        # `dot` copies the overlapping views into one piece and lets BLAS have it; `@` would not.
        narrow: npt.NDArray[np.float32] = self._stream.windows(pcm).dot(self._taps)
        return narrow
