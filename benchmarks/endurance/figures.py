"""What a program uses, looked at from outside and asked from inside, and whether it grows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.processes import cpu_seconds
from tests.lab.program import Program

SURE = 1.96
"""Standard errors to each side that hold 95 of a hundred truths."""

FEWEST = 4
"""Looks from which on a slope can be told."""


@dataclass(frozen=True, slots=True)
class Look:
    """A program at one moment. `at` is how many calls or seconds were over; CPU in seconds, memory in KB.

    `own_kb` is what the program itself wrote, in memory or swapped out: the only figure that the system does
    not change by taking back pages that are also in files.
    """

    at: float
    own_kb: int
    rss_kb: int
    pss_kb: int
    threads: int
    files: int
    tasks: int
    objects: int
    cpu_s: float


def look(program: Program, at: float) -> Look:
    """As it is now."""
    memory, status = (_sizes(program.pid, name) for name in ("smaps_rollup", "status"))
    inside = program.control("resources")
    return Look(
        at=at,
        own_kb=status["RssAnon"] + status["VmSwap"],
        rss_kb=memory["Rss"],
        pss_kb=memory["Pss"],
        threads=status["Threads"],
        files=len(list(Path(f"/proc/{program.pid}/fd").iterdir())),
        tasks=inside["tasks"],
        objects=inside["objects"],
        cpu_s=cpu_seconds(program.pid),
    )


def _sizes(pid: int, name: str) -> dict[str, int]:
    """The numbers of a file of /proc by their names."""
    lines = (line.partition(":") for line in Path(f"/proc/{pid}/{name}").read_text().splitlines())
    fields = ((key, rest.split()) for key, _, rest in lines)
    return {key: int(words[0]) for key, words in fields if words and words[0].isdigit()}


@dataclass(frozen=True, slots=True)
class Slope:
    """Growth per call or second, and what lies within its confidence of 95 %."""

    each: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.each:+.2f} ({self.low:+.2f} to {self.high:+.2f})"


def slope(at: Sequence[float], values: Sequence[float]) -> Slope:
    """A straight line through the values. Memory moves in steps, so that neighbours are no independent
    witnesses: the error is widened by how alike neighbouring residuals are (first-order autocorrelation)."""
    x, y = np.asarray(at, float), np.asarray(values, float)
    if len(x) < FEWEST:
        return Slope(math.nan, -math.inf, math.inf)
    spread = x - x.mean()
    each = float(spread @ y / (spread @ spread))
    rest = y - y.mean() - each * spread
    error = math.sqrt(float(rest @ rest) / (len(x) - 2) / float(spread @ spread))
    power = float(rest @ rest)
    alike = min(0.95, max(0.0, float(rest[1:] @ rest[:-1]) / power)) if power else 0.0
    wide = SURE * error * math.sqrt((1 + alike) / (1 - alike))
    return Slope(each, each - wide, each + wide)


def grown(looks: Sequence[Look], name: str) -> Slope:
    """How fast one of a look's figures grows."""
    return slope([one.at for one in looks], [float(getattr(one, name)) for one in looks])


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something held: what was looked at, what was found, what was allowed."""

    name: str
    found: str
    holds: bool

    def __str__(self) -> str:
        return f"{'holds ' if self.holds else 'FAILED'}  {self.name}: {self.found}"


def counted_flat(looks: Sequence[Look], name: str, spare: int) -> Verdict:
    """Whether a count at rest ends where it began, give or take `spare`."""
    first, last = getattr(looks[0], name), getattr(looks[-1], name)
    return Verdict(f"{name} at rest", f"{first} at first, {last} at last", last <= first + spare)


_COLUMNS = ("own MB", "RSS MB", "PSS MB", "objects", "threads", "files", "tasks", "CPU s")
HEAD = " " * 8 + "".join(name.rjust(9) for name in _COLUMNS)


def row(one: Look) -> str:
    """A line under HEAD."""
    memory = "".join(f"{kb / 1024:9.1f}" for kb in (one.own_kb, one.rss_kb, one.pss_kb))
    counts = "".join(f"{count:9d}" for count in (one.objects, one.threads, one.files, one.tasks))
    return f"{one.at:8.0f}{memory}{counts}{one.cpu_s:9.1f}"
