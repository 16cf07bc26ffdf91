"""The header fields of a message and their names (RFC 3261 sections 7.3 and 20; compact forms included)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sip_bridge.core.errors import MessageError
from sip_bridge.core.grammar import parse_list

_COMPACT = {
    "a": "accept-contact", "b": "referred-by", "c": "content-type", "d": "request-disposition",
    "e": "content-encoding", "f": "from", "i": "call-id", "j": "reject-contact", "k": "supported",
    "l": "content-length", "m": "contact", "n": "identity-info", "o": "event", "r": "refer-to",
    "s": "subject", "t": "to", "u": "allow-events", "v": "via", "x": "session-expires", "y": "identity",
}  # fmt: skip

_LISTS = frozenset(
    (
        "accept accept-contact accept-encoding accept-language alert-info allow allow-events call-info "
        "contact content-encoding content-language diversion error-info feature-caps geolocation "
        "history-info in-reply-to p-access-network-info p-asserted-identity p-associated-uri "
        "p-preferred-identity path proxy-require reason record-route recv-info reject-contact "
        "request-disposition require route security-client security-server security-verify "
        "service-route supported unsupported via warning"
    ).split()
)

_COMMON = (
    "Via From To Call-ID CSeq Max-Forwards Contact Content-Length Content-Type Route Record-Route Expires "
    "Allow Supported Require User-Agent Server Authorization Proxy-Authorization WWW-Authenticate "
    "Proxy-Authenticate Accept Date Event Subscription-State Session-Expires Min-SE RSeq RAck Reason "
    "Refer-To Referred-By Replaces Path Service-Route P-Asserted-Identity Min-Expires Retry-After"
).split()

KNOWN_KEYS = {name: name.lower() for name in _COMMON} | {name.lower(): name.lower() for name in _COMMON}
KNOWN_KEYS |= _COMPACT | {name.upper(): key for name, key in _COMPACT.items()}

HEADER_NAME = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")


def header_key(name: str) -> str:
    """The full lower-case name under which a header is looked up; compact names are resolved."""
    key = KNOWN_KEYS.get(name)
    if key is None:
        lower = name.lower()
        key = _COMPACT.get(lower, lower)
    return key


def require_one_line(text: str) -> str:
    """`text` itself; a line break in it raises MessageError, it could smuggle in a header."""
    if "\r" in text or "\n" in text:
        raise MessageError("line break inside a line of a message")
    return text


class Headers:
    """The header fields of a message in order; names without regard to case, values verbatim."""

    __slots__ = ("fields",)

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self.fields: list[tuple[str, str, str]] = []
        for name, value in fields:
            self.add(name, value)

    @staticmethod
    def _field(name: str, value: str) -> tuple[str, str, str]:
        if not HEADER_NAME.fullmatch(name):
            raise MessageError(f"bad header name {name[:40]!r}")
        return header_key(name), name, require_one_line(value)

    def get(self, name: str) -> str | None:
        """The value of the first such field, None when absent."""
        key = header_key(name)
        for found, _, value in self.fields:
            if found == key:
                return value
        return None

    def get_lines(self, name: str) -> list[str]:
        """The values of all such fields, one per line of the message."""
        key = header_key(name)
        return [value for found, _, value in self.fields if found == key]

    def get_all(self, name: str) -> list[str]:
        """All values in order; those of comma-separated headers one by one (RFC 3261 7.3.1)."""
        lines = self.get_lines(name)
        if header_key(name) not in _LISTS:
            return lines
        return [value for line in lines for value in (parse_list(line) if "," in line else [line.strip()])]

    def add(self, name: str, value: str) -> None:
        """Append a field; a line break in name or value raises MessageError."""
        self.fields.append(self._field(name, value))

    def prepend(self, name: str, value: str) -> None:
        """Put a field before all others, as a new Via goes on top."""
        self.fields.insert(0, self._field(name, value))

    def set(self, name: str, value: str) -> None:
        """Put `value` where the first such field stands, or at the end, and drop the others."""
        new = self._field(name, value)
        places = [place for place, (key, _, _) in enumerate(self.fields) if key == new[0]]
        if not places:
            self.fields.append(new)
            return
        self.fields[places[0]] = new
        for place in reversed(places[1:]):
            del self.fields[place]

    def remove(self, name: str) -> None:
        """Drop all such fields; none is fine."""
        key = header_key(name)
        self.fields = [item for item in self.fields if item[0] != key]

    def replace_first(self, name: str, value: str) -> None:
        """Change the first value of a list header (the top Via) and keep those behind it."""
        key = header_key(name)
        for place, (found, written, line) in enumerate(self.fields):
            if found == key:
                rest = parse_list(line)[1:] if key in _LISTS else []
                self.fields[place] = (key, written, ", ".join([require_one_line(value), *rest]))
                return
        raise MessageError(f"no {name} to change")

    def remove_first(self, name: str) -> None:
        """Drop the first value of a list header (the top Via, the top Route); none is fine."""
        key = header_key(name)
        for place, (found, written, line) in enumerate(self.fields):
            if found == key:
                rest = parse_list(line)[1:] if key in _LISTS else []
                self.fields[place : place + 1] = [(key, written, ", ".join(rest))] if rest else []
                return

    def copy(self) -> Headers:
        """An independent copy."""
        twin = Headers()
        twin.fields = self.fields.copy()
        return twin

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((name, value) for _, name, value in self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._pairs() == other._pairs()

    __hash__ = None  # type: ignore[assignment]

    def _pairs(self) -> list[tuple[str, str]]:
        return [(key, value) for key, _, value in self.fields]

    def __repr__(self) -> str:
        # Values may hold digest responses.
        return f"Headers({[name for name, _ in self]})"
