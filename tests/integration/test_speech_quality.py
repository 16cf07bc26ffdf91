"""Spoken sentences through bad networks on paper, judged by PESQ."""

from __future__ import annotations

from functools import cache

import pytest

from benchmarks.voice_path import SPECS, build, delay_of, encoded, play, samples_of_speech, score
from media.types import RATE, Pcm
from tests.doubles.network import Network

pytestmark = pytest.mark.peer  # espeak-ng speaks


@cache
def talk() -> Pcm:
    return samples_of_speech()[0]


def judge(codec: str, network: Network, kind: str = "adaptive") -> tuple[float, float]:
    """PESQ, and the median delay in ms beyond the network's own."""
    spec = SPECS[codec]
    arrived = network.carry(encoded(talk(), spec, network.loss))
    heard = play(build(kind, spec), arrived, len(talk()) / RATE + 0.5)
    return score(talk(), heard, codec == "PCMA"), delay_of(talk(), heard) - network.delay_ms


@pytest.mark.parametrize(
    ("codec", "loss", "least"),
    [
        ("opus", 0.0, 3.65),
        ("opus", 0.03, 3.2),
        ("opus", 0.05, 3.0),
        ("opus", 0.1, 2.5),
        ("PCMA", 0.0, 3.9),
        ("PCMA", 0.03, 3.2),
        ("PCMA", 0.05, 2.8),
        ("PCMA", 0.1, 2.45),
        ("G722", 0.0, 3.0),
        ("G722", 0.03, 2.2),
    ],
)
def test_speech_survives_loss(codec: str, loss: float, least: float) -> None:
    opinion, delay = judge(codec, Network(loss=loss, jitter_ms=2))
    assert opinion >= least
    assert delay < 70


@pytest.mark.parametrize("seed", [1, 2])
def test_recurring_spikes_are_not_heard(seed: int) -> None:
    opinion, delay = judge("opus", Network(jitter_ms=4, spike_every_s=5, spike_ms=180, seed=seed))
    assert opinion >= 3.4
    assert delay <= 205


def test_under_jitter_it_is_no_worse_than_a_fixed_buffer_of_its_own_delay() -> None:
    network = Network(delay_ms=40, jitter_ms=15)
    opinion, delay = judge("opus", network)
    fixed, _ = judge("opus", network, "fixed 60")
    assert opinion >= fixed - 0.15
    assert delay < 120
