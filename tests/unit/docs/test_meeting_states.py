"""The page about a meeting's states is the table the service runs on."""

from __future__ import annotations

import re
from pathlib import Path

from service.domain.session import GRACE_S, TABLE, Step

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "meeting-states.md").read_text("utf-8")


def test_every_change_is_on_the_page_and_no_other() -> None:
    rows = re.findall(r"^\| ([a-z-]+) \| ([a-z-]+) \| ([a-z-]+) \|$", PAGE, re.MULTILINE)
    told = [row for row in rows if row[0] != "from"]
    assert told == [(state.value, step.value, to.value) for (state, step), to in TABLE.items()]


def test_every_step_is_explained() -> None:
    steps = PAGE.partition("| step |")[2].partition("| from |")[0]
    told = re.findall(r"^\| ([a-z-]+) \| [^|]+ \|$", steps, re.MULTILINE)
    assert told == [step.value for step in Step]


def test_the_grace_is_what_the_page_says() -> None:
    assert f"kept for {GRACE_S:.0f} seconds" in PAGE
