"""Frames out of packets: order, holes, repeats, key frames. Time is an argument."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from media.video.assembly import EARLY_PLI_S, FIRST_WAIT_S, PLI_AGAIN_S, FrameAssembler
from media.video.types import EncodedPicture, VideoPacket
from tests.lab.steps import steps

FIRST, NEXT = b"\x10", b"\x00"
KEY, DELTA = b"\x50", b"\x51"
TICK = 3000


class Sender:
    """Numbers packets as a sender does, from just below the wrap on."""

    def __init__(self, sequence: int = 0xFFFD, timestamp: int = 0xFFFF_F000) -> None:
        self.sequence = sequence
        self.timestamp = timestamp

    def frame(self, kind: bytes = DELTA, count: int = 3) -> list[VideoPacket]:
        """The packets of the next frame."""
        out = []
        for index in range(count):
            payload = FIRST + kind + b"0" if index == 0 else NEXT + bytes([48 + index])
            out.append(
                VideoPacket(self.sequence & 0xFFFF, self.timestamp & 0xFFFF_FFFF, index == count - 1, payload)
            )
            self.sequence += 1
        self.timestamp += TICK
        return out


def push(assembler: FrameAssembler, packets: list[VideoPacket], now: float = 0.0) -> list[EncodedPicture]:
    """The frames that these packets complete."""
    return [picture for packet in packets for picture in assembler.push(packet, now)]


def begun(sender: Sender) -> FrameAssembler:
    """One that has had its first key frame."""
    assembler = FrameAssembler()
    assert [picture.key for picture in push(assembler, sender.frame(KEY))] == [True]
    return assembler


def test_a_frame_goes_out_with_its_last_packet() -> None:
    sender = Sender()
    assembler = begun(sender)
    packets = sender.frame()
    assert push(assembler, packets[:2]) == []
    picture = push(assembler, packets[2:])[0]
    assert (picture.data, picture.key) == (DELTA + b"012", False)


def test_numbers_and_timestamps_wrap_without_a_seam() -> None:
    sender = Sender()
    assembler = begun(sender)
    stamps = [push(assembler, sender.frame())[0].timestamp for _ in range(5)]
    assert [later - earlier for earlier, later in pairwise(stamps)] == [TICK] * 4
    assert not assembler.wanted(1.0).packets


def test_another_order_is_put_right_and_nothing_asked_for_at_once() -> None:
    sender = Sender()
    assembler = begun(sender)
    first, second = sender.frame(), sender.frame()
    mixed = [second[0], first[2], second[2], first[0], second[1]]
    assert push(assembler, mixed) == []
    assert assembler.incomplete
    assert not assembler.wanted(FIRST_WAIT_S / 2).packets
    assert [p.data for p in push(assembler, [first[1]])] == [DELTA + b"012"] * 2
    assert not assembler.incomplete


def test_a_lost_packet_is_asked_for_again_and_again_until_it_comes() -> None:
    sender = Sender(sequence=100)
    assembler = begun(sender)
    lost, *rest = sender.frame()
    push(assembler, rest)
    asked = [now / 100 for now in range(20) if assembler.wanted(now / 100).packets]
    assert asked[0] <= 0.02 and len(asked) >= 4
    assert assembler.push(lost, 0.2)[0].data == DELTA + b"012"
    assert (assembler.recovered, assembler.lost) == (1, 0)
    assert not assembler.wanted(1.0).packets


def test_the_round_trip_stretches_the_repeats() -> None:
    sender = Sender()
    assembler = begun(sender)
    for turn in range(20):
        lost, *rest = sender.frame()
        push(assembler, rest, turn)
        assert assembler.wanted(turn + 0.02).packets
        assembler.push(lost, turn + 0.12)
    push(assembler, sender.frame()[1:], 50.0)
    assert assembler.wanted(50.02).packets
    assert not assembler.wanted(50.11).packets
    assert assembler.wanted(50.18).packets


def test_a_hole_that_stays_costs_a_key_frame_and_nothing_broken_is_shown() -> None:
    sender = Sender()
    assembler = begun(sender)
    push(assembler, sender.frame()[1:])
    assert push(assembler, sender.frame()) == []
    assert not assembler.wanted(EARLY_PLI_S - 0.01).key
    assert assembler.wanted(EARLY_PLI_S + 0.01).key
    assert not assembler.wanted(EARLY_PLI_S + 0.05).key
    assert assembler.wanted(EARLY_PLI_S + 0.02 + PLI_AGAIN_S).key
    shown = push(assembler, sender.frame(KEY), 0.6) + push(assembler, sender.frame(), 0.63)
    assert [picture.key for picture in shown] == [True, False]
    assert assembler.lost == 1
    assert not assembler.incomplete


def test_who_comes_in_the_middle_asks_for_a_key_frame_at_once() -> None:
    sender, assembler = Sender(), FrameAssembler()
    assert push(assembler, sender.frame()) == []
    assert assembler.incomplete
    assert assembler.wanted(0.0).key
    assert [picture.key for picture in push(assembler, sender.frame(KEY))] == [True]


def test_while_the_key_frame_comes_no_other_is_asked_for() -> None:
    sender, assembler = Sender(), FrameAssembler()
    push(assembler, sender.frame(KEY)[:2])
    assert not assembler.wanted(0.0).key


def test_what_the_decoder_refused_is_followed_by_a_key_frame() -> None:
    sender = Sender()
    assembler = begun(sender)
    assembler.need_key()
    assert push(assembler, sender.frame()) == []
    assert assembler.wanted(1.0).key
    assert push(assembler, sender.frame(KEY))[0].key


def test_duplicates_and_what_came_too_late_do_no_harm() -> None:
    sender = Sender()
    assembler = begun(sender)
    packets = sender.frame()
    assert len(push(assembler, packets + packets)) == 1
    assert push(assembler, packets) == []
    assert assembler.push(VideoPacket(5, 5, True, b""), 0.0) == []


def test_a_sender_that_begins_anew_is_followed() -> None:
    sender = Sender(sequence=1000)
    assembler = begun(sender)
    sender.sequence, sender.timestamp = 40_000, 77
    assert [picture.key for picture in push(assembler, sender.frame(KEY) + sender.frame())] == [True, False]


def test_a_frame_without_a_marker_ends_where_the_next_one_begins() -> None:
    sender = Sender()
    assembler = begun(sender)
    first = [VideoPacket(p.sequence, p.timestamp, False, p.payload) for p in sender.frame()]
    assert push(assembler, first) == []
    assert len(push(assembler, sender.frame())) == 2


def test_an_endless_hole_does_not_fill_the_memory() -> None:
    sender = Sender()
    assembler = begun(sender)
    sender.frame()
    for _ in range(2000):
        push(assembler, sender.frame(), 1.0)
    assert push(assembler, sender.frame(KEY), 2.0)[0].key
    assert not assembler.incomplete


def test_every_frame_comes_through_a_network_that_loses_and_mixes_and_repeats() -> None:
    chance = random.Random(7)
    sender, assembler = Sender(), FrameAssembler()
    under_way: list[tuple[float, VideoPacket]] = []
    sent: dict[int, VideoPacket] = {}
    shown: list[EncodedPicture] = []
    for step in range(3000):
        now = step / 200
        if step % 7 == 0 and step < 2800:
            for packet in sender.frame(DELTA if step else KEY, chance.randint(1, 8)):
                sent[packet.sequence] = packet
                if chance.random() > 0.1 or not step:
                    under_way.append((now + chance.random() * 0.02, packet))
        for number in assembler.wanted(now).packets:
            if chance.random() > 0.1:
                under_way.append((now + 0.01, sent[number]))
        arrived = [packet for due, packet in under_way if due <= now]
        under_way = [(due, packet) for due, packet in under_way if due > now]
        shown += push(assembler, arrived, now)
    assert len(shown) == 400
    assert [b.timestamp - a.timestamp for a, b in pairwise(shown)] == [TICK] * 399
    assert assembler.lost == 0 < assembler.recovered


HOSTILE = {
    "one endless frame": (1, FIRST + DELTA, 0),
    "a key in each packet of one frame": (1, FIRST + KEY, 0),
    "a key in every other packet": (2, FIRST + KEY, 0),
    "a key of its own time in every other packet": (2, FIRST + KEY, TICK),
    "every other frame of one packet": (2, FIRST + DELTA, TICK),
    "far jumps": (2999, FIRST + KEY, TICK),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_packet_costs_a_look_at_all_the_others(name: str) -> None:
    step, payload, tick = HOSTILE[name]
    assembler = begun(Sender(sequence=997))
    packets = [
        VideoPacket((1000 + n * step) & 0xFFFF, 90_000 + n * tick, False, payload + b"0") for n in range(1000)
    ]
    assert steps(lambda: push(assembler, packets)) < 100 * len(packets)
