"""What one sender sends: its packets in, to everybody who subscribed; its losses and its bandwidth minded."""

from __future__ import annotations

import contextlib
import secrets
from collections import deque
from collections.abc import Callable

from service.media_engine import rtcp
from service.media_engine.bandwidth import Bandwidth
from service.media_engine.incoming import Incoming
from service.media_engine.negotiation import SenderLine
from service.media_engine.outgoing import Outgoing
from service.media_engine.peer import MAX_PACKET, Peer
from service.media_engine.rtp import RtpPacket, parse_rtp
from service.media_engine.transport_feedback import Arrivals
from service.media_engine.vp8 import Descriptor, parse_vp8

KEYFRAME_EVERY_S, NEWCOMER_S = 0.3, 0.1
"""At most so often is a key picture asked for, and where somebody new waits for one."""

REPORT_EVERY_S = 1.0
REMB_EVERY_S = 0.5
FEEDBACK_EVERY_S = 0.1
RECENT = 128
"""Packets of picture kept for those who wait for a key picture's first one."""


class Stream:
    """One m-line of the sender."""

    def __init__(self, line: SenderLine) -> None:
        self.line = line
        self.incoming = Incoming(line.clock_rate, repeats=line.nack)
        self.sinks: list[Outgoing] = []
        self.recent: deque[tuple[int, RtpPacket, Descriptor]] = deque(maxlen=RECENT)


