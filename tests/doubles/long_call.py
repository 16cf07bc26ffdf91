"""Hours of a call on paper: microphone, speaker and network with clocks that differ, in virtual time.

The microphone hears what the speaker played, so that it can be told how far near and far end stay apart.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from media.codecs import registry
from media.path import VoicePath
from media.processing import NearEnd
from media.stream import VoiceStream
from media.types import BLOCK, FRAME, RATE, AudioFrame, AudioPacket, CodecSpec, Pcm

SPEC = CodecSpec("PCMA", 8, 8_000)
NETWORK_S = 0.030
JITTER_S = 0.002
ECHO_S = 0.060
STEP_JITTER_S = 0.003
PLAYED = 2 * RATE
LOUD = 300
LOOK_EVERY = 1_000
"""Blocks between two looks at how far near and far are apart."""


@dataclass(frozen=True)
class Drift:
    """How fast each clock is, in ppm of the loop's."""

    network: float = 0.0
    speaker: float = 0.0
    microphone: float = 0.0


class Speaker:
    """A queue of 10 ms blocks; what was played is remembered for two seconds."""

    def __init__(self, ppm: float) -> None:
        self._rate = RATE * (1 + ppm * 1e-6)
        self._queue: deque[Pcm] = deque()
        self._played = np.zeros(PLAYED, np.int16)
        self._blocks = 0
        self.starved = 0

    def queued(self) -> int:
        return BLOCK * len(self._queue)

    def write(self, pcm: Pcm) -> int:
        self._queue.extend(pcm.reshape(-1, BLOCK))
        return len(pcm)

    def pass_until(self, now: float) -> None:
        while (self._blocks + 1) * BLOCK <= now * self._rate:
            place = self._blocks * BLOCK % PLAYED
            self.starved += not self._queue
            self._played[place : place + BLOCK] = self._queue.popleft() if self._queue else 0
            self._blocks += 1

    def heard_at(self, moment: float) -> Pcm:
        """10 ms of what was played, from `moment` on."""
        start = int(moment * self._rate) % PLAYED
        part = self._played[start : start + BLOCK]
        return np.concatenate([part, self._played[: BLOCK - len(part)]])


class Microphone:
    """A ring of 10 ms blocks: the speaker's sound, ECHO_S later."""

    def __init__(self, ppm: float, speaker: Speaker) -> None:
        self._rate = RATE * (1 + ppm * 1e-6)
        self._speaker = speaker
        self._ring: deque[Pcm] = deque()
        self._blocks = 0
        self.longest = 0
        """Most samples that ever waited."""

    def available(self) -> int:
        return BLOCK * len(self._ring)

    def read(self, samples: int) -> Pcm:
        return np.concatenate([self._ring.popleft() for _ in range(samples // BLOCK)])

    def pass_until(self, now: float) -> None:
        while (self._blocks + 1) * BLOCK <= now * self._rate:
            self._ring.append(self._speaker.heard_at(self._blocks * BLOCK / self._rate - ECHO_S))
            self._blocks += 1
        self.longest = max(self.longest, self.available())


@dataclass
class Distance:
    """A treatment that changes nothing, and looks now and then how far the echo is behind the far block."""

    speech_probability: float = 0.0
    blocks: int = 0
    ms: list[float] = field(default_factory=list)
    _near: deque[Pcm] = field(default_factory=lambda: deque(maxlen=1))
    _far: deque[Pcm] = field(default_factory=lambda: deque(maxlen=20))

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        self._near.append(near)
        self._far.append(far)
        self.blocks += 1
        if self.blocks % LOOK_EVERY == 0:
            self._look()
        return near

    def _look(self) -> None:
        far, near = np.concatenate(list(self._far)).astype(np.int32), self._near[-1].astype(np.int32)
        if np.std(near) < LOUD:
            return
        differences = np.abs(np.lib.stride_tricks.sliding_window_view(far, BLOCK) - near).sum(axis=1)
        if differences.min() < BLOCK:
            self.ms.append(1000 * (len(far) - BLOCK - int(differences.argmin())) / RATE)


@dataclass
class Moment:
    """Figures at a time of the call, in seconds; delays in ms. `changed`: samples taken out less put in."""

    now: float
    delay_ms: float
    buffered_ms: float
    changed: int
    concealed: int
    underflows: int
    starved: int
    discarded: int
    waiting: int
    frames: int


class LongCall:
    """A call with somebody who says the same few seconds over and over."""

    def __init__(self, speech: Pcm, drift: Drift, *, seed: int = 1) -> None:
        self._chance = random.Random(seed)
        self._drift = drift
        self.distance = Distance()
        self.speaker = Speaker(drift.speaker)
        self.microphone = Microphone(drift.microphone, self.speaker)
        self.path = VoicePath(near_end=NearEnd(lambda echo, noise: self.distance))
        self.path.source, self.path.sink = self.microphone, self.speaker
        self.path.treat(echo=True, noise="off")
        self.stream = VoiceStream(SPEC)
        self._frames = 0
        self.path.add(self.stream, self._sent)
        self._arriving = self._packets(_encoded(speech))
        self._waiting = next(self._arriving)
        self._index = 0

    def _sent(self, frame: AudioFrame) -> None:
        self._frames += 1

    def _packets(self, payloads: Sequence[bytes]) -> Iterator[AudioPacket]:
        pace = 0.020 / (1 + self._drift.network * 1e-6)
        last, index = 0.0, 0
        while True:
            jitter = self._chance.expovariate(1 / JITTER_S)
            last = max(last, index * pace + NETWORK_S + jitter)
            yield AudioPacket(index, index * 160, 8, payloads[index % len(payloads)], last)
            index += 1

    def run(self, until: float, *, every: float = 60.0) -> Iterator[Moment]:
        """The call goes on until then, with figures from time to time."""
        look = every
        while (now := self._index * 0.010 + self._chance.random() * STEP_JITTER_S) < until:
            self._index += 1
            while self._waiting.arrival <= now:
                self.stream.receive(self._waiting)
                self._waiting = next(self._arriving)
            self.speaker.pass_until(now)
            self.microphone.pass_until(now)
            self.path.step(now)
            if now >= look:
                look += every
                yield self._moment(now)

    def _moment(self, now: float) -> Moment:
        receive = self.stream.statistics().receive
        return Moment(
            now=now,
            delay_ms=receive.delay_ms,
            buffered_ms=receive.buffered_ms,
            changed=receive.accelerated - receive.expanded,
            concealed=receive.concealed,
            underflows=self.path.underflows,
            starved=self.speaker.starved,
            discarded=self.path.discarded,
            waiting=self.microphone.longest,
            frames=self._frames,
        )


def _encoded(speech: Pcm) -> list[bytes]:
    encoder = registry.encoder(SPEC)
    starts = range(0, len(speech) - FRAME + 1, FRAME)
    return [encoder.encode(speech[start : start + FRAME]) for start in starts]
