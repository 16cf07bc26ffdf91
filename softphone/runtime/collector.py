"""Python's garbage collector beside a voice that must not wait."""

from __future__ import annotations

import gc
import linecache


def wait_until_it_stands() -> None:
    """While the program is being put together there is no garbage, only ever more to look through."""
    gc.disable()


def spare_what_stays() -> None:
    """Once the program stands: what it consists of is never garbage, and looking through it would take 5 ms
    in the middle of a call, time and again. Later collections pass it over.

    Source text is let go of: PySide looks into that of every module which is imported after it, and Python
    would keep all of it.
    """
    linecache.clearcache()
    gc.collect()
    gc.freeze()
    gc.enable()
