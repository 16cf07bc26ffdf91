"""RTP on bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip_bridge.rtp.packet import RtpError, RtpPacket, audio_packet, is_rtcp

words = st.integers(0, 2**32 - 1)
packets = st.builds(
    RtpPacket,
    payload_type=st.integers(0, 127),
    sequence=st.integers(0, 0xFFFF),
    timestamp=words,
    ssrc=words,
    payload=st.binary(max_size=40),
    marker=st.booleans(),
    csrcs=st.lists(words, max_size=15).map(tuple),
    extension=st.none() | st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=5).map(lambda data: data * 4)),
)


@given(packets)
def test_what_is_built_is_parsed_back(packet: RtpPacket) -> None:
    assert RtpPacket.parse(bytes(packet)) == packet


@given(packets, st.integers(1, 255))
def test_padding_is_taken_off(packet: RtpPacket, length: int) -> None:
    data = bytes(packet)
    padded = bytes([data[0] | 0x20]) + data[1:] + bytes(length - 1) + bytes([length])
    assert RtpPacket.parse(padded) == packet


@given(st.binary(max_size=80), st.integers(0, 63))
def test_garbage_parses_or_raises_our_error(data: bytes, flags: int) -> None:
    for candidate in (data, bytes([0x80 | flags]) + data):
        try:
            RtpPacket.parse(candidate)
        except RtpError:
            continue


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(11),
        b"\x40" + bytes(11),
        b"\x81" + bytes(11),
        b"\x90" + bytes(11),
        b"\x90" + bytes(14) + b"\x02" + bytes(4),
        b"\xa0" + bytes(11),
        b"\xa0" + bytes(12) + b"\xff",
    ],
    ids=[
        "empty",
        "short",
        "version 1",
        "no sources",
        "no extension",
        "half extension",
        "padding 0",
        "padding",
    ],
)
def test_cut_off_packets_are_refused(data: bytes) -> None:
    with pytest.raises(RtpError):
        RtpPacket.parse(data)


def test_the_quick_way_builds_the_same_bytes() -> None:
    assert audio_packet(8, 7, 1000, 99, b"abc", marker=True) == bytes(RtpPacket(8, 7, 1000, 99, b"abc", True))
    assert audio_packet(8, 7, 1000, 99, b"abc", marker=False) == bytes(RtpPacket(8, 7, 1000, 99, b"abc"))


def test_rtcp_on_a_shared_port_is_known_by_its_type() -> None:
    assert is_rtcp(b"\x80\xc8") and is_rtcp(b"\x80\xcb")
    assert not is_rtcp(b"\x80\x80") and not is_rtcp(b"\x80\xe0") and not is_rtcp(b"\x80")
