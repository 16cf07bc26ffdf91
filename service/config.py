"""How a service is set up: DATA/service.toml, and the command line above it."""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from service.domain.appointment import Window
from service.domain.numbers import Numbering
from service.usecases.sign_in import SipSide
from service_api.devices import TRANSPORTS

NAME = "service.toml"
DEFAULT_LISTEN = "127.0.0.1:8443"
DATABASE = "service.sqlite"

Value = TypeVar("Value", str, int, bool, list[object])


class ConfigError(Exception):
    """The service can't run like this; the text is a sentence for whoever set it up."""


@dataclass(frozen=True, slots=True)
class Config:
    """`public_url` "" stands for the address that is listened at; `sip` without domain for the same host.

    `media_address` is where the embedded engine is reached by everybody, `media_ports` its UDP ports; it is
    bound to `media_bind`, "" for the same.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 8443
    public_url: str = ""
    certificate: Path | None = None
    key: Path | None = None
    trusted_proxies: tuple[str, ...] = ()
    sip: SipSide = field(default=SipSide(""))
    sip_table: Path | None = None
    numbering: Numbering = field(default=Numbering())
    window: Window = field(default=Window())
    minimum_version: str = ""
    media_address: str = "127.0.0.1"
    media_bind: str = ""
    media_ports: tuple[int, int] | None = None

    @property
    def database(self) -> Path:
        """Where everything is kept."""
        return self.data / DATABASE

    @property
    def origin(self) -> str:
        """Scheme, host and port as a browser names them (RFC 6454)."""
        address = urlsplit(self.public_url)
        host = address.hostname or ""
        place = f"[{host}]" if ":" in host else host
        usual = {"https": 443, "http": 80}.get(address.scheme)
        return f"{address.scheme}://{place}" + (
            f":{address.port}" if address.port not in (None, usual) else ""
        )

    @property
    def server(self) -> str:
        """The name people know the service by."""
        return urlsplit(self.public_url).hostname or self.host

    @property
    def media_reached(self) -> bool:
        """Whether sound and picture can reach whoever the service reaches."""
        here = is_loopback(self.media_address) or is_loopback(self.media_bind)
        return not here or is_loopback(self.server)

    def check(self) -> None:
        """Raises ConfigError where it would be unsafe to serve like this, or can't work."""
        if (self.certificate is None) != (self.key is None):
            raise ConfigError("A certificate needs its key and a key its certificate: --tls-cert, --tls-key.")
        if self.certificate is None and not is_loopback(self.host):
            raise ConfigError(
                f"Listening at {self.host} needs TLS: give --tls-cert and --tls-key, or listen at 127.0.0.1 "
                "behind a proxy that speaks TLS."
            )
        if urlsplit(self.public_url).scheme == "http" and not is_loopback(self.server):
            raise ConfigError(
                f"{self.public_url} would carry links and passwords in clear, and nobody else may read them: "
                "write https://HOST; http is for this computer alone."
            )


def _version(text: str) -> int:
    """Of the Internet Protocol; 0 for what is no address."""
    try:
        return ipaddress.ip_address(text).version
    except ValueError:
        return 0


def is_loopback(host: str) -> bool:
    """Whether nobody outside this computer can reach it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_config(data: Path, overrides: Mapping[str, str]) -> Config:
    """From DATA/service.toml, where it is; `overrides` are members of its top level. Raises ConfigError.

    Whether it can be served like this is asked by `Config.check` alone: the command line may say more.
    """
    path = data / NAME
    try:
        with path.open("rb") as file:
            values: dict[str, object] = tomllib.load(file)
    except FileNotFoundError:
        values = {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} can't be understood: {error}.") from None
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}.") from None
    return _Reader(str(path), {**values, **overrides}).config(data)


def split_address(text: str) -> tuple[str, int]:
    """HOST:PORT, [v6]:PORT. Raises ConfigError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ConfigError(f"{text!r} is no address to listen at: write HOST:PORT.")
    return host.strip("[]"), int(port)


