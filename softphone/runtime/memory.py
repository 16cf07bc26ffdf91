"""Memory given back to the system."""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Return what was freed: glibc keeps it for each thread that ever allocated, a hundred megabytes after
    some meetings. Takes some milliseconds; nothing to do elsewhere."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
