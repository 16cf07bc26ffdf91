"""`main.py demo` on a machine without a screen takes its tour, tells what it measured and ends well."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PNG = b"\x89PNG\r\n\x1a\n"
SMALLEST_PICTURE = 5_000


def take_tour(command: list[str], folder: Path) -> str:
    """Run the demo without a screen; returns what it printed."""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment["HOME"] = str(folder)
    finished = subprocess.run(
        [*command, "demo", "--screenshots", str(folder / "pictures")],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    print(finished.stdout, finished.stderr)
    assert finished.returncode == 0
    return finished.stdout


def assert_tour_is_whole(told: str, folder: Path) -> None:
    """Every step came true, was measured where there is sound, and has its picture."""
    for words in ("Signed in", "Talking to the echo", "it rings", "On hold", "Transferred", "hung up"):
        assert words in told
    likeness = re.search(r"likeness (\d\.\d+)", told)
    assert likeness is not None
    assert float(likeness[1]) >= 0.6
    delays = [int(delay) for delay in re.findall(r"played (\d+) ms after it arrived", told)]
    assert len(delays) == 2
    assert all(10 <= delay < 300 for delay in delays)
    levels = [int(level) for level in re.findall(r"level (-\d+) dBFS", told)]
    assert len(levels) == 3
    assert all(-50 < level < -5 for level in levels)
    steps = len(re.findall(r"^ *\d+\. ", told, re.MULTILINE))
    pictures = sorted((folder / "pictures").glob("*.png"))
    assert len(pictures) == steps
    for picture in pictures:
        content = picture.read_bytes()
        assert content.startswith(PNG)
        assert len(content) > SMALLEST_PICTURE, f"{picture.name} shows nothing"


@pytest.mark.peer
def test_tour_without_a_screen(tmp_path: Path) -> None:
    told = take_tour([sys.executable, str(ROOT / "main.py")], tmp_path)
    assert_tour_is_whole(told, tmp_path)
