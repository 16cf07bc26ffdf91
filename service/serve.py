"""The service on a socket, until it is told to end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import IO, TypeAlias

import uvicorn

from service.adapters.http.keepalive import WatchfulProtocol
from service.config import Config, ConfigError
from service.data import open_data
from service.wiring import Service
from service_api.meeting import PING_S, SIZE_LIMIT

log = logging.getLogger(__name__)

LOCK = "service.lock"
GRACE_S = 5
"""How long requests may go on when the service is told to end."""

PathOrText: TypeAlias = str | os.PathLike[str]
ANY = frozenset({"0.0.0.0", "::"})


def serve(config: Config) -> int:
    """Run until SIGTERM or SIGINT. Raises ConfigError, ServiceError before anything is served."""
    config.check()
    _check_certificate(config)
    open_data(config.data)
    with _alone(config), _listening(config) as listener:
        port = listener.getsockname()[1]
        asyncio.run(_run(replace(config, port=port, public_url=_public_url(config, port)), listener))
    return 0


async def _run(config: Config, listener: socket.socket) -> None:
    service = Service(config)
    if not config.media_reached:
        log.warning("media_address is loopback: nobody on another computer will see or hear anything")
    try:
        await service.start()
        server = _Server(_settings(config, service))
        await server.serve([listener])
    finally:
        await service.close()


class _Server(uvicorn.Server):
    """Says where it listens, ends by a signal as by any other way, and renews its certificate by one."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            host, port = listener.getsockname()[:2]
            print(f"Listening at {_bracketed(host)}:{port}", flush=True)  # noqa: T201

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The library would raise the signal again, and nothing after it would be closed."""
        handlers = {signal.SIGINT: self.handle_exit, signal.SIGTERM: self.handle_exit}
        if sys.platform != "win32":
            handlers[signal.SIGHUP] = self._renew
        former = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)

    def _renew(self, sig: int, frame: FrameType | None) -> None:
        """Whoever connects from now on sees the certificate that is on the disk now."""
        context, certificate, key = self.config.ssl, self.config.ssl_certfile, self.config.ssl_keyfile
        if context is None or certificate is None or key is None:
            return
        try:
            _load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), certificate, key)
            _load(context, certificate, key)
        except ConfigError as error:
            log.error("the certificate stays the former one: %s", error)
        else:
            log.info("the certificate was read again")


def _settings(config: Config, service: Service) -> uvicorn.Config:
    return uvicorn.Config(
        service.app,
        ws=WatchfulProtocol,
        ws_max_size=SIZE_LIMIT,
        ws_ping_interval=PING_S,
        ws_ping_timeout=2 * PING_S,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(config.trusted_proxies),
        forwarded_allow_ips=list(config.trusted_proxies),
        ssl_certfile=config.certificate,
        ssl_keyfile=config.key,
        timeout_graceful_shutdown=GRACE_S,
    )


def _public_url(config: Config, port: int) -> str:
    if config.public_url:
        return config.public_url
    if config.host in ANY:
        raise ConfigError(f"Where {config.host} is listened at, people need an address: give --public-url.")
    scheme = "http" if config.certificate is None else "https"
    return f"{scheme}://{_bracketed(config.host)}:{port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _check_certificate(config: Config) -> None:
    if config.certificate is not None and config.key is not None:
        _load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), config.certificate, config.key)


def _load(context: ssl.SSLContext, certificate: PathOrText, key: PathOrText) -> None:
    """Raises ConfigError."""
    try:
        context.load_cert_chain(certificate, key, lambda: "")
    except (OSError, ValueError) as error:
        place = f"{certificate!s} and {key!s}"
        reason = "they are no certificate with its key"
        if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
            reason = str(error.strerror)
        raise ConfigError(f"{place} can't be used for TLS: {reason}.") from None


@contextmanager
def _listening(config: Config) -> Iterator[socket.socket]:
    """A socket at the address. Raises ConfigError."""
    try:
        family = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((config.host, config.port), family=family, backlog=1024)
    except OSError as error:
        place = f"{_bracketed(config.host)}:{config.port}"
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise ConfigError(f"{place} can't be listened at: {reason}.") from None
    with listener:
        yield listener


@contextmanager
def _alone(config: Config) -> Iterator[None]:
    """Two services on one folder would each know half of who is where. Raises ConfigError."""
    with (config.data / LOCK).open("a") as file:
        if not _locked(file):
            raise ConfigError(f"Another service runs on {config.data}.")
        yield


def _locked(file: IO[str]) -> bool:
    """The system lets go of it when the process ends, however it ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
