"""The server address as people type it: host, host:port, sip: and sips: addresses, umlauts included."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

import idna

from softphone.domain.account import Refusal, Transport
from softphone.domain.errors import SignInRefused

_SHAPE = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+(%\w+)?\]|[^\[\]:]+)(?::(?P<port>\d{1,5}))?")
_LABELS = re.compile(
    r"(?=.{1,253}\.?$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
    r"(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?"
)


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """`host` in ASCII (IPv6 without brackets); `port` 0 where none was typed; `transport` AUTO where open."""

    host: str
    port: int = 0
    transport: Transport = Transport.AUTO

    @property
    def key(self) -> str:
        """Under which name facts about this server are remembered."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host


def parse_server(text: str) -> ServerAddress:
    """Read a typed server address. Raises SignInRefused (bad-address)."""
    rest = text.strip()
    scheme, _, after = rest.partition(":")
    if scheme.lower() in ("sip", "sips"):
        rest = after.removeprefix("//")
    else:
        scheme = ""
    if scheme and "@" in rest:
        rest = rest.rpartition("@")[2]
    rest, _, parameters = rest.partition(";")
    rest = rest.rstrip("/")
    if _is_ip(rest):
        return ServerAddress(rest, 0, _transport(scheme, parameters, text))
    shape = _SHAPE.fullmatch(rest)
    if shape is None:
        raise SignInRefused(Refusal.BAD_ADDRESS, text)
    port = int(shape["port"] or 0)
    if port > 65535 or (shape["port"] and not port):
        raise SignInRefused(Refusal.BAD_ADDRESS, text)
    return ServerAddress(_host(shape["host"], text), port, _transport(scheme, parameters, text))


def _host(host: str, text: str) -> str:
    if host.startswith("["):
        if not _is_ip(host[1:-1]):
            raise SignInRefused(Refusal.BAD_ADDRESS, text)
        return host[1:-1]
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            raise SignInRefused(Refusal.BAD_ADDRESS, text) from None
    looks_like_ipv4 = re.fullmatch(r"[\d.]+", host) is not None
    if not _LABELS.fullmatch(host) or (looks_like_ipv4 and not _is_ip(host)):
        raise SignInRefused(Refusal.BAD_ADDRESS, text)
    return host.rstrip(".").lower()


def _transport(scheme: str, parameters: str, text: str) -> Transport:
    if scheme.lower() == "sips":
        return Transport.TLS
    named = re.search(r"(?:^|;)transport=([^;]*)", parameters, re.IGNORECASE)
    if named is None:
        return Transport.AUTO
    try:
        return Transport(named[1].lower())
    except ValueError:
        raise SignInRefused(Refusal.BAD_ADDRESS, text) from None


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def akin(named: str, typed: str) -> bool:
    """Whether one host is the other or a subdomain of it; top level domains and IP addresses have none."""
    named = named.lower().rstrip(".")
    upper, lower = sorted((named, typed), key=len)
    divisible = "." in upper and not upper[-1].isdigit()
    return named == typed or (divisible and lower.endswith(f".{upper}"))
