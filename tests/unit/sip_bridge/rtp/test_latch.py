"""Whom we hear and where we send."""

from __future__ import annotations

from sip_bridge.rtp.latch import Latch

DESCRIBED, REAL, STRANGER = ("192.0.2.1", 4000), ("198.51.100.1", 61000), ("203.0.113.1", 666)


def admits(latch: Latch, source: tuple[str, int], *, proven: bool = False, continues: bool = False) -> bool:
    return latch.admit(source, proven=proven, continues=continues)


def test_the_real_address_behind_a_translator_is_followed() -> None:
    latch = Latch()
    latch.describe(DESCRIBED)
    assert latch.target == DESCRIBED
    assert admits(latch, REAL) and latch.target == REAL


def test_a_stranger_comes_too_late() -> None:
    latch = Latch()
    latch.describe(DESCRIBED)
    assert admits(latch, DESCRIBED)
    assert not admits(latch, STRANGER)
    assert latch.target == DESCRIBED and latch.refused == 1


def test_the_described_address_wins_over_one_that_was_quicker() -> None:
    latch = Latch()
    latch.describe(DESCRIBED)
    assert admits(latch, STRANGER) and latch.target == STRANGER
    assert admits(latch, DESCRIBED) and latch.target == DESCRIBED
    assert not admits(latch, STRANGER)


def test_proof_or_the_very_stream_may_move() -> None:
    for facts in ({"proven": True}, {"continues": True}):
        latch = Latch()
        latch.describe(DESCRIBED)
        admits(latch, DESCRIBED)
        assert admits(latch, REAL, **facts) and latch.target == REAL


def test_only_a_changed_description_starts_anew() -> None:
    latch = Latch()
    latch.describe(DESCRIBED)
    admits(latch, REAL)
    assert not latch.describe(DESCRIBED)
    assert latch.target == REAL
    assert latch.describe(("192.0.2.9", 5000))
    assert latch.target == ("192.0.2.9", 5000)
    assert admits(latch, ("192.0.2.77", 1))


def test_before_a_description_nothing_is_sent() -> None:
    latch = Latch()
    assert admits(latch, STRANGER) and latch.target is None
