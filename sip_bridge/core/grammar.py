"""The pieces header values are made of: tokens, quoted strings, lists and parameters (RFC 3261 25.1).

No pattern here backtracks: each has one way to match, so hostile text costs linear time.
"""

from __future__ import annotations

import re

from sip_bridge.core.errors import MessageError
from sip_bridge.core.uri import Parameters

_SPECIAL = {mark: re.compile(f'["<{mark}]') for mark in ",;"}
QUOTED_END = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")


def is_token(text: str) -> bool:
    """Whether `text` is a token of RFC 3261 25.1."""
    return _TOKEN.fullmatch(text) is not None


def quote(text: str) -> str:
    """`text` as a quoted-string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def unquote(text: str) -> str:
    """The content of a quoted-string; other text comes back as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    inner = text[1:-1]
    return _QUOTED_PAIR.sub(r"\1", inner) if "\\" in inner else inner


def split_outside(text: str, mark: str) -> list[str]:
    """Split at `mark` ("," or ";") where it stands outside quoted strings and angle brackets.

    What is never closed runs to the end: the parser of the element then refuses it.
    """
    if '"' not in text and "<" not in text:
        return text.split(mark)
    parts: list[str] = []
    start = position = 0
    special = _SPECIAL[mark]
    while found := special.search(text, position):
        position = found.end()
        if found.group() == mark:
            parts.append(text[start : found.start()])
            start = position
        elif found.group() == '"':
            end = QUOTED_END.match(text, position)
            position = end.end() if end else len(text)
        else:
            position = text.find(">", position) + 1 or len(text)
    parts.append(text[start:])
    return parts


def parse_list(text: str) -> list[str]:
    """The elements of a comma-separated header value, each verbatim but for outer blanks."""
    return [part for part in map(str.strip, split_outside(text, ",")) if part]


def parse_parameters(text: str) -> Parameters:
    """The `name[=value]` pairs of `;`-separated text, values verbatim; raises MessageError."""
    found: list[tuple[str, str | None]] = []
    for part in split_outside(text, ";"):
        name, equals, value = part.partition("=")
        name = name.strip()
        if name:
            found.append((name, value.strip() if equals else None))
        elif equals:
            raise MessageError("parameter without a name")
    return tuple(found)


def format_parameters(parameters: Parameters) -> str:
    """The pairs as `;name=value` text."""
    return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in parameters)


def find_parameter(parameters: Parameters, name: str) -> str | None:
    """The unquoted value of a parameter; "" for one without a value, None when absent."""
    wanted = name.lower()
    for found, value in parameters:
        if found.lower() == wanted:
            return unquote(value) if value else ""
    return None


def replace_parameter(parameters: Parameters, name: str, value: str | None) -> Parameters:
    """The pairs with `name` set in its place, or added at the end."""
    wanted = name.lower()
    if not any(found.lower() == wanted for found, _ in parameters):
        return (*parameters, (name, value))
    return tuple((found, value if found.lower() == wanted else old) for found, old in parameters)


def parse_number(text: str | None, limit: int = 2**32 - 1) -> int:
    """A non-negative decimal number up to `limit`; raises MessageError."""
    text = (text or "").strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 20 or int(text) > limit:
        raise MessageError(f"bad number {text[:24]!r}")
    return int(text)


def number_or_none(text: str | None) -> int | None:
    """The number, None when it is absent or malformed."""
    try:
        return parse_number(text)
    except MessageError:
        return None
