"""Searching as people expect it: case, accents and the spaces in numbers don't matter."""

from __future__ import annotations

import re
import unicodedata


def folded(*texts: str) -> str:
    """One text in which all of these are found, whole and as bare digits."""
    plain = [_fold(text) for text in texts if text]
    return "\n".join(dict.fromkeys([*plain, *(_squeeze(text) for text in plain)]))


def like(search: str) -> str:
    """A LIKE pattern (escape sign backslash) for what was typed."""
    wanted = _fold(search.strip())
    if re.fullmatch(r"[\d\s()+\-./]+", wanted):
        wanted = _squeeze(wanted)
    return "%" + re.sub(r"([\\%_])", r"\\\1", wanted) + "%"


def _fold(text: str) -> str:
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in spread if not unicodedata.combining(sign))


def _squeeze(text: str) -> str:
    return re.sub(r"[\s()\-./]", "", text)
