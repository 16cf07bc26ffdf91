"""Names for devices of one name: each keeps its own, as well as the system tells them apart.

Two headsets of one model are "Headset" and "Headset (2)". What records and what plays under one name is one
device, as a Bluetooth headset's two halves are on Windows. A device keeps its seat while its system's id is
the same; without ids the order of the list counts. The seat of a device that has gone may be taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from devices.described import Described
from devices.portaudio import Listed

Told = tuple[Listed, Described | None]
"""A row of PortAudio's list and what the system says of it, where it does."""


@dataclass(slots=True)
class Seat:
    """One device of a name: what it records with, what it plays with, and what the system says of it."""

    name: str
    input: Listed | None = None
    output: Listed | None = None
    kind: str = ""
    system_id: str = ""
    default_input: bool = False
    default_output: bool = False

    def takes(self, row: Listed) -> bool:
        """Whether it has room for this row's directions."""
        return not ((row.inputs and self.input) or (row.outputs and self.output))


class Seats:
    """Remembers who sat where."""

    def __init__(self) -> None:
        self._remembered: dict[tuple[str, str, str], int] = {}

    def seated(self, rows: Iterable[Told]) -> dict[tuple[str, str], Seat]:
        """Devices by host API and name. Rows without channels are left out."""
        here = [(row, told) for row, told in rows if row.inputs or row.outputs]
        tables: dict[tuple[str, str], dict[int, Seat]] = {}
        for row, told in sorted(here, key=lambda one: self._place(*one)):
            self._sit(row, told, tables.setdefault((row.api, row.name), {}))
        return {(api, seat.name): seat for (api, _), table in tables.items() for seat in table.values()}

    def _place(self, row: Listed, told: Described | None) -> bool:
        """Who has a seat of its own goes first; the others follow in the list's order."""
        return told is None or (row.api, row.name, told.system_id) not in self._remembered

    def _sit(self, row: Listed, told: Described | None, table: dict[int, Seat]) -> None:
        system_id = told.system_id if told else ""
        own = self._remembered.get((row.api, row.name, system_id)) if system_id else None
        number = own if own is not None and _free(table, own, row) else 0
        while not _free(table, number, row):
            number += 1
        if system_id:
            self._remembered[row.api, row.name, system_id] = number
        name = f"{row.name} ({number + 1})" if number else row.name
        _seat_row(table.setdefault(number, Seat(name)), row, told)


def _free(table: dict[int, Seat], number: int, row: Listed) -> bool:
    return number not in table or table[number].takes(row)


def _seat_row(seat: Seat, row: Listed, told: Described | None) -> None:
    if row.inputs:
        seat.input = row
        seat.default_input = row.default_input
    if row.outputs:
        seat.output = row
        seat.default_output = row.default_output
    if told is not None:
        seat.kind = seat.kind or told.kind
        seat.system_id = seat.system_id or told.system_id
