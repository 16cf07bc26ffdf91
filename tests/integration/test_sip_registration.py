"""Registering at a real Kamailio: every transport and hash, every refusal, and coming back after trouble."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sip_bridge import client_events as told
from sip_bridge.client_types import AccountConfig, ClientSettings, RegistrationError
from sip_bridge.io.names import DnsResolver
from tests.lab.caller import Caller
from tests.lab.certificates import Authority
from tests.lab.dns import DnsServer
from tests.lab.kamailio import Kamailio, Options, User
from tests.lab.ports import LOOPBACK, free_port

pytestmark = pytest.mark.peer

USERS = (User("1001", "right"), User("1002", "right"), User("1003", "right", 403))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module", params=["MD5", "SHA-256"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, authority: Authority
) -> Iterator[Kamailio]:
    pair = authority.issue("localhost", LOOPBACK, "localhost.test")
    store = "ha1" if request.param == "SHA-256" else "password"
    options = Options(USERS, algorithm=request.param, store=store, certificate=pair)
    kamailio = Kamailio(tmp_path_factory.mktemp("kamailio") / "server", options)
    kamailio.start()
    yield kamailio
    kamailio.stop()


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with Caller(ClientSettings(keepalive_s=2.0, sign_in_timeout_s=6.0)) as one:
        yield one


def account(server: Kamailio, authority: Authority, transport: str = "udp") -> AccountConfig:
    port = server.tls_port if transport == "tls" else server.port
    return AccountConfig("localhost", "1001", "right", port, transport, ca_file=str(authority.ca_file))


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_every_transport(
    server: Kamailio, authority: Authority, caller: Caller, transport: str
) -> None:
    registered = await caller.start(account(server, authority, transport))
    assert registered == told.Registered(transport, "localhost")
    assert caller.events == [registered]


async def test_automatic_transport_finds_tls_behind_a_typed_port(
    server: Kamailio, authority: Authority, caller: Caller
) -> None:
    wanted = replace(account(server, authority), transport="auto", port=server.tls_port)
    assert (await caller.start(wanted)).transport == "tls"


async def test_automatic_transport_at_a_plain_port(
    server: Kamailio, authority: Authority, caller: Caller
) -> None:
    assert (await caller.start(replace(account(server, authority), transport="auto"))).transport == "tcp"


@pytest.mark.parametrize(
    ("number", "secret", "code", "status"),
    [
        ("1001", "wrong", "wrong-credentials", 401),
        ("1009", "right", "wrong-credentials", 401),
        ("1003", "right", "no-right", 403),
    ],
)
async def test_refusals(
    server: Kamailio, authority: Authority, caller: Caller, number: str, secret: str, code: str, status: int
) -> None:
    with pytest.raises(RegistrationError) as refused:
        await caller.start(replace(account(server, authority), number=number, secret=secret))
    assert (refused.value.code, refused.value.status) == (code, status)
    assert caller.events == []
    assert (await caller.start(account(server, authority))).transport == "udp"


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls", "auto"])
async def test_nobody_listens(caller: Caller, transport: str) -> None:
    with pytest.raises(RegistrationError) as refused:
        await caller.start(AccountConfig(LOOPBACK, "1001", "right", free_port(), transport))
    assert refused.value.code == "server-silent"


@pytest.mark.parametrize(("silent", "code"), [(False, "server-not-found"), (True, "no-network")])
async def test_a_name_that_leads_nowhere(silent: bool, code: str) -> None:
    with DnsServer({}, silent=silent) as dns:
        clock = asyncio.get_running_loop().time
        resolver = DnsResolver(clock, nameservers=[LOOPBACK], port=dns.port, lifetime_s=0.3)
        async with Caller(ClientSettings(sign_in_timeout_s=6.0), resolver=resolver) as caller:
            with pytest.raises(RegistrationError) as refused:
                await caller.start(AccountConfig("nowhere.invalid", "1001", "right", 5060, "udp"))
    assert refused.value.code == code


async def test_a_domain_found_by_its_records(server: Kamailio, authority: Authority) -> None:
    zone = {
        ("localhost.test", "NAPTR"): ['10 10 "S" "SIPS+D2T" "" _sips._tcp.localhost.test.'],
        ("_sips._tcp.localhost.test", "SRV"): [
            f"10 10 {free_port()} sip.localhost.test.",
            f"20 10 {server.tls_port} sip.localhost.test.",
        ],
        ("sip.localhost.test", "A"): [LOOPBACK],
    }
    with DnsServer(zone) as dns:
        clock = asyncio.get_running_loop().time
        resolver = DnsResolver(clock, nameservers=[LOOPBACK], port=dns.port, lifetime_s=0.5)
        async with Caller(resolver=resolver) as caller:
            wanted = replace(account(server, authority), host="localhost.test", port=0, transport="auto")
            registered = await caller.start(wanted)
    assert registered == told.Registered("tls", "localhost.test")


@pytest.mark.parametrize("fault", ["expired", "wrong name", "own authority"])
async def test_certificates_that_are_not_trusted(
    tmp_path: Path, authority: Authority, caller: Caller, fault: str
) -> None:
    issuer = Authority(tmp_path / "other") if fault == "own authority" else authority
    name = "other.test" if fault == "wrong name" else "localhost"
    options = Options(USERS, certificate=issuer.issue(name, expired=fault == "expired"))
    kamailio = Kamailio(tmp_path / "server", options)
    kamailio.start()
    try:
        for transport in ("tls", "auto"):
            wanted = replace(account(kamailio, authority, "tls"), transport=transport)
            with pytest.raises(RegistrationError) as refused:
                await caller.start(wanted)
            assert refused.value.code == "certificate"
    finally:
        kamailio.stop()


async def test_a_ca_file_that_holds_nothing(tmp_path: Path, caller: Caller) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(RegistrationError) as refused:
        await caller.start(
            AccountConfig(LOOPBACK, "1001", "right", 5061, "tls", ca_file=str(tmp_path / "ca.pem"))
        )
    assert refused.value.code == "certificate"


async def test_operators_who_answer_otherwise(tmp_path: Path, caller: Caller) -> None:
    """Unknown numbers answered 404, wrong passwords 403, short registrations 423: all seen in the field."""
    options = Options(USERS, unknown_status=404, wrong_status=403, min_expires=900)
    kamailio = Kamailio(tmp_path / "server", options)
    kamailio.start()
    try:
        good = AccountConfig(LOOPBACK, "1001", "right", kamailio.port, "udp")
        for changed, code, status in (
            (replace(good, number="1009"), "wrong-credentials", 404),
            (replace(good, secret="wrong"), "no-right", 403),
        ):
            with pytest.raises(RegistrationError) as refused:
                await caller.start(changed)
            assert (refused.value.code, refused.value.status) == (code, status)
        await caller.start(good)
    finally:
        kamailio.stop()


async def test_a_server_that_never_answers(server: Kamailio, authority: Authority) -> None:
    server.pause()
    try:
        async with Caller(ClientSettings(sign_in_timeout_s=1.0)) as caller:
            with pytest.raises(RegistrationError) as refused:
                await caller.start(account(server, authority))
            assert refused.value.code == "server-silent"
    finally:
        server.resume()


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_a_restarted_server_finds_us_again(
    server: Kamailio, authority: Authority, caller: Caller, transport: str
) -> None:
    await caller.start(account(server, authority, transport))
    server.kill()
    lost = await caller.wait_for(told.RegistrationLost)
    assert lost.refusal == "server-silent"
    server.start()
    again = await caller.wait_for(told.Registered, 2, timeout_s=5.0)
    assert again.transport == transport


async def test_leaving_takes_the_binding_away(server: Kamailio, authority: Authority, caller: Caller) -> None:
    await caller.start(account(server, authority))
    await caller.client.stop()
    async with Caller() as other:
        await other.start(replace(account(server, authority), number="1002"))
        await other.client.dial("1001")
        ended = await other.wait_for(told.Ended)
        assert (ended.reason, ended.status) == ("not-found", 404)


async def test_a_dead_server_does_not_keep_us_from_leaving(tmp_path: Path, caller: Caller) -> None:
    kamailio = Kamailio(tmp_path / "server", Options(USERS))
    kamailio.start()
    try:
        await caller.start(AccountConfig(LOOPBACK, "1001", "right", kamailio.port, "tcp"))
    finally:
        kamailio.kill()
    async with asyncio.timeout(4.0):
        await caller.client.stop()
