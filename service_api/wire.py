"""Reading and writing one JSON document: size, version and members are checked, and no value is ever told."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

VERSION = 1
"""Of every document here. Members may be added without a new one: who does not know them passes over them."""

SIZE_LIMIT = 16 * 1024
"""Bytes of a document; nothing here comes near it."""


class WireError(ValueError):
    """Not a document of this kind. The text names the member, never what stood in it."""


class UnknownVersion(WireError):
    """A document of another version: one side has to be brought up to date."""


def read_document(body: bytes) -> dict[str, object]:
    """The members of a document of our version. Raises WireError."""
    if len(body) > SIZE_LIMIT:
        raise WireError("document too large")
    try:
        found = json.loads(body.decode("utf-8"), object_pairs_hook=_once)
    except WireError:
        raise
    except (ValueError, RecursionError):
        raise WireError("not JSON") from None
    if not isinstance(found, dict):
        raise WireError("not an object")
    version = found.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise WireError("version")
    if version != VERSION:
        raise UnknownVersion("version")
    return found


def write_document(members: Mapping[str, object]) -> bytes:
    """The document of these members, in ASCII."""
    return json.dumps({"version": VERSION, **members}, separators=(",", ":")).encode("ascii")


def text_of(members: Mapping[str, object], name: str) -> str:
    """A member that must be text. Raises WireError."""
    value = members.get(name)
    if not isinstance(value, str):
        raise WireError(name)
    return value


def number_of(members: Mapping[str, object], name: str, default: int) -> int:
    """A member that must be a whole number where it is there. Raises WireError."""
    value = members.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise WireError(name)
    return value


def check(name: str, value: str, shape: re.Pattern[str]) -> None:
    """Raises WireError for a value that has not this shape from its first character to the last."""
    if not shape.fullmatch(value):
        raise WireError(name)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A member that comes twice means one thing to one reader and another to the next."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise WireError("member twice")
    return members
