"""SIP messages (RFC 3261 section 7): one strict parser for their frame, header values verbatim and lazy.

Text is UTF-8 with surrogateescape, so bytes that are not UTF-8 go out as they came in. What a header
value means is parsed when somebody asks; `sip_bridge.core.validate` decides what a server refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from sip_bridge.core.errors import MessageError
from sip_bridge.core.headers import CSeq, NameAddr, Via, parse_list, parse_number
from sip_bridge.core.reasons import phrase

T = TypeVar("T")

VERSION = "SIP/2.0"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a message may weigh: bytes, but `headers` is a count of header fields."""

    message: int = 65_535
    header: int = 16_384
    headers: int = 256
    body: int = 60_000


LIMITS = Limits()

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

_KEYS = {name: name.lower() for name in _COMMON} | {name.lower(): name.lower() for name in _COMMON}
_KEYS |= _COMPACT | {name.upper(): key for name, key in _COMPACT.items()}

_NAME = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_FOLD = re.compile(r"\r\n[ \t]+")
_STATUS = re.compile(r"[1-6][0-9][0-9]")


def header_key(name: str) -> str:
    """The full lower-case name under which a header is looked up; compact names are resolved."""
    key = _KEYS.get(name)
    if key is None:
        lower = name.lower()
        key = _COMPACT.get(lower, lower)
    return key


def _require_one_line(text: str) -> str:
    if "\r" in text or "\n" in text or "\0" in text:
        raise MessageError("line break or NUL inside a line of a message")
    return text


