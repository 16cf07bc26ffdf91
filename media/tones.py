"""Tones as endless or ending sequences of 10 ms blocks.

Cadences of ringback, busy and congestion follow ITU-T E.180 and its supplement of national values, with
425 Hz (ETSI TR 101 041) as the European default. The ring tone, call-waiting, beep and test tone are our own.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from media.levels import FLOOR_DBFS
from media.types import BLOCK, RATE, Pcm

Signal = npt.NDArray[np.float64]

EAR_DBFS = -22.0
WAITING_DBFS = -32.0
RAMP_S = 0.005


@dataclass(frozen=True, slots=True)
class Cadence:
    """`pulses` of (on, off) seconds of all `frequencies` together, at `level` dBFS; and round again."""

    frequencies: tuple[int, ...]
    pulses: tuple[tuple[float, float], ...]
    level: float = EAR_DBFS


def _pulse(*frequencies: int, on: float, off: float) -> Cadence:
    return Cadence(frequencies, ((on, off),))


RINGBACK = {
    "": _pulse(425, on=1.0, off=4.0),
    "FI": _pulse(425, on=1.0, off=4.0),
    "SE": _pulse(425, on=1.0, off=5.0),
    "GB": Cadence((400, 450), ((0.4, 0.2), (0.4, 2.0))),
    "US": _pulse(440, 480, on=2.0, off=4.0),
}
BUSY = {
    "": _pulse(425, on=0.5, off=0.5),
    "FI": _pulse(425, on=0.3, off=0.3),
    "SE": _pulse(425, on=0.25, off=0.25),
    "GB": _pulse(400, on=0.37, off=0.37),
    "US": _pulse(480, 620, on=0.5, off=0.5),
}
CONGESTION = {
    "": _pulse(425, on=0.25, off=0.25),
    "FI": _pulse(425, on=0.2, off=0.2),
    "SE": _pulse(425, on=0.25, off=0.75),
    "GB": Cadence((400,), ((0.4, 0.35), (0.22, 0.53))),
    "US": _pulse(480, 620, on=0.25, off=0.25),
}
CALL_WAITING = Cadence((425,), ((0.2, 0.2), (0.2, 0.0)), WAITING_DBFS)
BEEP = Cadence((880,), ((0.12, 0.06), (0.12, 0.0)))

CADENCES = {"ringback": RINGBACK, "busy": BUSY, "congestion": CONGESTION}
NAMES = ("ringback", "busy", "congestion", "call_waiting", "beep", "ring", "test")

RING_NOTES = ((0.00, 659.3), (0.18, 784.0), (0.36, 987.8), (0.54, 1318.5), (0.90, 987.8), (1.08, 1318.5))
RING_PERIOD_S = 3.0
RING_DBFS = -15.0
TEST_NOTES = ((0.0, 523.3), (0.6, 659.3), (1.2, 784.0))
TEST_PERIOD_S = 2.4


def tone(name: str, region: str = "") -> Iterator[Pcm]:
    """Blocks of one of NAMES; `region` is an ISO 3166 code, Europe's default where it has no own cadence.

    ringback, busy, congestion and ring go on for ever; call_waiting, beep and test end by themselves.
    Raises KeyError for another name.
    """
    once = name in ("call_waiting", "beep", "test")
    return _blocks(period(name, region.upper()), endless=not once)


@functools.cache
def period(name: str, region: str = "") -> Pcm:
    """The whole tone, or one period of an endless one; whole blocks."""
    if name in CADENCES:
        table = CADENCES[name]
        return _cadence(table.get(region, table[""]))
    own = {"call_waiting": CALL_WAITING, "beep": BEEP}
    if name in own:
        return _cadence(own[name])
    notes, seconds, level = {
        "ring": (RING_NOTES, RING_PERIOD_S, RING_DBFS),
        "test": (TEST_NOTES, TEST_PERIOD_S, EAR_DBFS),
    }[name]
    return _melody(notes, seconds, level)


def _blocks(pcm: Pcm, *, endless: bool) -> Iterator[Pcm]:
    while True:
        for start in range(0, len(pcm), BLOCK):
            yield pcm[start : start + BLOCK]
        if not endless:
            return


def _whole_blocks(seconds: float) -> int:
    return -(-round(seconds * RATE) // BLOCK) * BLOCK


def _finish(signal: Signal, level: float) -> Pcm:
    """Scale to a mean level (dBFS) over what is not silence."""
    sounding = np.abs(signal) > 10 ** (FLOOR_DBFS / 20)
    rms = np.sqrt(np.mean(signal[sounding] ** 2))
    pcm: Pcm = np.rint(signal * (32768 * 10 ** (level / 20) / rms)).astype(np.int16)
    pcm.flags.writeable = False
    return pcm


def _cadence(cadence: Cadence) -> Pcm:
    out = np.zeros(_whole_blocks(sum(on + off for on, off in cadence.pulses)))
    start = 0.0
    for on, off in cadence.pulses:
        time = np.arange(round(on * RATE)) / RATE
        ramp = np.minimum(1.0, np.minimum(time, time[::-1]) / RAMP_S)
        sound = sum(np.sin(2 * np.pi * frequency * time) for frequency in cadence.frequencies)
        first = round(start * RATE)
        out[first : first + len(time)] = ramp * sound
        start += on + off
    return _finish(out, cadence.level)


def _melody(notes: tuple[tuple[float, float], ...], seconds: float, level: float) -> Pcm:
    """Struck notes (start in s, Hz), like those of a marimba: a quick attack, overtones that die first."""
    out = np.zeros(_whole_blocks(seconds))
    for start, frequency in notes:
        time = np.arange(len(out) - round(start * RATE)) / RATE
        attack = np.minimum(1.0, time / RAMP_S)
        tail = np.clip((seconds - start - time) / 0.3, 0, 1)
        strike = sum(
            weight * np.exp(-time / decay) * np.sin(2 * np.pi * frequency * overtone * time)
            for overtone, weight, decay in ((1, 1.0, 0.35), (4, 0.25, 0.08), (2, 0.15, 0.2))
        )
        out[round(start * RATE) :] += attack * tail * strike
    return _finish(out, level)
