"""One call's RTP in both directions: packets to audio and keys, frames and keys to packets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from media.types import AudioFrame, AudioPacket
from sip_bridge.core.offer_answer import NegotiatedAudio
from sip_bridge.rtp.dtmf import DtmfReceiver
from sip_bridge.rtp.latch import Address, Latch
from sip_bridge.rtp.packet import RtpError, RtpPacket
from sip_bridge.rtp.receiver import Receiver
from sip_bridge.rtp.rtcp import Feedback, Reporter
from sip_bridge.rtp.sender import Sender


@dataclass(frozen=True, slots=True)
class MediaStatistics:
    """Counters since the session began, of the current source where received; jitter and round trip in ms.

    `refused`: packets from strangers; `rejected`: failed SRTP; `malformed`: no RTP or no agreed format.
    """

    packets_sent: int
    octets_sent: int
    packets_received: int
    lost: int
    duplicates: int
    jitter_ms: float
    rtt_ms: float | None
    refused: int
    rejected: int
    malformed: int


class RtpStream:
    """Sender, receiver and reports of one audio stream; its owner moves the bytes."""

    def __init__(self, random: Callable[[int], bytes], cname: str) -> None:
        seed = random(10)
        # A low first number spares SRTP receivers that join late a wrong guess of the rollover counter.
        sequence = int.from_bytes(seed[4:6]) & 0x7FFF
        self.sender = Sender(int.from_bytes(seed[:4]), sequence, int.from_bytes(seed[6:10]), 8_000)
        self.receiver = Receiver(8_000)
        self.reporter = Reporter(self.sender, self.receiver, cname)
        self.malformed = 0
        self.on_packet: Callable[[AudioPacket], None] | None = None
        self.on_dtmf: Callable[[str], None] | None = None
        self.on_feedback: Callable[[Feedback], None] | None = None
        self._keys = DtmfReceiver()
        self._audio_types: dict[int, int] = {}
        self._event_type = -1
        self._payload_type = 0
        self._receiving = True

    def expect(self, payload_types: dict[int, int], event_type: int) -> None:
        """Accept these numbers (ours → as delivered) before anything was agreed: early sound may come."""
        self._audio_types = payload_types
        self._event_type = event_type
        self._receiving = True

    def agree(self, agreed: NegotiatedAudio) -> None:
        """Use what was negotiated; packets are delivered under the number of the codec's sending side."""
        codec = agreed.codec
        self._payload_type = codec.payload_type
        self._audio_types = {one.receive_payload_type: one.payload_type for one in (*agreed.others, codec)}
        self._event_type = agreed.dtmf.receive_payload_type if agreed.dtmf else -1
        self._receiving = agreed.direction.receives
        self.sender.clock_rate = codec.clock_rate
        self.receiver.change_clock(codec.clock_rate)

    def packet_of(self, frame: AudioFrame, now: float) -> bytes:
        """The RTP packet for the next frame."""
        return self.sender.audio(frame, self._payload_type, now)

    def hear(self, data: bytes, source: Address, latch: Latch, *, proven: bool, now: float) -> None:
        """Take an RTP datagram, already opened."""
        try:
            packet = RtpPacket.parse(data)
        except RtpError:
            self.malformed += 1
            return
        delivered = self._audio_types.get(packet.payload_type)
        if delivered is None and packet.payload_type != self._event_type:
            self.malformed += 1
            return
        if source != latch.target or not latch.heard:
            continues = self.receiver.follows(packet)
            if not latch.admit(source, proven=proven, continues=continues):
                return
        audio = self.receiver.receive(packet, now)
        if audio is None or not self._receiving:
            return
        if delivered is None:
            self._hear_key(audio)
        elif self.on_packet is not None:
            if audio.payload_type != delivered:
                audio = _under(audio, delivered)
            self.on_packet(audio)

    def hear_rtcp(self, data: bytes, unix_time: float) -> bool:
        """Take an RTCP datagram, already opened; whether it was one."""
        try:
            told = self.reporter.receive(data, unix_time)
        except RtpError:
            self.malformed += 1
            return False
        for feedback in told:
            if self.on_feedback is not None:
                self.on_feedback(feedback)
        return True

    def statistics(self, refused: int, rejected: int) -> MediaStatistics:
        """Counters so far."""
        sender, receiver = self.sender, self.receiver
        return MediaStatistics(
            packets_sent=sender.packets,
            octets_sent=sender.octets,
            packets_received=receiver.received,
            lost=max(receiver.lost, 0),
            duplicates=receiver.duplicates,
            jitter_ms=1000 * receiver.jitter_seconds,
            rtt_ms=self.reporter.rtt_ms,
            refused=refused,
            rejected=rejected,
            malformed=self.malformed,
        )

    def _hear_key(self, event: AudioPacket) -> None:
        if event.restart:
            self._keys.forget()
        digit = self._keys.receive(event.payload, event.timestamp)
        if digit is not None and self.on_dtmf is not None:
            self.on_dtmf(digit)


def _under(packet: AudioPacket, payload_type: int) -> AudioPacket:
    return AudioPacket(
        packet.sequence,
        packet.timestamp,
        payload_type,
        packet.payload,
        packet.arrival,
        packet.marker,
        packet.restart,
    )
