"""The way to a server looked at piece by piece, with names, certificates and addresses as tests want them."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from sip_bridge.client_types import AccountConfig, NotRegistered, RegistrationError
from sip_bridge.core.effects import Flow
from sip_bridge.io.names import DnsResolver
from softphone.adapters.line_check import SipLineCheck
from softphone.adapters.telephony import SipTelephony
from softphone.domain.preshift import CheckFailed, NotChecked
from tests.lab.certificates import Authority, KeyPair
from tests.lab.dns import DnsServer
from tests.lab.ports import LOOPBACK, free_port


@dataclass
class Line:
    """A user agent as the check sees it: whom it registered as, and how that went."""

    account: AccountConfig | None = None
    flow: Flow | None = None
    public_address: tuple[str, int] | None = None
    refusal: Exception | None = None

    @property
    def client(self) -> Line:
        return self

    async def confirm(self, patience_s: float) -> None:
        if self.refusal is not None:
            raise self.refusal


def account(host: str, port: int = 0, transport: str = "tls", ca_file: str = "") -> AccountConfig:
    return AccountConfig(host, "0401234567", "a secret of nobody", port, transport, ca_file=ca_file)


def check(line: Line, resolver: DnsResolver | None = None) -> SipLineCheck:
    return SipLineCheck(cast(SipTelephony, line), resolver=resolver)


def flow(transport: str = "udp", local: str = LOOPBACK) -> Flow:
    return Flow(1, transport, (local, 5060), (LOOPBACK, 5060), "localhost")


@asynccontextmanager
async def tls_server(pair: KeyPair) -> AsyncIterator[int]:
    """Shows a certificate at a port and says nothing."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)

    def met(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(met, LOOPBACK, 0, ssl=context)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()


async def code_of(check: object) -> str:
    """The code a check ends with."""
    with pytest.raises((CheckFailed, NotChecked)) as caught:
        await cast("asyncio.Future[object]", check)
    return caught.value.code


async def test_a_name_is_found_with_its_addresses() -> None:
    dns = DnsServer({("phone.test", "A"): ["192.0.2.7"]})
    dns.start()
    try:
        resolver = DnsResolver(asyncio.get_running_loop().time, nameservers=(LOOPBACK,), port=dns.port)
        found = await check(Line(account("phone.test", 5061)), resolver).look_up()
        assert (found.code, dict(found.facts)) == ("", {"server": "phone.test", "addresses": "192.0.2.7"})
        assert await code_of(check(Line(account("other.test")), resolver).look_up()) == "server-not-found"
    finally:
        dns.stop()


async def test_an_address_needs_no_name() -> None:
    found = await check(Line(account("192.0.2.7", 5061))).look_up()
    assert found.code == "numeric"


async def test_name_servers_that_do_not_answer_mean_no_network() -> None:
    dns = DnsServer({}, silent=True)
    dns.start()
    try:
        clock = asyncio.get_running_loop().time
        resolver = DnsResolver(clock, nameservers=(LOOPBACK,), port=dns.port, lifetime_s=0.2)
        assert await code_of(check(Line(account("phone.invalid")), resolver).look_up()) == "no-network"
    finally:
        dns.stop()


async def test_nobody_signed_in_has_nothing_to_look_at() -> None:
    for piece in (check(Line()).look_up, check(Line()).certificate, check(Line()).addresses):
        assert await code_of(piece()) in ("not-signed-in", "no-line")


async def test_a_good_certificate_tells_until_when_it_is_good(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with tls_server(authority.issue("localhost")) as port:
        found = await check(Line(account("localhost", port, ca_file=str(authority.ca_file)))).certificate()
    facts = dict(found.facts)
    until = datetime.date.fromisoformat(facts["valid_until"])
    assert until > datetime.datetime.now(datetime.UTC).date()
    assert found.code == ("expires-soon" if int(facts["days"]) < 14 else "")


async def test_a_certificate_for_another_name_or_of_a_stranger_is_refused(tmp_path: Path) -> None:
    authority, stranger = Authority(tmp_path / "ours"), Authority(tmp_path / "theirs")
    trusted = str(authority.ca_file)
    for pair in (authority.issue("other.test"), stranger.issue("localhost")):
        async with tls_server(pair) as port:
            failed = await code_of(check(Line(account("localhost", port, ca_file=trusted))).certificate())
        assert failed == "certificate"


async def test_a_missing_authority_file_is_told(tmp_path: Path) -> None:
    line = Line(account("localhost", free_port(), ca_file=str(tmp_path / "none.pem")))
    assert await code_of(check(line).certificate()) == "ca-file"


@pytest.mark.parametrize(
    ("transport", "registered_by", "code"),
    [
        ("tls", "", "server-silent"),
        ("auto", "", "no-tls"),
        ("udp", "udp", "no-tls"),
        ("auto", "tcp", "no-tls"),
    ],
)
async def test_where_no_tls_is_spoken_there_is_no_certificate(
    transport: str, registered_by: str, code: str
) -> None:
    line = Line(account(LOOPBACK, free_port(), transport), flow(registered_by) if registered_by else None)
    assert await code_of(check(line).certificate()) == code


async def test_the_servers_word_counts() -> None:
    assert dict((await check(Line(flow=flow("tcp"))).confirm()).facts) == {"transport": "tcp"}
    refused = Line(refusal=RegistrationError("no-right", 403))
    assert await code_of(check(refused).confirm()) == "no-right"
    assert await code_of(check(Line(refusal=NotRegistered())).confirm()) == "server-silent"


@pytest.mark.parametrize(
    ("seen", "code"), [(None, ""), ((LOOPBACK, 40_000), ""), (("203.0.113.9", 40_000), "nat")]
)
async def test_our_address_is_compared_with_what_the_server_sees(
    seen: tuple[str, int] | None, code: str
) -> None:
    found = await check(Line(flow=flow(), public_address=seen)).addresses()
    assert found.code == code
    assert dict(found.facts)["local"] == LOOPBACK


async def test_an_address_that_is_not_ours_any_more_carries_no_sound() -> None:
    assert await code_of(check(Line(flow=flow(local="192.0.2.77"))).addresses()) == "udp-blocked"


async def test_sound_goes_round_on_this_machine() -> None:
    found = await check(Line(flow=flow())).loopback("")
    facts = dict(found.facts)
    assert (found.code, facts["with"]) == ("local", "this computer")
    assert int(facts["received"]) > 80


async def test_an_echo_number_needs_a_line() -> None:
    assert await code_of(check(Line()).loopback("600")) == "no-line"
