"""Order, loss, duplicates and new sources on one stream."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from media.types import AudioPacket
from sip_bridge.rtp.packet import RtpPacket
from sip_bridge.rtp.receiver import MAX_DROPOUT, Receiver


def packet(sequence: int, ssrc: int = 1, timestamp: int | None = None) -> RtpPacket:
    at = sequence * 160 if timestamp is None else timestamp
    return RtpPacket(8, sequence & 0xFFFF, at & 0xFFFFFFFF, ssrc, b"x")


def hear(receiver: Receiver, *packets: RtpPacket) -> list[AudioPacket | None]:
    return [receiver.receive(one, 0.02 * index) for index, one in enumerate(packets)]


def test_the_first_packet_is_heard_at_once() -> None:
    receiver = Receiver(8000)
    assert receiver.expected == receiver.lost == 0 and receiver.report() is None
    (first,) = hear(receiver, packet(500))
    assert first is not None and first.restart and first.payload == b"x"


def test_numbers_never_wrap() -> None:
    receiver = Receiver(8000)
    base = 0xFFFFFFFF - 320
    heard = hear(receiver, *(packet(0xFFFE + n, timestamp=base + 160 * n) for n in range(5)))
    numbers = [one.sequence for one in heard if one]
    times = [one.timestamp for one in heard if one]
    assert [number - numbers[0] for number in numbers] == [0, 1, 2, 3, 4]
    assert [time - times[0] for time in times] == [0, 160, 320, 480, 640]


def test_a_reordered_packet_across_the_wrap_keeps_its_place() -> None:
    receiver = Receiver(8000)
    heard = hear(receiver, packet(0xFFFE), packet(0x10000), packet(0xFFFF))
    numbers = [one.sequence for one in heard if one]
    assert numbers == [numbers[0], numbers[0] + 2, numbers[0] + 1]
    assert receiver.lost == 0


def test_duplicates_are_dropped_also_late_ones() -> None:
    receiver = Receiver(8000)
    heard = hear(receiver, packet(1), packet(1), packet(2), packet(3), packet(2), packet(1))
    assert [one is not None for one in heard] == [True, False, True, True, False, False]
    assert receiver.duplicates == 3 and receiver.received == 3


@given(
    st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1), st.integers(1, 300), st.randoms(use_true_random=False)
)
def test_shuffled_doubled_streams_come_out_once_each(
    sequence: int, timestamp: int, count: int, chance: random.Random
) -> None:
    stream = [packet(sequence + n, timestamp=timestamp + 160 * n) for n in range(count)]
    arrivals = sorted(
        stream[1:] * 2, key=lambda one: (one.sequence - sequence) % 65536 + chance.randrange(40)
    )
    receiver = Receiver(8000)
    heard = [one for one in hear(receiver, stream[0], *arrivals) if one]
    assert sorted(one.sequence - heard[0].sequence for one in heard) == list(range(count))
    assert all(
        one.timestamp - heard[0].timestamp == 160 * (one.sequence - heard[0].sequence) for one in heard
    )
    assert receiver.lost == 0 and receiver.received == count


def test_loss_is_counted_and_reported_since_the_last_report() -> None:
    receiver = Receiver(8000)
    hear(receiver, *(packet(n) for n in range(100) if n % 4 != 1))
    report = receiver.report()
    assert report is not None and (report.lost, report.fraction_lost) == (25, 64)
    again = receiver.report()
    assert again is not None and (again.lost, again.fraction_lost) == (25, 0)
    hear(receiver, *(packet(n) for n in range(100, 110)))
    third = receiver.report()
    assert third is not None and (third.lost, third.fraction_lost) == (25, 0)


def test_another_source_takes_over_when_it_is_alone() -> None:
    receiver = Receiver(8000)
    heard = hear(receiver, packet(1), packet(900, 2), packet(2), packet(901, 2), packet(902, 2), packet(3))
    assert [one is not None for one in heard] == [True, False, True, False, True, False]
    assert heard[4] is not None and heard[4].restart and receiver.ssrc == 2


def test_a_source_that_jumps_in_its_numbers_starts_anew() -> None:
    receiver = Receiver(8000)
    far = 10 + MAX_DROPOUT + 5
    heard = hear(
        receiver, packet(10), packet(far), packet(11), packet(far + 1), packet(far + 2), packet(far + 3)
    )
    assert [one is not None for one in heard] == [True, False, True, False, True, True]
    assert heard[4] is not None and heard[4].restart
    assert receiver.expected == 2 and receiver.lost == 0


def test_jitter_follows_the_arrivals() -> None:
    steady, shaky = Receiver(8000), Receiver(8000)
    for n in range(200):
        steady.receive(packet(n), 0.02 * n)
        shaky.receive(packet(n), 0.02 * n + (0.01 if n % 2 else 0))
    assert steady.jitter_seconds < 1e-6
    assert 0.009 < shaky.jitter_seconds < 0.0101
    report = shaky.report()
    assert report is not None and 72 <= report.jitter <= 80


def test_the_packets_of_one_event_are_no_jitter() -> None:
    receiver = Receiver(8000)
    for n in range(50):
        receiver.receive(packet(n, timestamp=160 * n if n < 20 or n > 30 else 3200), 0.02 * n)
    assert receiver.jitter_seconds < 1e-6


def test_another_clock_measures_jitter_anew() -> None:
    receiver = Receiver(8000)
    hear(receiver, packet(1), packet(3))
    receiver.change_clock(8000)
    assert receiver.jitter_seconds > 0
    receiver.change_clock(48000)
    assert receiver.jitter_seconds == 0 and receiver.clock_rate == 48000


def test_what_continues_a_stream() -> None:
    receiver = Receiver(8000)
    hear(receiver, packet(10))
    assert receiver.follows(packet(11)) and receiver.follows(packet(9))
    assert not receiver.follows(packet(11, ssrc=2)) and not receiver.follows(packet(11 + MAX_DROPOUT))
