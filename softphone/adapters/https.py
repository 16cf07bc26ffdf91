"""What every request over HTTPS holds to: verified certificates, and answers of limited size."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sip_bridge.io.tls import system_context
from softphone.domain.account import Refusal

if TYPE_CHECKING:
    import httpx

NO_WAY = frozenset({errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL})


def tls_context(ca_file: str) -> ssl.SSLContext:
    """The operating system's trust store, and a CA file beside it where one is given. Reads files."""
    context = system_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context


async def limited_body(response: httpx.Response, limit: int) -> bytes | None:
    """The body as it travels, None above `limit` bytes: unpacked, a small answer could fill the memory."""
    body = b""
    async for part in response.aiter_raw():
        body += part
        if len(body) > limit:
            return None
    return body


def why_unreachable(error: BaseException) -> Refusal:
    """Why there was no answer: what the library says wraps what the system said."""
    for found in _wrapped(error):
        if isinstance(found, ssl.SSLCertVerificationError):
            return Refusal.CERTIFICATE
        if isinstance(found, socket.gaierror):
            return Refusal.SERVER_NOT_FOUND
        if isinstance(found, OSError) and found.errno in NO_WAY:
            return Refusal.NO_NETWORK
    return Refusal.SERVER_SILENT


def _wrapped(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
