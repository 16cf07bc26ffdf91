"""`main.py demo` on a machine without a screen takes its tour, tells what it measured and ends well."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PNG = b"\x89PNG\r\n\x1a\n"
TOUR_S = 220.0
SMALLEST_PICTURE = 5_000
LINE = re.compile(
    r" *(?P<number>\d+)\. (?P<text>.+?): level (?P<level>-|-?\d+ dBFS), delay (?P<delay>-?\d+) ms"
    r" (?P<what>.+?)(?:, likeness (?P<likeness>\d\.\d\d))?"
)
Bounds = tuple[int, int]
SPEECH, RING, SILENCE = (-40, -10), (-40, -3), (-96, -60)
THERE, THERE_AND_BACK = (20, 400), (40, 600)
"""Milliseconds from mouth to ear. Frames, jitter buffers and devices' queues leave no room for less; with
more than 400 one way it is no call any more (ITU-T G.114). Calm machines show about 80 and 190."""


class Step(NamedTuple):
    """What a line of the tour must tell."""

    words: str
    level_dbfs: Bounds | None
    delay_ms: Bounds
    what: str


STEPS = (
    Step("The program is open", None, (100, 30_000), "from start to window"),
    Step("Signed in as 0401234567 over tls", None, (1, 10_000), "from asking to registered"),
    Step(
        "Talking to the echo (opus, dtls)",
        SPEECH,
        THERE_AND_BACK,
        "from mouth by echo to ear",
    ),
    Step("Hung up", SILENCE, (1, 2_000), "from asking to both lines free"),
    Step("602 calls, and it rings", RING, (10, 3_000), "from dialling to ring"),
    Step("Answered", SPEECH, THERE, "from 602's mouth to ear"),
    Step("On hold", SILENCE, (0, 1_000), "from asking to silence in both ears"),
    Step("Off hold again", SPEECH, THERE, "from 602's mouth to ear"),
    Step("Transferred: 602 hears 601's music", SPEECH, THERE, "from 601 to 602's ear"),
    Step("Everybody has hung up", SILENCE, (1, 2_000), "from asking to both lines free"),
)
MEETING = (
    Step(
        "Aino Asiakas opened the link",
        None,
        (100, 30_000),
        "from starting the customer's program to the knock",
    ),
    Step("Let in: each sees the other", None, (1, 20_000), "from letting in to both pictures"),
    Step("You hear Aino Asiakas", SPEECH, THERE, "from mouth to ear through the meeting"),
    Step("Aino Asiakas hears you", SPEECH, THERE, "from mouth to ear through the meeting"),
    Step("Aino Asiakas typed the code", None, (1, 10_000), "from asking for a code to its confirmation"),
    Step("Aino Asiakas writes", None, (1, 10_000), "from sending to reading"),
    Step("You phone 602 beside the meeting", SILENCE, (1, 10_000), "from pressing Call to talking"),
    Step("Back in the meeting", SPEECH, THERE, "from mouth to ear through the meeting"),
    Step("The meeting has ended for everybody", None, (1, 10_000), "from ending it to both goodbyes"),
)
"""Where the company service is installed beside the program; a packaged program comes without it."""

GOOD = """\
Starting the exchange and the people to call …
 1. The program is open and asks who you are: level -, delay 1997 ms from start to window
 2. Signed in as 0401234567 over tls: level -, delay 907 ms from asking to registered
 3. Talking to the echo (opus, dtls): level -25 dBFS, delay 188 ms from mouth by echo to ear, likeness 0.97
 4. Hung up: level -96 dBFS, delay 43 ms from asking to both lines free
 5. 602 calls, and it rings: level -11 dBFS, delay 100 ms from dialling to ring
 6. Answered: level -26 dBFS, delay 83 ms from 602's mouth to ear, likeness 0.99
 7. On hold: neither hears the other: level -96 dBFS, delay 80 ms from asking to silence in both ears
 8. Off hold again: level -25 dBFS, delay 101 ms from 602's mouth to ear, likeness 0.99
 9. Transferred: 602 hears 601's music: level -19 dBFS, delay 120 ms from 601 to 602's ear, likeness 1.00
10. Everybody has hung up: level -96 dBFS, delay 52 ms from asking to both lines free
Done.
"""


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
        timeout=TOUR_S,
        check=False,
    )
    print(finished.stdout, finished.stderr)
    assert finished.returncode == 0
    return finished.stdout


def assert_tour_is_whole(told: str, folder: Path, steps: tuple[Step, ...] = STEPS) -> None:
    """Every step came true, with figures a real call has, and has its picture."""
    assert_figures(told, steps)
    pictures = sorted((folder / "pictures").glob("*.png"))
    assert len(pictures) == len(steps)
    for picture in pictures:
        content = picture.read_bytes()
        assert content.startswith(PNG)
        assert len(content) > SMALLEST_PICTURE, f"{picture.name} shows nothing"


def assert_figures(told: str, steps: tuple[Step, ...] = STEPS) -> None:
    """Each step in its turn, with a level and a delay in its bounds; what was heard is what was said."""
    lines = [line for line in told.splitlines() if re.match(r" *\d+\. ", line)]
    assert len(lines) == len(steps)
    for number, (line, step) in enumerate(zip(lines, steps, strict=True), 1):
        found = LINE.fullmatch(line)
        assert found is not None, line
        assert int(found["number"]) == number
        assert step.words in found["text"]
        assert found["what"] == step.what
        assert step.delay_ms[0] <= int(found["delay"]) <= step.delay_ms[1], line
        assert_sound(found, step)


def assert_sound(found: re.Match[str], step: Step) -> None:
    """The level, and for speech how alike it is, as the step demands."""
    line = found[0]
    if step.level_dbfs is None:
        assert found["level"] == "-", line
    else:
        assert found["level"] != "-", line
        level = int(found["level"].removesuffix(" dBFS"))
        assert step.level_dbfs[0] <= level <= step.level_dbfs[1], line
    assert (found["likeness"] is not None) == (step.level_dbfs == SPEECH), line
    if found["likeness"] is not None:
        assert float(found["likeness"]) >= 0.6, line


@pytest.mark.peer
@pytest.mark.timeout(240)
def test_tour_without_a_screen(tmp_path: Path) -> None:
    told = take_tour([sys.executable, str(ROOT / "main.py")], tmp_path)
    assert_tour_is_whole(told, tmp_path, STEPS + MEETING)


def test_a_tour_as_it_should_be() -> None:
    assert_figures(GOOD)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("delay 188 ms", "delay -66 ms"),
        ("delay 188 ms", "delay 12 ms"),
        ("delay 188 ms", "delay 870 ms"),
        ("delay 83 ms", "delay 0 ms"),
        ("delay 120 ms", "delay 500 ms"),
        ("likeness 0.97", "likeness 0.41"),
        (", likeness 0.99", ""),
        ("level -26 dBFS", "level -96 dBFS"),
        ("level -26 dBFS", "level -"),
        ("level -96 dBFS, delay 80", "level -24 dBFS, delay 80"),
        (" from 602's mouth to ear", ""),
        (" 7. On hold: neither hears the other", " 7. Off hold"),
        (" 4. Hung up: level -96 dBFS, delay 43 ms from asking to both lines free\n", ""),
    ],
)
def test_a_tour_with_a_wrong_figure_is_not_passed(good: str, bad: str) -> None:
    assert good in GOOD
    with pytest.raises(AssertionError):
        assert_figures(GOOD.replace(good, bad))
