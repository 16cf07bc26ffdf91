"""SIP messages (RFC 3261 section 7): one strict parser for their frame, header values verbatim and lazy.

Text is UTF-8 with surrogateescape, so bytes that are not UTF-8 go out as they came in. What a header
value means is parsed when somebody asks; `sip_bridge.core.validate` decides what a server refuses.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from sip_bridge.core.errors import MessageError
from sip_bridge.core.fields import HEADER_NAME, KNOWN_KEYS, Headers, header_key, require_one_line
from sip_bridge.core.headers import CSeq, NameAddr, Via, parse_list, parse_number
from sip_bridge.core.reasons import phrase

__all__ = [
    "LIMITS", "TOO_LARGE", "VERSION", "Headers", "Limits", "Message", "Request", "Response", "header_key",
    "parse_message",
]  # fmt: skip

T = TypeVar("T")

VERSION = "SIP/2.0"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a message may weigh: bytes, but `headers` is a count of header fields.

    `message` is what is read at all, `head` what may stand before the body; a body over `body` is read so
    that the request can be refused and a stream goes on behind it.
    """

    message: int = 262_144
    head: int = 65_535
    header: int = 16_384
    headers: int = 256
    body: int = 65_536


LIMITS = Limits()

TOO_LARGE = "Body Too Large"
"""The `defect` of a message whose body nobody will read."""

_FOLD = re.compile(r"\r\n[ \t]+")
_STATUS = re.compile(r"[1-6][0-9][0-9]")


class _Message(ABC):
    """What requests and responses share. Typed properties raise MessageError on values they can't read."""

    __slots__ = ("body", "defect", "headers", "version")

    def __init__(self, headers: Headers | None, body: bytes) -> None:
        self.headers = Headers() if headers is None else headers
        self.body = body
        self.version = VERSION
        self.defect = ""

    @abstractmethod
    def _start_line(self) -> str:
        """The first line, without its CRLF."""

    def __bytes__(self) -> bytes:
        lines = [require_one_line(self._start_line())]
        lines += [f"{name}: {value}" for key, name, value in self.headers.fields if key != "content-length"]
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body

    def _one(self, name: str, parse: Callable[[str], T]) -> T:
        value = self.headers.get(name)
        if value is None:
            raise MessageError(f"no {name}")
        return parse(value)

    def parsed(self, name: str, parse: Callable[[str], T]) -> T | None:
        """The header through `parse` (SessionExpires.parse, …), None when absent; may raise MessageError."""
        value = self.headers.get(name)
        return None if value is None else parse(value)

    def number(self, name: str) -> int | None:
        """A header that is a number (Min-Expires, RSeq, …), None when absent; may raise MessageError."""
        return self.parsed(name, parse_number)

    def addresses(self, name: str) -> tuple[NameAddr, ...]:
        """All values of an address header (Path, Service-Route, …); may raise MessageError."""
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
        """The Contacts that can be read; one whose `uri` is None is `*`.

        Another device's broken Contact in the answer to our REGISTER must not cost us the registration.
        """
        return tuple(_readable(self.headers.get_all("Contact")))

    @property
    def routes(self) -> tuple[NameAddr, ...]:
        """The Route set as it stands in the message."""
        return self.addresses("Route")

    @property
    def record_routes(self) -> tuple[NameAddr, ...]:
        """The Record-Route set as it stands in the message."""
        return self.addresses("Record-Route")

    @property
    def content_type(self) -> str:
        """The media type in lower case without parameters, "" when absent."""
        return (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()

    @property
    def max_forwards(self) -> int | None:
        """Max-Forwards, None when absent."""
        return self.number("Max-Forwards")

    @property
    def expires(self) -> int | None:
        """The Expires header in seconds, None when absent."""
        return self.number("Expires")

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


def _readable(values: Iterable[str]) -> Iterator[NameAddr]:
    for value in values:
        with suppress(MessageError):
            yield NameAddr.parse(value)


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
    if not blank or len(head) > limits.head:
        raise MessageError("no end of headers")
    text = head.decode("utf-8", "surrogateescape")
    start, _, rest = text.partition("\r\n")
    message = _parse_start(require_one_line(start))
    _parse_fields(message, rest, limits)
    message.body = _cut_body(message, body)
    if len(message.body) > limits.body:
        message.defect = TOO_LARGE
    return message


def _parse_start(line: str) -> Message:
    if line.startswith("SIP/"):
        version, _, rest = line.partition(" ")
        status, _, reason = rest.partition(" ")
        if not _STATUS.fullmatch(status):
            raise MessageError(f"bad status line {line[:60]!r}")
        message: Message = Response(int(status), reason)
    else:
        method, _, rest = line.rstrip(" \t").partition(" ")
        uri, _, version = rest.rpartition(" ")
        if not HEADER_NAME.fullmatch(method) or not uri or not version.upper().startswith("SIP/"):
            raise MessageError(f"bad request line {line[:60]!r}")
        message = Request(method, uri)
        message.defect = "" if line == line.rstrip() else "Malformed Request-Line"
    message.version = version
    return message


def _parse_fields(message: Message, text: str, limits: Limits) -> None:
    if "\r\n " in text or "\r\n\t" in text:
        text = _FOLD.sub(" ", text)
    lines = text.split("\r\n") if text else []
    if len(lines) > limits.headers:
        raise MessageError("too many headers")
    # NUL is legal behind a backslash (RFC 3261 25.1 quoted-pair); CR and LF never are.
    breaks = max(len(lines), 1) - 1
    if text.count("\n") > breaks or text.count("\r") > breaks:
        raise MessageError("bare CR or LF in the headers")
    fields = message.headers.fields
    known = KNOWN_KEYS
    for line in lines:
        if len(line) > limits.header:
            raise MessageError("header too long")
        name, colon, value = line.partition(":")
        key = known.get(name)
        if key is None:
            name = name.rstrip(" \t")
            if not colon or not HEADER_NAME.fullmatch(name):
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
