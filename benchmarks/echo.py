"""What the treatment of the microphone brings and costs, beside nothing and the library at 16 kHz.

espeak-ng speaks at both ends of a room on paper: the echo is as loud as given, 60 ms late, with 250 ms of
decay; the floor is at -65 dBFS. First the far end talks alone, then both, then the near end alone in a fan's
noise. Everything passes through VoicePath with devices whose clocks agree, differ, or jump.

    python -m benchmarks.echo [--noise-dbfs -45] [--only-cost]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pywebrtc_audio as webrtc

from benchmarks.voice_path import SENTENCES, speak
from media.path import VoicePath
from media.processing import NearEnd, Processor, Webrtc
from media.resample import Downsampler, Upsampler
from media.types import BLOCK, RATE, Pcm
from tests.doubles.room import Clock, Conversation, Room, blocks_of, converse, decibels, fan
from tests.lab.speech import aligned, pesq

ALONE_S, BOTH_S, NOISY_S = 14.0, 28.0, 14.0
NARROW = 16_000
CUT_DB = -10.0
COST_S = 5
REPEATS = 8


class Narrow:
    """The library's combined pipeline at 16 kHz, with our resampling around it."""

    def __init__(self, echo: bool, noise: str) -> None:
        self._down, self._far_down, self._up = Downsampler(NARROW), Downsampler(NARROW), Upsampler(NARROW)
        self._echo = echo
        self._library = webrtc.AudioProcessor(
            sample_rate=NARROW,
            echo_cancellation=echo,
            high_pass_filter=True,
            noise_suppression=noise != "off",
            ns_level={"low": 1, "high": 2}.get(noise, 0),
        )
        self.speech_probability = 0.0

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        """See media.processing.Processor."""
        reference = self._far_down.process(far) if self._echo else None
        treated = self._library.process(self._down.process(near), reference)
        self.speech_probability = self._library.speech_probability
        return self._up.process(treated)


@dataclass(frozen=True)
class Mode:
    """One row: what is switched on, and by what it is done."""

    name: str
    echo: bool
    noise: str
    build: Callable[[bool, str], Processor] = Webrtc

    def path(self) -> VoicePath:
        """A voice path set so."""
        path = VoicePath(near_end=NearEnd(self.build))
        path.treat(echo=self.echo, noise=self.noise)
        return path


MODES = (
    Mode("nothing", False, "off"),
    Mode("noise low", False, "low"),
    Mode("noise high", False, "high"),
    Mode("echo", True, "off"),
    Mode("echo, noise low", True, "low"),
    Mode("echo, noise high", True, "high"),
    Mode("16 kHz: echo", True, "off", Narrow),
    Mode("16 kHz: echo, low", True, "low", Narrow),
    Mode("16 kHz: echo, high", True, "high", Narrow),
)


@dataclass(frozen=True)
class Talk:
    """Who says what, 48 kHz."""

    far: Pcm
    near: Pcm


def both_talk(mode: Mode, talk: Talk, echo_gain_db: float) -> tuple[Conversation, Pcm]:
    """The far end all the time, the near end after ALONE_S; with what the near end said."""
    near = np.concatenate([np.zeros(round(ALONE_S * RATE), np.int16), talk.near])[: round(BOTH_S * RATE)]
    room = Room(BOTH_S, near=near, echo_gain_db=echo_gain_db)
    return converse(mode.path(), room, talk.far, BOTH_S), near


def cut_percent(said: Pcm, heard: Pcm) -> float:
    """Share of loud pieces of 20 ms of the near end that lost more than CUT_DB."""
    one, other = aligned(said, heard)
    pieces = len(one) // (2 * BLOCK)
    before, after = (
        np.mean(pcm[: pieces * 2 * BLOCK].reshape(pieces, -1).astype(float) ** 2, axis=1)
        for pcm in (one, other)
    )
    loud = before > 300.0**2
    return float(100 * np.mean(10 * np.log10((after[loud] + 1) / before[loud]) < CUT_DB))


def print_echo(talk: Talk, echo_gain_db: float) -> None:
    """ERLE while the far end talks alone, and what double-talk leaves of the near end."""
    print(f"\nEcho of {echo_gain_db:+.0f} dB: ERLE in dB over seconds of the far end alone; then both talk")
    print(f"{'':20s}{'0.5-2':>8s}{'2-5':>8s}{'5-14':>8s}{'PESQ':>10s}{'level dB':>10s}{'cut %':>8s}")
    for mode in MODES:
        heard, near = both_talk(mode, talk, echo_gain_db)
        alone = [heard.between(*span).erle_db for span in ((0.5, 2), (2, 5), (5, ALONE_S))]
        span = round((ALONE_S + 0.2) * RATE), round((BOTH_S - 0.5) * RATE)
        said, sent = near[slice(*span)], heard.sent[slice(*span)]
        before, after = aligned(said, sent)
        level = decibels(after) - decibels(before)
        figures = "".join(f"{value:8.1f}" for value in alone)
        print(
            f"{mode.name:20s}{figures}{pesq(said, sent):10.2f}{level:10.1f}{cut_percent(said, sent):8.0f}",
            flush=True,
        )


