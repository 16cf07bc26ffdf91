"""DNS asked over a real socket of a real (if small) name server."""

from __future__ import annotations

import pytest

from sip_bridge.core.effects import Hop
from sip_bridge.io.locate import Locator
from sip_bridge.io.names import DnsResolver, NameNotFound, Naptr, NoNetwork, Srv, SystemResolver
from tests.lab.dns import DnsServer
from tests.lab.ports import LOOPBACK

ZONE = {
    ("phone.test", "NAPTR"): ['10 20 "S" "SIPS+D2T" "" _sips._tcp.phone.test.'],
    ("_sips._tcp.phone.test", "SRV"): ["10 50 5061 proxy.phone.test."],
    ("proxy.phone.test", "A"): ["127.0.0.1"],
    ("proxy.phone.test", "AAAA"): ["::1"],
    ("four.test", "A"): ["127.0.0.4"],
}


class Clock:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def resolver(server: DnsServer, clock: Clock | None = None) -> DnsResolver:
    return DnsResolver(clock or Clock(), nameservers=[LOOPBACK], port=server.port, lifetime_s=0.4)


async def test_every_kind_of_record() -> None:
    with DnsServer(ZONE) as server:
        names = resolver(server)
        assert await names.naptr("phone.test") == [Naptr(10, 20, "s", "SIPS+D2T", "_sips._tcp.phone.test")]
        assert await names.srv("_sips._tcp.phone.test") == [Srv(10, 50, 5061, "proxy.phone.test")]
        assert await names.addresses("proxy.phone.test") == ["::1", "127.0.0.1"]
        assert await names.addresses("four.test") == ["127.0.0.4"]
        targets = await Locator(names, lambda: 0.0).locate(Hop("phone.test", 0, "auto"))
        assert [(one.transport, one.host, one.port, one.name) for one in targets] == [
            ("tls", "::1", 5061, "phone.test"),
            ("tls", "127.0.0.1", 5061, "phone.test"),
        ]


async def test_a_name_with_nothing_of_the_kind_is_empty_and_an_unknown_one_is_not_found() -> None:
    with DnsServer(ZONE) as server:
        names = resolver(server)
        assert await names.srv("phone.test") == []
        with pytest.raises(NameNotFound):
            await names.srv("nowhere.test")
        with pytest.raises(NameNotFound):
            await names.addresses("nowhere.test")
        with pytest.raises(NameNotFound):
            await names.addresses("a" * 64 + ".test")


async def test_a_silent_or_failing_server_is_no_network() -> None:
    with DnsServer(ZONE, silent=True) as server, pytest.raises(NoNetwork):
        await resolver(server).addresses("four.test")
    with DnsServer({}, status="SERVFAIL") as server, pytest.raises(NoNetwork):
        await resolver(server).naptr("four.test")


async def test_answers_are_kept_for_their_time() -> None:
    clock = Clock()
    with DnsServer(ZONE, ttl=60) as server:
        names = resolver(server, clock)
        for _ in range(3):
            await names.srv("_sips._tcp.phone.test")
        assert len(server.queries) == 1
        clock.now += 61
        await names.srv("_sips._tcp.phone.test")
        assert len(server.queries) == 2
        names.forget()
        await names.srv("_sips._tcp.phone.test")
        assert len(server.queries) == 3


async def test_time_to_live_has_limits_and_not_found_is_kept_shortly() -> None:
    clock = Clock()
    with DnsServer(ZONE, ttl=0) as server:
        names = resolver(server, clock)
        await names.srv("_sips._tcp.phone.test")
        clock.now += 4
        await names.srv("_sips._tcp.phone.test")
        assert len(server.queries) == 1
        with pytest.raises(NameNotFound):
            await names.srv("nowhere.test")
        clock.now += 9
        with pytest.raises(NameNotFound):
            await names.srv("nowhere.test")
        assert len(server.queries) == 2


async def test_the_system_knows_localhost() -> None:
    assert "127.0.0.1" in await SystemResolver().addresses("localhost")
    with pytest.raises(NameNotFound):
        await SystemResolver().addresses("a" * 64 + ".test")
