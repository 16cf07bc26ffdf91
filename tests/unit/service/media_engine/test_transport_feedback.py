"""When each packet came, read back as a browser reads it."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from service.media_engine.transport_feedback import MOST, Arrivals

TICKS_PER_S = 4000


def read(message: bytes) -> tuple[int, dict[int, int]]:
    """How many messages there were before it, and ticks of 0.25 ms by number."""
    assert len(message) <= 1200
    first, kind, words = struct.unpack_from("!BBH", message)
    assert (first & 0x1F, kind, words) == (15, 205, len(message) // 4 - 1)
    end = len(message) - (message[-1] if first & 0x20 else 0)
    base, count, word = struct.unpack_from("!HHI", message, 12)
    symbols: list[int] = []
    at = 20
    while len(symbols) < count:
        (chunk,) = struct.unpack_from("!H", message, at)
        assert chunk >> 14 == 0b11
        symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        at += 2
    ticks, found = (word >> 8) * 256, {}
    for ahead, symbol in enumerate(symbols[:count]):
        if symbol:
            (delta,) = struct.unpack_from("!B" if symbol == 1 else "!h", message, at)
            at += symbol
            ticks += delta
            found[(base + ahead) & 0xFFFF] = ticks
    assert at == end
    return word & 0xFF, found


@given(
    st.integers(0, 65535),
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 40_000)), min_size=1, max_size=300),
)
def test_every_arrival_is_told_once(first: int, steps: list[tuple[int, int]]) -> None:
    arrivals = Arrivals()
    expected: dict[int, int] = {}
    number, ticks = first, 4_000_000
    for step, waited in steps:
        number, ticks = (number + step) & 0xFFFF, ticks + waited
        arrivals.received(number, (ticks + 0.5) / TICKS_PER_S)
        expected[number] = ticks
    told: dict[int, int] = {}
    for count, message in enumerate(arrivals.told(1, 2)):
        order, found = read(message)
        assert order == count & 0xFF
        assert not told.keys() & found.keys()
        told |= found
    assert told == expected
    assert arrivals.told(1, 2) == []


@given(st.permutations(range(20)))
def test_order_does_not_matter(order: list[int]) -> None:
    arrivals = Arrivals()
    arrivals.received(65_530, 10.0)
    for ahead in order:
        arrivals.received((65_531 + ahead) & 0xFFFF, 10.0 + ahead / 1000)
    (message,) = arrivals.told(1, 2)
    assert len(read(message)[1]) == 21


def test_what_was_told_as_missing_stays_so() -> None:
    arrivals = Arrivals()
    arrivals.received(1, 1.0)
    arrivals.received(3, 1.01)
    assert list(read(arrivals.told(1, 2)[0])[1]) == [1, 3]
    arrivals.received(2, 1.02)
    assert arrivals.told(1, 2) == []
    arrivals.received(4, 1.03)
    assert list(read(arrivals.told(1, 2)[0])[1]) == [4]


def test_a_jump_begins_anew() -> None:
    arrivals = Arrivals()
    arrivals.received(1, 1.0)
    arrivals.received(2 + MOST, 1.1)
    (message,) = arrivals.told(1, 2)
    assert list(read(message)[1]) == [2 + MOST]


def test_many_are_told_in_several_messages() -> None:
    arrivals = Arrivals()
    for number in range(3 * MOST):
        arrivals.received(number, 1.0 + number / 1000)
    messages = arrivals.told(1, 2)
    assert len(messages) == 3
    assert sum(len(read(message)[1]) for message in messages) == 3 * MOST
