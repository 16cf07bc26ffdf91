"""SIP, SIPS and tel URIs (RFC 3261 section 19.1, RFC 3966).

The fields keep the text of the wire, percent escapes included, and a parsed URI prints exactly as it
came: peers compare Route, Contact and Request-URI byte by byte.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from sip_bridge.core.errors import MessageError

Parameters = tuple[tuple[str, str | None], ...]

_FORBIDDEN = re.compile(r'[\x00-\x20\x7f<>"]')
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*")
_HOST = re.compile(r"[A-Za-z0-9._\-]+")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._~%\-]+)?")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_RESERVED = frozenset(";/?:@&=+$,")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()")
_USER = _UNRESERVED | frozenset("&=+$,;?/")
_HEADER = _UNRESERVED | frozenset("[]/?:+$")
_PARAMETER = _UNRESERVED | frozenset("[]/:&+$")
_MUST_AGREE = ("user", "ttl", "method", "maddr", "transport")
_SEPARATORS = str.maketrans("", "", "-.()")


def unescape(text: str) -> str:
    """Text with its percent escapes resolved, as UTF-8; bytes that are none stay as surrogates."""
    if "%" not in text:
        return text
    return _ESCAPES.sub(lambda run: _decode(run.group()), text)


def _decode(run: str) -> str:
    return bytes.fromhex(run.replace("%", "")).decode("utf-8", "surrogateescape")


def escape(text: str, allowed: frozenset[str]) -> str:
    """`text` with every character outside `allowed` written as percent escapes of its UTF-8 bytes."""
    if all(letter in allowed for letter in text):
        return text
    return "".join(letter if letter in allowed else _encode(letter) for letter in text)


def _encode(letter: str) -> str:
    return "".join(f"%{octet:02X}" for octet in letter.encode("utf-8", "surrogateescape"))


def escape_user(text: str) -> str:
    """`text` as the user part of a URI (RFC 3261 25.1 `user`)."""
    return escape(text, _USER)


def format_host(host: str) -> str:
    """`host` as it is written in URIs and Via: an IPv6 address gets its brackets."""
    return f"[{host}]" if ":" in host else host


def parse_port(text: str) -> int:
    """A port of 1–65535; raises MessageError."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536):
        raise MessageError(f"bad port {text[:20]!r}")
    return int(text)


def parse_host_port(text: str) -> tuple[str, int | None]:
    """Split `host[:port]`; IPv6 addresses come back without brackets. Raises MessageError."""
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        if not closed or not _IPV6.fullmatch(host) or (rest and not rest.startswith(":")):
            raise MessageError(f"bad host {text[:60]!r}")
        return host, parse_port(rest[1:]) if rest else None
    host, colon, port = text.partition(":")
    # Underscores are outside the grammar but common in company networks.
    if not _HOST.fullmatch(host):
        raise MessageError(f"bad host {text[:60]!r}")
    return host, parse_port(port) if colon else None


def _parse_parameters(text: str) -> Parameters:
    found: list[tuple[str, str | None]] = []
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if name:
            found.append((name, value if equals else None))
        elif equals:
            raise MessageError("URI parameter without a name")
    return tuple(found)


