"""Session descriptions (RFC 8866): lenient in, exact out.

A description is a frozen value; `parse` of its own `str` gives it back. What a peer writes wrongly but
harmlessly (line order, missing lines, unknown lines, bare LF) is accepted; what cannot be understood raises
SdpError.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sip_bridge.core.errors import SipError

MAX_BYTES = 32_768
MAX_LINES = 1_000
MAX_MEDIA = 32


class SdpError(SipError):
    """A session description that breaks RFC 8866 beyond repair, or a size limit."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One a= line: `value` is None for a flag, "" for `a=name:`."""

    name: str
    value: str | None = None

    @classmethod
    def parse(cls, text: str) -> Attribute:
        """The text after `a=`."""
        name, colon, value = text.partition(":")
        return cls(name.strip(), value if colon else None)

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}:{self.value}"


Attributes = tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class Connection:
    """A c= line (RFC 8866 section 5.7). `suffix` keeps multicast's /ttl/count."""

    address: str
    family: str = "IP4"
    suffix: str = ""

    @classmethod
    def of(cls, address: str) -> Connection:
        """For an IP address without brackets."""
        return cls(address, family_of(address))

    @classmethod
    def parse(cls, text: str) -> Connection:
        """The text after `c=`. Raises SdpError."""
        words = text.split()
        if len(words) != 3 or words[0].upper() != "IN" or words[1].upper() not in ("IP4", "IP6"):
            raise SdpError("connection line not understood")
        address, slash, rest = words[2].partition("/")
        return cls(address, words[1].upper(), slash + rest)

    def __str__(self) -> str:
        return f"IN {self.family} {self.address}{self.suffix}"


@dataclass(frozen=True, slots=True)
class Origin:
    """An o= line (RFC 8866 section 5.2). Numbers stay text: peers send more than 64 bits, and words."""

    session_id: str = "0"
    version: str = "0"
    address: str = "0.0.0.0"
    family: str = "IP4"
    username: str = "-"

    @classmethod
    def parse(cls, text: str) -> Origin:
        """The text after `o=`. Raises SdpError."""
        words = text.split()
        if len(words) < 6:
            raise SdpError("origin line not understood")
        username, session_id, version, _, family, address = words[:6]
        return cls(session_id, version, address, family, username)

    def __str__(self) -> str:
        return f"{self.username} {self.session_id} {self.version} IN {self.family} {self.address}"


@dataclass(frozen=True, slots=True)
class Media:
    """One m= line with what follows it (RFC 8866 section 5.14). Port 0 means refused or disabled."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    port_count: int = 1
    title: str | None = None
    connection: Connection | None = None
    bandwidths: tuple[str, ...] = ()
    key: str | None = None
    attributes: Attributes = ()

    @classmethod
    def parse(cls, text: str) -> Media:
        """The text after `m=`. Raises SdpError."""
        words = text.split()
        if len(words) < 3:
            raise SdpError("media line not understood")
        port, _, count = words[1].partition("/")
        return cls(words[0].lower(), _port(port), words[2], tuple(words[3:]), _port(count or "1"))

    def get(self, name: str) -> str | None:
        """The first value of an attribute; "" for a flag; None where absent."""
        return _get(self.attributes, name)

    def get_all(self, name: str) -> list[str]:
        """All values of an attribute, in order."""
        return _get_all(self.attributes, name)

    def lines(self) -> Iterator[str]:
        """The lines in RFC 8866's order."""
        count = f"/{self.port_count}" if self.port_count != 1 else ""
        yield " ".join((f"m={self.kind}", f"{self.port}{count}", self.protocol, *self.formats))
        yield from _optional("i", self.title)
        yield from _optional("c", self.connection)
        yield from (f"b={bandwidth}" for bandwidth in self.bandwidths)
        yield from _optional("k", self.key)
        yield from (f"a={attribute}" for attribute in self.attributes)


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """A whole description. `times` keeps t=, r= and z= lines as written, e.g. "t=0 0"."""

    origin: Origin = Origin()
    name: str = "-"
    information: str | None = None
    uri: str | None = None
    contacts: tuple[str, ...] = ()
    connection: Connection | None = None
    bandwidths: tuple[str, ...] = ()
    times: tuple[str, ...] = ("t=0 0",)
    key: str | None = None
    attributes: Attributes = ()
    media: tuple[Media, ...] = ()

    @classmethod
    def parse(cls, data: bytes | str) -> SessionDescription:
        """Read a message's body. Raises SdpError."""
        return _Reader(_text_lines(data)).read()

    def get(self, name: str) -> str | None:
        """The first value of a session-level attribute; "" for a flag; None where absent."""
        return _get(self.attributes, name)

    def get_all(self, name: str) -> list[str]:
        """All values of a session-level attribute, in order."""
        return _get_all(self.attributes, name)

    def connection_of(self, media: Media) -> Connection | None:
        """The c= line that holds for `media`."""
        return media.connection or self.connection

    def effective(self, media: Media, name: str) -> str | None:
        """An attribute of `media`, else the session's (RFC 8866 section 5.13)."""
        value = media.get(name)
        return self.get(name) if value is None else value

    def effective_all(self, media: Media, name: str) -> list[str]:
        """All values at `media`, else all of the session's."""
        return media.get_all(name) or self.get_all(name)

    def _lines(self) -> Iterator[str]:
        yield "v=0"
        yield f"o={self.origin}"
        yield f"s={self.name}"
        yield from _optional("i", self.information)
        yield from _optional("u", self.uri)
        yield from self.contacts
        yield from _optional("c", self.connection)
        yield from (f"b={bandwidth}" for bandwidth in self.bandwidths)
        yield from self.times
        yield from _optional("k", self.key)
        yield from (f"a={attribute}" for attribute in self.attributes)
        for media in self.media:
            yield from media.lines()

    def __str__(self) -> str:
        return "".join(f"{line}\r\n" for line in self._lines())

    def __bytes__(self) -> bytes:
        return str(self).encode("utf-8", "surrogateescape")


