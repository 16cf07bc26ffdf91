"""A network on paper: seeded loss, jitter, delay spikes and clock drift, and a harness that plays through it.

Nothing here sleeps or asks the time; a minute of call takes as long as its decoding.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from media.types import AudioPacket


@dataclass(frozen=True, slots=True)
class Network:
    """`loss` and `duplicate` as shares; `jitter_ms` the mean of an exponential delay on top of `delay_ms`.

    Every `spike_every_s` on average (or exactly, at `spikes_at` seconds) everything is held up for `spike_ms`
    and then arrives together. The sender's clock is `drift_ppm` fast."""

    loss: float = 0.0
    delay_ms: float = 20.0
    jitter_ms: float = 0.0
    spike_every_s: float = 0.0
    spike_ms: float = 180.0
    spikes_at: tuple[float, ...] = ()
    drift_ppm: float = 0.0
    duplicate: float = 0.0
    seed: int = 1

    def carry(self, packets: Iterable[tuple[float, AudioPacket]]) -> list[AudioPacket]:
        """Packets with the second each was sent at → packets in order of arrival."""
        chance = random.Random(self.seed)
        planned = sorted(self.spikes_at)
        free_at = 0.0
        arrived: list[AudioPacket] = []
        for sent, packet in packets:
            sent /= 1 + self.drift_ppm * 1e-6
            delay = self.delay_ms / 1000
            delay += chance.expovariate(1000 / self.jitter_ms) if self.jitter_ms else 0.0
            lost = chance.random() < self.loss
            if self.spike_every_s and chance.random() < 0.02 / self.spike_every_s:
                planned.append(sent)
            while planned and planned[0] <= sent:
                free_at = max(free_at, planned.pop(0) + self.spike_ms / 1000 + self.delay_ms / 1000)
            if lost:
                continue
            arrival = max(sent + delay, free_at)
            for _ in range(2 if chance.random() < self.duplicate else 1):
                arrived.append(_at(packet, arrival))
        return sorted(arrived, key=lambda one: one.arrival)


def _at(packet: AudioPacket, arrival: float) -> AudioPacket:
    return AudioPacket(
        packet.sequence,
        packet.timestamp,
        packet.payload_type,
        packet.payload,
        arrival,
        packet.marker,
        packet.restart,
    )


def stream(
    payloads: Sequence[bytes], *, payload_type: int = 96, clock_rate: int = 48_000, ptime_ms: int = 20
) -> list[tuple[float, AudioPacket]]:
    """Payloads sent one every `ptime_ms`; b"" sends nothing (DTX) while the timestamp goes on."""
    sent: list[tuple[float, AudioPacket]] = []
    for index, payload in enumerate(payloads):
        if payload:
            timestamp = index * ptime_ms * clock_rate // 1000
            when = index * ptime_ms / 1000
            packet = AudioPacket(len(sent), timestamp, payload_type, payload, when)
            sent.append((when, packet))
    return sent
