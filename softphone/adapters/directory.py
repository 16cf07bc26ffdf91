"""What a server says of itself at /.well-known/softphone, over verified HTTPS only."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from typing import TYPE_CHECKING

from softphone.adapters.https import client, limited_body, load, tls_context
from softphone.ports import Clock, Discovery

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

PATH = "/.well-known/softphone"
TIMEOUT_S = 2.0
SIZE_LIMIT = 64 * 1024
KEPT_S = 3600.0
NOTHING_KEPT_S = 10.0
"""How long an answer holds, and how long it holds that there is none."""

TRANSPORTS = ("", "udp", "tcp", "tls")
FORMS = ("", "national", "international")
REDIRECTS = 3
WANTED = {"Accept": "application/json", "Accept-Encoding": "identity"}

_DOMAIN = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.\-]{0,251}[A-Za-z0-9_])?")
_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}")


class WellKnownDirectory:
    """Implements ports.Directory. `port` is 443 outside tests."""

    def __init__(self, clock: Clock, *, port: int = 443) -> None:
        self._clock = clock
        self._port = port
        self._answers: dict[tuple[str, str], tuple[float, Discovery | None]] = {}

    async def discover(self, host: str, *, ca_file: str = "") -> Discovery | None:
        """See ports.Directory."""
        key = (host, ca_file)
        until, answer = self._answers.get(key, (0.0, None))
        if self._clock.monotonic() < until:
            return answer
        answer = await self._ask(host, ca_file)
        kept = KEPT_S if answer is not None else NOTHING_KEPT_S
        self._answers[key] = (self._clock.monotonic() + kept, answer)
        return answer

    async def _ask(self, host: str, ca_file: str) -> Discovery | None:
        if not await self._taken(host):
            log.info("%s has nothing to say: nobody listens", host)
            return None
        await load()
        import httpx

        try:
            context = await asyncio.to_thread(tls_context, ca_file)
            async with asyncio.timeout(TIMEOUT_S), client(context, TIMEOUT_S) as asking:
                body = await self._fetch(asking, host)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError, UnicodeError) as error:
            log.info("%s has nothing to say: %s", host, type(error).__name__)
            return None
        return None if body is None else read_discovery(body)

    async def _taken(self, host: str) -> bool:
        """Whether anybody takes a connection there: a plain SIP server mostly has no web server beside it."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                _, writer = await asyncio.open_connection(host, self._port)
        except (TimeoutError, OSError, ValueError):  # the last one: no name at all
            return False
        writer.transport.abort()
        return True

    async def _fetch(self, asking: httpx.AsyncClient, host: str) -> bytes | None:
        """The document; redirects are followed within the host and HTTPS alone."""
        import httpx

        bracketed = f"[{host}]" if ":" in host else host
        url = httpx.URL(f"https://{bracketed}:{self._port}{PATH}")
        for _ in range(REDIRECTS + 1):
            async with asking.stream("GET", url, headers=WANTED) as response:
                if response.is_redirect:
                    goal = url.join(response.headers["location"])
                    if (goal.scheme, goal.host, goal.port or 443) != (url.scheme, url.host, url.port or 443):
                        return None
                    url = goal
                    continue
                return await limited_body(response, SIZE_LIMIT) if response.status_code == 200 else None
        return None


def read_discovery(body: bytes) -> Discovery | None:
    """Check the document field by field; what is not as it should be counts as not said."""
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None

    def text(key: str) -> str:
        value = values.get(key, "")
        return value if isinstance(value, str) else ""

    domain, service, version = text("sip_domain"), text("service_url"), text("minimum_version")
    return Discovery(
        sip_domain=domain if _DOMAIN.fullmatch(domain) else "",
        transport=text("transport") if text("transport") in TRANSPORTS else "",
        number_format=text("number_format") if text("number_format") in FORMS else "",
        service_url=service if service.startswith("https://") else "",
        minimum_version=version if _VERSION.fullmatch(version) else "",
    )
