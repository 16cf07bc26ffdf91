"""RFC 3263's order of things, with a resolver made of tables and chance made of numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

from sip_bridge.core.effects import Hop
from sip_bridge.io.locate import Locator, Target, by_weight, interleave
from sip_bridge.io.names import NameNotFound, Naptr, NoNetwork, Srv, SystemResolver

T = TypeVar("T")
NAME = "phone.test"


class Table:
    """A resolver that knows what the test wrote."""

    def __init__(
        self,
        naptr: dict[str, list[Naptr]] | None = None,
        srv: dict[str, list[Srv]] | None = None,
        hosts: dict[str, list[str]] | None = None,
        *,
        down: bool = False,
    ) -> None:
        self._naptr, self._srv, self._hosts, self._down = naptr or {}, srv or {}, hosts or {}, down
        self.forgotten = 0

    async def naptr(self, name: str) -> Sequence[Naptr]:
        return self._look(self._naptr, name)

    async def srv(self, name: str) -> Sequence[Srv]:
        return self._look(self._srv, name)

    async def addresses(self, name: str) -> Sequence[str]:
        return self._look(self._hosts, name)

    def forget(self) -> None:
        self.forgotten += 1

    def _look(self, table: dict[str, list[T]], name: str) -> list[T]:
        if self._down:
            raise NoNetwork(name)
        if name not in table:
            raise NameNotFound(name)
        return table[name]


class Hosts(SystemResolver):
    """The system's resolver, with a hosts file of the test's."""

    def __init__(self, hosts: dict[str, list[str]] | None = None, *, down: bool = False) -> None:
        self._hosts, self._down = hosts or {}, down

    async def addresses(self, name: str) -> list[str]:
        if self._down:
            raise NoNetwork(name)
        if name not in self._hosts:
            raise NameNotFound(name)
        return self._hosts[name]


def locator(
    resolver: Table, hosts: Hosts | None = None, random: Callable[[], float] = lambda: 0.0
) -> Locator:
    return Locator(resolver, random, hosts or Hosts())


async def found(resolver: Table, hop: Hop) -> list[tuple[str, str, int]]:
    targets = await locator(resolver).locate(hop)
    assert {target.name for target in targets} == {hop.host.strip("[]")}
    return [(target.transport, target.host, target.port) for target in targets]


@pytest.mark.parametrize(
    ("hop", "expected"),
    [
        (Hop("192.0.2.7"), [("udp", "192.0.2.7", 5060)]),
        (Hop("192.0.2.7", 5070, "tcp"), [("tcp", "192.0.2.7", 5070)]),
        (Hop("192.0.2.7", secure=True), [("tls", "192.0.2.7", 5061)]),
        (Hop("[2001:db8::7]", 0, "tls"), [("tls", "2001:db8::7", 5061)]),
        (
            Hop("192.0.2.7", 0, "auto"),
            [("tls", "192.0.2.7", 5061), ("tcp", "192.0.2.7", 5060), ("udp", "192.0.2.7", 5060)],
        ),
        (
            Hop("192.0.2.7", 5080, "auto"),
            [("tls", "192.0.2.7", 5080), ("tcp", "192.0.2.7", 5080), ("udp", "192.0.2.7", 5080)],
        ),
        (Hop("192.0.2.7", 5080, "auto", secure=True), [("tls", "192.0.2.7", 5080)]),
    ],
)
async def test_numeric_hosts_ask_nobody(hop: Hop, expected: list[tuple[str, str, int]]) -> None:
    assert await found(Table(down=True), hop) == expected


async def test_explicit_port_skips_srv() -> None:
    table = Table(
        srv={"_sip._udp.phone.test": [Srv(1, 1, 5099, "other.phone.test")]},
        hosts={NAME: ["192.0.2.1"], "other.phone.test": ["192.0.2.2"]},
    )
    assert await found(table, Hop(NAME, 5060)) == [("udp", "192.0.2.1", 5060)]


async def test_naptr_then_srv_then_addresses() -> None:
    table = Table(
        naptr={
            NAME: [
                Naptr(20, 10, "s", "SIP+D2U", "_sip._udp.phone.test"),
                Naptr(10, 20, "s", "SIP+D2T", "_sip._tcp.elsewhere.test"),
                Naptr(10, 10, "s", "SIP+D2S", "_sip._sctp.phone.test"),
                Naptr(5, 10, "u", "SIP+D2T", "!a regular expression!"),
            ]
        },
        srv={
            "_sip._tcp.elsewhere.test": [Srv(1, 0, 5070, "one.elsewhere.test")],
            "_sip._udp.phone.test": [Srv(1, 0, 5060, "two.phone.test")],
        },
        hosts={"one.elsewhere.test": ["192.0.2.1"], "two.phone.test": ["192.0.2.2"]},
    )
    assert await found(table, Hop(NAME)) == [("tcp", "192.0.2.1", 5070), ("udp", "192.0.2.2", 5060)]


async def test_automatic_puts_tls_first_whatever_naptr_prefers() -> None:
    table = Table(
        naptr={
            NAME: [
                Naptr(10, 10, "s", "SIP+D2U", "_sip._udp.phone.test"),
                Naptr(90, 10, "s", "SIPS+D2T", "_sips._tcp.phone.test"),
            ]
        },
        srv={
            "_sip._udp.phone.test": [Srv(1, 0, 5060, "a.phone.test")],
            "_sips._tcp.phone.test": [Srv(1, 0, 5061, "a.phone.test")],
        },
        hosts={"a.phone.test": ["192.0.2.1"]},
    )
    assert await found(table, Hop(NAME, 0, "auto")) == [
        ("tls", "192.0.2.1", 5061),
        ("udp", "192.0.2.1", 5060),
    ]
    assert await found(table, Hop(NAME)) == [("udp", "192.0.2.1", 5060), ("tls", "192.0.2.1", 5061)]


async def test_without_naptr_srv_of_every_transport_is_asked() -> None:
    table = Table(
        srv={
            "_sip._udp.phone.test": [Srv(20, 0, 5062, "b.phone.test"), Srv(10, 0, 5060, "a.phone.test")],
            "_sip._tcp.phone.test": [Srv(1, 0, 0, ".")],
        },
        hosts={"a.phone.test": ["192.0.2.1"], "b.phone.test": ["192.0.2.2"]},
    )
    assert await found(table, Hop(NAME)) == [("udp", "192.0.2.1", 5060), ("udp", "192.0.2.2", 5062)]


async def test_a_given_transport_asks_only_its_own_srv() -> None:
    table = Table(
        srv={
            "_sip._udp.phone.test": [Srv(1, 0, 5060, "a.phone.test")],
            "_sips._tcp.phone.test": [Srv(1, 0, 5065, "a.phone.test")],
        },
        hosts={"a.phone.test": ["192.0.2.1"], NAME: ["192.0.2.9"]},
    )
    assert await found(table, Hop(NAME, 0, "udp")) == [("udp", "192.0.2.1", 5060)]
    assert await found(table, Hop(NAME, secure=True)) == [("tls", "192.0.2.1", 5065)]
    assert await found(table, Hop(NAME, 0, "tcp")) == [("tcp", "192.0.2.9", 5060)]


async def test_srv_target_without_address_is_passed_over() -> None:
    table = Table(
        srv={"_sip._udp.phone.test": [Srv(1, 0, 5060, "gone.test"), Srv(2, 0, 5060, "a.phone.test")]},
        hosts={"a.phone.test": ["192.0.2.1"]},
    )
    assert await found(table, Hop(NAME, 0, "udp")) == [("udp", "192.0.2.1", 5060)]


async def test_name_with_addresses_only() -> None:
    table = Table(hosts={NAME: ["192.0.2.1", "192.0.2.2", "2001:db8::1"]})
    assert await found(table, Hop(NAME)) == [
        ("udp", "192.0.2.1", 5060),
        ("udp", "2001:db8::1", 5060),
        ("udp", "192.0.2.2", 5060),
    ]
    assert [host for _, host, _ in await found(table, Hop(NAME, 0, "tcp"))] == [
        "2001:db8::1",
        "192.0.2.1",
        "192.0.2.2",
    ]
    automatic = await found(table, Hop(NAME, 0, "auto"))
    assert [transport for transport, _, _ in automatic] == ["tls"] * 3 + ["tcp"] * 3 + ["udp"] * 3


async def test_what_dns_does_not_know_the_system_may() -> None:
    targets = await locator(Table(), Hosts({NAME: ["192.0.2.5"]})).locate(Hop(NAME))
    assert targets == [Target("udp", "192.0.2.5", 5060, NAME)]


async def test_a_name_without_dots_is_the_systems_alone() -> None:
    table = Table(hosts={"pbx": ["192.0.2.1"]})
    targets = await locator(table, Hosts({"pbx": ["192.0.2.5"]})).locate(Hop("pbx", 5060))
    assert [target.host for target in targets] == ["192.0.2.5"]


@pytest.mark.parametrize(
    ("resolver", "hosts", "error"),
    [
        (Table(), Hosts(), NameNotFound),
        (Table(), Hosts(down=True), NameNotFound),
        (Table(down=True), Hosts(), NoNetwork),
        (Table(down=True), Hosts(down=True), NoNetwork),
    ],
)
async def test_not_found_is_told_from_no_network(
    resolver: Table, hosts: Hosts, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await locator(resolver, hosts).locate(Hop(NAME))


async def test_a_dotless_name_nobody_knows() -> None:
    with pytest.raises(NameNotFound):
        await locator(Table(down=True), Hosts(down=True)).locate(Hop("pbx"))


def test_srv_weights_follow_chance_within_a_priority() -> None:
    light, heavy, backup = Srv(1, 10, 1, "light"), Srv(1, 90, 2, "heavy"), Srv(2, 1, 3, "backup")
    assert by_weight([backup, heavy, light], lambda: 0.05) == [light, heavy, backup]
    assert by_weight([backup, light, heavy], lambda: 0.5) == [heavy, light, backup]


def test_srv_of_weight_zero_is_chosen_last_but_chosen() -> None:
    zero, one = Srv(1, 0, 1, "zero"), Srv(1, 5, 2, "one")
    assert by_weight([one, zero], lambda: 0.9) == [one, zero]
    assert by_weight([zero, Srv(1, 0, 3, "other")], lambda: 0.9)[0] is zero


def test_families_take_turns() -> None:
    assert interleave(["1.1.1.1", "2.2.2.2", "::1", "3.3.3.3"]) == ["::1", "1.1.1.1", "2.2.2.2", "3.3.3.3"]
    assert interleave(["::1", "1.1.1.1", "::2"], "udp") == ["1.1.1.1", "::1", "::2"]
    assert interleave([]) == []


async def test_forgetting_reaches_the_resolver() -> None:
    table = Table()
    locator(table).forget()
    assert table.forgotten == 1
