"""The company service's adapter at a real HTTPS server on loopback: odd, hostile and silent answers."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from service_api.devices import REVOKE_PATH, SIGN_IN_PATH, DeviceRevocation, DeviceSignIn, ServiceRefusal
from service_api.wire import SIZE_LIMIT
from softphone.adapters import company_service as adapter
from softphone.adapters.company_service import HttpsCompanyService
from softphone.domain.account import Refusal
from softphone.domain.errors import SignInRefused
from tests.lab.certificates import Authority
from tests.lab.company_service import BASE, CompanyService
from tests.lab.ports import free_port

PASSWORD = "Kettle-Harbour-96"
ASKED = DeviceSignIn("0401234567", PASSWORD, "Laptop", "urn:uuid:5f6c8e3a-0a52-4b61-9b4c-0d4f0c7a9e11")
PLACE = BASE + SIGN_IN_PATH
PATIENCE_S = 5


@dataclass(frozen=True, slots=True)
class Bench:
    """The server, and what a client must trust."""

    server: CompanyService
    ca_file: str

    async def refusal(self, url: str = "", ca_file: str | None = None) -> str:
        """The code a sign-in is refused with."""
        trusted = self.ca_file if ca_file is None else ca_file
        with pytest.raises(SignInRefused) as refused:
            await HttpsCompanyService().sign_in(url or self.server.url, ASKED, ca_file=trusted)
        assert PASSWORD not in f"{refused.value!r}{refused.value.detail}"
        return str(refused.value.code)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    authority = Authority(tmp_path)
    server = CompanyService(authority.issue("127.0.0.1"), {"0401234567": PASSWORD})
    server.start()
    yield Bench(server, str(authority.ca_file))
    server.stop()


async def test_nothing_secret_is_logged(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    service = HttpsCompanyService()
    issued = await service.sign_in(bench.server.url, ASKED, ca_file=bench.ca_file)
    revocation = DeviceRevocation(issued.device_id, issued.sip_secret)
    assert await service.revoke(bench.server.url, revocation, ca_file=bench.ca_file)
    bench.server.replies[PLACE] = (200, {}, b'{"version":1,"sip_secret":"' + issued.sip_secret.encode())
    assert await bench.refusal() == Refusal.SERVER_ERROR
    assert caplog.text
    assert PASSWORD not in caplog.text
    assert issued.sip_secret not in caplog.text


async def test_who_is_not_trusted_is_told_nothing(bench: Bench) -> None:
    assert await bench.refusal(ca_file="") == Refusal.CERTIFICATE
    named_otherwise = bench.server.url.replace("127.0.0.1", "localhost")
    assert await bench.refusal(url=named_otherwise) == Refusal.CERTIFICATE
    assert await bench.refusal(url=bench.server.url.replace("https", "http")) == Refusal.SERVER_ERROR
    assert bench.server.asked == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("goal", ["https://localhost:{port}/x", "/company/elsewhere", "http://127.0.0.1/"])
async def test_a_password_follows_no_redirect(bench: Bench, status: int, goal: str) -> None:
    bench.server.replies[PLACE] = (status, {"Location": goal.format(port=bench.server.port)}, b"")
    assert await bench.refusal() == Refusal.SERVER_ERROR
    assert bench.server.asked == [PLACE]


@pytest.mark.parametrize(
    ("status", "body", "refusal"),
    [
        (200, b"<html>", Refusal.SERVER_ERROR),
        (200, b"", Refusal.SERVER_ERROR),
        (200, b" " * (SIZE_LIMIT + 1), Refusal.SERVER_ERROR),
        (200, ServiceRefusal("no-right").serialise(), Refusal.SERVER_ERROR),
        (200, b'{"version":2}', Refusal.TOO_OLD),
        (400, b'{"version":2}', Refusal.TOO_OLD),
        (404, b"", Refusal.SERVER_ERROR),
        (403, ServiceRefusal("no-right").serialise(), Refusal.NO_RIGHT),
        (400, ServiceRefusal("bad-number").serialise(), Refusal.BAD_NUMBER),
        (429, ServiceRefusal("too-many-tries").serialise(), Refusal.SERVER_ERROR),
        (500, ServiceRefusal("quite-new").serialise(), Refusal.SERVER_ERROR),
        (403, ServiceRefusal("other-server").serialise(), Refusal.SERVER_ERROR),
    ],
)
async def test_what_an_answer_means(bench: Bench, status: int, body: bytes, refusal: Refusal) -> None:
    bench.server.replies[PLACE] = (status, {}, body)
    assert await bench.refusal() == refusal


async def test_nobody_there(bench: Bench) -> None:
    assert await bench.refusal(url=f"https://127.0.0.1:{free_port()}") == Refusal.SERVER_SILENT
    assert await bench.refusal(ca_file="/no/such.pem") == Refusal.SERVER_SILENT


async def test_silence(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "SIGN_IN_S", 0.3)
    monkeypatch.setattr(adapter, "REVOKE_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"https://127.0.0.1:{mute.getsockname()[1]}"
        async with asyncio.timeout(5):
            assert await bench.refusal(url=url) == Refusal.SERVER_SILENT
            revocation = DeviceRevocation("d1", "x" * 43)
            assert not await HttpsCompanyService().revoke(url, revocation, ca_file=bench.ca_file)


async def test_whoever_gives_up_in_the_middle_of_a_handshake_hangs_up(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        mute.settimeout(PATIENCE_S)
        url = f"https://127.0.0.1:{mute.getsockname()[1]}"
        asking = asyncio.create_task(HttpsCompanyService().sign_in(url, ASKED, ca_file=bench.ca_file))
        connection, _ = await asyncio.to_thread(mute.accept)
        with connection:
            connection.settimeout(PATIENCE_S)
            assert await asyncio.to_thread(connection.recv, 4096)  # its hello, which nobody answers
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            assert await asyncio.to_thread(connection.recv, 4096) == b""


async def test_a_revocation_follows_no_redirect(bench: Bench) -> None:
    bench.server.replies[BASE + REVOKE_PATH] = (307, {"Location": bench.server.url + REVOKE_PATH}, b"")
    revocation = DeviceRevocation("d1", "x" * 43)
    assert not await HttpsCompanyService().revoke(bench.server.url, revocation, ca_file=bench.ca_file)
    assert len(bench.server.asked) == 1
