"""Descriptors and headers of VP8, as RFC 7741 and RFC 6386 draw them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.video.vp8 import LARGEST_PIECE, DescriptorError, is_key, packets, size, split

KEY = bytes.fromhex("50a5009d012a0005d002")


@pytest.mark.parametrize(
    ("descriptor", "begins"),
    [
        ("10", True),
        ("00", False),
        ("11", False),
        ("908011", True),
        ("90808123", True),
        ("90e0812311ff", None),
        ("90f081231140", True),
        ("90f0812311", None),
        ("9010c0", True),
    ],
)
def test_a_frame_begins_in_its_first_partition_only(descriptor: str, begins: bool | None) -> None:
    head = bytes.fromhex(descriptor)
    if begins is None:
        with pytest.raises(DescriptorError):
            split(head[:-1] if descriptor.endswith("ff") else head)
        return
    assert split(head + b"frame") == (begins, len(head))


@given(st.binary(max_size=8))
def test_no_payload_breaks_the_reader(payload: bytes) -> None:
    try:
        _, end = split(payload)
    except DescriptorError:
        return
    assert 1 <= end < len(payload)


@given(st.binary(min_size=1, max_size=5 * LARGEST_PIECE), st.integers(0, 0x7FFF))
def test_a_frame_cut_into_packets_is_whole_again(frame: bytes, number: int) -> None:
    pieces = packets(frame, number)
    assert b"".join(piece[split(piece)[1] :] for piece in pieces) == frame
    assert [split(piece)[0] for piece in pieces] == [True] + [False] * (len(pieces) - 1)
    assert max(map(len, pieces)) <= LARGEST_PIECE + 4
    assert all(piece[2:4] == (0x8000 | number).to_bytes(2, "big") for piece in pieces)


def test_a_key_frame_tells_its_size() -> None:
    assert is_key(KEY)
    assert size(KEY) == (1280, 720)
    assert size(b"\x51" + KEY[1:]) is None
    assert size(KEY[:9]) is None
    assert not is_key(b"")
