"""How speech comes through a phone: how late, and how well over networks that lose and delay.

All phones get the same packets at the same times. What they play is recorded from their speakers' monitors;
PESQ (ITU-T P.862) is wide band for Opus, narrow band for PCMA.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import soxr

from benchmarks.concealment import Loss, talks_of
from benchmarks.concealment import score as score_from_the_start
from benchmarks.phone_caller import Call, talk
from benchmarks.phone_cost import SPECS
from benchmarks.phone_rig import Rig, rigged
from benchmarks.phone_rivals import RIVALS
from benchmarks.voice_path import FixedBuffer, play, samples_of_speech
from benchmarks.voice_path import score as score_once_settled
from media.codecs import registry
from media.types import FRAME, RATE, AudioPacket, Pcm
from tests.doubles.network import Network, stream

VOICES = ("en-us", "en-gb+f3", "en-gb")
COPIES = 3
"""Phones of each kind at a time: more would be in each other's way on two cores."""

LEAD_S, TAIL_S = 0.5, 0.8
EXPECTED_LOSS = 10.0
"""What the sender's Opus is told, in percent: its packets carry FEC, whatever is lost of them."""

LOW_RATE = 8_000
PIECE_S, SEARCH_S, EARLY_S, SETTLED_S = 0.5, 1.0, 0.05, 3.0
LOUD = 300.0
SPIKES = Network(delay_ms=0.0, jitter_ms=4.0, spike_every_s=5.0)
IDEAL_BUFFER_S = 0.06

LONG_S = 12.0
"""What a buffer learns in a call's first seconds counts only where its whole course is looked at."""

Carry = Callable[[Sequence[AudioPacket], int], list[AudioPacket]]


@dataclass(frozen=True, slots=True)
class Course:
    """What is spoken, how often over each network, each time by other dice, and from when on it is scored."""

    talks: Sequence[Pcm]
    rounds: int
    settled_s: float

    @classmethod
    def short(cls) -> Course:
        """Three voices, a quarter of a minute each."""
        return cls(talks_of(VOICES), 1, SETTLED_S)

    @classmethod
    def long(cls) -> Course:
        """Two voices in turns, half a minute twice."""
        return cls(samples_of_speech(), 2, LONG_S)


@dataclass(frozen=True, slots=True)
class Case:
    """One call: who talks, by which dice the network loses or delays, and how."""

    talk: int
    seed: int
    network: str
    carry: Carry


@dataclass(frozen=True, slots=True)
class Clip:
    """Sound and when its first sample was, by the system's clock in seconds."""

    pcm: Pcm
    began: float


@dataclass(frozen=True, slots=True)
class Result:
    """PESQ, and the median delay of the sound from its packet's sending, in ms."""

    pesq: float
    delay_ms: float


# --- what is sent ---------------------------------------------------------------------------------------


def lossy(share: float) -> Carry:
    """Single packets lost at random; nothing is late."""
    return lambda packets, seed: Loss(share).carry(packets, seed)


def spiky(packets: Sequence[AudioPacket], seed: int) -> list[AudioPacket]:
    """Every five seconds on average everything is held up for up to 180 ms, and then comes together."""
    network = Network(
        delay_ms=SPIKES.delay_ms, jitter_ms=SPIKES.jitter_ms, spike_every_s=SPIKES.spike_every_s, seed=seed
    )
    return network.carry([(packet.arrival, packet) for packet in packets])


def encoded(spoken: Pcm, codec: str) -> list[AudioPacket]:
    """Every 20 ms of it; Opus as we send it to a far end that reports EXPECTED_LOSS: up to 32 kb/s, in-band
    FEC, wideband."""
    encoder = registry.encoder(SPECS[codec])
    encoder.set_loss(EXPECTED_LOSS)
    frames = [spoken[start : start + FRAME] for start in range(0, len(spoken) - FRAME + 1, FRAME)]
    spec = SPECS[codec]
    payloads = [encoder.encode(frame) for frame in frames]
    timed = stream(payloads, payload_type=spec.payload_type, clock_rate=spec.clock_rate)
    return [packet for _, packet in timed]


# --- what is heard --------------------------------------------------------------------------------------


def wall(monotonic: float) -> float:
    """The system's clock at that moment."""
    return monotonic + time.time() - time.monotonic()


def lags(said: Clip, heard: Clip, settled_s: float = SETTLED_S) -> list[float]:
    """By how many seconds each loud half second of `said` is later in `heard`, after the call has settled."""
    reference, sound = (soxr.resample(clip.pcm.astype(np.float32), RATE, LOW_RATE) for clip in (said, heard))
    piece, reach = round(PIECE_S * LOW_RATE), round((SEARCH_S + EARLY_S) * LOW_RATE)
    found = []
    for start in range(round(settled_s * LOW_RATE), len(reference) - piece, piece):
        begin = round((said.began - heard.began - EARLY_S) * LOW_RATE) + start
        part, space = reference[start : start + piece], sound[begin : begin + piece + reach]
        if begin >= 0 and len(space) == piece + reach and np.std(part) > LOUD:
            match = np.correlate(space, part, "valid")
            energy = np.sqrt(np.convolve(space.astype(float) ** 2, np.ones(piece), "valid") + 1.0)
            found.append(float((match / energy).argmax()) / LOW_RATE - EARLY_S)
    return found


