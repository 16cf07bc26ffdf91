"""What processes use, from Linux's /proc."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


def below(pid: int, name: str) -> list[int]:
    """Processes below this one, however deep, whose program's name has `name` in it."""
    parents = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            parents[int(entry.name)] = int(fields[1])
    family = {pid}
    while grown := {child for child, parent in parents.items() if parent in family} - family:
        family |= grown
    return sorted(child for child in family - {pid} if name in _text(child, "comm"))


def cpu_seconds(pid: int) -> float:
    """User and system time until now; 0 for a process that has ended."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS if fields else 0.0


def own_megabytes(pid: int) -> float:
    """Memory that nobody shares."""
    lines = [line.split() for line in _text(pid, "smaps_rollup").splitlines()]
    return sum(int(line[1]) for line in lines if line[0] in ("Private_Clean:", "Private_Dirty:")) / 1024


def _stat(pid: int) -> list[str]:
    """The fields behind the program's name, which may hold anything."""
    return _text(pid, "stat").rpartition(")")[2].split()


def _text(pid: int, file: str) -> str:
    try:
        return (PROC / str(pid) / file).read_text()
    except OSError:
        return ""
