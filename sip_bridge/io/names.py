"""Looking names up: DNS through dnspython, the operating system's own resolver, and a cache with limits.

dnspython is loaded with the first question: who registers at an address starts without it.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import dns.asyncresolver
    import dns.rdata

log = logging.getLogger(__name__)

LIFETIME_S = 3.0
TTL_LEAST_S = 5.0
TTL_MOST_S = 3600.0
NEGATIVE_TTL_S = 10.0
CACHE_LIMIT = 512


class LookupFailed(Exception):
    """A name could not be turned into addresses."""


class NameNotFound(LookupFailed):
    """Nobody knows the name."""


class NoNetwork(LookupFailed):
    """There is no way to ask: no address, no route, no answer from any name server."""


@dataclass(frozen=True, slots=True)
class Naptr:
    """RFC 3263 4.1: one service of a domain, `replacement` being the name to ask SRV for."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str


@dataclass(frozen=True, slots=True)
class Srv:
    """RFC 2782."""

    priority: int
    weight: int
    port: int
    target: str


class Resolver(Protocol):
    """Asks for records. An empty list: the name has none of this kind. Raises NameNotFound, NoNetwork."""

    async def naptr(self, name: str) -> Sequence[Naptr]:
        """NAPTR records in no particular order."""
        ...

    async def srv(self, name: str) -> Sequence[Srv]:
        """SRV records in no particular order."""
        ...

    async def addresses(self, name: str) -> Sequence[str]:
        """IPv6 and IPv4 addresses, each family in the order given."""
        ...

    def forget(self) -> None:
        """Drop what is cached: the network has changed."""
        ...


class SystemResolver:
    """The operating system's resolver: knows the hosts file, local names and VPNs, but only addresses."""

    async def addresses(self, name: str) -> list[str]:
        """IPv6 and IPv4 addresses. Raises NameNotFound, NoNetwork."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except socket.gaierror as failure:
            if failure.errno in (socket.EAI_AGAIN, socket.EAI_FAIL):
                raise NoNetwork(name) from failure
            raise NameNotFound(name) from failure
        except UnicodeError as failure:
            raise NameNotFound(name) from failure
        return list(dict.fromkeys(str(address[4][0]) for address in found))


class _Cache:
    """Answers until their time is out; the oldest go first when it is full."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: dict[tuple[str, str], tuple[float, list[dns.rdata.Rdata] | None]] = {}

    def get(self, key: tuple[str, str]) -> tuple[bool, list[dns.rdata.Rdata] | None]:
        until, records = self._kept.get(key, (0.0, None))
        return self._clock() < until, records

    def put(self, key: tuple[str, str], records: list[dns.rdata.Rdata] | None, ttl_s: float) -> None:
        self._kept.pop(key, None)
        while len(self._kept) >= CACHE_LIMIT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (self._clock() + ttl_s, records)

    def clear(self) -> None:
        self._kept.clear()


class DnsResolver:
    """dnspython with the system's name servers, or with those given.

    Answers are kept for their TTL, at least 5 s and at most an hour; "no such name" for 10 s.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        nameservers: Sequence[str] = (),
        port: int = 53,
        lifetime_s: float = LIFETIME_S,
    ) -> None:
        self._given = (tuple(nameservers), port)
        self._lifetime_s = lifetime_s
        self._cache = _Cache(clock)
        self._resolver: dns.asyncresolver.Resolver | None = None
        self._stale = True

    def _configured(self) -> dns.asyncresolver.Resolver | None:
        import dns.asyncresolver
        import dns.resolver

        nameservers, port = self._given
        try:
            resolver = dns.asyncresolver.Resolver(configure=not nameservers)
        except dns.resolver.NoResolverConfiguration:
            return None
        if nameservers:
            resolver.nameservers = list(nameservers)
            resolver.port = port
        resolver.lifetime = self._lifetime_s
        resolver.timeout = self._lifetime_s / 2
        return resolver

    def forget(self) -> None:
        """Drop the cache and read the system's name servers anew."""
        self._cache.clear()
        self._stale = True

    async def naptr(self, name: str) -> list[Naptr]:
        """NAPTR records. Raises NameNotFound, NoNetwork."""
        from dns.rdtypes.IN.NAPTR import NAPTR

        return [
            Naptr(
                record.order,
                record.preference,
                record.flags.decode("ascii", "replace").lower(),
                record.service.decode("ascii", "replace").upper(),
                record.replacement.to_text(omit_final_dot=True),
            )
            for record in await self._ask(name, "NAPTR")
            if isinstance(record, NAPTR)
        ]

    async def srv(self, name: str) -> list[Srv]:
        """SRV records. Raises NameNotFound, NoNetwork."""
        from dns.rdtypes.IN.SRV import SRV

        return [
            Srv(record.priority, record.weight, record.port, record.target.to_text(omit_final_dot=True))
            for record in await self._ask(name, "SRV")
            if isinstance(record, SRV)
        ]

    async def addresses(self, name: str) -> list[str]:
        """AAAA and A records. One family that can't be asked doesn't spoil the other."""
        from dns.rdtypes.IN.A import A
        from dns.rdtypes.IN.AAAA import AAAA

        answers = await asyncio.gather(self._ask(name, "AAAA"), self._ask(name, "A"), return_exceptions=True)
        failures = [answer for answer in answers if isinstance(answer, BaseException)]
        for failure in failures:
            if not isinstance(failure, LookupFailed):
                raise failure
        if len(failures) == len(answers):
            raise failures[-1]
        records = [record for answer in answers if not isinstance(answer, BaseException) for record in answer]
        return [record.address for record in records if isinstance(record, A | AAAA)]

    async def _ask(self, name: str, kind: str) -> list[dns.rdata.Rdata]:
        key = (name.lower().rstrip("."), kind)
        known, records = self._cache.get(key)
        if not known:
            records, ttl_s = await self._query(key[0], kind)
            self._cache.put(key, records, ttl_s)
        if records is None:
            raise NameNotFound(name)
        return records

    async def _query(self, name: str, kind: str) -> tuple[list[dns.rdata.Rdata] | None, float]:
        import dns.exception
        import dns.name
        import dns.resolver

        if self._stale:
            self._resolver, self._stale = self._configured(), False
        if self._resolver is None:
            raise NoNetwork(name)
        try:
            absolute = dns.name.from_text(name)
            answer = await self._resolver.resolve(absolute, kind, search=False)
        except dns.resolver.NXDOMAIN:
            return None, NEGATIVE_TTL_S
        except dns.resolver.NoAnswer:
            return [], NEGATIVE_TTL_S
        except (dns.resolver.LifetimeTimeout, dns.resolver.NoNameservers, OSError) as failure:
            log.info("DNS has no answer for %s %s: %s", name, kind, type(failure).__name__)
            raise NoNetwork(name) from failure
        except dns.exception.DNSException as failure:
            raise NameNotFound(name) from failure
        ttl_s = min(max(float(answer.rrset.ttl if answer.rrset else 0), TTL_LEAST_S), TTL_MOST_S)
        return list(answer), ttl_s
