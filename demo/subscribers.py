"""Who may register at the exchange: people with passwords, and devices that the company service issued.

Of a device only what the service writes for its registrar is known: a table in the form Kamailio's db_text
reads, with HA1 in place of a password and the number the device belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

WANTED = ("username", "domain", "ha1", "owner")


class Device(NamedTuple):
    """One row: HA1 is MD5's."""

    realm: str
    ha1: str
    number: str


class Subscribers:
    """`people` maps numbers to passwords; the `table` is read again whenever it was written anew."""

    def __init__(self, realm: str, people: Mapping[str, str], table: Path | None = None) -> None:
        self._realm = realm
        self._people = people
        self._table = table
        self._written_ns = 0
        self._devices: dict[str, Device] = {}

    @property
    def algorithms(self) -> tuple[str, ...]:
        """What to challenge with: MD5 alone where some are known by its hash only."""
        return ("SHA-256", "MD5") if self._table is None else ("MD5",)

    def password_of(self, username: str) -> str | None:
        """A person's password."""
        return self._people.get(username)

    def ha1_of(self, username: str, algorithm: str) -> str | None:
        """A device's hash, where the table has one for our realm and this algorithm."""
        device = self._known().get(username)
        return device.ha1 if device and device.realm == self._realm and algorithm == "MD5" else None

    def number_of(self, username: str) -> str:
        """The number whoever answers to this name may use."""
        device = self._known().get(username)
        return device.number if device else username

    def _known(self) -> dict[str, Device]:
        if self._table is None:
            return {}
        try:
            written_ns = self._table.stat().st_mtime_ns
            if written_ns != self._written_ns:
                self._devices = _read(self._table.read_text(encoding="utf-8"))
                self._written_ns = written_ns
        except OSError:
            return {}
        return self._devices


def _read(text: str) -> dict[str, Device]:
    """The rows by user name; the first line names and types the columns."""
    head, *rows = text.splitlines()
    names = [column.partition("(")[0] for column in head.split()]
    places = [names.index(name) for name in WANTED]
    found = {}
    for row in rows:
        fields = row.split(":")
        if len(fields) == len(names):
            username, realm, ha1, number = (fields[place] for place in places)
            found[username] = Device(realm, ha1, number)
    return found