class _Reader:
    """Takes members one by one, so that whatever is left over is a mistake."""

    def __init__(self, place: str, values: Mapping[str, object]) -> None:
        self._place = place
        self._values = dict(values)

    def config(self, data: Path) -> Config:
        host, port = split_address(self._take("listen", DEFAULT_LISTEN))
        side, table = self._part("sip")._sip(data)
        window, address, bind, ports = self._part("meetings")._meetings()
        config = Config(
            data=data,
            host=host,
            port=port,
            public_url=_public(self._take("public_url", "")),
            certificate=self._path(data, "tls_certificate"),
            key=self._path(data, "tls_key"),
            trusted_proxies=tuple(map(str, self._take("trusted_proxies", list[object]()))),
            minimum_version=self._take("minimum_version", ""),
            sip=side,
            sip_table=table,
            numbering=self._part("numbers")._numbers(),
            window=window,
            media_address=address,
            media_bind=bind,
            media_ports=ports,
        )
        self._end()
        return config

    def _sip(self, data: Path) -> tuple[SipSide, Path | None]:
        side = SipSide(
            domain=self._take("domain", ""),
            port=self._take("port", 0),
            transport=self._take("transport", "auto"),
            realm=self._take("realm", ""),
            algorithm=self._take("algorithm", "MD5"),
        )
        if side.transport not in TRANSPORTS:
            raise ConfigError(f"{self._place}: sip.transport is one of {', '.join(TRANSPORTS)}.")
        if side.algorithm not in ("MD5", "SHA-256"):
            raise ConfigError(f"{self._place}: sip.algorithm is MD5 or SHA-256.")
        table = self._path(data, "table")
        self._end()
        return side, table

    def _numbers(self) -> Numbering:
        usual = Numbering()
        numbering = Numbering(
            self._take("country", usual.country),
            self._take("trunk", usual.trunk),
            self._take("abroad", usual.abroad),
            self._take("international", False),
        )
        self._end()
        return numbering

    def _meetings(self) -> tuple[Window, str, str, tuple[int, int] | None]:
        before, after = self._take("opens_before_minutes", 15), self._take("closes_after_minutes", 60)
        if before < 0 or after < 0:
            raise ConfigError(f"{self._place}: minutes are never less than nothing.")
        address, bind = self._take("media_address", "127.0.0.1"), self._take("media_bind", "")
        if not _version(address) or ipaddress.ip_address(address).is_unspecified:
            raise ConfigError(f"{self._place}: media_address is an IP address, as everybody reaches it.")
        if bind and not _version(bind):
            raise ConfigError(f"{self._place}: media_bind is an IP address of this computer's own.")
        if bind and _version(bind) != _version(address):
            raise ConfigError(f"{self._place}: media_address and media_bind are both IPv4 or both IPv6.")
        ports = self._range(self._take("media_ports", list[object]()))
        self._end()
        return Window(before * 60.0, after * 60.0), address, bind, ports

    def _range(self, ports: list[object]) -> tuple[int, int] | None:
        match ports:
            case []:
                return None
            case [int() as first, int() as last] if 1024 <= first < last <= 65535:
                return first, last
        raise ConfigError(f"{self._place}: media_ports is [first, last], between 1024 and 65535.")

    def _part(self, name: str) -> _Reader:
        part = self._values.pop(name, {})
        if not isinstance(part, dict):
            raise ConfigError(f"{self._place}: [{name}] is a table.")
        return _Reader(f"{self._place}, [{name}]", part)

    def _take(self, name: str, usual: Value) -> Value:
        found = self._values.pop(name, usual)
        if type(found) is not type(usual):
            raise ConfigError(f"{self._place}: {name} must be {_KINDS[type(usual)]}.")
        return found

    def _path(self, data: Path, name: str) -> Path | None:
        """Relative paths start at the data folder."""
        text = self._take(name, "")
        return data / text if text else None

    def _end(self) -> None:
        if self._values:
            raise ConfigError(f"{self._place}: nobody knows {', '.join(sorted(self._values))}.")


_KINDS: dict[type, str] = {str: "text", int: "a whole number", bool: "true or false", list: "a list"}


def _public(text: str) -> str:
    try:
        address = urlsplit(text)
        wrong = address.query or address.fragment or address.username or not address.hostname
        odd = address.port == 0 or address.scheme not in ("http", "https")
    except ValueError:
        wrong, odd = text, True
    if text and (wrong or odd):
        raise ConfigError(f"{text!r} is no address of a service: write https://HOST.")
    if not (address.hostname or "").isascii():
        raise ConfigError(f"{text!r}: write its host as browsers send it, each part in its form with xn--.")
    return text.rstrip("/")