def print_clocks(talk: Talk) -> None:
    """ERLE of the echo canceller where devices are not as one would wish."""
    rooms: Sequence[tuple[str, Room, float]] = (
        ("clocks agree", Room(ALONE_S), 0.0),
        ("speaker +100, microphone -100 ppm", Room(ALONE_S, speaker=Clock(100), microphone=Clock(-100)), 0.0),
        ("speaker -100, microphone +100 ppm", Room(ALONE_S, speaker=Clock(-100), microphone=Clock(100)), 0.0),
        ("blocks of 20 and 9 ms", Room(ALONE_S, speaker=Clock(size=960), microphone=Clock(size=441)), 0.0),
        ("delay 40 ms longer at 7 s", Room(ALONE_S), 0.040),
        ("delay 40 ms shorter at 7 s", Room(ALONE_S, delay_s=0.100), -0.040),
    )
    spans = ((2, 5), (5, 7), (7, 8), (8, 10), (10, 12), (12, ALONE_S))
    print(f"\n{'ERLE in dB, seconds':36s}" + "".join(f"{f'{a:g}-{b:g}':>8s}" for a, b in spans))
    for name, room, jump in rooms:
        before = room.delay_s

        def at(now: float, room: Room = room, before: float = before, jump: float = jump) -> None:
            room.delay_s = before + jump if now >= 7 else before

        heard = converse(MODES[3].path(), room, talk.far, ALONE_S, at=at)
        print(f"{name:36s}" + "".join(f"{heard.between(*span).erle_db:8.1f}" for span in spans), flush=True)


def through(mode: Mode, pcm: Pcm) -> Pcm:
    """A recording treated, with nobody at the far end."""
    near_end = NearEnd(mode.build)
    near_end.treat(echo=mode.echo, noise=mode.noise)
    return np.concatenate([near_end.process(block) for block in blocks_of(pcm)])


def print_noise(talk: Talk, noise_dbfs: float) -> None:
    """How much of a fan's noise goes, and what the talker gains by it."""
    hum = fan(NOISY_S, dbfs=noise_dbfs)
    speech = talk.near[: len(hum)]
    noisy = np.clip(speech.astype(int) + hum[: len(speech)], -32768, 32767).astype(np.int16)
    print(f"\nA fan at {noise_dbfs:g} dBFS, nobody at the far end")
    print(f"{'':20s}{'noise dB':>10s}{'PESQ in noise':>15s}{'PESQ without':>15s}{'delay ms':>10s}")
    for mode in MODES:
        less = decibels(hum[4 * RATE :]) - decibels(through(mode, hum)[4 * RATE :])
        treated = through(mode, noisy)
        late = (len(treated) - len(aligned(speech, treated)[1])) * 1000 / RATE
        scores = pesq(speech, treated), pesq(speech, through(mode, speech))
        print(f"{mode.name:20s}{-less:10.1f}{scores[0]:15.2f}{scores[1]:15.2f}{late:10.1f}", flush=True)


class Replay:
    """A microphone that gives a recording, and a speaker that plays a block a step."""

    def __init__(self, recording: Pcm) -> None:
        self._blocks = blocks_of(recording)
        self._waiting = self._queue = 0

    def pass_on(self) -> None:
        """10 ms later."""
        self._waiting += BLOCK
        self._queue = max(0, self._queue - BLOCK)

    def available(self) -> int:
        """See media.types.BlockSource."""
        return self._waiting

    def read(self, samples: int) -> Pcm:
        """See media.types.BlockSource."""
        self._waiting -= samples
        return next(self._blocks)

    def queued(self) -> int:
        """See media.types.BlockSink."""
        return self._queue

    def write(self, pcm: Pcm) -> int:
        """See media.types.BlockSink."""
        self._queue += len(pcm)
        return len(pcm)


def cost(mode: Mode, talk: Talk, recording: Pcm) -> float:
    """CPU ms per second of sound in VoicePath's steps; the least of some runs, as a machine does more."""
    spent = []
    for _ in range(REPEATS):
        path = mode.path()
        path.source = path.sink = device = Replay(recording)
        path.play(blocks_of(talk.far))
        start = time.thread_time()
        for index in range(COST_S * RATE // BLOCK):
            device.pass_on()
            path.step(index * BLOCK / RATE)
        spent.append(1000 * (time.thread_time() - start) / COST_S)
    return min(spent)


def print_costs(talk: Talk) -> None:
    """What each mode costs more than nothing."""
    recording = converse(VoicePath(), Room(COST_S + 1), talk.far, COST_S + 1).recorded
    costs = {mode.name: cost(mode, talk, recording) for mode in MODES}
    print(f"{'CPU ms per second of sound':30s}{'in all':>10s}{'treatment':>12s}")
    for name, value in costs.items():
        print(f"{name:30s}{value:10.1f}{value - costs['nothing']:12.1f}")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--noise-dbfs", type=float, default=-45.0)
    parser.add_argument("--only-cost", action="store_true")
    (far_voice, far_text), (near_voice, near_text) = SENTENCES
    far = speak(far_text, far_voice)
    talk = Talk(np.tile(far, 3), speak(near_text, near_voice))
    arguments = parser.parse_args()
    print_costs(talk)
    if arguments.only_cost:
        return
    for echo_gain_db in (-6.0, -16.0):
        print_echo(talk, echo_gain_db)
    print_clocks(talk)
    print_noise(talk, arguments.noise_dbfs)


if __name__ == "__main__":
    main()