def _parse_headers(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (part.partition("=") for part in text.split("&") if part)
    return tuple((name, value) for name, _, value in pairs)


def _comparable(text: str) -> str:
    """RFC 3261 19.1.4: an escape equals its character, except for those of the reserved set."""

    def resolve(match: re.Match[str]) -> str:
        letter = chr(int(match.group(1), 16))
        return match.group().upper() if letter in _RESERVED or ord(letter) > 126 else letter

    return _ESCAPE.sub(resolve, text)


@dataclass(frozen=True, slots=True)
class SipUri:
    """A URI. `host` carries no IPv6 brackets; other schemes keep everything after the colon in `user`.

    `user`, `password`, `parameters` and `headers` are wire text: see `unescaped_user` and `header()`.
    `raw` is the text it was parsed from, "" for one built or changed here.
    """

    scheme: str = "sip"
    user: str = ""
    password: str | None = field(default=None, repr=False)
    host: str = ""
    port: int | None = None
    parameters: Parameters = ()
    headers: tuple[tuple[str, str], ...] = ()
    raw: str = field(default="", init=False, repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> SipUri:
        """Parse an addr-spec without angle brackets; raises MessageError."""
        # A URI may hold a password, so no message quotes one.
        if _FORBIDDEN.search(text):
            raise MessageError("forbidden character in URI")
        scheme, colon, rest = text.partition(":")
        if not colon or not _SCHEME.fullmatch(scheme) or not rest:
            raise MessageError("not a URI")
        scheme = scheme.lower()
        if scheme in ("sip", "sips"):
            uri = _parse_sip(scheme, rest)
        elif scheme == "tel":
            number, _, parameters = rest.partition(";")
            if not number:
                raise MessageError("tel URI without a number")
            uri = cls("tel", number, parameters=_parse_parameters(parameters))
        else:
            uri = cls(scheme, rest)
        object.__setattr__(uri, "raw", text)
        return uri

    def __str__(self) -> str:
        return self.raw or self._compose()

    def _compose(self) -> str:
        text = [self.scheme, ":", self.user]
        if self.password is not None:
            text += [":", self.password]
        if self.host:
            text += ["@" if self.user or self.password is not None else "", format_host(self.host)]
        if self.port is not None:
            text.append(f":{self.port}")
        text += [f";{name}" if value is None else f";{name}={value}" for name, value in self.parameters]
        if self.headers:
            text += ["?", "&".join(f"{name}={value}" for name, value in self.headers)]
        return "".join(text)

    def parameter(self, name: str) -> str | None:
        """The parameter's wire value; "" for one without a value, None when absent.

        Names are compared as what their escapes stand for (RFC 3261 19.1.4, RFC 4475 3.1.1.3).
        """
        wanted = name.lower()
        for found, value in self.parameters:
            if _name(found) == wanted:
                return value or ""
        return None

    def has_parameter(self, name: str) -> bool:
        """Whether the parameter is there, with a value or without."""
        return self.parameter(name) is not None

    def header(self, name: str) -> str | None:
        """The unescaped value of a `?name=value` header, None when absent."""
        wanted = name.lower()
        for found, value in self.headers:
            if unescape(found).lower() == wanted:
                return unescape(value)
        return None

    @property
    def unescaped_user(self) -> str:
        """The user part as a person would write it."""
        return unescape(self.user)

    @property
    def transport(self) -> str:
        """The transport parameter in lower case, "" when absent."""
        return (self.parameter("transport") or "").lower()

    @property
    def maddr(self) -> str:
        """The maddr parameter without IPv6 brackets, "" when absent."""
        return (self.parameter("maddr") or "").strip("[]")

    @property
    def secure(self) -> bool:
        """Whether only TLS will do (RFC 3261 26.2.2)."""
        return self.scheme == "sips"

    def with_parameter(self, name: str, value: str | None = None) -> SipUri:
        """This URI with the parameter set; the value is escaped as needed."""
        kept = self.without_parameter(name).parameters
        return replace(self, parameters=(*kept, (name, None if value is None else escape(value, _PARAMETER))))

    def without_parameter(self, name: str) -> SipUri:
        """This URI without the parameter."""
        wanted = name.lower()
        return replace(self, parameters=tuple(pair for pair in self.parameters if _name(pair[0]) != wanted))

    def with_header(self, name: str, value: str) -> SipUri:
        """This URI with one more `?name=value`, both escaped, as Refer-To carries Replaces."""
        return replace(self, headers=(*self.headers, (escape(name, _HEADER), escape(value, _HEADER))))

    def without_headers(self) -> SipUri:
        """This URI without its headers, fit to be a Request-URI."""
        return replace(self, headers=()) if self.headers else self

    def equivalent(self, other: SipUri) -> bool:
        """Whether both name the same resource (RFC 3261 19.1.4, RFC 3966 section 4)."""
        if self.scheme != other.scheme:
            return False
        if self.scheme == "tel":
            return _number(self) == _number(other) and _as_dict(self) == _as_dict(other)
        return (
            _comparable(self.user) == _comparable(other.user)
            and _comparable(self.password or "") == _comparable(other.password or "")
            and self.host.lower() == other.host.lower()
            and self.port == other.port
            and _parameters_agree(_as_dict(self), _as_dict(other))
            and _headers(self) == _headers(other)
        )


def _parse_sip(scheme: str, rest: str) -> SipUri:
    userinfo, at, location = rest.partition("@")
    if not at:
        userinfo, location = "", rest
    user, colon, password = userinfo.partition(":")
    location, _, headers = location.partition("?")
    location, _, parameters = location.partition(";")
    host, port = parse_host_port(location)
    return SipUri(
        scheme,
        user,
        password if colon else None,
        host,
        port,
        _parse_parameters(parameters) if parameters else (),
        _parse_headers(headers) if headers else (),
    )


def _name(text: str) -> str:
    return unescape(text).lower()


def _number(uri: SipUri) -> str:
    return uri.user.translate(_SEPARATORS).lower()


def _as_dict(uri: SipUri) -> dict[str, str]:
    return {_name(name): _comparable(value or "").lower() for name, value in uri.parameters}


def _headers(uri: SipUri) -> list[tuple[str, str]]:
    return sorted((unescape(name).lower(), _comparable(value)) for name, value in uri.headers)


def _parameters_agree(one: dict[str, str], two: dict[str, str]) -> bool:
    if any(one.get(name) != two.get(name) for name in _MUST_AGREE):
        return False
    return all(two[name] == value for name, value in one.items() if name in two)
