"""Freed memory goes back to the system."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from softphone.runtime.memory import give_back


def resident_megabytes() -> float:
    """Of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's")
def test_what_was_freed_between_what_is_kept_is_given_back() -> None:
    blocks = [bytearray(60_000) for _ in range(2_000)]
    kept = blocks[::50]
    del blocks
    before = resident_megabytes()
    give_back()
    assert resident_megabytes() < before - 50
    assert len(kept) == 40
