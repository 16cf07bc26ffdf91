"""The program itself as a process: it opens its first window, and SIGTERM ends it cleanly."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from tests.lab.process import Process, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent


def window_stands(title: str) -> bool:
    """Whether a window with this title is on the screen."""
    asked = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--name", title],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    return bool(asked.stdout.strip())


def test_first_start_asks_to_sign_in_and_sigterm_ends_it(screen: str, tmp_path: Path) -> None:
    program = Process(
        [sys.executable, str(ROOT / "main.py"), "--profile", str(tmp_path / "profile")],
        tmp_path / "output",
        environment={"LANGUAGE": "en", "LANG": "C.UTF-8", "HOME": str(tmp_path)},
    )
    try:
        assert wait_until(lambda: window_stands("Sign in to Softphone"), 30.0), program.output
        program.signal(signal.SIGTERM)
        assert program.wait(15.0) == 0, program.output
    finally:
        program.kill()
