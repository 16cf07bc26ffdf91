"""Numbers and timestamps of what is sent."""

from __future__ import annotations

from media.types import AudioFrame
from sip_bridge.rtp.packet import RtpPacket
from sip_bridge.rtp.sender import Sender

FRAME = AudioFrame(b"x" * 160, 160)


def test_numbers_wrap_and_counters_do_not() -> None:
    sender = Sender(5, 0xFFFE, 0xFFFFFF00, 8000)
    sent = [RtpPacket.parse(sender.audio(FRAME, 8, 0.02 * n)) for n in range(3)]
    assert [one.sequence for one in sent] == [0xFFFF, 0, 1]
    assert [one.timestamp for one in sent] == [0xFFFFFFA0, 0x40, 0xE0]
    assert [one.marker for one in sent] == [True, False, False]
    assert (sender.packets, sender.octets) == (3, 480)


def test_a_pause_takes_time_and_ends_with_a_marker() -> None:
    sender = Sender(5, 0, 0, 8000)
    sender.audio(FRAME, 8, 0.0)
    sender.skip(FRAME, 0.02)
    after = RtpPacket.parse(sender.audio(FRAME, 8, 0.04))
    assert (after.sequence, after.timestamp, after.marker) == (2, 480, True)


def test_time_goes_on_between_frames() -> None:
    sender = Sender(5, 0, 1000, 8000)
    assert sender.timestamp_at(10.0) == 1000
    assert sender.timestamp_at(10.5) == 5000
    sender.audio(FRAME, 8, 20.0)
    assert sender.timestamp_at(20.01) == 1160 + 80