class Headers:
    """The header fields of a message in order; names without regard to case, values verbatim."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields: list[tuple[str, str, str]] = []
        for name, value in fields:
            self.add(name, value)

    @staticmethod
    def _field(name: str, value: str) -> tuple[str, str, str]:
        if not _NAME.fullmatch(name):
            raise MessageError(f"bad header name {name[:40]!r}")
        return header_key(name), name, _require_one_line(value)

    def get(self, name: str) -> str | None:
        """The value of the first such field, None when absent."""
        key = header_key(name)
        for found, _, value in self._fields:
            if found == key:
                return value
        return None

    def get_lines(self, name: str) -> list[str]:
        """The values of all such fields, one per line of the message."""
        key = header_key(name)
        return [value for found, _, value in self._fields if found == key]

    def get_all(self, name: str) -> list[str]:
        """All values in order; those of comma-separated headers one by one (RFC 3261 7.3.1)."""
        lines = self.get_lines(name)
        if header_key(name) not in _LISTS:
            return lines
        return [value for line in lines for value in (parse_list(line) if "," in line else [line.strip()])]

    def add(self, name: str, value: str) -> None:
        """Append a field; a line break in name or value raises MessageError."""
        self._fields.append(self._field(name, value))

    def prepend(self, name: str, value: str) -> None:
        """Put a field before all others, as a new Via goes on top."""
        self._fields.insert(0, self._field(name, value))

    def set(self, name: str, value: str) -> None:
        """Put `value` where the first such field stands, or at the end, and drop the others."""
        new = self._field(name, value)
        places = [place for place, (key, _, _) in enumerate(self._fields) if key == new[0]]
        if not places:
            self._fields.append(new)
            return
        self._fields[places[0]] = new
        for place in reversed(places[1:]):
            del self._fields[place]

    def remove(self, name: str) -> None:
        """Drop all such fields; none is fine."""
        key = header_key(name)
        self._fields = [item for item in self._fields if item[0] != key]

    def replace_first(self, name: str, value: str) -> None:
        """Change the first value of a list header (the top Via) and keep those behind it."""
        key = header_key(name)
        for place, (found, written, line) in enumerate(self._fields):
            if found == key:
                rest = parse_list(line)[1:] if key in _LISTS else []
                self._fields[place] = (key, written, ", ".join([_require_one_line(value), *rest]))
                return
        raise MessageError(f"no {name} to change")

    def remove_first(self, name: str) -> None:
        """Drop the first value of a list header (the top Via, the top Route); none is fine."""
        key = header_key(name)
        for place, (found, written, line) in enumerate(self._fields):
            if found == key:
                rest = parse_list(line)[1:] if key in _LISTS else []
                self._fields[place : place + 1] = [(key, written, ", ".join(rest))] if rest else []
                return

    def copy(self) -> Headers:
        """An independent copy."""
        twin = Headers()
        twin._fields = self._fields.copy()
        return twin

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((name, value) for _, name, value in self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._pairs() == other._pairs()

    __hash__ = None  # type: ignore[assignment]

    def _pairs(self) -> list[tuple[str, str]]:
        return [(key, value) for key, _, value in self._fields]

    def __repr__(self) -> str:
        # Values may hold digest responses.
        return f"Headers({[name for name, _ in self]})"


class _Message:
    """What requests and responses share. Typed properties raise MessageError on values they can't read."""

    __slots__ = ("body", "defect", "headers", "version")

    def __init__(self, headers: Headers | None, body: bytes) -> None:
        self.headers = Headers() if headers is None else headers
        self.body = body
        self.version = VERSION
        self.defect = ""

    def _start_line(self) -> str:
        raise NotImplementedError

    def __bytes__(self) -> bytes:
        lines = [_require_one_line(self._start_line())]
        lines += [f"{name}: {value}" for key, name, value in self.headers._fields if key != "content-length"]
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body

    def _one(self, name: str, parse: Callable[[str], T]) -> T:
        value = self.headers.get(name)
        if value is None:
            raise MessageError(f"no {name}")
        return parse(value)

    def _number(self, name: str) -> int | None:
        value = self.headers.get(name)
        return None if value is None else parse_number(value)

    def _addresses(self, name: str) -> tuple[NameAddr, ...]:
        return tuple(NameAddr.parse(value) for value in self.headers.get_all(name))

    @property
    def call_id(self) -> str:
        """The Call-ID; raises MessageError when absent."""
        return self._one("Call-ID", str.strip)

    @property
    def from_(self) -> NameAddr:
        """The From address; raises MessageError when absent."""
        return self._one("From", NameAddr.parse)

    @property
    def to(self) -> NameAddr:
        """The To address; raises MessageError when absent."""
        return self._one("To", NameAddr.parse)

    @property
    def cseq(self) -> CSeq:
        """The CSeq; raises MessageError when absent."""
        return self._one("CSeq", CSeq.parse)

    @property
    def vias(self) -> tuple[Via, ...]:
        """All Vias, the top one first."""
        return tuple(Via.parse(value) for value in self.headers.get_all("Via"))

    @property
    def top_via(self) -> Via:
        """The first Via; raises MessageError when absent."""
        return self._one("Via", lambda line: Via.parse((parse_list(line) or [""])[0]))

    @property
    def contacts(self) -> tuple[NameAddr, ...]:
        """All Contacts; one whose `uri` is None is `*`."""
        return self._addresses("Contact")

    @property
    def routes(self) -> tuple[NameAddr, ...]:
        """The Route set as it stands in the message."""
        return self._addresses("Route")

    @property
    def record_routes(self) -> tuple[NameAddr, ...]:
        """The Record-Route set as it stands in the message."""
        return self._addresses("Record-Route")

    @property
    def content_type(self) -> str:
        """The media type in lower case without parameters, "" when absent."""
        return (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()

    @property
    def max_forwards(self) -> int | None:
        """Max-Forwards, None when absent."""
        return self._number("Max-Forwards")

    @property
    def expires(self) -> int | None:
        """The Expires header in seconds, None when absent."""
        return self._number("Expires")

    @property
    def require(self) -> tuple[str, ...]:
        """The option tags of Require, in lower case."""
        return tuple(tag.lower() for tag in self.headers.get_all("Require") if tag)

    @property
    def supported(self) -> tuple[str, ...]:
        """The option tags of Supported, in lower case."""
        return tuple(tag.lower() for tag in self.headers.get_all("Supported") if tag)

    @property
    def allow(self) -> tuple[str, ...]:
        """The methods of Allow as written."""
        return tuple(method for method in self.headers.get_all("Allow") if method)


class Request(_Message):
    """A request. `uri` is the Request-URI as text, byte-exact."""

    __slots__ = ("method", "uri")

    def __init__(self, method: str, uri: str, headers: Headers | None = None, body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.method = method
        self.uri = uri

    def _start_line(self) -> str:
        return f"{self.method} {self.uri} {self.version}"

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.uri}>"

    def reply(self, status: int, reason: str | None = None, *, to_tag: str = "") -> Response:
        """The response to this request (RFC 3261 8.2.6): Via, From, To, Call-ID and CSeq copied.

        `to_tag` is added where To has none. A 100 also takes the Timestamp along.
        """
        headers = Headers()
        for name in ("Via", "From", "To", "Call-ID", "CSeq"):
            for value in self.headers.get_lines(name):
                headers.add(name, _tagged(value, to_tag) if name == "To" and to_tag else value)
        timestamp = self.headers.get("Timestamp")
        if status == 100 and timestamp is not None:
            headers.add("Timestamp", timestamp)
        return Response(status, reason, headers)


def _tagged(value: str, tag: str) -> str:
    """The To value with a tag; one that can't be parsed is answered too, so it goes back untouched."""
    try:
        address = NameAddr.parse(value)
    except MessageError:
        return value
    return value if address.tag else str(address.with_tag(tag))


class Response(_Message):
    """A response. Without a `reason` the status's own phrase is used."""

    __slots__ = ("reason", "status")

    def __init__(
        self, status: int, reason: str | None = None, headers: Headers | None = None, body: bytes = b""
    ) -> None:
        super().__init__(headers, body)
        self.status = status
        self.reason = phrase(status) if reason is None else reason

    def _start_line(self) -> str:
        return f"{self.version} {self.status} {self.reason}"

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.reason}>"


