"""Signing in: what the server says of itself, and over which transport."""

from __future__ import annotations

import pytest

from softphone.domain.account import Credentials, Refusal, Transport
from softphone.domain.errors import SignInRefused
from softphone.ports import Discovery
from tests.unit.softphone.services.session_bench import HERE, SERVER, Bench

# --- what the server says of itself


async def test_too_old() -> None:
    bench = Bench()
    bench.directory.found[SERVER] = Discovery(minimum_version="0.2")
    assert await bench.refusal(HERE) == Refusal.TOO_OLD
    assert bench.telephony.accounts == []


async def test_the_document_decides_domain_transport_and_form() -> None:
    bench = Bench()
    bench.directory.found[SERVER] = Discovery(
        sip_domain="sip.vip.example.com",
        transport="tls",
        number_format="international",
        minimum_version="0.1.0",
    )
    account = await bench.session.sign_in(Credentials(f"{SERVER}:5060", "0401234567", "x"))
    used = bench.telephony.accounts[0]
    assert (used.host, used.port, used.transport, used.number) == (
        "sip.vip.example.com",
        0,
        "tls",
        "+358401234567",
    )
    assert account.user == "+358401234567"


@pytest.mark.parametrize("domain", [SERVER, "VIP.example.com.", "a.b.vip.example.com", "example.com"])
async def test_the_password_may_go_to_the_same_house(domain: str) -> None:
    bench = Bench()
    bench.directory.found[SERVER] = Discovery(sip_domain=domain)
    await bench.session.sign_in(HERE)
    assert bench.telephony.accounts[0].host == domain


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        (SERVER, "sip.example.com"),
        (SERVER, "evil.example"),
        (SERVER, "evilvip.example.com"),
        (SERVER, "vip.example.com.evil.example"),
        (SERVER, "com"),
        ("192.0.2.10", "2.10"),
        ("192.0.2.10", "192.0.2.1"),
        ("192.0.2.10", "evil.192.0.2.10"),
    ],
)
async def test_the_password_goes_to_no_server_nobody_typed(typed: str, domain: str) -> None:
    bench = Bench()
    bench.directory.found[typed] = Discovery(sip_domain=domain)
    assert await bench.refusal(Credentials(typed, "1001", "x")) == Refusal.OTHER_SERVER
    assert bench.telephony.accounts == []


async def test_other_form_once_after_404_then_remembered() -> None:
    bench = Bench()
    bench.telephony.refusals = [SignInRefused(Refusal.WRONG_CREDENTIALS, "", 404)]
    await bench.session.sign_in(HERE)
    assert [a.number for a in bench.telephony.accounts] == ["0401234567", "+358401234567"]
    await bench.session.sign_in(HERE)
    assert [a.number for a in bench.telephony.accounts][2:] == ["+358401234567"]


async def test_404_in_both_forms_is_the_end() -> None:
    bench = Bench()
    bench.telephony.refusals = [SignInRefused(Refusal.WRONG_CREDENTIALS, "", 404)] * 2
    assert await bench.refusal(HERE) == Refusal.WRONG_CREDENTIALS
    assert len(bench.telephony.accounts) == 2


async def test_a_wrong_password_is_never_tried_in_the_other_form() -> None:
    bench = Bench()
    bench.telephony.refusals = [SignInRefused(Refusal.WRONG_CREDENTIALS, "", 403)]
    await bench.refusal(HERE)
    assert len(bench.telephony.accounts) == 1


# --- transports


async def test_where_tls_worked_nothing_less_is_tried() -> None:
    bench = Bench()
    await bench.session.sign_in(HERE)
    await bench.session.sign_in(Credentials(SERVER, "0401234567", "x", Transport.UDP))
    used = bench.telephony.accounts[-1]
    assert (used.transport, used.tls_required) == ("tls", True)


async def test_an_administrator_may_choose_less() -> None:
    bench = Bench(policy={"sip.transport": "tcp"})
    await bench.settings.set("account.tls_servers", (SERVER,))
    await bench.session.sign_in(HERE)
    assert (bench.telephony.accounts[0].transport, bench.telephony.accounts[0].tls_required) == ("tcp", False)


async def test_an_administrator_who_leaves_it_open_weakens_nothing() -> None:
    bench = Bench(policy={"sip.transport": "auto"})
    await bench.session.sign_in(HERE)
    await bench.session.sign_in(HERE)
    used = bench.telephony.accounts[-1]
    assert (used.transport, used.tls_required) == ("tls", True)


@pytest.mark.parametrize(
    ("server", "chosen", "setting", "used"),
    [
        (SERVER, Transport.AUTO, "auto", "auto"),
        (SERVER, Transport.TCP, "udp", "tcp"),
        (SERVER, Transport.AUTO, "udp", "udp"),
        ("sips:vip.example.com", Transport.UDP, "auto", "tls"),
    ],
)
async def test_who_decides_the_transport(server: str, chosen: Transport, setting: str, used: str) -> None:
    bench = Bench(overrides={"sip.transport": setting, "sip.ca_file": "/ca.pem"})
    await bench.session.sign_in(Credentials(server, "1001", "x", chosen))
    assert bench.telephony.accounts[0].transport == used
    assert bench.telephony.accounts[0].ca_file == "/ca.pem"
