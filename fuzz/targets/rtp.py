"""Packets of one call's sound: RTP, RTCP and keys, read and written, heard by a stream, played by a buffer.

Each part is one datagram; its first byte says who sent it, when, and which of the two it is.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

import numpy as np

from fuzz.cut import joined, parts
from fuzz.judge import require
from media.codecs.registry import available, decoder
from media.codecs.types import Decoder
from media.errors import CodecError
from media.jitter import CAPACITY, Format, JitterBuffer
from media.types import BLOCK, RATE, AudioFrame, AudioPacket, CodecSpec
from sip_bridge.rtp.dtmf import event_packets
from sip_bridge.rtp.latch import Latch
from sip_bridge.rtp.packet import RtpError, RtpPacket
from sip_bridge.rtp.rtcp_packet import (
    Bye,
    OtherRtcp,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    build_compound,
    parse_compound,
)
from sip_bridge.rtp.stream import RtpStream
from tests.doubles.voice import FakeDecoder

MOST = 200
SPEECH, KEYS = 97, 101
PEER, STRANGER = ("198.51.100.7", 4000), ("203.0.113.9", 9)


def run(data: bytes) -> None:
    """Raises for a finding."""
    heard = _Heard()
    for part in parts(data, MOST):
        if part:
            _alone(part[1:])
            heard.datagram(part[0], part[1:])
    heard.must_report()


def _alone(data: bytes) -> None:
    try:
        packet = RtpPacket.parse(data)
    except RtpError:
        pass
    else:
        require(
            RtpPacket.parse(bytes(packet)) == packet, "an RTP packet is another one when written and read"
        )
    try:
        packets = parse_compound(data)
    except RtpError:
        return
    for one in packets:
        if isinstance(one, OtherRtcp):
            continue  # never written; browsers pad their feedback by odd bytes
        written = bytes(one)
        require(len(written) % 4 == 0, "RTCP counts in words")
        require(
            bytes(parse_compound(written)[0]) == written,
            "an RTCP packet is another one when written and read",
        )


class _Values(FakeDecoder):
    """As real ones: nothing but a payload is decoded."""

    def samples(self, payload: bytes) -> int:
        """20 ms for what has a value."""
        if len(payload) < 3 or payload[1] > 0x7F:
            raise CodecError("no value")
        return super().samples(payload)


def _decoders() -> dict[int, tuple[Decoder, int]]:
    """By payload type, with the RTP clock in Hz: made-up values, and the real codecs."""
    real = {number: CodecSpec(name, number, 8_000) for number, name in ((8, "PCMA"), (9, "G722"))}
    opus = {96: (decoder(CodecSpec("opus", 96, RATE, 2)), RATE)} if "opus" in available() else {}
    return {
        SPEECH: (_Values(), RATE),
        **opus,
        **{number: (decoder(spec), 8_000) for number, spec in real.items()},
    }


class _Heard:
    def __init__(self) -> None:
        self._now = 1000.0
        self._stream = RtpStream(random.Random(7).randbytes, "us")
        self._stream.expect({number: number for number in _decoders()}, KEYS)
        self._stream.on_packet = self._packet
        self._stream.on_dtmf = self._key
        self._latch = Latch()
        self._latch.describe(PEER)
        self._buffer = JitterBuffer({number: Format(*form) for number, form in _decoders().items()})
        self._stream.packet_of(AudioFrame(b"x", 160), self._now)

    def datagram(self, how: int, data: bytes) -> None:
        """Time passes, then it comes."""
        self._wait(how & 0x0F)
        source = STRANGER if how & 0x20 else PEER
        if how & 0x10:
            self._stream.hear_rtcp(data, self._now)
        else:
            self._stream.hear(data, source, self._latch, proven=bool(how & 0x40), now=self._now)

    def must_report(self) -> None:
        """Whatever came, our report can be written and read, and sound goes on."""
        compound = self._stream.reporter.build(self._now, self._now, goodbye=True)
        parse_compound(compound)
        self._stream.statistics(0, 0)
        self._wait(4)
        figures = self._buffer.statistics()
        counted = (figures.received, figures.duplicate, figures.invalid, figures.late, figures.recovered)
        require(min(counted) >= 0 and figures.lost >= 0, "a counter below nothing")
        require(figures.buffered_ms <= CAPACITY * 20 + 100, "the buffer holds more than it may")

    def _wait(self, steps: int) -> None:
        for _ in range(steps * 2):
            self._now += 0.01
            block = self._buffer.pull(self._now)
            require(len(block) == BLOCK and block.dtype == np.int16, "a block of 10 ms")

    def _packet(self, packet: AudioPacket) -> None:
        self._buffer.push(packet)

    def _key(self, digit: str) -> None:
        require(digit in "0123456789*#ABCD", "a key there is not")


def seeds() -> Iterable[bytes]:
    """Speech with a hole, a repeat and a jump; keys; reports; header extensions; another source."""
    speech = [bytes(RtpPacket(SPEECH, n, 960 * n, 7, bytes([n & 1, 0, n]))) for n in range(30)]
    yield joined(*(b"\x01" + one for one in speech[:12]))
    yield joined(*(b"\x01" + one for one in [*speech[:5], speech[9], speech[5], speech[9], *speech[12:20]]))
    yield joined(*(b"\x00" + one for one in speech[:9]), b"\x0f" + speech[25], b"\x2f" + speech[26])
    keys = [
        RtpPacket(KEYS, 50 + n, 5000, 7, e.payload, e.marker) for n, e in enumerate(event_packets("5", 8000))
    ]
    yield joined(*(b"\x01" + bytes(one) for one in keys))
    block = ReportBlock(0xE35C6E90, 12, -4, 70_000, 33, 0x1234_5678, 99)
    report = build_compound(
        [SenderReport(7, 1 << 63, 960, 5, 500, (block,)), SourceDescription(((7, "peer"),))]
    )
    goodbye = build_compound([ReceiverReport(7, (block, block)), Bye((7,), "over")])
    yield joined(b"\x10" + report, b"\x13" + goodbye, b"\x30" + report[:20])
    odd = RtpPacket(SPEECH, 1, 2, 3, b"abc\x00\x00\x03", True, (1, 2), (0xBEDE, b"\x10\x01\x00\x00"))
    padded = bytes([bytes(odd)[0] | 0x20]) + bytes(odd)[1:]
    yield joined(b"\x01" + bytes(odd), b"\x41" + padded, b"\x21" + bytes(odd))
    far = [
        RtpPacket(8, 65_530 + n & 0xFFFF, 0xFFFF_FF00 + 160 * n & 0xFFFF_FFFF, 9, b"\x00\x01\x02")
        for n in range(9)
    ]
    yield joined(*(b"\x02" + bytes(one) for one in far), b"\x01" + speech[3])
