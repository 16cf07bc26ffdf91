"""STUN binding requests and their answers (RFC 8489), as much as a lite ICE agent needs (RFC 8445 §2.5)."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import struct
import zlib
from dataclasses import dataclass

BINDING_REQUEST = 0x0001
BINDING_RESPONSE = 0x0101
BINDING_ERROR = 0x0111
COOKIE = 0x2112A442

USERNAME = 0x0006
MESSAGE_INTEGRITY = 0x0008
ERROR_CODE = 0x0009
XOR_MAPPED_ADDRESS = 0x0020
USE_CANDIDATE = 0x0025
FINGERPRINT = 0x8028
ICE_CONTROLLED = 0x8029

FINGERPRINT_XOR = 0x5354554E
_HEADER = struct.Struct("!HHI12s")
_ATTRIBUTE = struct.Struct("!HH")
_INTEGRITY_SIZE = 24
_SIZE_LIMIT = 1280


@dataclass(frozen=True, slots=True)
class BindingRequest:
    """A connectivity check. `local` is the user fragment of ours that it names."""

    transaction: bytes
    local: str
    nominates: bool
    controlled: bool
    _signed: bytes
    _integrity: bytes

    def signed_with(self, password: str) -> bool:
        """Whether MESSAGE-INTEGRITY holds with this password (§14.5)."""
        expected = hmac.new(password.encode(), self._signed, hashlib.sha1).digest()
        return hmac.compare_digest(expected, self._integrity)


def parse_binding_request(data: bytes) -> BindingRequest | None:
    """The request in this datagram; None for every other thing, malformed ones too."""
    if not 20 <= len(data) <= _SIZE_LIMIT:
        return None
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if kind != BINDING_REQUEST or cookie != COOKIE or length != len(data) - 20 or length % 4:
        return None
    attributes: dict[int, bytes] = {}
    signed = b""
    at = 20
    while at < len(data):
        name, size = _ATTRIBUTE.unpack_from(data, at)
        if at + 4 + size > len(data):
            return None
        if MESSAGE_INTEGRITY not in attributes:
            attributes.setdefault(name, data[at + 4 : at + 4 + size])
            if name == MESSAGE_INTEGRITY:
                signed = _resized(data[:at], at + _INTEGRITY_SIZE)
        at += 4 + (size + 3) // 4 * 4
    local, colon, _ = attributes.get(USERNAME, b"").partition(b":")
    if not signed or not colon:
        return None
    return BindingRequest(
        transaction=transaction,
        local=local.decode("ascii", "replace"),
        nominates=USE_CANDIDATE in attributes,
        controlled=ICE_CONTROLLED in attributes,
        _signed=signed,
        _integrity=attributes[MESSAGE_INTEGRITY],
    )


def success(transaction: bytes, password: str, address: tuple[str, int]) -> bytes:
    """The answer that tells the sender where its request came from."""
    return _message(BINDING_RESPONSE, transaction, password, XOR_MAPPED_ADDRESS, _xor(address, transaction))


def role_conflict(transaction: bytes, password: str) -> bytes:
    """487: a lite agent is always the controlled one (RFC 8445 §7.3.1.1)."""
    return _message(BINDING_ERROR, transaction, password, ERROR_CODE, b"\x00\x00\x04\x57Role Conflict")


def _message(kind: int, transaction: bytes, password: str, name: int, value: bytes) -> bytes:
    padded = value + bytes(-len(value) % 4)
    body = _HEADER.pack(kind, 0, COOKIE, transaction) + _ATTRIBUTE.pack(name, len(value)) + padded
    signed = _resized(body, len(body) + _INTEGRITY_SIZE)
    digest = hmac.new(password.encode(), signed, hashlib.sha1).digest()
    body = signed + _ATTRIBUTE.pack(MESSAGE_INTEGRITY, len(digest)) + digest
    body = _resized(body, len(body) + 8)
    return body + _ATTRIBUTE.pack(FINGERPRINT, 4) + struct.pack("!I", zlib.crc32(body) ^ FINGERPRINT_XOR)


def _resized(data: bytes, total: int) -> bytes:
    """The same message with its length field as if it were `total` bytes long."""
    return data[:2] + struct.pack("!H", total - 20) + data[4:]


def _xor(address: tuple[str, int], transaction: bytes) -> bytes:
    host = ipaddress.ip_address(address[0].partition("%")[0])
    mask = struct.pack("!I", COOKIE) + transaction
    family = 1 if host.version == 4 else 2
    masked = bytes(a ^ b for a, b in zip(host.packed, mask, strict=False))
    return struct.pack("!BBH", 0, family, address[1] ^ (COOKIE >> 16)) + masked