def family_of(address: str) -> str:
    """IP6 for an address with colons, else IP4."""
    return "IP6" if ":" in address else "IP4"


class _Reader:
    """Collects lines; session-level until the first m= line, then into the newest media."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._session = SessionDescription(times=())
        self._media: list[Media] = []

    def read(self) -> SessionDescription:
        for line in self._lines:
            if line[1:2] != "=":
                continue
            self._take(line[0], line[2:], line)
        return replace(self._session, media=tuple(self._media), times=self._session.times or ("t=0 0",))

    def _take(self, kind: str, value: str, line: str) -> None:
        if kind == "m":
            if len(self._media) == MAX_MEDIA:
                raise SdpError("too many media lines")
            self._media.append(Media.parse(value))
        elif self._media:
            self._media[-1] = _with_media_line(self._media[-1], kind, value)
        else:
            self._session = _with_session_line(self._session, kind, value, line)


def _with_media_line(media: Media, kind: str, value: str) -> Media:
    match kind:
        case "a":
            return replace(media, attributes=(*media.attributes, Attribute.parse(value)))
        case "c" if media.connection is None:
            return replace(media, connection=Connection.parse(value))
        case "b":
            return replace(media, bandwidths=(*media.bandwidths, value))
        case "i":
            return replace(media, title=value)
        case "k":
            return replace(media, key=value)
        case _:
            return media


def _with_session_line(session: SessionDescription, kind: str, value: str, line: str) -> SessionDescription:
    match kind:
        case "a":
            return replace(session, attributes=(*session.attributes, Attribute.parse(value)))
        case "c":
            return replace(session, connection=Connection.parse(value))
        case "b":
            return replace(session, bandwidths=(*session.bandwidths, value))
        case "t" | "r" | "z":
            return replace(session, times=(*session.times, line))
        case "e" | "p":
            return replace(session, contacts=(*session.contacts, line))
        case "v" if value.strip() != "0":
            raise SdpError("unknown version")
        case "o":
            return replace(session, origin=Origin.parse(value))
        case _:
            field = {"s": "name", "i": "information", "u": "uri", "k": "key"}.get(kind)
            return replace(session, **{field: value}) if field else session  # type: ignore[arg-type]


def _text_lines(data: bytes | str) -> list[str]:
    text = data if isinstance(data, str) else data.decode("utf-8", "surrogateescape")
    if len(text) > MAX_BYTES:
        raise SdpError("description too large")
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if len(lines) > MAX_LINES:
        raise SdpError("too many lines")
    return lines


def _optional(kind: str, value: object) -> Iterator[str]:
    if value is not None:
        yield f"{kind}={value}"


def _get(attributes: Attributes, name: str) -> str | None:
    for attribute in attributes:
        if attribute.name == name:
            return attribute.value or ""
    return None


def _get_all(attributes: Attributes, name: str) -> list[str]:
    return [attribute.value or "" for attribute in attributes if attribute.name == name]


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 5 or int(text) > 65_535:
        raise SdpError("port not understood")
    return int(text)
