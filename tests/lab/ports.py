"""Ports on loopback that nobody uses now, below the range the system hands out by itself."""

from __future__ import annotations

import random
import socket
from contextlib import suppress
from pathlib import Path

FIRST = 20_000
LAST = 32_000
LOOPBACK = "127.0.0.1"


class NoFreePort(Exception):
    """Many tries found nothing free: something on this machine holds them all."""


def is_free(port: int) -> bool:
    """Whether nobody holds this loopback port, for UDP or TCP."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                return False
    return True


def has_ipv6() -> bool:
    """Whether this machine has an IPv6 loopback."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


def held(port: int) -> bool:
    """Whether somebody listens on this port, for UDP or TCP, told without touching it.

    A probe that binds, as in `is_free`, could itself be in the way of whoever is just starting. Linux alone.
    """
    return any(_bound(table, port, state) for table, state in (("udp", "07"), ("tcp", "0A")))


def _bound(table: str, port: int, state: str) -> bool:
    rows = (line.split() for line in Path("/proc/net", table).read_text().splitlines()[1:])
    return any(row[1].endswith(f":{port:04X}") and row[3] == state for row in rows)


def free_ports(count: int, *, consecutive: bool = False) -> list[int]:
    """`count` ports free for UDP and TCP; in one even-numbered run when `consecutive`. Raises NoFreePort."""
    chosen: list[int] = []
    for _ in range(500):
        start = random.randrange(FIRST, LAST - count, 2)
        if consecutive:
            block = list(range(start, start + count))
            if all(is_free(port) for port in block):
                return block
        elif start not in chosen and is_free(start):
            chosen.append(start)
            if len(chosen) == count:
                return chosen
    raise NoFreePort(str(count))


def free_port() -> int:
    """One port free for UDP and TCP."""
    return free_ports(1)[0]


def listening(port: int) -> bool:
    """Whether something accepts TCP connections on this loopback port."""
    with suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=0.2):
        return True
    return False
