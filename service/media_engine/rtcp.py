"""RTCP (RFC 3550 §6) with the feedback that video needs (RFC 4585, RFC 5104, REMB)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

SR, RR, SDES, BYE, RTPFB, PSFB = 200, 201, 202, 203, 205, 206
NACK = 1
PLI, FIR, APPLICATION = 1, 4, 15

MOST_LOST = 512
"""Missing packets that are read out of one datagram: nobody remembers more to send them again."""

NTP_OFFSET = 2_208_988_800
"""Seconds from 1900 to 1970."""


class SenderReport(NamedTuple):
    """When (NTP, 32.32 fixed point) the sample with this RTP timestamp was."""

    ssrc: int
    ntp: int
    rtp: int


class Report(NamedTuple):
    """What a receiver tells of one source. `fraction` of 256 lost since the last one; `jitter` in ticks."""

    ssrc: int
    fraction: int
    lost: int
    highest: int
    jitter: int
    last_sr: int = 0
    delay: int = 0


class Nack(NamedTuple):
    """These sequence numbers are missing."""

    ssrc: int
    lost: tuple[int, ...]


class KeyframeRequest(NamedTuple):
    """PLI or FIR."""

    ssrc: int


class Remb(NamedTuple):
    """The most a receiver thinks it can take, bits per second."""

    bitrate: int
    ssrcs: tuple[int, ...]


RtcpItem = SenderReport | Report | Nack | KeyframeRequest | Remb


def parse_rtcp(data: bytes) -> list[RtcpItem]:
    """What a datagram says; kinds unknown here are skipped. Raises ValueError for anything malformed."""
    items: list[RtcpItem] = []
    at, lost = 0, 0
    while at < len(data):
        if len(data) < at + 4:
            raise ValueError("cut header")
        first, kind, words = struct.unpack_from("!BBH", data, at)
        body = data[at + 4 : at + 4 + 4 * words]
        at += 4 + 4 * words
        if first >> 6 != 2 or at > len(data):
            raise ValueError("not RTCP")
        try:
            found = _parse_one(kind, first & 0x1F, body, MOST_LOST - lost)
        except struct.error as error:
            raise ValueError("cut packet") from error
        lost += sum(len(item.lost) for item in found if isinstance(item, Nack))
        items += found
    return items


def _parse_one(kind: int, count: int, body: bytes, most_lost: int) -> list[RtcpItem]:
    if kind == SR:
        ssrc, ntp, rtp = struct.unpack_from("!IQI", body)
        return [SenderReport(ssrc, ntp, rtp), *_reports(body, 24, count)]
    if kind == RR:
        return list(_reports(body, 4, count))
    if kind == RTPFB and count == NACK:
        return [_parse_nack(body, most_lost)]
    if kind == PSFB:
        return _parse_psfb(count, body)
    return []


def _reports(body: bytes, start: int, count: int) -> list[Report]:
    found = []
    for at in range(start, start + 24 * count, 24):
        ssrc, loss, highest, jitter, last_sr, delay = struct.unpack_from("!IIIIII", body, at)
        found.append(Report(ssrc, loss >> 24, loss & 0xFFFFFF, highest, jitter, last_sr, delay))
    return found


def _parse_nack(body: bytes, most: int) -> Nack:
    _, ssrc = struct.unpack_from("!II", body)
    lost: list[int] = []
    for at in range(8, len(body) - 3, 4):
        if len(lost) >= most:
            break
        first, mask = struct.unpack_from("!HH", body, at)
        lost.append(first)
        lost += [(first + bit + 1) & 0xFFFF for bit in range(16) if mask >> bit & 1]
    return Nack(ssrc, tuple(lost[:most]))


def _parse_psfb(count: int, body: bytes) -> list[RtcpItem]:
    _, ssrc = struct.unpack_from("!II", body)
    if count == PLI:
        return [KeyframeRequest(ssrc)]
    if count == FIR:
        return [KeyframeRequest(struct.unpack_from("!I", body, at)[0]) for at in range(8, len(body) - 7, 8)]
    if count == APPLICATION and body[8:12] == b"REMB":
        (word,) = struct.unpack_from("!I", body, 12)
        ssrcs = struct.unpack_from(f"!{word >> 24}I", body, 16)
        return [Remb((word & 0x3FFFF) << (word >> 18 & 0x3F), ssrcs)]
    return []


def sender_report(ssrc: int, ntp: int, rtp: int, packets: int, octets: int) -> bytes:
    """SR without report blocks."""
    return pack_rtcp(SR, 0, struct.pack("!IQIII", ssrc, ntp, rtp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF))


def receiver_report(ssrc: int, reports: Iterable[Report]) -> bytes:
    """RR."""
    blocks = [
        struct.pack(
            "!IIIIII",
            report.ssrc,
            report.fraction << 24 | report.lost & 0xFFFFFF,
            report.highest & 0xFFFFFFFF,
            report.jitter,
            report.last_sr,
            report.delay,
        )
        for report in reports
    ]
    return pack_rtcp(RR, len(blocks), struct.pack("!I", ssrc) + b"".join(blocks))


def source_description(ssrc: int, cname: str) -> bytes:
    """SDES with CNAME alone: streams of one CNAME are played in step."""
    text = cname.encode()
    chunk = struct.pack("!IBB", ssrc, 1, len(text)) + text + b"\x00"
    return pack_rtcp(SDES, 1, chunk + bytes(-len(chunk) % 4))


def nack(sender: int, ssrc: int, lost: list[int]) -> bytes:
    """Generic NACK; `lost` ascending in the stream's order."""
    pairs: list[tuple[int, int]] = []
    for sequence in lost:
        ahead = (sequence - pairs[-1][0] - 1) & 0xFFFF if pairs else 16
        if ahead < 16:
            pairs[-1] = (pairs[-1][0], pairs[-1][1] | 1 << ahead)
        else:
            pairs.append((sequence, 0))
    body = b"".join(struct.pack("!HH", *pair) for pair in pairs)
    return pack_rtcp(RTPFB, NACK, struct.pack("!II", sender, ssrc) + body)


def picture_loss(sender: int, ssrc: int) -> bytes:
    """PLI."""
    return pack_rtcp(PSFB, PLI, struct.pack("!II", sender, ssrc))


def remb(sender: int, bitrate: int, ssrc: int) -> bytes:
    """Receiver Estimated Maximum Bitrate for one source (draft-alvestrand-rmcat-remb-03 §2.2)."""
    exponent = max(0, bitrate.bit_length() - 18)
    word = 1 << 24 | exponent << 18 | bitrate >> exponent
    return pack_rtcp(PSFB, APPLICATION, struct.pack("!II4sII", sender, 0, b"REMB", word, ssrc))


def ntp_time(epoch: float) -> int:
    """Seconds since 1970 as NTP's 32.32 fixed point."""
    return int((epoch + NTP_OFFSET) * (1 << 32))


def pack_rtcp(kind: int, count: int, body: bytes) -> bytes:
    """One packet, padded to whole words where the body is not (§6.4.1)."""
    padding = -len(body) % 4
    if padding:
        body += bytes(padding - 1) + bytes([padding])
    return struct.pack("!BBH", 0x80 | bool(padding) << 5 | count, kind, len(body) // 4) + body
