"""RTP packets on bytes (RFC 3550 section 5.1)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from sip_bridge.core.errors import SipError

_HEADER = struct.Struct("!BBHII")
_EXTENSION = struct.Struct("!HH")
VERSION_BITS = 0x80


class RtpError(SipError):
    """Bytes that are no RTP or RTCP packet."""


@dataclass(slots=True)
class RtpPacket:
    """One packet. `extension` is (profile, data) with data a multiple of four bytes (section 5.3.1)."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False
    csrcs: tuple[int, ...] = ()
    extension: tuple[int, bytes] | None = None

    def __bytes__(self) -> bytes:
        first = VERSION_BITS | len(self.csrcs) | (0x10 if self.extension else 0)
        second = self.payload_type | (0x80 if self.marker else 0)
        head = _HEADER.pack(first, second, self.sequence, self.timestamp, self.ssrc)
        if self.csrcs:
            head += struct.pack(f"!{len(self.csrcs)}I", *self.csrcs)
        if self.extension:
            profile, data = self.extension
            head += _EXTENSION.pack(profile, len(data) // 4) + data
        return head + self.payload

    @classmethod
    def parse(cls, data: bytes) -> RtpPacket:
        """Read one datagram; padding is taken off. Raises RtpError."""
        if len(data) < 12:
            raise RtpError("too short")
        first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
        if first & 0xC0 != VERSION_BITS:
            raise RtpError("not version 2")
        if first == VERSION_BITS:
            return cls(second & 0x7F, sequence, timestamp, ssrc, data[12:], second > 127)
        csrcs, extension, payload = _parse_options(first, data)
        return cls(second & 0x7F, sequence, timestamp, ssrc, payload, second > 127, csrcs, extension)


def is_rtcp(data: bytes) -> bool:
    """Whether a datagram on a shared port is RTCP (RFC 5761 section 4)."""
    return len(data) > 1 and 192 <= data[1] <= 223


def audio_packet(
    payload_type: int, sequence: int, timestamp: int, ssrc: int, payload: bytes, marker: bool
) -> bytes:
    """A plain packet as bytes, without building a value first: this runs for every 20 ms of speech."""
    second = payload_type | 0x80 if marker else payload_type
    return _HEADER.pack(VERSION_BITS, second, sequence, timestamp, ssrc) + payload


def _parse_options(first: int, data: bytes) -> tuple[tuple[int, ...], tuple[int, bytes] | None, bytes]:
    start = 12 + 4 * (first & 0x0F)
    end = len(data)
    if start > end:
        raise RtpError("contributing sources cut off")
    csrcs = struct.unpack_from(f"!{first & 0x0F}I", data, 12)
    extension = None
    if first & 0x10:
        if start + 4 > end:
            raise RtpError("header extension cut off")
        profile, words = _EXTENSION.unpack_from(data, start)
        extension = (profile, data[start + 4 : start + 4 + 4 * words])
        start += 4 + 4 * words
        if start > end:
            raise RtpError("header extension cut off")
    if first & 0x20:
        padding = data[-1]
        if padding == 0 or start + padding > end:
            raise RtpError("padding longer than the packet")
        end -= padding
    return csrcs, extension, data[start:end]
