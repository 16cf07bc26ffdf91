"""A room with a loudspeaker and a microphone, on paper: two devices with clocks of their own, an echo between
them, somebody talking. Time is virtual; everything is the same on every run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from media.path import VoicePath
from media.types import BLOCK, RATE, Pcm

Signal = npt.NDArray[np.float64]

FULL = 32_768.0
SYLLABLE_S = 0.22
VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))


def convolve(signal: Signal, response: Signal) -> Signal:
    """Linear convolution, as long as both together less one."""
    length = len(signal) + len(response) - 1
    size = 1 << (length - 1).bit_length()
    whole: Signal = np.fft.irfft(np.fft.rfft(signal, size) * np.fft.rfft(response, size), size)
    return np.asarray(whole[:length])


def decibels(pcm: Pcm | Signal) -> float:
    """Mean level in dB relative to one unit."""
    return float(10 * np.log10(np.mean(np.asarray(pcm, float) ** 2) + 1e-9))


def scaled(signal: Signal, dbfs: float) -> Pcm:
    """With its loud parts at `dbfs`."""
    loud = signal[np.abs(signal) > 0.1 * np.abs(signal).max()]
    gain = FULL * 10 ** (dbfs / 20) / np.sqrt(np.mean(loud**2))
    pcm: Pcm = np.clip(np.rint(signal * gain), -FULL, FULL - 1).astype(np.int16)
    return pcm


def talk(seconds: float, *, pitch_hz: float = 115.0, seed: int = 1, dbfs: float = -22.0) -> Pcm:
    """Speech-like sound: syllables of vowels and hisses, with a pause after every eighth."""
    chance = np.random.default_rng(seed)
    out = np.zeros(round(seconds * RATE) + RATE)
    for index, start in enumerate(np.arange(0.1, seconds, SYLLABLE_S)):
        if index % 9 == 8:
            continue
        syllable = _hiss(chance) if chance.random() < 0.25 else _vowel(chance, pitch_hz)
        first = round(start * RATE)
        piece = out[first : first + len(syllable)]
        piece += syllable[: len(piece)]
    return scaled(out[: round(seconds * RATE)], dbfs)


def _vowel(chance: np.random.Generator, pitch_hz: float) -> Signal:
    length = round(SYLLABLE_S * RATE * chance.uniform(0.7, 1.0))
    pitch = pitch_hz * chance.uniform(0.85, 1.25) * np.linspace(1.1, 0.9, length)
    pulses = np.diff(np.floor(np.cumsum(pitch) / RATE), prepend=0.0)
    time = np.arange(RATE // 50) / RATE
    formants = zip(VOWELS[int(chance.integers(len(VOWELS)))], (1.0, 0.5, 0.25), strict=True)
    response = sum(
        (gain * np.exp(-time * 300) * np.sin(2 * np.pi * hz * time) for hz, gain in formants),
        np.zeros(len(time)),
    )
    breath = 0.02 * chance.standard_normal(length)
    return convolve(pulses + breath, response)[:length] * np.hanning(length) * chance.uniform(0.5, 1.0)


def _hiss(chance: np.random.Generator) -> Signal:
    length = round(SYLLABLE_S * RATE * chance.uniform(0.3, 0.6))
    noise = np.diff(chance.standard_normal(length + 1))
    return 0.1 * noise * np.hanning(length)


def fan(seconds: float, *, dbfs: float = -45.0, seed: int = 2) -> Pcm:
    """Steady noise, louder at low frequencies."""
    white = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    spectrum = np.fft.rfft(white)
    hz = np.fft.rfftfreq(len(white), 1 / RATE)
    shaped = np.fft.irfft(spectrum / (1 + hz / 500), len(white))
    pcm: Pcm = np.rint(shaped / shaped.std() * FULL * 10 ** (dbfs / 20)).astype(np.int16)
    return pcm


def echo_response(gain_db: float, *, decay_s: float = 0.25, seed: int = 3) -> Signal:
    """A room's answer to a click: a direct sound, then noise that falls by 60 dB within `decay_s`."""
    count = round(decay_s * RATE)
    response = np.random.default_rng(seed).standard_normal(count)
    response *= np.exp(-6.9 * np.arange(count) / count)
    response[0] = 3.0
    scaled_response: Signal = response / np.sqrt(np.sum(response**2)) * 10 ** (gain_db / 20)
    return scaled_response


def blocks_of(pcm: Pcm) -> Iterator[Pcm]:
    """10 ms each."""
    return (pcm[start : start + BLOCK] for start in range(0, len(pcm) - BLOCK + 1, BLOCK))


