"""The process ends with the status that was meant, whatever becomes of its last words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")
LEAVE = "import sys; from softphone.runtime.leaving import leave; sys.{stream}.write('words'); leave({code})"


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("code", [0, 3])
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_words_that_find_no_room_do_not_change_the_status(stream: str, code: int) -> None:
    with FULL.open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", LEAVE.format(stream=stream, code=code)],
            env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
            stdout=full,
            stderr=full,
            timeout=30,
            check=False,
        )
    assert done.returncode == code


def test_last_words_are_written() -> None:
    command = [sys.executable, "-c", LEAVE.format(stream="stdout", code=0)]
    assert subprocess.run(command, capture_output=True, timeout=30, check=True).stdout == b"words"
