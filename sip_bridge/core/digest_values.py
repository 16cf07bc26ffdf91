"""What digest authentication carries in headers, and its arithmetic (RFC 7616, RFC 8760, RFC 2617)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from sip_bridge.core.errors import MessageError
from sip_bridge.core.grammar import is_token, quote, split_outside, unquote

_KNOWN = (("SHA-512-256", "sha512_256"), ("SHA-256", "sha256"), ("MD5", "md5"))
ALGORITHMS = {name: library for name, library in _KNOWN if library in hashlib.algorithms_available}
"""What this interpreter can do, strongest first, and the names hashlib has for them."""

_BARE_IN_CHALLENGE = frozenset(("algorithm", "stale", "userhash"))
_BARE_IN_ANSWER = frozenset(("algorithm", "qop", "nc", "userhash"))


def hash_text(algorithm: str, *parts: str) -> str:
    """H(a ":" b …) of RFC 7616 3.3 in lower-case hex; `algorithm` is a key of ALGORITHMS."""
    return _hash_bytes(algorithm, ":".join(parts).encode("utf-8", "surrogateescape"))


def _hash_bytes(algorithm: str, data: bytes) -> str:
    return hashlib.new(ALGORITHMS[algorithm], data, usedforsecurity=False).hexdigest()


def parse_algorithm(text: str) -> tuple[str, bool] | None:
    """The hash and whether it is the session variant; None for one we can't do. "" means MD5."""
    upper = text.upper() or "MD5"
    name = upper.removesuffix("-SESS")
    return (name, name != upper) if name in ALGORITHMS else None


def _parse_fields(text: str) -> dict[str, str]:
    """The `name=value` pairs, unquoted, names in lower case; a repeated name raises MessageError."""
    fields: dict[str, str] = {}
    for part in split_outside(text, ","):
        name, equals, value = part.partition("=")
        name = name.strip().lower()
        if not name and not equals:
            continue
        if not is_token(name) or not equals or name in fields:
            raise MessageError("malformed digest parameters")
        fields[name] = unquote(value.strip())
    return fields


def _parse_digest(text: str) -> dict[str, str]:
    words = text.split(None, 1)
    if not words or words[0].lower() != "digest":
        # Not quoted: it may be a password in base64.
        raise MessageError("not Digest")
    return _parse_fields(words[1] if len(words) == 2 else "")


def _format(pairs: Iterable[tuple[str, str | None]], bare: frozenset[str]) -> str:
    present = ((name, value) for name, value in pairs if value is not None)
    shown = (
        f"{name}={value if name in bare and is_token(value) else quote(value)}" for name, value in present
    )
    return "Digest " + ", ".join(shown)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One Digest challenge. `algorithm` is as written, "" when absent (then MD5)."""

    realm: str
    nonce: str
    algorithm: str = ""
    qop: tuple[str, ...] = ()
    opaque: str | None = None
    stale: bool = False
    userhash: bool = False

    @classmethod
    def parse(cls, text: str) -> Challenge:
        """Parse one challenge; another scheme than Digest raises MessageError."""
        fields = _parse_digest(text)
        if "realm" not in fields or not fields.get("nonce"):
            raise MessageError("challenge without realm or nonce")
        return cls(
            fields["realm"],
            fields["nonce"],
            fields.get("algorithm", ""),
            tuple(item.strip().lower() for item in fields.get("qop", "").split(",") if item.strip()),
            fields.get("opaque"),
            fields.get("stale", "").lower() == "true",
            fields.get("userhash", "").lower() == "true",
        )

    def __str__(self) -> str:
        pairs = (
            ("realm", self.realm),
            ("nonce", self.nonce),
            ("algorithm", self.algorithm or None),
            ("qop", ",".join(self.qop) or None),
            ("opaque", self.opaque),
            ("stale", "true" if self.stale else None),
            ("userhash", "true" if self.userhash else None),
        )
        return _format(pairs, _BARE_IN_CHALLENGE)

    @property
    def usable_qop(self) -> str | None:
        """The protection we would answer with, "" for RFC 2617's none, None where we know none offered."""
        if not self.qop:
            return ""
        return next((known for known in ("auth", "auth-int") if known in self.qop), None)


