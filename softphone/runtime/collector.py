"""Python's garbage collector beside a voice that must not wait."""

from __future__ import annotations

import gc


def spare_what_stays() -> None:
    """Once the program stands: what it consists of is never garbage, and looking through it would take 5 ms
    in the middle of a call, time and again. Later collections pass it over."""
    gc.collect()
    gc.freeze()
