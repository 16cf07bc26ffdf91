"""Inputs of several parts: how a target cuts what it is given, so that changing one part moves no other."""

from __future__ import annotations

SEPARATOR = b"\x1e\x1e"


def parts(data: bytes, most: int) -> list[bytes]:
    """The parts between separators, at most so many."""
    return data.split(SEPARATOR)[:most]


def joined(*pieces: bytes) -> bytes:
    """An input of these parts."""
    return SEPARATOR.join(pieces)
