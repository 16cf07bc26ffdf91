"""What a process holds and costs, as the kernel counts it; and which UDP ports are its. Linux."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Vitals:
    """One look: resident bytes, threads, open files, and processor seconds so far."""

    memory: int
    threads: int
    files: int
    cpu_s: float


def vitals(pid: int) -> Vitals:
    """How it is now."""
    place = Path("/proc", str(pid))
    tasks = list((place / "task").iterdir())
    resident = int((place / "statm").read_text().split()[1]) * PAGE
    return Vitals(resident, len(tasks), len(os.listdir(place / "fd")), sum(map(_cpu_s, tasks)))


def _cpu_s(task: Path) -> float:
    with suppress(OSError):
        return int((task / "schedstat").read_text().split()[0]) / 1e9
    return 0.0


def udp_ports(pid: int) -> set[int]:
    """Ports of its UDP sockets of IPv4."""
    return _ports(pid, "udp", "07")


def listening_ports(pid: int) -> set[int]:
    """Ports at which it takes connections."""
    return _ports(pid, "tcp", "0A") | _ports(pid, "tcp6", "0A")


def _ports(pid: int, table: str, state: str) -> set[int]:
    inodes = set()
    for handle in Path("/proc", str(pid), "fd").iterdir():
        with suppress(OSError):
            inodes.add(os.readlink(handle).removeprefix("socket:[").rstrip("]"))
    rows = (line.split() for line in Path("/proc/net", table).read_text().splitlines()[1:])
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[9] in inodes and row[3] == state}
