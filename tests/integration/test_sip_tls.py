"""TLS flows and the automatic transport: whose certificate is believed, and what is never tried after it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from sip_bridge.core.effects import (
    REFUSED_CERTIFICATE,
    REFUSED_CONNECTION,
    REFUSED_EXHAUSTED,
    CloseFlow,
    Hop,
    Transmit,
)
from sip_bridge.io import tls
from tests.lab.certificates import Authority
from tests.lab.dns import DnsServer
from tests.lab.flows import MESSAGE, ZONE, StreamServer, rig, until
from tests.lab.ports import LOOPBACK, free_port


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer(ZONE) as server:
        yield server


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


# --- TLS ------------------------------------------------------------------------------------------


async def test_tls_with_the_right_name(dns: DnsServer, authority: Authority) -> None:
    async with StreamServer(authority.issue("phone.test")) as server, rig(dns, authority.ca_file) as one:
        flow = await one.flow(Hop("phone.test", server.port, "tls"))
        assert flow.secure and flow.peer_name == "phone.test"
        one.do(Transmit(flow.id, MESSAGE))
        await until(lambda: server.data == MESSAGE)
        assert (await one.flow(Hop(LOOPBACK, server.port, "tls"))).id == flow.id
        assert await one.open(Hop("other.test", server.port, "tls")) == REFUSED_CERTIFICATE


async def test_the_name_that_was_asked_for_counts_not_the_srv_target(
    dns: DnsServer, authority: Authority
) -> None:
    async with StreamServer(authority.issue("other.test")) as server, rig(dns, authority.ca_file) as one:
        dns.zone["_sips._tcp.phone.test", "SRV"] = [f"1 1 {server.port} other.test."]
        assert await one.open(Hop("phone.test", 0, "tls")) == REFUSED_CERTIFICATE


@pytest.mark.parametrize("fault", ["expired", "wrong name", "unknown authority"])
@pytest.mark.parametrize("transport", ["tls", "auto"])
async def test_certificates_that_are_refused(
    dns: DnsServer, authority: Authority, fault: str, transport: str
) -> None:
    name = "other.test" if fault == "wrong name" else "phone.test"
    pair = authority.issue(name, expired=fault == "expired")
    ca_file = None if fault == "unknown authority" else authority.ca_file
    async with StreamServer(pair) as server, StreamServer() as plain, rig(dns, ca_file) as one:
        dns.zone["_sips._tcp.phone.test", "SRV"] = [f"1 1 {server.port} phone.test."]
        dns.zone["_sip._tcp.phone.test", "SRV"] = [f"1 1 {plain.port} phone.test."]
        assert await one.open(Hop("phone.test", 0, transport)) == REFUSED_CERTIFICATE
        assert await one.open(Hop("phone.test", server.port, "auto")) == REFUSED_CERTIFICATE
        assert plain.connections == []


async def test_a_ca_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(tls.BadAuthorityFile):
        tls.make_context(str(tmp_path / "missing.pem"))
    (tmp_path / "empty.pem").write_text("not a certificate")
    with pytest.raises(tls.BadAuthorityFile):
        tls.make_context(str(tmp_path / "empty.pem"))


@pytest.mark.parametrize("ca", [True, False])
def test_every_context_verifies_and_is_modern(authority: Authority, ca: bool) -> None:
    context = tls.make_context(str(authority.ca_file) if ca else "")
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


# --- automatic transport ------------------------------------------------------------------------


async def test_automatic_with_a_port_finds_tls_there(dns: DnsServer, authority: Authority) -> None:
    async with StreamServer(authority.issue("phone.test")) as server, rig(dns, authority.ca_file) as one:
        assert (await one.flow(Hop("phone.test", server.port, "auto"))).transport == "tls"


async def test_automatic_goes_on_to_tcp_where_the_port_speaks_no_tls(dns: DnsServer) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(1)
        if first == b"\x16":
            writer.close()
        else:
            accepted.append(writer)

    accepted: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(refuse, LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    async with server, rig(dns) as one:
        flow = await one.flow(Hop("phone.test", port, "auto"))
        assert flow.transport == "tcp"
        one.do(Transmit(flow.id, MESSAGE))
        await until(lambda: accepted)
        accepted[0].close()


async def test_automatic_ends_at_udp(dns: DnsServer) -> None:
    async with rig(dns) as one:
        assert (await one.flow(Hop("phone.test", free_port(), "auto"))).transport == "udp"


async def test_automatic_never_goes_plain_where_tls_has_worked(dns: DnsServer, authority: Authority) -> None:
    server = StreamServer(authority.issue("phone.test"))
    async with rig(dns, authority.ca_file) as one:
        async with server:
            flow = await one.flow(Hop("phone.test", server.port, "auto"))
            one.do(CloseFlow(flow.id, "done"))
        async with StreamServer() as plain:
            dns.zone["_sip._tcp.phone.test", "SRV"] = [f"1 1 {plain.port} phone.test."]
            assert await one.open(Hop("phone.test", server.port, "auto")) == REFUSED_CONNECTION
            assert await one.open(Hop("phone.test", 0, "auto")) == REFUSED_EXHAUSTED
            assert plain.connections == []
