"""RTCP packets on bytes (RFC 3550 section 6): reports, source description and goodbye."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from sip_bridge.rtp.packet import RtpError

SENDER_REPORT, RECEIVER_REPORT, SOURCE_DESCRIPTION, BYE = 200, 201, 202, 203
CNAME = 1

_SENDER = struct.Struct("!QIII")
_BLOCK = struct.Struct("!IIIIII")
_SSRC = struct.Struct("!I")


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What a receiver says about one source (section 6.4.1).

    `fraction_lost` is of 256; `lost` may be negative; `jitter` in RTP clock units; `last_report` is the
    middle 32 bits of an NTP time, `delay` in 1/65536 s.
    """

    ssrc: int
    fraction_lost: int
    lost: int
    highest_sequence: int
    jitter: int
    last_report: int
    delay: int

    def __bytes__(self) -> bytes:
        lost = max(-0x800000, min(0x7FFFFF, self.lost)) & 0xFFFFFF
        second = self.fraction_lost << 24 | lost
        return _BLOCK.pack(
            self.ssrc, second, self.highest_sequence, self.jitter, self.last_report, self.delay
        )

    @classmethod
    def parse(cls, data: bytes) -> ReportBlock:
        """Read exactly 24 bytes."""
        ssrc, second, highest, jitter, last_report, delay = _BLOCK.unpack(data)
        lost = second & 0xFFFFFF
        signed = lost - 0x1000000 if lost & 0x800000 else lost
        return cls(ssrc, second >> 24, signed, highest, jitter, last_report, delay)


@dataclass(frozen=True, slots=True)
class SenderReport:
    """SR: `ntp` is the 64-bit wall clock that belongs to `rtp_timestamp`."""

    ssrc: int
    ntp: int
    rtp_timestamp: int
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...] = ()

    def __bytes__(self) -> bytes:
        sender = _SENDER.pack(self.ntp, self.rtp_timestamp, self.packets, self.octets)
        return _packed(SENDER_REPORT, len(self.blocks), _SSRC.pack(self.ssrc) + sender + _joined(self.blocks))


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    """RR."""

    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()

    def __bytes__(self) -> bytes:
        return _packed(RECEIVER_REPORT, len(self.blocks), _SSRC.pack(self.ssrc) + _joined(self.blocks))


@dataclass(frozen=True, slots=True)
class SourceDescription:
    """SDES with each source's canonical name; other items are passed over."""

    names: tuple[tuple[int, str], ...]

    def __bytes__(self) -> bytes:
        return _packed(SOURCE_DESCRIPTION, len(self.names), b"".join(_chunk(*name) for name in self.names))


@dataclass(frozen=True, slots=True)
class Bye:
    """BYE: these sources stop sending."""

    ssrcs: tuple[int, ...]
    reason: str = ""

    def __bytes__(self) -> bytes:
        body = b"".join(_SSRC.pack(ssrc) for ssrc in self.ssrcs)
        if text := self.reason.encode()[:255]:
            body += _padded(bytes([len(text)]) + text)
        return _packed(BYE, len(self.ssrcs), body)


@dataclass(frozen=True, slots=True)
class OtherRtcp:
    """A packet of a type not spoken here (APP, feedback, extended reports)."""

    packet_type: int
    count: int
    body: bytes

    def __bytes__(self) -> bytes:
        return _packed(self.packet_type, self.count, self.body)


RtcpPacket = SenderReport | ReceiverReport | SourceDescription | Bye | OtherRtcp


def build_compound(packets: Iterable[RtcpPacket]) -> bytes:
    """Several packets in one datagram; the first must be a report (section 6.1)."""
    return b"".join(bytes(packet) for packet in packets)


def parse_compound(data: bytes) -> list[RtcpPacket]:
    """All packets of a datagram. Raises RtpError."""
    packets: list[RtcpPacket] = []
    offset = 0
    while offset < len(data):
        if len(data) - offset < 4 or data[offset] >> 6 != 2:
            raise RtpError("no RTCP header")
        first, packet_type, words = struct.unpack_from("!BBH", data, offset)
        end = offset + 4 + 4 * words
        if end > len(data):
            raise RtpError("RTCP packet cut off")
        packets.append(_parse_one(packet_type, first & 0x1F, _without_padding(first, data[offset + 4 : end])))
        offset = end
    return packets


def _parse_one(packet_type: int, count: int, body: bytes) -> RtcpPacket:
    try:
        match packet_type:
            case 200:
                ntp, timestamp, packets, octets = _SENDER.unpack_from(body, 4)
                blocks = _blocks(body, 24, count)
                return SenderReport(_ssrc(body, 0), ntp, timestamp, packets, octets, blocks)
            case 201:
                return ReceiverReport(_ssrc(body, 0), _blocks(body, 4, count))
            case 202:
                return SourceDescription(_names(body, count))
            case 203:
                return _bye(body, count)
            case _:
                return OtherRtcp(packet_type, count, body)
    except (struct.error, IndexError) as fault:
        raise RtpError("RTCP packet cut off") from fault


def _blocks(body: bytes, start: int, count: int) -> tuple[ReportBlock, ...]:
    offsets = range(start, start + _BLOCK.size * count, _BLOCK.size)
    return tuple(ReportBlock.parse(body[offset : offset + _BLOCK.size]) for offset in offsets)


def _names(body: bytes, count: int) -> tuple[tuple[int, str], ...]:
    names: list[tuple[int, str]] = []
    offset = 0
    for _ in range(count):
        ssrc = _ssrc(body, offset)
        offset += 4
        name = ""
        while kind := body[offset]:
            text = body[offset + 2 : offset + 2 + body[offset + 1]]
            if kind == CNAME:
                name = text.decode("utf-8", "replace")
            offset += 2 + body[offset + 1]
        names.append((ssrc, name))
        offset += 4 - offset % 4
    return tuple(names)


def _bye(body: bytes, count: int) -> Bye:
    ssrcs = tuple(_ssrc(body, 4 * index) for index in range(count))
    rest = body[4 * count :]
    return Bye(ssrcs, rest[1 : 1 + rest[0]].decode("utf-8", "replace") if rest else "")


def _ssrc(body: bytes, offset: int) -> int:
    return int(_SSRC.unpack_from(body, offset)[0])


def _without_padding(first: int, body: bytes) -> bytes:
    if not first & 0x20:
        return body
    if not body or not 0 < body[-1] <= len(body):
        raise RtpError("padding longer than the packet")
    return body[: -body[-1]]


def _packed(packet_type: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, packet_type, len(body) // 4) + body


def _joined(blocks: tuple[ReportBlock, ...]) -> bytes:
    return b"".join(bytes(block) for block in blocks)


def _chunk(ssrc: int, name: str) -> bytes:
    text = name.encode()[:255]
    return _padded(_SSRC.pack(ssrc) + bytes([CNAME, len(text)]) + text + b"\0")


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
