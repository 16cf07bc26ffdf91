"""A feed under floods, and what no browser sends."""

from __future__ import annotations

import struct

import pytest

from service.media_engine import rtcp
from service.media_engine.bandwidth import MOST
from service.media_engine.incoming import MAX_HOLE
from service.media_engine.rtp import RtpPacket, parse_rtp, rtp_header
from tests.doubles.engine_peer import Bench, flowing, marks, vp8
from tests.lab.steps import steps


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_flood_is_not_passed_on(bench: Bench) -> None:
    sender, receiver, _ = flowing(bench)
    for number in range(101, 1201):
        header = rtp_header(96, False, number, 0, sender.VIDEO)
        sender.send(header + vp8(number=number) + bytes(1200))
    assert len(receiver.pictures()) * 1200 < MOST / 8


@pytest.mark.parametrize("jump", [MAX_HOLE, MAX_HOLE + 1])
def test_small_packets_with_far_numbers_are_soon_left_unread(bench: Bench, jump: int) -> None:
    sender, receiver, _ = flowing(bench)
    first = 100 + 1000 * jump

    def flood() -> None:
        for number in range(100 + jump, first, jump):
            sender.send_picture(number)

    assert steps(flood) < 150 * 1000
    assert sum(isinstance(item, rtcp.Nack) for item in sender.told()) < 10
    bench.pass_time(1)
    sender.send_picture(first + 1, key=True)
    sender.send_picture(first + 2)
    assert marks(receiver.pictures())[-2:] == [first + 1 & 0xFFFF, first + 2 & 0xFFFF], "and it goes on"


HOSTILE = {
    "cut rtcp": b"\x80\xc8\x00\x06" + bytes(4),
    "rtcp of nothing": b"\x81\xcd\x00\x02" + bytes(8),
    "remb of nobody": rtcp.remb(1, 0, 0)[:-4] + b"\xff\xff\xff\xff",
    "remb cut": struct.pack("!BBH", 0x8F, 206, 4) + bytes(8) + b"REMB" + b"\xff\x00\x00\x00",
    "many reports": struct.pack("!BBH", 0x9F, 201, 1) + bytes(4),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_control_does_nothing(bench: Bench, name: str) -> None:
    sender, receiver, _ = flowing(bench)
    for client in (sender, receiver):
        client.send_rtcp(HOSTILE[name])
    sender.send_picture(101)
    assert marks(receiver.pictures()) == [101]
    assert not bench.events


@pytest.mark.parametrize("payload", [b"", b"\x80", b"\x80\xff", b"\x90\x80\x80", b"\x10"])
def test_hostile_pictures_do_nothing(bench: Bench, payload: bytes) -> None:
    sender, receiver, _ = flowing(bench)
    sender.send(rtp_header(96, False, 101, 0, sender.VIDEO) + payload)
    sender.send(rtp_header(97, False, 5, 0, sender.RTX) + payload)
    sender.send(rtp_header(50, False, 5, 0, 1234) + b"unknown type")
    sender.send(rtp_header(96, False, 102, 0, sender.VIDEO) + bytes(1335))
    sender.send_picture(103)
    assert 103 in marks(receiver.pictures())
    assert not bench.events


def test_packets_are_parsed_as_they_were_made() -> None:
    data = rtp_header(96, True, 65535, 2**32 - 1, 2**32 - 2) + b"abc"
    assert parse_rtp(data) == RtpPacket(96, True, 65535, 2**32 - 1, 2**32 - 2, b"abc", {})
