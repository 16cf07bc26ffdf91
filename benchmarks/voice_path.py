"""The voice path measured in one run: what each step costs, and how speech comes through bad networks.

The adaptive jitter buffer stands beside buffers of fixed delay (60 and 100 ms, with the same decoder, FEC and
concealment) and beside aiortc's own. Networks are on paper (tests/doubles/network.py), so for each the same
packets are lost and late. Speech is spoken by espeak-ng; scores are PESQ (ITU-T P.862), wideband except for
G.711.

    python -m benchmarks.voice_path [--seeds 3]
"""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import soxr
from aiortc.jitterbuffer import JitterBuffer as AiortcBuffer
from aiortc.rtp import RtpPacket

from media.codecs import registry
from media.codecs.types import Decoder
from media.jitter import Format, JitterBuffer
from media.mixer import mix
from media.stream import VoiceStream
from media.types import BLOCK, FRAME, RATE, AudioPacket, CodecSpec, Pcm
from tests.doubles.network import Network, stream

SENTENCES = (
    (
        "en-us",
        "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. "
        "It is easy to tell the depth of a well. These days a chicken leg is a rare dish. "
        "Rice is often served in round bowls.",
    ),
    (
        "en-gb+f3",
        "The juice of lemons makes fine punch. The box was thrown beside the parked truck. "
        "The hogs were fed chopped corn and garbage. Four hours of steady work faced us. "
        "A large size in stockings is hard to sell.",
    ),
)
SPECS = {
    "opus": CodecSpec("opus", 96, RATE),
    "G722": CodecSpec("G722", 9, 8_000),
    "PCMA": CodecSpec("PCMA", 8, 8_000),
}
SPEECH_DBFS = -22.0
NARROW = ("PCMA", "PCMU")
SETTLED_S = 12.0
"""Scores are of what comes after: a call's first seconds are another matter than its course."""

LOSSES = tuple((f"{loss:.0%} loss", Network(loss=loss, jitter_ms=2)) for loss in (0.0, 0.03, 0.05, 0.1))
DELAYS = (
    ("jitter 8 ms", Network(delay_ms=40, jitter_ms=8)),
    ("jitter 15 ms", Network(delay_ms=40, jitter_ms=15)),
    ("spikes 180 ms", Network(jitter_ms=4, spike_every_s=5)),
    ("jitter+spikes", Network(delay_ms=40, jitter_ms=15, spike_every_s=5)),
    ("spikes, 3% loss", Network(jitter_ms=4, spike_every_s=5, loss=0.03)),
)


