"""The E-model against figures of the recommendation."""

from __future__ import annotations

import pytest

from media.codecs.registry import NAMES
from media.quality import delay_impairment, equipment_impairment, estimate_mos, mos_of


@pytest.mark.parametrize(
    ("rating", "mos"), [(93.2, 4.41), (90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58)]
)
def test_opinion_of_ratings_as_in_annex_b(rating: float, mos: float) -> None:
    assert mos_of(rating) == pytest.approx(mos, abs=0.01)


def test_opinion_has_ends() -> None:
    assert mos_of(-5) == 1.0
    assert mos_of(3) == 1.0
    assert mos_of(120) == 4.5


def test_delay_costs_nothing_at_first_and_then_ever_more() -> None:
    assert delay_impairment(100) == 0.0
    assert delay_impairment(150) < 1
    assert 10 < delay_impairment(300) < 20
    assert delay_impairment(500) > 25


@pytest.mark.parametrize("codec", NAMES)
def test_loss_costs_and_bursts_cost_more(codec: str) -> None:
    clean = estimate_mos(codec, concealed_percent=0, one_way_ms=80)
    lossy = estimate_mos(codec, concealed_percent=5, one_way_ms=80)
    assert clean == pytest.approx(4.41, abs=0.02)
    assert 2.5 < lossy < 4.1
    assert estimate_mos(codec, concealed_percent=5, one_way_ms=80, burstiness=2) < lossy


def test_g711_with_concealment_as_in_g113() -> None:
    assert equipment_impairment("PCMA", 3.0) == pytest.approx(95 * 3 / 28.1)


def test_unknown_codecs_have_no_opinion() -> None:
    with pytest.raises(KeyError):
        estimate_mos("speex", concealed_percent=0, one_way_ms=0)
