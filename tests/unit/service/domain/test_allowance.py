"""How much may be done in a time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.domain.allowance import Allowance


def test_a_burst_and_then_the_rate() -> None:
    allowance = Allowance(2.0, 3)
    assert [allowance.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert allowance.take(0.5)
    assert not allowance.take(0.5)


@given(st.lists(st.floats(0, 10), max_size=60))
def test_never_more_than_the_burst_and_the_rate(pauses: list[float]) -> None:
    allowance, now, taken = Allowance(1.0, 5), 0.0, 0
    for pause in pauses:
        now += pause
        taken += allowance.take(now)
        assert taken <= 5 + now + 1e-6
