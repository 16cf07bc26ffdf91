"""What one receiver is sent has no holes of our making, whatever the sender's numbers do."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.media_engine.negotiation import ReceiverLine
from service.media_engine.outgoing import Outgoing
from service.media_engine.rtp import MID, RtpPacket, parse_rtp
from service.media_engine.vp8 import parse_vp8
from tests.doubles.engine_peer import vp8

LINE = ReceiverLine("video", "1", 96, 97, 1000, 1001, frozenset({MID}))


class Rig:
    def __init__(self) -> None:
        self.sent: list[RtpPacket] = []
        self.control: list[bytes] = []
        self.outgoing = Outgoing(
            LINE, "cname", lambda data: self.sent.append(parse_rtp(data)), self.control.append
        )

    def forward(self, number: int, *, key: bool = False, picture: int = 1, layer: int = 0) -> None:
        payload = vp8(key=key, number=picture & 0x7FFF, layer=layer, mark=number)
        packet = RtpPacket(96, True, number & 0xFFFF, number * 3000 & 0xFFFFFFFF, 5, payload, {})
        self.outgoing.forward(packet, number, b"", parse_vp8(payload), 0.0)

    def sequences(self) -> list[int]:
        return [packet.sequence for packet in self.sent]

    def pictures(self) -> list[int]:
        return [parse_vp8(packet.payload).picture for packet in self.sent]


def consecutive(values: list[int], size: int) -> bool:
    return all((later - earlier) % size == 1 for earlier, later in pairwise(values))


@given(st.integers(0, 200_000), st.integers(0, 0x7FFF), st.lists(st.integers(1, 30), min_size=1, max_size=60))
def test_layers_left_out_leave_no_hole(first: int, picture: int, runs: list[int]) -> None:
    rig = Rig()
    rig.outgoing.thin(True)
    rig.forward(first, key=True, picture=picture)
    number = first
    for index, run in enumerate(runs):
        for _ in range(run % 5 + 1):
            number += 1
            rig.forward(number, picture=picture + number - first, layer=index % 3)
    assert consecutive(rig.sequences(), 1 << 16)
    assert consecutive(rig.pictures(), 1 << 15)


@given(st.integers(0, 200_000), st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), max_size=20))
def test_pauses_leave_no_hole(first: int, turns: list[tuple[int, int]]) -> None:
    rig = Rig()
    number = first
    for quiet, run in [(0, 3), *turns]:
        number += quiet
        rig.outgoing.pause()
        for index in range(run):
            rig.forward(number, key=not index, picture=number)
            number += 1
    assert consecutive(rig.sequences(), 1 << 16)
    assert consecutive(rig.pictures(), 1 << 15)


@given(st.integers(0, 200_000), st.lists(st.integers(1, 300), unique=True, max_size=60))
def test_late_packets_get_their_own_numbers(first: int, order: list[int]) -> None:
    rig = Rig()
    rig.forward(first, key=True)
    start = rig.sent[0].sequence
    for ahead in order:
        rig.forward(first + ahead)
    assert rig.sequences() == [start, *((start + ahead) & 0xFFFF for ahead in order)]


def test_what_is_older_than_the_key_is_left_out() -> None:
    rig = Rig()
    rig.forward(100, key=True)
    rig.forward(99)
    assert len(rig.sent) == 1


def test_the_first_number_is_far_from_its_wrap() -> None:
    for _ in range(20):
        rig = Rig()
        rig.forward(65_530, key=True)
        assert rig.sent[0].sequence <= 1 << 15  # a wrap among the first packets breaks SRTP's count


def test_a_receiver_without_extensions_gets_none() -> None:
    sent: list[bytes] = []
    line = ReceiverLine("audio", "0", 111, -1, 1, 2)
    outgoing = Outgoing(line, "cname", sent.append, sent.append)
    outgoing.forward(RtpPacket(111, False, 1, 1, 1, b"opus", {}), 1, b"\x05", None, 0.0)
    assert sent[0][0] == 0x80
