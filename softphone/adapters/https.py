"""What every request over HTTPS holds to: verified certificates, and answers of limited size."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


def tls_context(ca_file: str) -> ssl.SSLContext:
    """The operating system's trust store, and a CA file beside it where one is given. May read files."""
    import truststore

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
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
