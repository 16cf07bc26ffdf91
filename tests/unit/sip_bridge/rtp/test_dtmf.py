"""Telephone events, sent and received."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip_bridge.rtp.dtmf import DIGITS, DtmfReceiver, UnknownDigit, event_packets


@pytest.mark.parametrize(("clock", "total"), [(8000, 1280), (48000, 7680)])
def test_one_key(clock: int, total: int) -> None:
    packets = list(event_packets("#", clock))
    assert [packet.at_ms for packet in packets] == [20 * n for n in range(10)]
    assert [packet.marker for packet in packets] == [True] + [False] * 9
    assert all(packet.payload[0] == 11 for packet in packets)
    assert [bool(packet.payload[1] & 0x80) for packet in packets] == [False] * 7 + [True] * 3
    durations = [int.from_bytes(packet.payload[2:]) for packet in packets]
    assert durations[0] == clock // 50 and durations[-3:] == [total] * 3
    assert durations == sorted(durations)


def test_a_key_longer_than_the_field_holds_is_cut() -> None:
    assert int.from_bytes(list(event_packets("1", 48_000, 2_000))[-1].payload[2:]) == 0xFFFF


@pytest.mark.parametrize("digit", ["x", "", "12"])
def test_what_is_no_key(digit: str) -> None:
    with pytest.raises(UnknownDigit):
        list(event_packets(digit, 8000))


@given(
    st.lists(st.sampled_from(DIGITS), max_size=6),
    st.sampled_from([8000, 48000]),
    st.randoms(use_true_random=False),
)
def test_each_key_is_told_once_whatever_is_lost_or_doubled(
    digits: list[str], clock: int, chance: random.Random
) -> None:
    receiver = DtmfReceiver()
    heard: list[str] = []
    for number, digit in enumerate(digits):
        packets = list(event_packets(digit, clock))
        kept = [packet for packet in packets if chance.random() < 0.5] or [packets[-1]]
        for packet in sorted(kept * 2, key=lambda one: one.at_ms + chance.randrange(50)):
            told = receiver.receive(packet.payload, number * clock // 4)
            heard += [told] if told else []
    assert heard == digits


def test_stragglers_of_an_earlier_key_are_not_told() -> None:
    receiver = DtmfReceiver()
    assert receiver.receive(b"\x01\x0a\x00\xa0", 100) == "1"
    assert receiver.receive(b"\x02\x0a\x00\xa0", 900) == "2"
    assert receiver.receive(b"\x01\x8a\x00\xa0", 100) is None
    receiver.forget()
    assert receiver.receive(b"\x01\x0a\x00\xa0", 50) == "1"


def test_a_key_held_very_long_is_one_key() -> None:
    receiver = DtmfReceiver()
    assert receiver.receive(b"\x01\x0a\xff\xff", 0) == "1"
    assert receiver.receive(b"\x01\x0a\x00\xa0", 0xFFFF) is None
    assert receiver.receive(b"\x01\x8a\x00\xa0", 0xFFFF) is None
    assert receiver.receive(b"\x01\x0a\x00\xa0", 2 * 0xFFFF) == "1"


def test_what_is_no_key_is_not_told() -> None:
    receiver = DtmfReceiver()
    assert receiver.receive(b"\x01", 0) is None
    assert receiver.receive(b"\x10\x0a\x00\xa0", 0) is None