Message = Request | Response


def parse_message(data: bytes, limits: Limits = LIMITS) -> Message:
    """Parse one whole message, a datagram or what StreamFramer gave; raises MessageError.

    A body longer than Content-Length is cut (RFC 3261 18.3); one that is shorter, and other faults that
    leave the message recognisable, are left for `validate`, so that a request can be answered.
    """
    if len(data) > limits.message:
        raise MessageError("message too large")
    data = data.lstrip(b"\r\n")
    head, blank, body = data.partition(b"\r\n\r\n")
    if not blank:
        raise MessageError("no end of headers")
    text = head.decode("utf-8", "surrogateescape")
    start, _, rest = text.partition("\r\n")
    message = _parse_start(_require_one_line(start))
    _parse_fields(message, rest, limits)
    message.body = _cut_body(message, body)
    if len(message.body) > limits.body:
        raise MessageError("body too large")
    return message


def _parse_start(line: str) -> Message:
    if line.startswith("SIP/"):
        version, _, rest = line.partition(" ")
        status, _, reason = rest.partition(" ")
        if not _STATUS.fullmatch(status):
            raise MessageError(f"bad status line {line[:60]!r}")
        message: Message = Response(int(status), reason)
    else:
        method, _, rest = line.partition(" ")
        uri, _, version = rest.rpartition(" ")
        if not _NAME.fullmatch(method) or not uri or not version.upper().startswith("SIP/"):
            raise MessageError(f"bad request line {line[:60]!r}")
        message = Request(method, uri)
    message.version = version
    return message


def _parse_fields(message: Message, text: str, limits: Limits) -> None:
    if "\r\n " in text or "\r\n\t" in text:
        text = _FOLD.sub(" ", text)
    lines = text.split("\r\n") if text else []
    if len(lines) > limits.headers:
        raise MessageError("too many headers")
    if text.count("\n") >= max(len(lines), 1) or text.count("\r") >= max(len(lines), 1) or "\0" in text:
        raise MessageError("bare CR, LF or NUL in the headers")
    fields = message.headers._fields
    known = _KEYS
    for line in lines:
        if len(line) > limits.header:
            raise MessageError("header too long")
        name, colon, value = line.partition(":")
        key = known.get(name)
        if key is None:
            name = name.rstrip(" \t")
            if not colon or not _NAME.fullmatch(name):
                message.defect = message.defect or "Malformed Header"
                continue
            key = header_key(name)
        elif not colon:
            message.defect = message.defect or "Malformed Header"
            continue
        fields.append((key, name, value.strip(" \t")))


def _cut_body(message: Message, body: bytes) -> bytes:
    length = message.headers.get("Content-Length")
    if length is None or not (length.isascii() and length.isdigit()) or len(length) > 10:
        return body
    return body[: int(length)]
