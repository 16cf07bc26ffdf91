"""Finding SIP servers (RFC 3263): from a hop to the addresses to try, in order.

The hop's transport decides how:

* "udp", "tcp", "tls": SRV of that transport where the name carries no port, then AAAA and A.
* "": a URI that names none. Numeric host or explicit port: UDP (TLS when secure). Else NAPTR, then SRV of
  all transports, then AAAA and A with UDP (RFC 3263 4.1).
* "auto": a server a person typed. What NAPTR or SRV offer, TLS before anything else. Where DNS offers
  nothing, or a port was typed, every transport is tried at the address: TLS, TCP, UDP, at the typed port or
  at 5061, 5060, 5060. Whether to go on to a plain one after a failed TLS is the driver's decision.
"""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sip_bridge.core.effects import Hop
from sip_bridge.io.names import LookupFailed, NameNotFound, NoNetwork, Resolver, Srv, SystemResolver

AUTO = "auto"
PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061}
SRV_PREFIX = {"tls": "_sips._tcp.", "tcp": "_sip._tcp.", "udp": "_sip._udp."}
NAPTR_SERVICE = {"SIPS+D2T": "tls", "SIP+D2T": "tcp", "SIP+D2U": "udp"}
SYSTEM_TIMEOUT_S = 2.0
"""The system asks the same silent name servers far longer; its hosts file answers at once."""

AUTO_ORDER = ("tls", "tcp", "udp")


@dataclass(frozen=True, slots=True)
class Target:
    """One address to try. `name` is what a certificate must be for: the host as it was asked for, never
    what DNS made of it (RFC 5922 section 4)."""

    transport: str
    host: str
    port: int
    name: str


def numeric(host: str) -> bool:
    """Whether `host` is an IP address, with or without brackets."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def by_weight(records: Sequence[Srv], random: Callable[[], float]) -> list[Srv]:
    """RFC 2782's order: by priority, and among equals by chance in proportion to their weights."""
    ordered: list[Srv] = []
    for _, group in itertools.groupby(
        sorted(records, key=lambda record: record.priority), lambda r: r.priority
    ):
        left = sorted(group, key=lambda record: record.weight)
        while left:
            mark = random() * sum(record.weight for record in left)
            running = 0
            for index, record in enumerate(left):
                running += record.weight
                if running >= mark:
                    ordered.append(left.pop(index))
                    break
    return ordered


def interleave(addresses: Iterable[str], transport: str = "tcp") -> list[str]:
    """IPv6 and IPv4 by turns, IPv6 first (RFC 8305 section 4): a dead family costs one attempt, not all.

    For UDP IPv4 comes first: no handshake tells a dead IPv6 from a slow server before half a minute is over.
    """
    families: tuple[list[str], list[str]] = ([], [])
    for address in addresses:
        families[(":" in address) == (transport == "udp")].append(address)
    pairs = itertools.zip_longest(*families)
    return [address for pair in pairs for address in pair if address is not None]


class Locator:
    """Turns hops into targets with an injected resolver and injected chance (`random()` in 0…1)."""

    def __init__(
        self, resolver: Resolver, random: Callable[[], float], system: SystemResolver | None = None
    ) -> None:
        self._resolver = resolver
        self._random = random
        self._system = system or SystemResolver()

    def forget(self) -> None:
        """The network changed: ask again."""
        self._resolver.forget()

    async def locate(self, hop: Hop) -> list[Target]:
        """Addresses to try, best first; never empty. Raises NameNotFound, NoNetwork."""
        host = hop.host.strip("[]")
        transports = self._wanted(hop)
        if numeric(host):
            return [Target(one, host, hop.port or PORTS[one], host) for one in transports]
        if not hop.port:
            targets = await self._by_services(host, hop)
            if targets:
                return targets
        addresses = await self._addresses(host)
        return [
            Target(one, address, hop.port or PORTS[one], host)
            for one in transports
            for address in interleave(addresses, one)
        ]

    @staticmethod
    def _wanted(hop: Hop) -> tuple[str, ...]:
        if hop.secure:
            return ("tls",)
        if hop.transport == AUTO:
            return AUTO_ORDER
        return (hop.transport or "udp",)

    async def _by_services(self, host: str, hop: Hop) -> list[Target]:
        if hop.secure or hop.transport not in ("", AUTO):
            transport = "tls" if hop.secure else hop.transport
            names = [(transport, SRV_PREFIX[transport] + host)]
        else:
            names = await self._services(host)
        answers = await asyncio.gather(*(self._srv(name) for _, name in names))
        offered = [(transport, records) for (transport, _), records in zip(names, answers, strict=True)]
        if hop.transport == AUTO:
            offered.sort(key=lambda service: service[0] != "tls")
        targets: list[Target] = []
        for transport, records in offered:
            for record in by_weight(records, self._random):
                targets += await self._at(transport, record, host)
        return targets

    async def _services(self, host: str) -> list[tuple[str, str]]:
        """What the domain's NAPTR records offer, or else every SRV name there could be."""
        try:
            records = await self._resolver.naptr(host)
        except LookupFailed:
            records = ()
        known = [
            (NAPTR_SERVICE[record.service], record.replacement)
            for record in sorted(records, key=lambda record: (record.order, record.preference))
            if record.service in NAPTR_SERVICE and record.flags == "s"
        ]
        return known or [(transport, SRV_PREFIX[transport] + host) for transport in AUTO_ORDER]

    async def _srv(self, name: str) -> Sequence[Srv]:
        try:
            records = await self._resolver.srv(name)
        except LookupFailed:
            return ()
        return [record for record in records if record.target not in ("", ".")]

    async def _at(self, transport: str, record: Srv, host: str) -> list[Target]:
        try:
            addresses = await self._addresses(record.target)
        except LookupFailed:
            return []
        ordered = interleave(addresses, transport)
        return [Target(transport, address, record.port, host) for address in ordered]

    async def _addresses(self, host: str) -> Sequence[str]:
        """By DNS; what DNS doesn't know the system may: hosts file, local network, VPN."""
        failure: LookupFailed = NameNotFound(host)
        if "." in host:
            try:
                if found := await self._resolver.addresses(host):
                    return found
            except LookupFailed as caught:
                failure = caught
        try:
            async with asyncio.timeout(SYSTEM_TIMEOUT_S):
                return await self._system.addresses(host)
        except (NameNotFound, TimeoutError):
            raise failure from None
        except NoNetwork:
            raise (failure if "." in host else NameNotFound(host)) from None
