"""Order, holes and statistics of a stream that comes in, over wraps of its sequence numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.media_engine.incoming import MAX_HOLE, NACK_AT_ONCE, NACK_EVERY_S, Incoming
from service.media_engine.rtcp import SenderReport


def begun(first: int) -> Incoming:
    incoming = Incoming(90000, repeats=True)
    assert not incoming.belongs(7, first)
    return incoming


@given(st.integers(0, 65535), st.lists(st.integers(1, 40), min_size=1, max_size=200))
def test_numbers_never_wrap(first: int, steps: list[int]) -> None:
    incoming = begun(first)
    start = incoming.receive(first, 0, 0)
    assert start is not None
    true = first
    for step in steps:
        true += step
        assert incoming.belongs(7, true & 0xFFFF)
        assert incoming.receive(true & 0xFFFF, 0, 0) == start + true - first


@given(st.integers(0, 65535), st.permutations(range(30)))
def test_order_does_not_matter_and_twice_is_once(first: int, order: list[int]) -> None:
    incoming = begun(first)
    start = incoming.receive(first, 0, 0)
    assert start is not None
    for ahead in [number for number in order if number]:
        assert incoming.receive((first + ahead) & 0xFFFF, 0, 0) == start + ahead
    for ahead in order:
        assert incoming.receive((first + ahead) & 0xFFFF, 0, 0) is None
    assert not incoming.holes
    report = incoming.receiver_report(0)
    assert report is not None and (report.lost, report.fraction) == (0, 0)


@given(st.integers(0, 65535), st.integers(2, MAX_HOLE))
def test_a_hole_is_known_and_filled(first: int, width: int) -> None:
    incoming = begun(first)
    incoming.receive(first, 0, 0)
    incoming.receive((first + width) & 0xFFFF, 0, 0)
    hole = [(first + ahead) & 0xFFFF for ahead in range(1, width)]
    asked = incoming.missing(0)
    assert asked == hole[:NACK_AT_ONCE]
    for number in hole:
        assert incoming.receive(number, 0, 0, repeated=True) is not None
    assert not incoming.holes
    report = incoming.receiver_report(0)
    assert report is not None and report.lost == width - 1, "repeated is not received"


def test_a_long_jump_is_a_new_beginning() -> None:
    incoming = begun(100)
    incoming.receive(100, 0, 0)
    assert not incoming.belongs(7, 100 + MAX_HOLE + 1)
    assert not incoming.holes
    assert not incoming.belongs(8, 101 + MAX_HOLE)


def test_what_a_packet_skips_is_known_before_it_is_taken() -> None:
    incoming = begun(65_530)
    incoming.receive(65_530, 0, 0)
    assert [incoming.skips(7, number & 0xFFFF) for number in (65_531, 65_536, 65_530, 65_000)] == [0, 5, 0, 0]
    assert incoming.skips(7, 65_530 + MAX_HOLE & 0xFFFF) == MAX_HOLE - 1
    assert incoming.skips(7, 65_531 + MAX_HOLE & 0xFFFF) == MAX_HOLE, "another beginning is no less work"
    assert incoming.skips(8, 65_531) == MAX_HOLE
    assert not incoming.holes


def test_asking_waits_between_tries() -> None:
    incoming = begun(1)
    incoming.receive(1, 0, 0)
    incoming.receive(3, 0, 0)
    assert incoming.missing(0) == [2]
    assert incoming.missing(NACK_EVERY_S / 2) == []
    assert incoming.missing(NACK_EVERY_S) == [2]


def test_what_is_long_gone_is_not_asked_for() -> None:
    incoming = begun(1)
    incoming.receive(1, 0, 0)
    incoming.receive(3, 0, 0)
    for number in range(4, 4 + MAX_HOLE):
        incoming.receive(number, 0, 0)
    assert incoming.missing(9) == []
    assert not incoming.holes


def test_sound_is_not_asked_for_again() -> None:
    incoming = Incoming(48000, repeats=False)
    incoming.belongs(1, 1)
    incoming.receive(1, 0, 0)
    incoming.receive(200, 0, 0)
    assert not incoming.holes


def test_the_report_knows_the_senders_last() -> None:
    incoming = begun(1)
    incoming.receive(1, 0, 0)
    incoming.sender_report(SenderReport(7, 0x1234_5678_9ABC_DEF0, 5), 10)
    report = incoming.receiver_report(12.5)
    assert report is not None
    assert (report.last_sr, report.delay) == (0x5678_9ABC, int(2.5 * 65536))


def test_jitter_is_measured_in_ticks() -> None:
    incoming = begun(0)
    for number in range(200):
        late = 0.01 if number % 2 else 0.0
        incoming.receive(number, number * 3000, number / 30 + late)
    report = incoming.receiver_report(10)
    assert report is not None
    assert 700 < report.jitter < 1000


def test_nothing_came_nothing_to_tell() -> None:
    assert Incoming(90000, repeats=True).receiver_report(0) is None


@given(st.integers(1, 32767))
def test_a_repeat_from_ahead_makes_no_holes(ahead: int) -> None:
    incoming = begun(100)
    start = incoming.receive(100, 0, 0)
    assert incoming.receive((100 + ahead) & 0xFFFF, 0, 0, repeated=True) is None
    assert not incoming.holes
    assert incoming.highest == start
