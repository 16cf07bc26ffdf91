from __future__ import annotations

import gc
import linecache
import weakref

from softphone.runtime.collector import spare_what_stays


class Knot:
    """Refers to itself: only the collector can take it away."""

    def __init__(self) -> None:
        self.itself = self


def test_what_stands_is_passed_over_and_garbage_is_taken_before_and_after() -> None:
    before = weakref.ref(Knot())
    standing = Knot()
    try:
        spare_what_stays()
        assert before() is None
        assert not any(one is standing for one in gc.get_objects())
        after = weakref.ref(Knot())
        gc.collect()
        assert after() is None
    finally:
        gc.unfreeze()
    assert any(one is standing for one in gc.get_objects())


def test_no_source_text_is_kept() -> None:
    try:
        assert linecache.getline(__file__, 1)
        assert __file__ in linecache.cache
        spare_what_stays()
        assert linecache.cache == {}
    finally:
        gc.unfreeze()
