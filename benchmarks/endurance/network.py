"""A network of this process's own, in which this computer's address towards a server can be replaced.

Made by `unshare -n` (root alone). The way to the server's ports starts at an address that comes and goes,
as after a change of the wireless network; everything else stays at 127.0.0.1.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from tests.lab.ports import LOOPBACK

TABLE, FIRST_RULE, LAST_RULE = "100", "10", "100"


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


class Network:
    """One address at a time, 10.9.0.1, 10.9.0.2 and so on."""

    def __init__(self, ports: Sequence[int]) -> None:
        """`ports` are the server's."""
        self._number = 0
        _ip("link", "set", "lo", "up")
        _ip("rule", "add", "pref", LAST_RULE, "lookup", "local")
        _ip("rule", "del", "pref", "0")
        for port in ports:
            _ip("rule", "add", "pref", FIRST_RULE, "to", LOOPBACK, "dport", str(port), "lookup", TABLE)
        self.replace()

    @property
    def address(self) -> str:
        """The one there is now."""
        return f"10.9.{self._number // 250}.{self._number % 250 + 1}"

    def lose(self) -> None:
        """No address, and no way to anywhere: the server's ports are unreachable."""
        _ip("route", "replace", "unreachable", f"{LOOPBACK}/32", "table", TABLE)
        _ip("route", "del", "default")
        _ip("address", "del", f"{self.address}/32", "dev", "lo")

    def replace(self) -> None:
        """Another address instead of the one there is, if there is one."""
        old = self.address if self._number else ""
        self._number += 1
        _ip("address", "add", f"{self.address}/32", "dev", "lo")
        _ip("route", "flush", "table", TABLE) if old else None
        _ip("route", "replace", "local", LOOPBACK, "dev", "lo", "src", self.address, "table", TABLE)
        _ip("route", "replace", "default", "dev", "lo", "src", self.address)
        if old:
            subprocess.run(
                ["ip", "address", "del", f"{old}/32", "dev", "lo"], check=False, capture_output=True
            )