def speak(text: str, voice: str) -> Pcm:
    """Speech at SPEECH_DBFS, 48 kHz."""
    wav = subprocess.run(["espeak-ng", "-v", voice, "--stdout", text], capture_output=True, check=True).stdout
    rate = int.from_bytes(wav[24:28], "little")
    raw = np.frombuffer(wav[44 : 44 + (len(wav) - 44) // 2 * 2], np.int16).astype(np.float32)
    sound = soxr.resample(raw, rate, RATE, "VHQ")
    loud = sound[np.abs(sound) > 300]
    sound *= 32768 * 10 ** (SPEECH_DBFS / 20) / np.sqrt(np.mean(loud**2))
    spoken: Pcm = np.clip(np.concatenate([np.zeros(RATE // 2), sound]), -32768, 32767).astype(np.int16)
    return spoken


def samples_of_speech() -> list[Pcm]:
    """Two talks of about half a minute, each of two voices."""
    one, two = (speak(text, voice) for voice, text in SENTENCES)
    talks = [np.concatenate([one, two, one]), np.concatenate([two, one, two])]
    return [talk[: len(talk) // FRAME * FRAME] for talk in talks]


class Buffer(Protocol):
    """Anything that takes packets and gives 10 ms blocks."""

    def push(self, packet: AudioPacket) -> None: ...

    def pull(self, now: float) -> Pcm: ...


class FixedBuffer:
    """Plays every packet a fixed time after the first one's; what is not there then is repaired and lost."""

    def __init__(self, decoder: Decoder, clock: int, delay_s: float) -> None:
        self._decoder, self._clock, self._delay = decoder, clock, delay_s
        self._packets: dict[int, AudioPacket] = {}
        self._ready: Pcm = np.zeros(0, np.int16)
        self._start: float | None = None
        self._next = 0

    def push(self, packet: AudioPacket) -> None:
        if self._start is None:
            self._start, self._next = packet.arrival + self._delay, packet.sequence
        self._packets[packet.sequence] = packet

    def pull(self, now: float) -> Pcm:
        if self._start is None or now < self._start:
            return np.zeros(BLOCK, np.int16)
        if len(self._ready) < BLOCK:
            self._ready = np.concatenate([self._ready, self._frame()])
        block, self._ready = self._ready[:BLOCK], self._ready[BLOCK:]
        return block

    def _frame(self) -> Pcm:
        packet, following = self._packets.pop(self._next, None), self._packets.get(self._next + 1)
        self._next += 1
        if packet is not None:
            return self._decoder.decode(packet.payload)
        copy = self._decoder.decode_fec(following.payload, FRAME) if following else None
        if copy is None:
            return (
                self._decoder.bridge(FRAME, following.payload) if following else self._decoder.conceal(FRAME)
            )
        return copy


class AiortcPlayout:
    """aiortc's buffer as its receiver uses it (capacity 16, prefetch 4), then a queue; silence when empty."""

    def __init__(self, decoder: Decoder, clock: int) -> None:
        self._decoder, self._clock = decoder, clock
        self._buffer = AiortcBuffer(capacity=16, prefetch=4)
        self._queue: Pcm = np.zeros(0, np.int16)

    def push(self, packet: AudioPacket) -> None:
        rtp = RtpPacket(
            payload_type=packet.payload_type,
            sequence_number=packet.sequence & 0xFFFF,
            timestamp=packet.timestamp,
        )
        rtp._data = packet.payload  # type: ignore[attr-defined]
        _, frame = self._buffer.add(rtp)
        if frame is not None:
            self._queue = np.concatenate([self._queue, self._decoder.decode(frame.data)])

    def pull(self, now: float) -> Pcm:
        block, self._queue = self._queue[:BLOCK], self._queue[BLOCK:]
        return np.concatenate([block, np.zeros(BLOCK - len(block), np.int16)])


@dataclass(frozen=True)
class Result:
    """PESQ, and by how many ms the sound came later than the network's fastest packet."""

    pesq: float
    delay_ms: float


def play(buffer: Buffer, arrived: Sequence[AudioPacket], seconds: float) -> Pcm:
    """Everything the buffer gives for a call."""
    blocks, waiting = [], 0
    for step in range(round(seconds * RATE / BLOCK)):
        now = step * BLOCK / RATE
        while waiting < len(arrived) and arrived[waiting].arrival <= now:
            buffer.push(arrived[waiting])
            waiting += 1
        blocks.append(buffer.pull(now))
    return np.concatenate(blocks)


def score(talk: Pcm, heard: Pcm, narrow: bool) -> float:
    """PESQ of the settled part, in pieces of 12 s."""
    from pesq import pesq  # built from source: not there where tests run without peers

    rate = 8_000 if narrow else 16_000
    wanted, got = (soxr.resample(pcm.astype(np.float32), RATE, rate) for pcm in (talk, heard))
    piece = 12 * rate
    scores = [
        pesq(
            rate,
            wanted[start : start + piece],
            got[start : start + piece + rate // 2],
            "nb" if narrow else "wb",
        )
        for start in range(round(SETTLED_S * rate), len(wanted) - piece, piece)
    ]
    return float(np.mean(scores))


def delay_of(talk: Pcm, heard: Pcm) -> float:
    """Median delay in ms, by where each loud second of speech is found again."""
    found = []
    reference, sound = (pcm[:: RATE // 4_000].astype(np.float64) for pcm in (talk, heard))
    reach = 2_000
    for start in range(round(SETTLED_S * 4_000), len(reference) - 6_000, 4_000):
        piece, space = reference[start : start + 2_000], sound[start : start + 2_000 + reach]
        if np.std(piece) > 300 and len(space) == 2_000 + reach:
            found.append(int(np.correlate(space, piece, "valid").argmax()) / 4)
    return float(np.median(found))


def build(kind: str, spec: CodecSpec) -> Buffer:
    """A fresh buffer of one of KINDS."""
    decoder = registry.decoder(spec)
    if kind == "adaptive":
        return JitterBuffer({spec.payload_type: Format(decoder, spec.clock_rate)})
    if kind == "aiortc":
        return AiortcPlayout(decoder, spec.clock_rate)
    return FixedBuffer(decoder, spec.clock_rate, int(kind.removeprefix("fixed ")) / 1000)


KINDS = ("adaptive", "fixed 60", "fixed 100", "aiortc")


def encoded(talk: Pcm, spec: CodecSpec, loss: float) -> list[tuple[float, AudioPacket]]:
    """The talk as packets, protected as the loss report would have it."""
    encoder = registry.encoder(spec)
    encoder.set_loss(100 * loss)
    payloads = [encoder.encode(talk[start : start + FRAME]) for start in range(0, len(talk), FRAME)]
    return stream(payloads, payload_type=spec.payload_type, clock_rate=spec.clock_rate)


def trial(talks: Sequence[Pcm], codec: str, network: Network, seeds: int) -> dict[str, Result]:
    """All kinds of buffer on the same packets."""
    spec, results = SPECS[codec], {kind: list[Result]() for kind in KINDS}
    for talk in talks:
        packets = encoded(talk, spec, network.loss)
        for seed in range(1, seeds + 1):
            fields = {name: getattr(network, name) for name in network.__dataclass_fields__}
            arrived = Network(**{**fields, "seed": seed}).carry(packets)
            for kind in KINDS:
                heard = play(build(kind, spec), arrived, len(talk) / RATE + 0.5)
                delay = delay_of(talk, heard) - network.delay_ms
                results[kind].append(Result(score(talk, heard, codec in NARROW), delay))
    return {
        kind: Result(
            float(np.mean([one.pesq for one in many])), float(np.median([one.delay_ms for one in many]))
        )
        for kind, many in results.items()
    }


def print_trials(talks: Sequence[Pcm], seeds: int) -> None:
    """The table of scores."""
    print(f"\n{'PESQ at ms of delay beyond the network':40s}" + "".join(f"{kind:>16s}" for kind in KINDS))
    for codec, networks in (("opus", LOSSES + DELAYS), ("PCMA", LOSSES + DELAYS[:3]), ("G722", LOSSES)):
        for name, network in networks:
            results = trial(talks, codec, network, seeds)
            row = "".join(f"{one.pesq:9.2f} @{one.delay_ms:4.0f} " for one in results.values())
            print(f"{codec:6s}{name:34s}{row}", flush=True)


def cost(work: Callable[[], object], frames: int) -> float:
    """CPU µs per 20 ms of sound, where `work` does `frames` of them."""
    start = time.process_time()
    work()
    return 1e6 * (time.process_time() - start) / frames


def codec_costs(spec: CodecSpec, frames: list[Pcm]) -> tuple[float, float, float, float]:
    """Encoding, decoding, concealing, and what the jitter buffer adds to decoding."""
    encoder, decoder, payloads = registry.encoder(spec), registry.decoder(spec), list[bytes]()
    count = len(frames)
    encode = cost(lambda: payloads.extend(map(encoder.encode, frames)), count)
    decode = cost(lambda: list(map(decoder.decode, payloads)), count)
    conceal = cost(lambda: [decoder.conceal(FRAME) for _ in range(200)], 200)
    packets = stream(payloads, payload_type=spec.payload_type, clock_rate=spec.clock_rate)
    arrived = Network(jitter_ms=8).carry(packets)
    whole = cost(lambda: play(build("adaptive", spec), arrived, count * 0.02), count)
    return encode, decode, conceal, whole - decode


def mixing_cost(blocks: list[Pcm]) -> float:
    """Both blocks of 20 ms."""
    return cost(lambda: [mix(blocks) for _ in range(2000)], 1000)


def print_costs(talk: Pcm) -> None:
    """The table of CPU time."""
    frames = [talk[start : start + FRAME] for start in range(0, len(talk), FRAME)]
    count = len(frames)
    print(f"{'CPU µs per 20 ms':40s}{'encode':>10s}{'decode':>10s}{'conceal':>10s}{'jitter buffer':>15s}")
    for codec, spec in SPECS.items():
        encode, decode, conceal, buffer = codec_costs(spec, frames)
        print(f"{codec:40s}{encode:10.0f}{decode:10.0f}{conceal:10.0f}{buffer:15.0f}")
    for voices in (2, 8):
        mixing = mixing_cost([frame[:BLOCK] for frame in frames[100 : 100 + voices]])
        print(f"{f'mixing {voices} voices':40s}{mixing:10.0f}")
    voice = VoiceStream(SPECS["PCMA"])
    halves = [half for frame in frames for half in (frame[:BLOCK], frame[BLOCK:])]
    capture = cost(lambda: list(map(voice.capture, halves)), count)
    print(f"{'VoiceStream.capture, PCMA':40s}{capture:10.0f}\n")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=3, help="networks per talk and row")
    arguments = parser.parse_args()
    talks = samples_of_speech()
    print_costs(talks[0])
    print_trials(talks, arguments.seeds)


if __name__ == "__main__":
    main()
