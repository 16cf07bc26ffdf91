"""How speech survives lost packets, ours beside PJSIP's in one run.

PCMA is scored with PESQ (ITU-T P.862) narrow band, G.722 with PESQ wide band at 16 kHz. espeak-ng speaks;
each talk is encoded once, and the same packets are lost for both: ours plays through VoiceStream, PJSIP
answers a SIP call on loopback, gets the packets by RTP in real time, and records what it plays. Nothing is
late, so what differs is what is played in place of lost packets. A call's first two seconds are not scored.

    python -m benchmarks.concealment --pjsip-python DIRECTORY/bin/python [--seeds 4] [--first-seed 1]

where DIRECTORY is a virtual environment that has `pjsua2-python`. It is a peer for comparison, no part of
the product.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import soxr

from benchmarks import pjsip_calls
from benchmarks.voice_path import speak
from media.codecs import registry
from media.stream import VoiceStream
from media.types import BLOCK, FRAME, RATE, AudioPacket, CodecSpec, Pcm
from tests.doubles.network import stream
from tests.lab.speech import aligned, delay

SENTENCES = (
    "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. "
    "It is easy to tell the depth of a well. These days a chicken leg is a rare dish.",
    "Rice is often served in round bowls. The juice of lemons makes fine punch. "
    "The box was thrown beside the parked truck. The hogs were fed chopped corn and garbage.",
    "Four hours of steady work faced us. A large size in stockings is hard to sell. "
    "The boy was there when the sun rose. A rod is used to catch pink salmon.",
    "The source of the huge river is the clear spring. Kick the ball straight and follow through. "
    "Help the woman get back to her feet. A pot of tea helps to pass the evening.",
)
RATES = {"PCMA": 8_000, "G722": 16_000}
SPECS = {"PCMA": CodecSpec("PCMA", 8, 8_000), "G722": CodecSpec("G722", 9, 8_000)}
SETTLED_S = 2.0
PIECE_S = 8.0
BURST_SHARE = 0.05
AT_A_TIME = 24
MOVED_S = 0.005
EQUAL = 0.01


@dataclass(frozen=True)
class Loss:
    """Packets lost at `share` in all, in bursts of one of `lengths`."""

    share: float
    lengths: tuple[int, ...] = (1,)

    def __str__(self) -> str:
        if max(self.lengths) > 1:
            return f"{self.share:.0%}, bursts {20 * min(self.lengths)}-{20 * max(self.lengths)} ms"
        return f"{self.share:.0%}"

    def carry(self, packets: Sequence[AudioPacket], seed: int) -> list[AudioPacket]:
        """What gets through. The first packet does, for everybody to begin at the same place."""
        chance, kept = random.Random(seed), list(packets[:1])
        begins = self.share / (float(np.mean(self.lengths)) * (1 - self.share) + self.share)
        left = 0
        for packet in packets[1:]:
            if not left and chance.random() < (self.share if self.lengths == (1,) else begins):
                left = chance.choice(self.lengths)
            if left:
                left -= 1
            else:
                kept.append(packet)
        return kept


LOSSES = (Loss(0.0), Loss(0.03), Loss(0.05), Loss(0.10), Loss(BURST_SHARE, (2, 3)))


@dataclass(frozen=True)
class Case:
    """One call: who talks, how the network loses, by which dice."""

    talk: int
    loss: Loss
    seed: int


def packets_of(talk: Pcm, spec: CodecSpec) -> list[AudioPacket]:
    """The talk encoded, each packet at its time."""
    encoder = registry.encoder(spec)
    frames = [talk[start : start + FRAME] for start in range(0, len(talk) - FRAME + 1, FRAME)]
    payloads = [encoder.encode(frame) for frame in frames]
    timed = stream(payloads, payload_type=spec.payload_type, clock_rate=spec.clock_rate)
    return [packet for _, packet in timed]


def ours(spec: CodecSpec, packets: Sequence[AudioPacket], seconds: float) -> Pcm:
    """What our stream gives to the ear."""
    voice, blocks, waiting = VoiceStream(spec), list[Pcm](), 0
    for step in range(round(seconds * RATE / BLOCK)):
        now = step * BLOCK / RATE
        while waiting < len(packets) and packets[waiting].arrival <= now:
            voice.receive(packets[waiting])
            waiting += 1
        blocks.append(voice.pull(now))
    return np.concatenate(blocks)


def score(talk: Pcm, heard: Pcm, codec: str) -> float:
    """Mean PESQ over pieces of PIECE_S of the settled part."""
    from pesq import NoUtterancesError, pesq  # built from source: not there where tests run without peers

    rate, mode = RATES[codec], "nb" if codec == "PCMA" else "wb"
    said, got = (soxr.resample(sound, RATE, rate) for sound in aligned(talk, heard))
    piece, scores = round(PIECE_S * rate), list[float]()
    for start in range(round(SETTLED_S * rate), len(said) - piece // 2, piece):
        try:
            scores.append(pesq(rate, said[start : start + piece], got[start : start + piece], mode))
        except NoUtterancesError:
            continue
    return float(np.mean(scores))


def moved(talk: Pcm, heard: Pcm) -> bool:
    """Whether the end came with another delay than the beginning: the machine was busy, or PJSIP's
    buffer ran empty in a long gap."""
    half = len(talk) // 2
    begin, end = delay(talk[:half], heard), delay(talk[half:], heard) - half / RATE
    return abs(begin - end) > MOVED_S


def pjsip(python: str, spec: CodecSpec, calls: Mapping[Case, Sequence[AudioPacket]]) -> dict[Case, Pcm]:
    """What PJSIP plays, some calls at a time."""
    results: dict[Case, Pcm] = {}
    cases = list(calls)
    for first in range(0, len(cases), AT_A_TIME):
        batch = {f"call{index}": case for index, case in enumerate(cases[first : first + AT_A_TIME])}
        carried = {name: calls[case] for name, case in batch.items()}
        heard = pjsip_calls.heard(python, spec, RATES[spec.name], carried)
        results |= {case: heard[name] for name, case in batch.items()}
    return results


def cases(talks: int, seeds: Sequence[int]) -> list[Case]:
    """Without loss there is nothing to throw dice for."""
    return [
        Case(talk, loss, seed)
        for loss in LOSSES
        for seed in (seeds if loss.share else seeds[:1])
        for talk in range(talks)
    ]


def compare(python: str, codec: str, talks: Sequence[Pcm], seeds: Sequence[int]) -> None:
    """One codec's rows."""
    spec = SPECS[codec]
    encoded = [packets_of(talk, spec) for talk in talks]
    calls = {case: case.loss.carry(encoded[case.talk], case.seed) for case in cases(len(talks), seeds)}
    theirs = pjsip(python, spec, calls)
    rows: dict[Loss, list[tuple[float, float]]] = {loss: [] for loss in LOSSES}
    for case, packets in calls.items():
        talk = talks[case.talk]
        mine = score(talk, ours(spec, packets, len(talk) / RATE + 0.5), codec)
        rows[case.loss].append((mine, score(talk, theirs[case], codec)))
    for loss, pairs in rows.items():
        disturbed = sum(moved(talks[case.talk], theirs[case]) for case in calls if case.loss == loss)
        print_row(codec, loss, np.array(pairs), disturbed)


