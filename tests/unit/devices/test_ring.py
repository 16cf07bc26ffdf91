from __future__ import annotations

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from devices.ring import Ring


def samples(start: int, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    return np.arange(start, start + count).astype(np.int16)


def test_gives_back_in_order_across_the_end() -> None:
    ring = Ring(10)
    assert ring.write(samples(0, 8)) == 8
    assert ring.read(6).tolist() == [0, 1, 2, 3, 4, 5]
    assert ring.write(samples(8, 7)) == 7
    assert ring.read(9).tolist() == [6, 7, 8, 9, 10, 11, 12, 13, 14]


def test_takes_only_what_fits() -> None:
    ring = Ring(4)
    assert ring.write(samples(0, 6)) == 4
    assert ring.space() == 0
    assert ring.read(4).tolist() == [0, 1, 2, 3]


def test_silence_fills_what_is_missing() -> None:
    ring = Ring(4)
    ring.write(samples(5, 2))
    assert ring.read(4).tolist() == [5, 6, 0, 0]


def test_skip_throws_away_the_oldest() -> None:
    ring = Ring(8)
    ring.write(samples(0, 6))
    assert ring.skip(4) == 4
    assert ring.read(2).tolist() == [4, 5]
    assert ring.skip(3) == 0


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 40))))
def test_behaves_as_a_queue(steps: list[tuple[bool, int]]) -> None:
    ring, queue, written = Ring(32), list[int](), 0
    for writing, count in steps:
        if writing:
            fitted = ring.write(samples(written, count))
            assert fitted == min(count, 32 - len(queue))
            queue.extend(range(written, written + fitted))
            written += count
        else:
            out = np.full(count, -1, np.int16)
            got = ring.read_into(out)
            assert out[:got].tolist() == queue[:got]
            assert got == min(count, len(queue))
            del queue[:got]
        assert ring.available() == len(queue)


def test_two_threads_lose_nothing() -> None:
    ring, total, taken = Ring(480), 48_000, list[int]()

    def write() -> None:
        at = 0
        while at < total:
            at += ring.write(samples(at, min(100, total - at)))

    writer = threading.Thread(target=write)
    writer.start()
    while len(taken) < total:
        out = np.empty(77, np.int16)
        taken.extend(out[: ring.read_into(out)].tolist())
    writer.join()
    assert taken == samples(0, total).tolist()
