"""One stream to one receiver: a source of its own, numbers without holes of our making, repeats."""

from __future__ import annotations

import secrets
import struct
from collections.abc import Callable

from service.media_engine.negotiation import CODECS, LEVEL_ID, MID_ID, ReceiverLine
from service.media_engine.rtcp import SenderReport, sender_report, source_description
from service.media_engine.rtp import AUDIO_LEVEL, MID, RtpPacket, pack_extensions, rtp_header
from service.media_engine.vp8 import Descriptor

REMEMBERED = 512
"""Packets that can be repeated: three seconds at 1.5 Mb/s."""

REPEATS_PER_S = 400.0
PICTURES = {False: 1 << 7, True: 1 << 15}

Send = Callable[[bytes], None]


class Outgoing:
    """Forwards packets under numbers of its own. `number` is a packet's extended sequence number as it came.

    Streams of pictures begin with a key picture, after `pause` and `restart` too.
    """

    def __init__(self, line: ReceiverLine, cname: str, send: Send, send_rtcp: Send) -> None:
        self.line = line
        self._cname = cname
        self._send = send
        self._send_rtcp = send_rtcp
        self._mid = [(MID_ID, line.mid.encode())] if MID in line.extensions else []
        self._plain = pack_extensions(self._mid)
        self._has_level = AUDIO_LEVEL in line.extensions
        self.open = False
        self._base_only = self._all_wanted = False
        self._first = 0
        self._shifts: list[tuple[int, int, int]] = []
        self._last = (secrets.randbelow(1 << 15), 0, 0)
        self._clock = 0
        self._last_at = 0.0
        self._new_clock = False
        self._thinned = False
        self._sent: list[tuple[int, int, bool, bytes] | None] = [None] * REMEMBERED
        self._rtx_sequence = 0
        self._repeats = REPEATS_PER_S
        self._repeats_at = 0.0
        self._packets = 0
        self._octets = 0
        self._reported = False

    def pause(self) -> None:
        """Send nothing until the next key picture after `forward` is called again."""
        self.open = False

    def restart(self, *, new_clock: bool) -> None:
        """The sender began anew after a gap, or with another source and another clock."""
        self.open = False
        self._new_clock = self._new_clock or new_clock
        self._reported = self._reported and not new_clock

    def thin(self, base_only: bool) -> bool:
        """Whether the base layer is enough. True where more must wait for a key picture."""
        self._all_wanted = not base_only
        self._base_only = self._base_only or base_only
        return self._all_wanted and self._thinned

    def forward(
        self, packet: RtpPacket, number: int, level: bytes, picture: Descriptor | None, now: float
    ) -> None:
        """Send it on. `level` is the audio level's value, empty for none; `picture` None for sound."""
        if not self.open and not self._begin(packet, number, picture, now):
            return
        if picture is not None and picture.key and self._all_wanted:
            self._base_only = self._thinned = False
        if picture is not None and self._base_only and picture.layer:
            self._thinned = True
            self._skip(number, int(picture.start))
            return
        shift = self._shift(number)
        if shift is None:
            return
        sequence = (number - shift[1]) & 0xFFFF
        timestamp = (packet.timestamp + self._clock) & 0xFFFFFFFF
        payload = packet.payload
        if picture is not None and shift[2] and picture.picture >= 0:
            size = PICTURES[picture.long]
            payload = picture.renumbered(payload, (picture.picture - shift[2]) % size)
        self._remember(number, sequence, timestamp, shift, picture)
        self._sent[sequence % REMEMBERED] = (sequence, timestamp, packet.marker, payload)
        extension = self._plain
        if level and self._has_level:
            extension = pack_extensions([*self._mid, (LEVEL_ID, level)])
        header = rtp_header(
            self.line.payload_type, packet.marker, sequence, timestamp, self.line.ssrc, extension
        )
        self._last_at = now
        self._packets += 1
        self._octets += len(payload)
        self._send(header + payload)

    def leave_out(self, number: int) -> None:
        """This one is not forwarded (padding that looked for bandwidth, say), and not missed."""
        if self.open:
            self._skip(number, 0)

    def repeat(self, lost: tuple[int, ...], now: float) -> None:
        """Answer a NACK from memory, within REPEATS_PER_S (RFC 4588 where negotiated)."""
        if not self.open:
            return
        self._repeats = min(REPEATS_PER_S, self._repeats + (now - self._repeats_at) * REPEATS_PER_S)
        self._repeats_at = now
        for sequence in lost:
            found = self._sent[sequence % REMEMBERED]
            if found is None or found[0] != sequence:
                continue
            if self._repeats < 1:
                return
            self._repeats -= 1
            self._repeat(*found)

    def sender_report(self, report: SenderReport, *, once: bool = False) -> None:
        """The sender's clock in this stream's numbers; `once`: only where none was told yet."""
        if not self.open or not report.ntp or (once and self._reported):
            return
        self._reported = True
        rtp = (report.rtp + self._clock) & 0xFFFFFFFF
        ssrc = self.line.ssrc
        told = sender_report(ssrc, report.ntp, rtp, self._packets, self._octets)
        self._send_rtcp(told + source_description(ssrc, self._cname))

    def _begin(self, packet: RtpPacket, number: int, picture: Descriptor | None, now: float) -> bool:
        if picture is not None and not picture.key:
            return False
        sequence, timestamp, picture_number = self._last
        self.open = True
        if self._new_clock and self._packets:
            passed = max(1, int((now - self._last_at) * CODECS[self.line.kind][1]))
            self._clock = (timestamp + passed - packet.timestamp) & 0xFFFFFFFF
        self._new_clock = False
        shift = number - (sequence + 1)
        renumber = 0
        if picture is not None and picture.picture >= 0 and self._packets:
            renumber = picture.picture - (picture_number + 1)
        self._shifts = [(number, shift, renumber)]
        self._first = number
        return True

    def _shift(self, number: int) -> tuple[int, int, int] | None:
        for shift in reversed(self._shifts):
            if number >= shift[0]:
                return shift
        return None

    def _skip(self, number: int, pictures: int) -> None:
        start, sequences, left_out = self._shifts[-1]
        if number < max(start, self._first):
            return
        self._first = number
        self._shifts.append((number + 1, sequences + 1, left_out + pictures))
        del self._shifts[:-64]

    def _remember(
        self,
        number: int,
        sequence: int,
        timestamp: int,
        shift: tuple[int, int, int],
        picture: Descriptor | None,
    ) -> None:
        if number < self._first:
            return
        self._first = number
        shown = picture.picture - shift[2] if picture is not None and picture.picture >= 0 else 0
        self._last = (number - shift[1], timestamp, shown)

    def _repeat(self, sequence: int, timestamp: int, marker: bool, payload: bytes) -> None:
        line = self.line
        if line.rtx < 0:
            header = rtp_header(line.payload_type, marker, sequence, timestamp, line.ssrc, self._plain)
            self._send(header + payload)
            return
        header = rtp_header(line.rtx, marker, self._rtx_sequence, timestamp, line.rtx_ssrc, self._plain)
        self._rtx_sequence = (self._rtx_sequence + 1) & 0xFFFF
        self._send(header + struct.pack("!H", sequence) + payload)
