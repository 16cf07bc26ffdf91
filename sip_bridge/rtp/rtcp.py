"""Reports about both directions (RFC 3550 section 6.4): loss, jitter, round trip."""

from __future__ import annotations

from dataclasses import dataclass

from sip_bridge.rtp.receiver import Receiver
from sip_bridge.rtp.rtcp_packet import (
    Bye,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    build_compound,
    parse_compound,
)
from sip_bridge.rtp.sender import Sender

NTP_EPOCH = 2_208_988_800
"""Seconds between 1900 and 1970."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the peer says about our sound: `loss` is a fraction 0…1; times in ms, None where unknown."""

    loss: float
    jitter_ms: float
    rtt_ms: float | None


def ntp_of(unix_time: float) -> int:
    """64-bit NTP time of Unix seconds."""
    return int((unix_time + NTP_EPOCH) * (1 << 32)) & (1 << 64) - 1


class Reporter:
    """Writes our reports and reads the peer's. Times are Unix seconds that run with the monotonic clock."""

    def __init__(self, sender: Sender, receiver: Receiver, cname: str) -> None:
        self._sender = sender
        self._receiver = receiver
        self._cname = cname
        self._sent_before = 0
        self._last_report: tuple[int, float] | None = None
        self.rtt_ms: float | None = None

    def build(self, now: float, unix_time: float, *, goodbye: bool = False) -> bytes:
        """A compound packet: SR where we sent since the last one, else RR; CNAME; BYE at the end."""
        packets: list[RtcpPacket] = [self._report(now, unix_time)]
        packets.append(SourceDescription(((self._sender.ssrc, self._cname),)))
        if goodbye:
            packets.append(Bye((self._sender.ssrc,)))
        return build_compound(packets)

    def receive(self, data: bytes, unix_time: float) -> list[Feedback]:
        """Read a datagram of the peer's. Raises RtpError."""
        told: list[Feedback] = []
        for packet in parse_compound(data):
            if isinstance(packet, SenderReport):
                self._last_report = (packet.ntp >> 16 & 0xFFFF_FFFF, unix_time)
            if isinstance(packet, SenderReport | ReceiverReport):
                blocks = (block for block in packet.blocks if block.ssrc == self._sender.ssrc)
                told += [self._feedback(block, unix_time) for block in blocks]
        return told

    def _report(self, now: float, unix_time: float) -> RtcpPacket:
        sender = self._sender
        blocks = self._blocks(unix_time)
        if sender.packets == self._sent_before:
            return ReceiverReport(sender.ssrc, blocks)
        self._sent_before = sender.packets
        packets, octets = sender.packets & 0xFFFF_FFFF, sender.octets & 0xFFFF_FFFF
        return SenderReport(sender.ssrc, ntp_of(unix_time), sender.timestamp_at(now), packets, octets, blocks)

    def _blocks(self, unix_time: float) -> tuple[ReportBlock, ...]:
        heard = self._receiver.report()
        if heard is None:
            return ()
        last, since = self._last_report or (0, unix_time)
        delay = int((unix_time - since) * 65_536) & 0xFFFF_FFFF
        block = ReportBlock(
            heard.ssrc, heard.fraction_lost, heard.lost, heard.highest_sequence, heard.jitter, last, delay
        )
        return (block,)

    def _feedback(self, block: ReportBlock, unix_time: float) -> Feedback:
        if block.last_report:
            trip = (ntp_of(unix_time) >> 16) - block.last_report - block.delay & 0xFFFF_FFFF
            if trip < 1 << 31:
                self.rtt_ms = trip / 65.536
        jitter_ms = 1000 * block.jitter / self._sender.clock_rate
        return Feedback(block.fraction_lost / 256, jitter_ms, self.rtt_ms)
