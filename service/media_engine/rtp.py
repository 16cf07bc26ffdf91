"""RTP packets (RFC 3550 §5.1) with the header extensions forwarding needs (RFC 8285)."""

from __future__ import annotations

import struct
from typing import NamedTuple

HEADER = struct.Struct("!BBHII")
ONE_BYTE = 0xBEDE
TWO_BYTE = 0x1000

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"


class RtpPacket(NamedTuple):
    """`extensions` maps the ids of this connection to their values."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    extensions: dict[int, bytes]


def parse_rtp(data: bytes) -> RtpPacket:
    """Raises ValueError for anything malformed."""
    if len(data) < 12:
        raise ValueError("shorter than a header")
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    if first >> 6 != 2:
        raise ValueError("not version 2")
    start, end = 12 + 4 * (first & 0x0F), len(data)
    extensions: dict[int, bytes] = {}
    if first & 0x10:
        if len(data) < start + 4:
            raise ValueError("cut extension")
        profile, words = struct.unpack_from("!HH", data, start)
        value = data[start + 4 : start + 4 + 4 * words]
        start += 4 + 4 * words
        extensions = _parse_extensions(profile, value)
    if first & 0x20:
        end -= data[-1]
        if not data[-1]:
            raise ValueError("padding of nothing")
    if start > end:
        raise ValueError("longer than its datagram")
    return RtpPacket(second & 0x7F, second > 0x7F, sequence, timestamp, ssrc, data[start:end], extensions)


def rtp_header(
    payload_type: int, marker: bool, sequence: int, timestamp: int, ssrc: int, extension: bytes = b""
) -> bytes:
    """A header; `extension` as `pack_extensions` made it."""
    return (
        HEADER.pack(
            0x90 if extension else 0x80,
            payload_type | (marker << 7),
            sequence,
            timestamp,
            ssrc,
        )
        + extension
    )


def pack_extensions(values: list[tuple[int, bytes]]) -> bytes:
    """The one-byte form: ids 1 to 14, values of 1 to 16 bytes."""
    body = b"".join(bytes([ident << 4 | len(value) - 1]) + value for ident, value in values)
    if not body:
        return b""
    body += bytes(-len(body) % 4)
    return struct.pack("!HH", ONE_BYTE, len(body) // 4) + body


def _parse_extensions(profile: int, value: bytes) -> dict[int, bytes]:
    if profile == ONE_BYTE:
        return _one_byte(value)
    if profile & 0xFFF0 == TWO_BYTE:
        return _two_byte(value)
    return {}


def _one_byte(value: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at < len(value):
        ident, size = value[at] >> 4, (value[at] & 0x0F) + 1
        if ident == 15:
            break
        if not ident:
            at += 1
            continue
        if at + 1 + size > len(value):
            raise ValueError("cut extension")
        found[ident] = value[at + 1 : at + 1 + size]
        at += 1 + size
    return found


def _two_byte(value: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at < len(value):
        if not value[at]:
            at += 1
            continue
        if at + 2 > len(value) or at + 2 + value[at + 1] > len(value):
            raise ValueError("cut extension")
        found[value[at]] = value[at + 2 : at + 2 + value[at + 1]]
        at += 2 + value[at + 1]
    return found
