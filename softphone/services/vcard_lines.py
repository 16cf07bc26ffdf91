"""vCard files cut into cards and lines, in time that grows with their size alone.

The parser of single cards takes exponential time over some lines that are none, and holds every thread
meanwhile: it is given only lines of the grammar (RFC 6350 section 3.3), already unfolded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

BEGIN, END = "BEGIN:VCARD", "END:VCARD"
CARD_LINES = 100_000
"""A photograph of some megabytes."""

_VALUE = r'(?:"[^"]*+"|[^";:,]*+)'
_PARAMETER = rf";[A-Za-z0-9\-]++(?:={_VALUE}(?:,{_VALUE})*+)?+"
_HEAD = re.compile(rf"(?:[A-Za-z0-9\-]++\.)?+[A-Za-z0-9\-]++(?:{_PARAMETER}){{0,16}}+:")
_NEWLINE = re.compile(r"\r\n|\r|\n")


def cards_of(text: str) -> tuple[list[str], int]:
    """The whole cards of a file, their lines unfolded and checked, and how many cards were begun at all."""
    whole: list[str] = []
    begun = 0
    lines: list[str] | None = None
    for line in _NEWLINE.split(text):
        mark = line.rstrip().upper()
        if mark == BEGIN:
            begun += 1
            lines = None if lines is not None else []
        elif mark == END:
            if lines is not None and len(lines) <= CARD_LINES:
                whole.append("\r\n".join((BEGIN, *_readable(lines), END, "")))
            lines = None
        elif lines is not None:
            lines.append(line)
    return whole, begun


def _readable(lines: list[str]) -> Iterator[str]:
    for line in _unfolded(lines):
        if _HEAD.match(line):
            yield line


def _unfolded(lines: list[str]) -> Iterator[str]:
    """Logical lines: folded ones (RFC 6350 3.2), and soft breaks of quoted-printable (vCard 2.1)."""
    parts: list[str] = []
    soft = False
    for line in lines:
        if soft and parts[-1].endswith("="):
            parts[-1] = parts[-1][:-1]
            parts.append(line)
        elif parts and line[:1] in (" ", "\t"):
            parts.append(line[1:])
        else:
            yield "".join(parts)
            parts = [line]
            soft = "quoted-printable" in line.lower()
    yield "".join(parts)
