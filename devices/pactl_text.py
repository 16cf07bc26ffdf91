"""The text `pactl list` and `pactl info` print: entries with fields, and below a field a level of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_ENTRY = re.compile(r"(?:Sink|Source) #(\d+)$")
_PORT = re.compile(r".*\(type: ([^,)]+)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One "Sink #3": what stands one tab in, and what stands two tabs in below "Properties" and "Ports"."""

    number: int = -1
    fields: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    ports: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, missing: str = "") -> str:
        """A field's value."""
        return self.fields.get(name, missing)

    @property
    def port(self) -> str:
        """The name of the active port, "" where there are none."""
        return self.text("Active Port")

    @property
    def port_type(self) -> str:
        """The active port's type ("Headphones"); servers before version 14 give none."""
        found = _PORT.match(self.ports.get(self.port, ""))
        return found[1] if found else ""


def entries(listing: str) -> list[Entry]:
    """What `pactl list sinks` or `sources` prints."""
    found: list[Entry] = []
    level: dict[str, str] = {}
    for line in listing.splitlines():
        if heading := _ENTRY.match(line):
            found.append(Entry(int(heading[1])))
        elif not found:
            continue
        elif line.startswith("\t\t"):
            _add(level, line)
        elif line.startswith("\t"):
            _add(found[-1].fields, line)
            level = {"\tProperties:": found[-1].properties, "\tPorts:": found[-1].ports}.get(line, {})
    return found


def information(listing: str) -> Entry:
    """What `pactl info` prints: fields alone."""
    entry = Entry()
    for line in listing.splitlines():
        _add(entry.fields, line)
    return entry


def _add(level: dict[str, str], line: str) -> None:
    """`Name: value`, or `name = "value"` among the properties; a port's own name may hold a colon."""
    name, equals, value = line.strip().partition(" = ")
    if equals and ": " not in name:
        level[name] = value.removeprefix('"').removesuffix('"')
        return
    name, _, value = line.strip().partition(": ")
    level[name] = value.strip()
