"""A call's figures are those of its last seconds, not of its whole life."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from media.jitter_figures import JitterStatistics
from media.stream import StreamStatistics
from sip_bridge.rtp.rtcp import Feedback
from sip_bridge.rtp.stream import MediaStatistics
from softphone.adapters.call_figures import WINDOW_S, CallFigures


@dataclass
class Voice:
    """A stream whose counters the test writes."""

    received: JitterStatistics = field(default_factory=JitterStatistics)

    def statistics(self) -> StreamStatistics:
        return StreamStatistics(
            "opus", sent_level_dbfs=-20.0, received_level_dbfs=-30.0, receive=self.received
        )


@dataclass
class Session:
    """A session whose counters the test writes."""

    sent: int = 0
    received: int = 0

    def statistics(self) -> MediaStatistics:
        return MediaStatistics(self.sent, 0, self.received, 0, 0, 0.0, None, 0, 0, 0)


class Clock:
    """A clock the test turns."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_clean_call_is_good(clock: Clock) -> None:
    voice = Voice()
    figures = CallFigures(voice, Session(), clock)
    clock.now += 4
    voice.received = JitterStatistics(received=200, played=192_000, delay_ms=40.0, jitter_ms=3.0)
    quality = figures.now(Feedback(0.0, 2.0, 30.0))
    assert (quality.loss_percent, quality.concealed_percent) == (0.0, 0.0)
    assert (quality.jitter_ms, quality.rtt_ms, quality.playout_delay_ms) == (3.0, 30.0, 40.0)
    assert (quality.received_level_dbfs, quality.sent_level_dbfs) == (-30.0, -20.0)
    assert quality.mos > 4.2


def test_loss_lowers_the_score_and_is_forgotten_in_time(clock: Clock) -> None:
    voice = Voice()
    figures = CallFigures(voice, Session(), clock)
    clock.now += 4
    voice.received = JitterStatistics(received=180, lost=20, played=172_800, concealed=19_200)
    bad = figures.now(None)
    assert (bad.loss_percent, bad.concealed_percent, bad.rtt_ms) == (10.0, 10.0, None)
    assert bad.mos < 3.6
    for step in range(1, int(WINDOW_S) + 2):
        clock.now += 1
        voice.received = JitterStatistics(
            received=180 + 50 * step, lost=20, played=172_800 + 48_000 * step, concealed=19_200
        )
        good = figures.now(None)
    assert (good.loss_percent, good.concealed_percent) == (0.0, 0.0)
    assert good.mos > 4.0


def test_delay_lowers_the_score(clock: Clock) -> None:
    figures = CallFigures(Voice(), Session(), clock)
    assert figures.now(Feedback(0.0, 0.0, 800.0)).mos < figures.now(Feedback(0.0, 0.0, 40.0)).mos


def test_of_a_few_packets_nothing_is_said(clock: Clock) -> None:
    voice = Voice(JitterStatistics(received=3, lost=3))
    assert CallFigures(voice, Session(), clock).now(None).loss_percent == 0.0


def test_the_average_is_of_the_whole_call_and_counts_time(clock: Clock) -> None:
    voice = Voice()
    figures = CallFigures(voice, Session(), clock)
    first = figures.now(None)
    assert first.average_mos == first.mos
    clock.now += 10
    voice.received = JitterStatistics(received=400, lost=100, played=384_000, concealed=96_000)
    bad = figures.now(None)
    for _ in range(4):
        clock.now += 10
        voice.received = JitterStatistics(
            received=voice.received.received + 500,
            lost=100,
            played=voice.received.played + 480_000,
            concealed=96_000,
        )
        last = figures.now(None)
    assert last.average_mos is not None
    assert last.average_mos == pytest.approx((bad.mos + 4 * last.mos) / 5, abs=0.02)


def test_what_goes_and_comes_is_counted(clock: Clock) -> None:
    quality = CallFigures(Voice(), Session(sent=7, received=9), clock).now(Feedback(0.125, 2.0, None))
    assert (quality.packets_sent, quality.packets_received) == (7, 9)
    assert quality.remote_loss_percent == 12.5