@dataclass(frozen=True)
class Clock:
    """A device that moves `size` samples at a time, `ppm` fast."""

    ppm: float = 0.0
    size: int = BLOCK

    def position(self, now: float) -> float:
        """Samples since 0."""
        return now * RATE * (1 + self.ppm * 1e-6)

    def due(self, now: float) -> int:
        """Callbacks since 0."""
        return int(self.position(now) / self.size + 1e-6)


class Room:
    """Microphone and loudspeaker in one: what is queued is played, comes back `delay_s` later over
    `echo_gain_db` and is recorded together with `near` and a noise floor."""

    def __init__(
        self,
        seconds: float,
        *,
        near: Pcm | None = None,
        noise_dbfs: float = -65.0,
        echo_gain_db: float = -6.0,
        delay_s: float = 0.060,
        speaker: Clock | None = None,
        microphone: Clock | None = None,
    ) -> None:
        self.delay_s = delay_s
        self.speaker, self.microphone = speaker or Clock(), microphone or Clock()
        count = round((seconds + 1) * RATE)
        self._near = np.zeros(count) if near is None else np.pad(near.astype(float), (0, count - len(near)))
        self._noise = np.random.default_rng(4).standard_normal(count) * FULL * 10 ** (noise_dbfs / 20)
        self._response = echo_response(echo_gain_db)
        self._air = np.zeros(count + len(self._response) + RATE)
        self._queue: Pcm = np.zeros(0, np.int16)
        self._ring: Pcm = np.zeros(0, np.int16)
        self._played = self._recorded = 0
        self.starved = 0
        self.recorded: list[Pcm] = []

    # --- as a sink and a source --------------------------------------------------------------------------

    def queued(self) -> int:
        return len(self._queue)

    def write(self, pcm: Pcm) -> int:
        self._queue = np.concatenate([self._queue, pcm])
        return len(pcm)

    def available(self) -> int:
        return len(self._ring)

    def read(self, samples: int) -> Pcm:
        taken, self._ring = self._ring[:samples], self._ring[samples:]
        if samples == BLOCK:  # more at once is old sound being thrown away
            self.recorded.append(taken)
        return taken

    # --- time ------------------------------------------------------------------------------------------

    def pass_until(self, now: float) -> None:
        """Both devices do what they have to do until `now`."""
        while self._played < self.speaker.due(now):
            self._play()
        while self._recorded < self.microphone.due(now):
            self._record()

    def _play(self) -> None:
        size, start = self.speaker.size, self._played * self.speaker.size
        block, self._queue = self._queue[:size], self._queue[size:]
        self.starved += size - len(block)
        if len(block) and block.any():
            echo = convolve(block.astype(float), self._response)
            self._air[start : start + len(echo)] += echo
        self._played += 1

    def _record(self) -> None:
        size, start = self.microphone.size, self._recorded * self.microphone.size
        moments = (np.arange(start, start + size)) / (RATE * (1 + self.microphone.ppm * 1e-6))
        places = self.speaker.position(1.0) * (moments - self.delay_s)
        first = max(0, int(places[0]) - 1)
        nearby = self._air[first : first + size + 4]
        echo = np.interp(places, np.arange(first, first + len(nearby)), nearby, left=0.0)
        heard = echo + self._near[start : start + size] + self._noise[start : start + size]
        pcm = np.clip(np.rint(heard), -FULL, FULL - 1).astype(np.int16)
        self._ring = np.concatenate([self._ring, pcm])
        self._recorded += 1


@dataclass
class Conversation:
    """What was recorded, and what would have been sent."""

    recorded: Pcm
    sent: Pcm

    def between(self, start_s: float, end_s: float) -> Conversation:
        """A part of it."""
        part = slice(round(start_s * RATE), round(end_s * RATE))
        return Conversation(self.recorded[part], self.sent[part])

    @property
    def erle_db(self) -> float:
        """By how much the sound lost power: of echo alone, the echo return loss enhancement."""
        return decibels(self.recorded) - decibels(self.sent)


def converse(
    path: VoicePath,
    room: Room,
    far: Pcm,
    seconds: float,
    *,
    at: Callable[[float], None] = lambda now: None,
    step_s: Callable[[int], float] = lambda index: 0.010,
) -> Conversation:
    """The far end talks for `seconds` in the room; `at` is called ahead of each step, `step_s` says how long
    after step `index` the next one comes."""
    sent: list[Pcm] = []
    end = path.tap(sent.append)
    path.source = path.sink = room
    path.play(blocks_of(far))
    now, index = 0.0, 0
    while now < seconds:
        at(now)
        room.pass_until(now)
        path.step(now)
        now += step_s(index)
        index += 1
    end()
    recorded, treated = np.concatenate(room.recorded), np.concatenate(sent)
    return Conversation(recorded, treated[len(treated) - len(recorded) :])
