"""What somebody who is in a meeting can send: RTP and RTCP behind their keys, as sender and as receiver.

Each part is one packet; its first byte says whose it is, which kind, and how long it comes after the last.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from fuzz.cut import joined, parts
from fuzz.judge import require
from service.media_engine import rtcp
from service.media_engine.feed import Feed
from service.media_engine.incoming import MAX_HOLE
from service.media_engine.negotiation import SenderLine
from service.media_engine.outgoing import REPEATS_PER_S
from service.media_engine.peer import Peer
from service.media_engine.rtp import pack_extensions, parse_rtp, rtp_header
from service.media_engine.sdp import parse_sdp
from service.media_engine.subscription import Subscription
from tests.doubles.engine_peer import IDENTITY, Clock, MemoryPort, vp8

MOST = 200
LARGEST = 1356
"""Bytes that pylibsrtp protects; more would be an exception in the middle of forwarding."""

PACES = (0.0, 0.001, 0.02, 0.2, 1.1, 9.0, 0.02, 0.02)


class _Peer(Peer):
    """Its packets are looked at where they would be protected."""

    sent: list[bytes]

    def connected(self) -> None:
        """As after the handshake."""
        self.sent = []
        self.on_connected()

    def send_rtp(self, data: bytes) -> None:
        """See Peer."""
        require(len(data) <= LARGEST, "too long to be protected")
        parse_rtp(data)
        self.sent.append(data)

    def send_rtcp(self, data: bytes) -> None:
        """See Peer."""
        require(len(data) <= LARGEST, "too long to be protected")
        rtcp.parse_rtcp(data)
        self.sent.append(data)


def run(data: bytes) -> None:
    """Raises for a finding."""
    clock = Clock()
    port = MemoryPort(clock)
    sender, receiver = (_Peer(port, IDENTITY, clock()) for _ in range(2))
    lines = [
        SenderLine("audio", 111, 48_000, level=2, transport_cc=3, nack=True),
        SenderLine("video", 96, 90_000, rtx=97, transport_cc=3, nack=True, remb=True),
    ]
    feed = Feed("feed", "room", "anna", sender, lines, clock)
    subscription = Subscription("sub", "bertil", feed, receiver, clock)
    subscription.settle(parse_sdp(_answer()))
    for peer in (sender, receiver):
        peer.connected()
    sources = [line.ssrc for line in subscription.lines]
    for part in parts(data, MOST):
        if part:
            clock.now += PACES[part[0] >> 5]
            _packet(part[0], part[1:], sender, receiver, sources)
            subscription.adjust(video=not part[0] & 0x08, height=90 if part[0] & 0x10 else 720)
            feed.tick(clock.now)
    limit = MOST * (MAX_HOLE + REPEATS_PER_S)
    require(len(sender.sent) + len(receiver.sent) < limit, "much more goes out than came in")


def _packet(how: int, data: bytes, sender: Peer, receiver: Peer, sources: list[int]) -> None:
    if how & 1:
        peer = receiver if how & 2 else sender
        peer.on_rtcp(data.replace(b"\xaa\xaa\xaa\xaa", struct.pack("!I", sources[how >> 2 & 1])))
    else:
        sender.on_rtp(data)


def _answer() -> str:
    sections = (
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:1\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n",
        "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n",
    )
    return "v=0\r\na=group:BUNDLE 0 1\r\na=recvonly\r\n" + "".join(sections)


def seeds() -> Iterable[bytes]:
    """Pictures with holes and repeats, sound with its level, reports and requests of both sides."""
    pictures = [
        rtp_header(96, True, n, 3000 * n, 11) + vp8(key=n == 100, number=n, layer=n & 1)
        for n in range(100, 116)
    ]
    yield joined(*(b"\x40" + one for one in pictures))
    yield joined(*(b"\x40" + one for one in [*pictures[:3], *pictures[6:9], pictures[4], pictures[4]]))
    level = pack_extensions([(2, b"\x14"), (3, b"\x00\x09")])
    sound = [rtp_header(111, False, n & 0xFFFF, 960 * n, 21, level) + b"opus" for n in range(65_530, 65_545)]
    yield joined(*(b"\x20" + one for one in sound), b"\xa0" + sound[2])
    repeat = rtp_header(97, True, 5, 3000 * 104, 12) + struct.pack("!H", 104) + vp8(number=104)
    yield joined(*(b"\x40" + one for one in [*pictures[:4], *pictures[5:7]]), b"\x40" + repeat)
    ahead = [
        rtp_header(97, True, n, 3000, 12) + struct.pack("!H", 100 + 30_000 * n & 0xFFFF) + vp8()
        for n in range(9)
    ]
    yield joined(*(b"\x00" + one for pair in zip(pictures, ahead, strict=False) for one in pair))
    lost = rtcp.nack(1, 0xAAAA_AAAA, [100, 101, 103])
    look = rtcp.picture_loss(1, 0xAAAA_AAAA)
    told = rtcp.remb(1, 300_000, 0xAAAA_AAAA)
    report = rtcp.receiver_report(1, [rtcp.Report(0xAAAA_AAAA, 30, 4, 110, 50)])
    yield joined(*(b"\x40" + one for one in pictures), *(b"\x47" + one for one in (lost, look, told, report)))
    clock = rtcp.sender_report(11, 1 << 63, 3000, 5, 500) + rtcp.source_description(11, "anna")
    yield joined(
        b"\x40" + pictures[0], b"\x41" + clock, *(b"\x50" + one for one in pictures), b"\x48" + pictures[1]
    )
