"""What is sent on one RTP stream: numbers, timestamps, counters (RFC 3550 section 5.1)."""

from __future__ import annotations

from media.types import AudioFrame
from sip_bridge.rtp.packet import audio_packet


class Sender:
    """One source. Sequence, timestamp and SSRC start at random values given by the owner."""

    def __init__(self, ssrc: int, sequence: int, timestamp: int, clock_rate: int) -> None:
        self.ssrc = ssrc
        self.clock_rate = clock_rate
        self.packets = 0
        self.octets = 0
        self._sequence = sequence & 0xFFFF
        self._timestamp = timestamp & 0xFFFF_FFFF
        self._at: float | None = None
        self._pause = True

    def skip(self, frame: AudioFrame, now: float) -> None:
        """Let time pass over a frame that is not sent (hold, a key being pressed)."""
        self._timestamp = (self._timestamp + frame.samples) & 0xFFFF_FFFF
        self._at = now
        self._pause = True

    def audio(self, frame: AudioFrame, payload_type: int, now: float) -> bytes:
        """The next packet. The first one after a pause carries the marker (RFC 3551 section 4.1)."""
        self._timestamp = (self._timestamp + frame.samples) & 0xFFFF_FFFF
        self._at = now
        marker = frame.marker or self._pause
        self._pause = False
        return self.packet(payload_type, self._timestamp, frame.payload, marker)

    def packet(self, payload_type: int, timestamp: int, payload: bytes, marker: bool) -> bytes:
        """A packet at a timestamp of its own, in the same run of sequence numbers."""
        self._sequence = (self._sequence + 1) & 0xFFFF
        self.packets += 1
        self.octets += len(payload)
        return audio_packet(payload_type, self._sequence, timestamp, self.ssrc, payload, marker)

    def timestamp_at(self, now: float) -> int:
        """The RTP time that belongs to the monotonic time `now` in seconds."""
        if self._at is None:
            self._at = now
        return (self._timestamp + int((now - self._at) * self.clock_rate)) & 0xFFFF_FFFF
