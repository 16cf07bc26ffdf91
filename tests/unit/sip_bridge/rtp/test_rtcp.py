"""Reports about both directions."""

from __future__ import annotations

import pytest

from media.types import AudioFrame
from sip_bridge.rtp.packet import RtpError, RtpPacket
from sip_bridge.rtp.receiver import Receiver
from sip_bridge.rtp.rtcp import Reporter, ntp_of
from sip_bridge.rtp.rtcp_packet import (
    Bye,
    ReceiverReport,
    SenderReport,
    SourceDescription,
    parse_compound,
)
from sip_bridge.rtp.sender import Sender


class Side:
    """One end with its reporter."""

    def __init__(self, ssrc: int) -> None:
        self.sender = Sender(ssrc, 0, 0, 8000)
        self.receiver = Receiver(8000)
        self.reporter = Reporter(self.sender, self.receiver, f"name-{ssrc}")


def speak(one: Side, other: Side, count: int, *, lose: int = 0) -> None:
    for number in range(count):
        data = one.sender.audio(AudioFrame(b"x" * 160, 160), 8, 0.02 * number)
        if not lose or number % lose:
            other.receiver.receive(RtpPacket.parse(data), 0.02 * number)


def test_loss_and_round_trip() -> None:
    alice, bob = Side(1), Side(2)
    speak(alice, bob, 100, lose=10)
    bob.reporter.receive(alice.reporter.build(2.0, 1000.0), 1000.040)
    (feedback,) = alice.reporter.receive(bob.reporter.build(3.0, 1001.040), 1001.080)
    assert feedback.loss == pytest.approx(0.09, abs=0.01)
    assert feedback.rtt_ms == pytest.approx(80, abs=0.1)
    assert feedback.jitter_ms == 0.0
    assert alice.reporter.rtt_ms == feedback.rtt_ms


def test_no_round_trip_before_our_report_came_back() -> None:
    alice, bob = Side(1), Side(2)
    speak(alice, bob, 10)
    (feedback,) = alice.reporter.receive(bob.reporter.build(3.0, 1001.0), 1001.0)
    assert feedback.rtt_ms is None


def test_an_impossible_round_trip_is_not_believed() -> None:
    alice, bob = Side(1), Side(2)
    speak(alice, bob, 10)
    bob.reporter.receive(alice.reporter.build(2.0, 1000.0), 1000.0)
    (feedback,) = alice.reporter.receive(bob.reporter.build(3.0, 1001.0), 1000.5)
    assert feedback.rtt_ms is None


def test_whoever_sent_nothing_new_writes_a_receiver_report() -> None:
    alice, bob = Side(1), Side(2)
    speak(alice, bob, 3)
    report, description = parse_compound(alice.reporter.build(2.0, 1000.0))
    assert isinstance(report, SenderReport) and (report.packets, report.octets, report.ntp) == (
        3,
        480,
        ntp_of(1000),
    )
    assert report.rtp_timestamp == 480 + int((2.0 - 0.04) * 8000) and report.blocks == ()
    assert description == SourceDescription(((1, "name-1"),))
    assert isinstance(parse_compound(alice.reporter.build(2.0, 1000.0))[0], ReceiverReport)


def test_goodbye() -> None:
    alice, bob = Side(1), Side(2)
    speak(alice, bob, 1)
    data = alice.reporter.build(2.0, 1000.0, goodbye=True)
    assert parse_compound(data)[-1] == Bye((1,))
    assert bob.reporter.receive(data, 1000.0) == []


def test_blocks_about_others_are_passed_over() -> None:
    alice, bob, carol = Side(1), Side(2), Side(3)
    speak(alice, bob, 3)
    assert carol.reporter.receive(bob.reporter.build(2.0, 1000.0), 1000.0) == []


def test_garbage_raises() -> None:
    with pytest.raises(RtpError):
        Side(1).reporter.receive(b"\x80", 0.0)
