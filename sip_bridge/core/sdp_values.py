"""What stands inside the attributes of an audio description: rtpmap, direction, crypto, fingerprint, ICE.

Readers return None for a value that cannot be used, because RFC 8866 section 5.13 lets a receiver ignore
attributes it does not understand.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from enum import StrEnum

from sip_bridge.core.sdp import Media, SessionDescription

STATIC_TYPES = {
    0: "PCMU/8000",
    3: "GSM/8000",
    4: "G723/8000",
    8: "PCMA/8000",
    9: "G722/8000",
    13: "CN/8000",
    15: "G728/8000",
    18: "G729/8000",
}
"""Payload types that need no rtpmap (RFC 3551 table 4)."""

SUITES = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32")
"""SRTP crypto suites of RFC 4568 section 6.2 that are spoken here, best first."""

MASTER_KEY_BYTES = 30
"""Key of 16 and salt of 14 bytes in both suites."""

FINGERPRINT_HASHES = ("sha-256", "sha-384", "sha-512")
"""Hashes strong enough to prove a certificate (RFC 8122 section 5 allows weaker ones)."""


class Direction(StrEnum):
    """Who sends, seen from the describing side (RFC 8866 section 6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @classmethod
    def of(cls, send: bool, receive: bool) -> Direction:
        """The direction with these two properties."""
        if send:
            return cls.SENDRECV if receive else cls.SENDONLY
        return cls.RECVONLY if receive else cls.INACTIVE

    @property
    def sends(self) -> bool:
        """Whether the describing side sends."""
        return self in (Direction.SENDRECV, Direction.SENDONLY)

    @property
    def receives(self) -> bool:
        """Whether the describing side wants to receive."""
        return self in (Direction.SENDRECV, Direction.RECVONLY)

    def meet(self, other: Direction) -> Direction:
        """What remains of this side's wish against the other side's description (RFC 3264 section 6.1)."""
        return Direction.of(self.sends and other.receives, self.receives and other.sends)


_DIRECTIONS = frozenset(direction.value for direction in Direction)


@dataclass(frozen=True, slots=True)
class RtpMap:
    """`payload_type` name/clock_rate/channels (RFC 8866 section 6.6)."""

    payload_type: int
    name: str
    clock_rate: int
    channels: int = 1

    @classmethod
    def parse(cls, text: str) -> RtpMap | None:
        """The value of a=rtpmap."""
        number, _, encoding = text.strip().partition(" ")
        words = encoding.strip().split("/")
        if len(words) < 2 or not words[0] or not _all_digits(number, words[1]) or int(number) > 127:
            return None
        channels = int(words[2]) if len(words) > 2 and _all_digits(words[2]) else 1
        return cls(int(number), words[0], int(words[1]), channels)

    def __str__(self) -> str:
        channels = f"/{self.channels}" if self.channels != 1 else ""
        return f"{self.payload_type} {self.name}/{self.clock_rate}{channels}"


def rtpmaps(media: Media) -> list[RtpMap]:
    """The formats of the m= line in its order, static types included."""
    named: dict[int, RtpMap] = {}
    for value in media.get_all("rtpmap"):
        if (found := RtpMap.parse(value)) is not None:
            named.setdefault(found.payload_type, found)
    known = (named.get(number) or _static(number) for number in _payload_types(media))
    return [rtpmap for rtpmap in known if rtpmap is not None]


def format_parameters(media: Media, payload_type: int) -> tuple[tuple[str, str], ...]:
    """a=fmtp of a payload type, e.g. (("useinbandfec", "1"),); a word without `=` has the value ""."""
    for value in media.get_all("fmtp"):
        number, _, text = value.strip().partition(" ")
        if number == str(payload_type):
            pairs = (word.strip().partition("=") for word in text.split(";") if word.strip())
            return tuple((name.strip().lower(), rest.strip()) for name, _, rest in pairs)
    return ()


def direction_of(session: SessionDescription, media: Media) -> Direction:
    """The media's direction; sendrecv where nothing is said."""
    for attributes in (media.attributes, session.attributes):
        for attribute in attributes:
            if attribute.value is None and attribute.name in _DIRECTIONS:
                return Direction(attribute.name)
    return Direction.SENDRECV


@dataclass(frozen=True, slots=True)
class Crypto:
    """One a=crypto line (RFC 4568 section 9.1). `key` is master key and salt and never shows in a repr.

    `mki_length` is the bytes of key identifier the sender of this line puts into each of its packets.
    """

    tag: int
    suite: str
    key: bytes = field(repr=False)
    mki_length: int = 0
    parameters: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Crypto | None:
        """The value of a=crypto; None where it cannot be read or names several keys."""
        words = text.split()
        if len(words) < 3 or not _all_digits(words[0]) or len(words[0]) > 9:
            return None
        method, _, info = words[2].partition(":")
        encoded, *rest = info.split("|")
        key = _base64(encoded)
        if method.lower() != "inline" or key is None or ";" in info:
            return None
        mki = next((word for word in rest if ":" in word), "")
        length = mki.partition(":")[2] or "0"
        if not _all_digits(length) or not 0 <= int(length) <= 128:
            return None
        return cls(int(words[0]), words[1].upper(), key, int(length), tuple(words[3:]))

    @property
    def usable(self) -> bool:
        """Whether this line gives full protection with what is spoken here.

        Session parameters that switch encryption or authentication off, and those that change the
        packets, are refused (RFC 4568 section 6.3); WSH alone is harmless.
        """
        harmless = all(word.upper().startswith("WSH=") or word.upper() == "KDR=0" for word in self.parameters)
        return self.suite in SUITES and len(self.key) == MASTER_KEY_BYTES and harmless

    def __str__(self) -> str:
        words = (f"{self.tag} {self.suite} inline:{base64.b64encode(self.key).decode()}", *self.parameters)
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The hash of a DTLS certificate (RFC 8122 section 5), `value` in upper-case hex with colons."""

    algorithm: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Fingerprint | None:
        """The value of a=fingerprint; None for hashes too weak to prove anything."""
        words = text.split()
        if len(words) != 2 or words[0].lower() not in FINGERPRINT_HASHES:
            return None
        return cls(words[0].lower(), words[1].upper())

    def __str__(self) -> str:
        return f"{self.algorithm} {self.value}"


def fingerprints(session: SessionDescription, media: Media) -> tuple[Fingerprint, ...]:
    """The usable fingerprints that hold for `media`."""
    read = (Fingerprint.parse(text) for text in session.effective_all(media, "fingerprint"))
    return tuple(found for found in read if found is not None)


@dataclass(frozen=True, slots=True)
class IceDescription:
    """One side's ICE (RFC 8839): `candidates` are values of a=candidate. The password hides in a repr."""

    username: str
    password: str = field(repr=False)
    candidates: tuple[str, ...] = ()
    lite: bool = False

    @classmethod
    def of(cls, session: SessionDescription, media: Media) -> IceDescription | None:
        """What `media` says; None where the other side speaks no ICE."""
        username = session.effective(media, "ice-ufrag")
        password = session.effective(media, "ice-pwd")
        if not username or not password:
            return None
        lite = session.effective(media, "ice-lite") is not None
        return cls(username, password, tuple(media.get_all("candidate")), lite)


def _static(payload_type: int) -> RtpMap | None:
    encoding = STATIC_TYPES.get(payload_type)
    return RtpMap.parse(f"{payload_type} {encoding}") if encoding else None


def _payload_types(media: Media) -> list[int]:
    return [int(word) for word in media.formats if _all_digits(word) and len(word) <= 3]


def _all_digits(*words: str) -> bool:
    return all(word.isascii() and word.isdigit() and len(word) <= 9 for word in words)


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return None
