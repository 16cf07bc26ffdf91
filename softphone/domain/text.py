"""Text that strangers wrote, made fit for windows, notifications, files and logs."""

from __future__ import annotations

import re
import unicodedata

_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Marks that turn the order of what stands after them: a name could rewrite the number beside it."""

_UNSEEN = frozenset(("Cc", "Zl", "Zp", "Cs", "Co"))


def harmless(text: str, limit: int) -> str:
    """One line of at most `limit` characters, without what controls a display or no file can hold."""
    plain = _TURNING.sub("", text[: 4 * limit])
    seen = "".join(" " if unicodedata.category(letter) in _UNSEEN else letter for letter in plain)
    line = " ".join(seen.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