def received(call: Call) -> Clip:
    """What the phone sent, as it sounds to somebody who plays each packet the moment it comes."""
    heard = sorted(call.heard, key=lambda one: one.packet.timestamp)
    first = heard[0].packet.timestamp
    decoder = registry.decoder(SPECS[call.codec])
    sound = np.zeros(heard[-1].packet.timestamp - first + 6 * FRAME, np.int16)
    begins = []
    for one in heard:
        place = one.packet.timestamp - first
        pcm = decoder.decode(one.packet.payload)
        sound[place : place + len(pcm)] = pcm
        begins.append(one.at - place / RATE)
    return Clip(sound, float(np.median(begins)))


def delays(rig: Rig) -> dict[str, tuple[float, float]]:
    """ms from the microphone to the wire and from the wire to the speaker, Opus; all phones at once."""
    spoken = np.concatenate(talks_of(VOICES[:2]))
    packets = encoded(spoken, "opus")
    ideal = play(FixedBuffer(registry.decoder(SPECS["opus"]), RATE, 0.0), packets, len(spoken) / RATE)
    with ExitStack() as stack:
        ears = {name: stack.enter_context(rig.pulse.recording(name)) for name in rig.phones}
        feeds = {name: f"{name}_mic_feed" for name in rig.phones}
        mouths = {name: stack.enter_context(rig.pulse.recording(feed)) for name, feed in feeds.items()}
        calls = {name: rig.call(name) for name in rig.phones}
        for name in rig.phones:
            stack.enter_context(rig.pulse.saying(f"{name}_mic", spoken))
        began = talk(calls, dict.fromkeys(calls, packets))
        time.sleep(TAIL_S)
        for call in calls.values():
            call.hang_up()
    found = {}
    for name, call in calls.items():
        said = Clip(mouths[name].pcm(), wall(mouths[name].began))
        there = float(np.median(lags(said, received(call))))
        back = float(np.median(lags(Clip(ideal, began), Clip(ears[name].pcm(), wall(ears[name].began)))))
        found[rig.phones[name].name] = (1000 * there, 1000 * back)
    return found


def measured_delays() -> dict[str, tuple[float, float]]:
    """See `delays`."""
    with rigged() as rig:
        rig.register_all()
        return delays(rig)


# --- quality --------------------------------------------------------------------------------------------


def qualities(
    codec: str, networks: Sequence[tuple[str, Carry]], course: Course
) -> dict[str, dict[str, Result]]:
    """By network and program: means of all voices and dice. "codec" is the codec alone, nothing ever late."""
    talks = course.talks
    sent = [encoded(spoken, codec) for spoken in talks]
    cases = [
        Case(index, index + rounds * len(talks), name, carry)
        for name, carry in networks
        for rounds, index in itertools.product(range(course.rounds), range(len(talks)))
    ]
    found: dict[str, dict[str, list[Result]]] = {name: {} for name, _ in networks}
    with rigged(codec=codec, copies=COPIES) as rig:
        rig.register_all()
        for first in range(0, len(cases), COPIES):
            batch = cases[first : first + COPIES]
            carried = [case.carry(sent[case.talk], case.seed) for case in batch]
            for index, name, clip, began in _played(rig, carried):
                case = batch[index]
                result = _judged(codec, Clip(talks[case.talk], began), clip, course)
                found[case.network].setdefault(name, []).append(result)
            for case, packets in zip(batch, carried, strict=True):
                alone = _alone(codec, packets, talks[case.talk], course)
                found[case.network].setdefault("codec", []).append(alone)
    return {
        network: {name: _mean(results) for name, results in rows.items()} for network, rows in found.items()
    }


def _played(rig: Rig, carried: Sequence[Sequence[AudioPacket]]) -> list[tuple[int, str, Clip, float]]:
    """One call for each of `carried` to each kind of phone, all at once; what came out of their speakers."""
    places = {f"{kind.name}{index}": (index, kind.name) for index in range(len(carried)) for kind in RIVALS}
    with ExitStack() as stack:
        ears = {name: stack.enter_context(rig.pulse.recording(name)) for name in places}
        calls = {name: rig.call(name) for name in places}
        time.sleep(LEAD_S)
        began = talk(calls, {name: carried[index] for name, (index, _) in places.items()})
        time.sleep(TAIL_S)
        for call in calls.values():
            call.hang_up()
    return [
        (index, kind, Clip(ears[name].pcm(), wall(ears[name].began)), began)
        for name, (index, kind) in places.items()
    ]


def _judged(codec: str, said: Clip, heard: Clip, course: Course) -> Result:
    narrow, late = codec == "PCMA", lags(said, heard, course.settled_s)
    if course.settled_s < LONG_S:
        pesq = score_from_the_start(said.pcm, heard.pcm, "PCMA" if narrow else "G722")
    else:
        pesq = score_once_settled(said.pcm, heard.pcm[round((said.began - heard.began) * RATE) :], narrow)
    return Result(pesq, 1000 * float(np.median(late)))


def _alone(codec: str, packets: Sequence[AudioPacket], spoken: Pcm, course: Course) -> Result:
    """What the codec makes of it, a buffer before it that waits long enough for every packet."""
    spec = SPECS[codec]
    latest = max((packet.arrival - packet.timestamp / spec.clock_rate for packet in packets), default=0.0)
    buffer = FixedBuffer(registry.decoder(spec), spec.clock_rate, IDEAL_BUFFER_S + latest)
    heard = play(buffer, packets, len(spoken) / RATE + latest + SEARCH_S)
    return _judged(codec, Clip(spoken, 0.0), Clip(heard, 0.0), course)


def _mean(results: Sequence[Result]) -> Result:
    return Result(
        float(np.mean([one.pesq for one in results])), float(np.median([one.delay_ms for one in results]))
    )
