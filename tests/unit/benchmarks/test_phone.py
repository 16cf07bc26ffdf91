"""The rulers of benchmarks/phone.py, held against known lengths."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.phone import Bound
from benchmarks.phone_caller import is_speech
from benchmarks.phone_sound import Clip, encoded, lags, lossy, spiky
from media.types import RATE, Pcm
from sip_bridge.rtp.packet import RtpPacket

SECONDS = 8.0
SPOKEN_FOR_S = 2.0


def noise(seconds: float) -> Pcm:
    """Never the same twice, so that every moment of it can be found again."""
    loud = np.random.default_rng(5).normal(0, 4000, round(seconds * RATE))
    heard: Pcm = np.clip(loud, -32_768, 32_767).astype(np.int16)
    return heard


@pytest.mark.parametrize("delay_s", [0.0, 0.095, 0.4])
def test_a_delay_is_found_wherever_the_recording_began(delay_s: float) -> None:
    said = noise(SECONDS)
    silence = np.zeros(round(delay_s * RATE), np.int16)
    heard = np.concatenate([silence, said, np.zeros(2 * RATE, np.int16)])
    found = lags(Clip(said, 100.0), Clip(heard[RATE // 2 :], 100.5))
    assert found
    assert np.allclose(found, delay_s, atol=0.0005)


def test_silence_tells_no_delay() -> None:
    silence = np.zeros(round(SECONDS * RATE), np.int16)
    assert lags(Clip(silence, 0.0), Clip(silence, 0.0)) == []


def test_only_packets_of_the_codec_are_speech() -> None:
    packet = bytes(RtpPacket(96, 1, 960, 7, b"sound", True))
    assert is_speech(packet, "opus")
    assert not is_speech(packet, "PCMA")
    assert not is_speech(packet[:12], "opus")
    assert not is_speech(b"\x00" + packet[1:], "opus")


def test_networks_lose_and_hold_up_what_they_say() -> None:
    packets = encoded(noise(SPOKEN_FOR_S), "opus")
    kept = lossy(0.5)(packets, 1)
    assert 0.3 < len(kept) / len(packets) < 0.7
    assert {packet.sequence for packet in kept} < {packet.sequence for packet in packets}
    assert lossy(0.5)(packets, 1) == kept
    late = spiky(packets, 1)
    assert len(late) == len(packets)
    assert all(one.arrival >= one.timestamp / RATE for one in late)


def test_a_bound_says_which_way_it_binds() -> None:
    assert Bound(5).kept(5.0)
    assert not Bound(5).kept(5.1)
    assert Bound(3.4, at_least=True).kept(3.4)
    assert not Bound(3.4, at_least=True).kept(3.39)
    assert (str(Bound(800)), str(Bound(3.4, at_least=True))) == ("≤ 800", "≥ 3.4")
