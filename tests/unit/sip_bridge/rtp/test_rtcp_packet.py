"""RTCP on bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip_bridge.rtp.packet import RtpError
from sip_bridge.rtp.rtcp_packet import (
    Bye,
    OtherRtcp,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    build_compound,
    parse_compound,
)

words = st.integers(0, 2**32 - 1)
blocks = st.lists(
    st.builds(
        ReportBlock, words, st.integers(0, 255), st.integers(-0x800000, 0x7FFFFF), words, words, words, words
    ),
    max_size=3,
).map(tuple)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
packets: st.SearchStrategy[RtcpPacket] = st.one_of(
    st.builds(SenderReport, words, st.integers(0, 2**64 - 1), words, words, words, blocks),
    st.builds(ReceiverReport, words, blocks),
    st.builds(SourceDescription, st.lists(st.tuples(words, texts), max_size=3).map(tuple)),
    st.builds(Bye, st.lists(words, max_size=3).map(tuple), texts),
    st.builds(
        OtherRtcp, st.integers(204, 223), st.integers(0, 31), st.binary(max_size=5).map(lambda b: b * 4)
    ),
)


@given(st.lists(packets, max_size=4))
def test_what_is_built_is_parsed_back(compound: list[RtcpPacket]) -> None:
    assert parse_compound(build_compound(compound)) == compound


@given(st.binary(max_size=60), st.integers(0, 63), st.sampled_from([200, 201, 202, 203, 207]))
def test_garbage_parses_or_raises_our_error(data: bytes, flags: int, packet_type: int) -> None:
    whole = data[: len(data) // 4 * 4]
    framed = bytes([0x80 | flags, packet_type]) + (len(whole) // 4).to_bytes(2) + whole
    for candidate in (data, framed):
        try:
            parse_compound(candidate)
        except RtpError:
            continue


def test_padding_is_taken_off() -> None:
    report = bytes(ReceiverReport(7))
    padded = bytes([report[0] | 0x20, report[1], 0, 2]) + report[4:] + b"\0\0\0\4"
    assert parse_compound(padded) == [ReceiverReport(7)]


@pytest.mark.parametrize(
    "data",
    [
        b"\x80",
        b"\x40\xc8\0\0",
        b"\x80\xc8\0\7",
        b"\x80\xc8\0\0",
        b"\x81\xc9\0\1\0\0\0\1",
        b"\x81\xca\0\1\0\0\0\1",
        b"\xa0\xc9\0\0",
        b"\xa0\xc9\0\1\0\0\0\0",
        b"\xa0\xc9\0\1\0\0\0\x09",
    ],
)
def test_cut_off_packets_are_refused(data: bytes) -> None:
    with pytest.raises(RtpError):
        parse_compound(data)


def test_more_loss_than_the_field_holds_is_cut() -> None:
    block = ReportBlock(1, 255, 0x1000000, 0, 0, 0, 0)
    assert ReportBlock.parse(bytes(block)).lost == 0x7FFFFF


def test_other_items_of_a_source_are_passed_over() -> None:
    chunk = (1).to_bytes(4) + b"\x02\x03bob" + b"\x01\x02me" + b"\0" * 3
    data = b"\x81\xca" + (len(chunk) // 4).to_bytes(2) + chunk
    assert parse_compound(data) == [SourceDescription(((1, "me"),))]