class Feed:
    """Forwards one sender's sound and picture. `now` is monotonic, seconds."""

    def __init__(
        self,
        ident: str,
        room: str,
        member: str,
        peer: Peer,
        lines: list[SenderLine],
        clock: Callable[[], float],
    ) -> None:
        self.ident, self.room, self.member = ident, room, member
        self.peer = peer
        self._clock = clock
        self._ssrc = secrets.randbits(32)
        self.streams = {line.kind: Stream(line) for line in lines}
        self._by_type: dict[int, Stream] = {}
        for stream in self.streams.values():
            for payload_type in {stream.line.payload_type, stream.line.rtx} - {-1}:
                self._by_type[payload_type] = stream
        self._keyframe_wanted = self._newcomer = False
        self._keyframe_asked = -KEYFRAME_EVERY_S
        self._reported = self._rembed = self._fed_back = clock()
        self._arrivals = Arrivals()
        self.bandwidth = Bandwidth(clock())
        peer.on_rtp = self._rtp
        peer.on_rtcp = self._rtcp

    def add(self, sink: Outgoing) -> None:
        """From now on this sink is sent to."""
        stream = self.streams[sink.line.kind]
        if sink in stream.sinks:
            return
        stream.sinks.append(sink)
        if sink.line.kind == "video":
            self.want_keyframe(newcomer=True)

    def drop(self, sink: Outgoing) -> None:
        """No longer."""
        with contextlib.suppress(ValueError):
            self.streams[sink.line.kind].sinks.remove(sink)

    def want_keyframe(self, *, newcomer: bool = False) -> None:
        """Ask the sender for a key picture; somebody who sees nothing yet is not kept waiting as long."""
        self._keyframe_wanted = True
        self._newcomer = self._newcomer or newcomer
        self._ask_keyframe(self._clock())

    def tick(self, now: float) -> None:
        """What is due: repeats, reports, bandwidth."""
        for stream in self.streams.values():
            if stream.incoming.holes:
                self._ask_again(stream.incoming, now)
        self._ask_keyframe(now)
        if now - self._fed_back >= FEEDBACK_EVERY_S:
            self._fed_back = now
            self._feed_back()
        if now - self._reported >= REPORT_EVERY_S:
            self._reported = now
            self._report(now)
        if now - self._rembed >= REMB_EVERY_S:
            self._rembed = now
            self._estimate(now)

    def _rtp(self, data: bytes) -> None:
        if len(data) > MAX_PACKET:
            return
        try:
            packet = parse_rtp(data)
        except ValueError:
            return
        stream = self._by_type.get(packet.payload_type)
        if stream is None:
            return
        now = self._clock()
        again = packet.payload_type == stream.line.rtx
        skipped = 0 if again else stream.incoming.skips(packet.ssrc, packet.sequence)
        if not self.bandwidth.received(len(data), now, skipped):
            return  # before any work that the sender's numbers ask for
        arrival = packet.extensions.get(stream.line.transport_cc, b"")
        if len(arrival) == 2:
            self._arrivals.received(int.from_bytes(arrival, "big"), now)
        if again:
            self._repeated(stream, packet, now)
            return
        incoming = stream.incoming
        former = incoming.ssrc
        if not incoming.belongs(packet.ssrc, packet.sequence):
            self._begin(stream, now, new_clock=former != packet.ssrc)
        number = incoming.receive(packet.sequence, packet.timestamp, now)
        if number is None:
            return
        if incoming.holes:
            self._ask_again(incoming, now)
        self._forward(stream, packet, number, now)

    def _repeated(self, stream: Stream, packet: RtpPacket, now: float) -> None:
        """RFC 4588 §4: the first two bytes are the number it had."""
        incoming = stream.incoming
        if len(packet.payload) < 3 or incoming.ssrc < 0:
            return
        sequence = int.from_bytes(packet.payload[:2], "big")
        original = packet._replace(sequence=sequence, payload=packet.payload[2:])
        number = incoming.receive(sequence, packet.timestamp, now, repeated=True)
        if number is not None:
            self._forward(stream, original, number, now)

    def _begin(self, stream: Stream, now: float, *, new_clock: bool) -> None:
        stream.recent.clear()
        for sink in stream.sinks:
            sink.restart(new_clock=new_clock)
        if stream.line.kind == "video":
            self._estimate(now)
            if stream.sinks:
                self.want_keyframe()

    def _forward(self, stream: Stream, packet: RtpPacket, number: int, now: float) -> None:
        if stream.line.kind == "video":
            self._forward_picture(stream, packet, number, now)
        else:
            level = packet.extensions.get(stream.line.level, b"")[:1] if stream.line.level else b""
            for sink in stream.sinks:
                sink.forward(packet, number, level, None, now)
        report = stream.incoming.report
        if report is not None:
            for sink in stream.sinks:
                sink.sender_report(report, once=True)

    def _forward_picture(self, stream: Stream, packet: RtpPacket, number: int, now: float) -> None:
        try:
            picture = parse_vp8(packet.payload)
        except ValueError:
            for sink in stream.sinks:
                sink.leave_out(number)
            return
        stream.recent.append((number, packet, picture))
        if picture.key:
            self._keyframe_wanted = self._newcomer = False
        for sink in stream.sinks:
            waited = not sink.open
            sink.forward(packet, number, b"", picture, now)
            if waited and sink.open and number < stream.incoming.highest:
                self._catch_up(stream, sink, number, now)

    def _catch_up(self, stream: Stream, sink: Outgoing, first: int, now: float) -> None:
        """A key picture's first packet came late, as a repeat: what followed it is sent after it."""
        for number, packet, picture in sorted(stream.recent, key=lambda entry: entry[0]):
            if number > first:
                sink.forward(packet, number, b"", picture, now)

    def _rtcp(self, data: bytes) -> None:
        try:
            items = rtcp.parse_rtcp(data)
        except ValueError:
            return
        now = self._clock()
        for item in items:
            if not isinstance(item, rtcp.SenderReport):
                continue
            for stream in self.streams.values():
                if stream.incoming.ssrc == item.ssrc and item.ntp:
                    stream.incoming.sender_report(item, now)
                    for sink in stream.sinks:
                        sink.sender_report(item)

    def _ask_again(self, incoming: Incoming, now: float) -> None:
        lost = incoming.missing(now)
        if lost:
            self.peer.send_rtcp(rtcp.nack(self._ssrc, incoming.ssrc, lost))

    def _ask_keyframe(self, now: float) -> None:
        stream = self.streams.get("video")
        if not self._keyframe_wanted or stream is None or stream.incoming.ssrc < 0:
            return
        if now - self._keyframe_asked >= (NEWCOMER_S if self._newcomer else KEYFRAME_EVERY_S):
            self._keyframe_asked = now
            self.peer.send_rtcp(rtcp.picture_loss(self._ssrc, stream.incoming.ssrc))

    def _report(self, now: float) -> None:
        reports = []
        for stream in self.streams.values():
            report = stream.incoming.receiver_report(now)
            if report is not None:
                reports.append(report)
                if stream.line.kind == "video":
                    self.bandwidth.lost(report.fraction / 256)
        if reports:
            self.peer.send_rtcp(rtcp.receiver_report(self._ssrc, reports))

    def _feed_back(self) -> None:
        ssrc = max(stream.incoming.ssrc for stream in self.streams.values())
        for message in self._arrivals.told(self._ssrc, max(0, ssrc)):
            self.peer.send_rtcp(message)

    def _estimate(self, now: float) -> None:
        stream = self.streams.get("video")
        if stream is None or not stream.line.remb or stream.incoming.ssrc < 0:
            return
        bitrate = self.bandwidth.estimate(now)
        self.peer.send_rtcp(rtcp.remb(self._ssrc, bitrate, stream.incoming.ssrc))