def parse_challenges(values: Iterable[str]) -> list[Challenge]:
    """All Digest challenges of these header values, one per value or several joined by commas.

    Other schemes and malformed challenges are left out: one good challenge is enough to go on.
    """
    challenges: list[Challenge] = []
    for text in (one for value in values for one in _split_challenges(value)):
        try:
            challenges.append(Challenge.parse(text))
        except MessageError:
            continue
    return challenges


def _split_challenges(value: str) -> list[str]:
    """A part that begins `scheme name=`, or is a scheme alone, starts a new challenge (RFC 7235 2.1)."""
    found: list[str] = []
    for part in split_outside(value, ","):
        if not part.strip():
            continue
        words = part.partition("=")[0].split()
        if len(words) == 2 or "=" not in part or not found:
            found.append(part)
        else:
            found[-1] += "," + part
    return found


@dataclass(frozen=True, slots=True)
class Answer:
    """The credentials of an Authorization or Proxy-Authorization header."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str = field(repr=False)
    algorithm: str = ""
    qop: str = ""
    cnonce: str = field(default="", repr=False)
    nc: str = ""
    opaque: str | None = None
    userhash: bool = False

    @classmethod
    def parse(cls, text: str) -> Answer:
        """Parse the header value; raises MessageError."""
        fields = _parse_digest(text)
        if any(name not in fields for name in ("username", "realm", "nonce", "uri", "response")):
            raise MessageError("credentials lack a parameter")
        return cls(
            fields["username"],
            fields["realm"],
            fields["nonce"],
            fields["uri"],
            fields["response"],
            fields.get("algorithm", ""),
            fields.get("qop", "").lower(),
            fields.get("cnonce", ""),
            fields.get("nc", ""),
            fields.get("opaque"),
            fields.get("userhash", "").lower() == "true",
        )

    def __str__(self) -> str:
        pairs = (
            ("username", self.username),
            ("realm", self.realm),
            ("nonce", self.nonce),
            ("uri", self.uri),
            ("response", self.response),
            ("algorithm", self.algorithm or None),
            ("cnonce", self.cnonce or None),
            ("qop", self.qop or None),
            ("nc", self.nc or None),
            ("opaque", self.opaque),
            ("userhash", "true" if self.userhash else None),
        )
        return _format(pairs, _BARE_IN_ANSWER)


def compute_response(answer: Answer, username: str, password: str, method: str, body: bytes) -> str:
    """The response `answer` should carry (RFC 7616 3.4.1); its own `response` is not looked at.

    `username` is the plain name even where the answer carries its hash. An unknown algorithm raises
    MessageError.
    """
    name, _ = _chosen(answer)
    return response_of(answer, hash_text(name, username, answer.realm, password), method, body)


def response_of(answer: Answer, key: str, method: str, body: bytes) -> str:
    """The response `answer` should carry where only H(username:realm:password) is known, in lower-case hex
    and of the answer's algorithm. Raises MessageError as `compute_response` does."""
    name, sess = _chosen(answer)
    if sess:
        key = hash_text(name, key, answer.nonce, answer.cnonce)
    what = [method, answer.uri]
    if answer.qop == "auth-int":
        what.append(_hash_bytes(name, body))
    middle = [answer.nc, answer.cnonce, answer.qop] if answer.qop else []
    return hash_text(name, key, answer.nonce, *middle, hash_text(name, *what))


def _chosen(answer: Answer) -> tuple[str, bool]:
    chosen = parse_algorithm(answer.algorithm)
    if chosen is None:
        raise MessageError(f"unknown digest algorithm {answer.algorithm[:20]!r}")
    return chosen
