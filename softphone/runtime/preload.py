"""Modules that a start can do without, loaded beside the loop before somebody has to wait for them."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from softphone.runtime.collector import spare_what_stays


def preload(modules: Sequence[str]) -> None:
    """Load them; to be called on a thread of its own. Raises ImportError."""
    for name in modules:
        importlib.import_module(name)
    spare_what_stays()