def print_row(codec: str, loss: Loss, pairs: np.ndarray, disturbed: int) -> None:
    """Medians, and how single calls compare."""
    mine, other = np.median(pairs, axis=0)
    differences = pairs[:, 0] - pairs[:, 1]
    error = float(np.std(differences) / np.sqrt(len(pairs)))
    print(
        f"{codec:6s}{loss!s:22s}{mine:8.2f}{other:8.2f}{np.mean(differences):+12.2f} ±{error:.2f}"
        f"{np.count_nonzero(differences >= -EQUAL):8d} of {len(pairs):<4d}{disturbed:10d}",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--pjsip-python", default=sys.executable, help="an interpreter that has pjsua2-python"
    )
    parser.add_argument("--seeds", type=int, default=4, help="loss patterns per voice and row")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--voices", default="en-us,en-gb+f3", help="of espeak-ng, with commas")
    parser.add_argument("--codecs", default="PCMA,G722")
    arguments = parser.parse_args()
    try:
        release = pjsip_calls.version(arguments.pjsip_python)
    except pjsip_calls.PjsipFailed as error:
        parser.exit(2, f"{error}\n")
    talks = talks_of(arguments.voices.split(","))
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    print(f"Median PESQ (PCMA: narrow band, G722: wide band). PJSIP {release}, its jitter buffer fixed.")
    print("More: mean difference of single calls and its standard error.")
    print("Disturbed: calls in which PJSIP had a break of its own (busy machine, buffer run empty).")
    print(f"{'codec':6s}{'lost':22s}{'ours':>8s}{'PJSIP':>8s}{'more':>12s}{'as good':>19s}{'disturbed':>10s}")
    for codec in arguments.codecs.split(","):
        compare(arguments.pjsip_python, codec, talks, seeds)


def talks_of(voices: Sequence[str]) -> list[Pcm]:
    """Every voice says something else."""
    return [speak(text, voice) for voice, text in zip(voices, itertools.cycle(SENTENCES), strict=False)]


if __name__ == "__main__":
    main()
