"""What every request over HTTPS holds to: verified certificates, and answers of limited size."""

from __future__ import annotations

import asyncio
import errno
import importlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

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


async def load() -> None:
    """Have httpx at hand. Loading it takes long enough to be heard in a call, so it is done beside the loop,
    and only where there is something to ask: a start without is faster."""
    await asyncio.to_thread(importlib.import_module, "httpx")


@asynccontextmanager
async def client(context: ssl.SSLContext, patience_s: float) -> AsyncIterator[httpx.AsyncClient]:
    """A client that waits so long at each step, and whose connections end with it; after `load`.

    httpx forgets a connection that is cancelled in the middle of its TLS handshake: it would stay open for as
    long as the server likes.
    """
    import httpx

    opened: list[Any] = []

    async def note(event: str, details: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            opened.append(details["return_value"])

    async def traced(request: httpx.Request) -> None:
        request.extensions["trace"] = note

    hooks = {"request": [traced]}
    try:
        async with httpx.AsyncClient(
            verify=context, trust_env=False, timeout=patience_s, event_hooks=hooks
        ) as made:
            yield made
    finally:
        for connection in opened:
            await connection.aclose()


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
