"""VP8's payload descriptor and frame header, as far as putting frames together needs them."""

from __future__ import annotations

EXTENDED = 0x80
START = 0x10
PARTITION = 0x07
HAS_PICTURE_ID, HAS_TL0PICIDX, HAS_TID, HAS_KEYIDX = 0x80, 0x40, 0x20, 0x10
START_CODE = b"\x9d\x01\x2a"
PICTURE_IDS = 1 << 15
LARGEST_PIECE = 1150
"""Bytes of a frame in one packet: with every header and SRTP's tag no more than 1200 go over the wire, which
fits any path that a browser's pictures fit."""


class DescriptorError(ValueError):
    """The payload is too short for what its descriptor announces."""


def split(payload: bytes) -> tuple[bool, int]:
    """Whether a frame begins here, and where the descriptor ends (RFC 7741 section 4.2).

    Raises DescriptorError.
    """
    if not payload:
        raise DescriptorError("empty")
    first = payload[0]
    begins = bool(first & START) and not first & PARTITION
    end = 1
    if first & EXTENDED:
        if len(payload) < 3:
            raise DescriptorError("extension cut off")
        bits = payload[1]
        end = 2
        if bits & HAS_PICTURE_ID:
            end += 2 if payload[end] & EXTENDED else 1
        end += bool(bits & HAS_TL0PICIDX)
        end += bool(bits & (HAS_TID | HAS_KEYIDX))
    if end >= len(payload):
        raise DescriptorError("nothing behind the descriptor")
    return begins, end


def is_key(frame: bytes) -> bool:
    """Whether a whole frame, or its beginning, can be shown without any other (RFC 6386 section 9.1)."""
    return bool(frame) and not frame[0] & 1


def size(frame: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a key frame, None for another (RFC 6386 section 9.1)."""
    if not is_key(frame) or len(frame) < 10 or frame[3:6] != START_CODE:
        return None
    return int.from_bytes(frame[6:8], "little") & 0x3FFF, int.from_bytes(frame[8:10], "little") & 0x3FFF


def packets(frame: bytes, picture_id: int) -> list[bytes]:
    """A frame as payloads of about the same size, each with its descriptor and a 15-bit picture id."""
    count = -(-len(frame) // LARGEST_PIECE)
    piece = -(-len(frame) // count)
    number = (0x8000 | picture_id).to_bytes(2, "big")
    head = bytes((EXTENDED | START, HAS_PICTURE_ID)) + number
    rest = bytes((EXTENDED, HAS_PICTURE_ID)) + number
    return [(rest if start else head) + frame[start : start + piece] for start in range(0, len(frame), piece)]
