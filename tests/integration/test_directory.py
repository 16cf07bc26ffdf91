"""Discovery at a real HTTPS server on loopback: good, odd, hostile and silent ones."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from softphone.adapters import directory as adapter
from softphone.adapters.directory import (
    KEPT_S,
    NOTHING_KEPT_S,
    PATH,
    SIZE_LIMIT,
    WellKnownDirectory,
    read_discovery,
)
from softphone.ports import Discovery
from tests.doubles.clock import FakeClock
from tests.lab.certificates import Authority, KeyPair

DOCUMENT = {
    "sip_domain": "sip.example.com",
    "transport": "tls",
    "number_format": "international",
    "service_url": "https://meet.example.com",
    "minimum_version": "0.1",
}
FOUND = Discovery("sip.example.com", "tls", "international", "https://meet.example.com", "0.1")


class Web:
    """A web server that answers each path with the given raw reply; `asked` holds the paths.

    Without a certificate it speaks plain HTTP.
    """

    def __init__(self, pair: KeyPair | None) -> None:
        self._context: ssl.SSLContext | None = None
        if pair is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(pair.certificate, pair.key)
        self._server: asyncio.Server | None = None
        self.port = 0
        self.replies: dict[str, bytes] = {}
        self.asked: list[str] = []

    def says(self, path: str, status: str, body: bytes = b"", *headers: str) -> None:
        """What this path answers."""
        head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
        self.replies[path] = "\r\n".join(head).encode() + b"\r\n\r\n" + body

    async def __aenter__(self) -> Web:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readline()).split()
        if not asked:  # somebody looked whether anybody is there
            writer.close()
            return
        path = asked[1].decode()
        while (await reader.readline()).strip():
            pass
        self.asked.append(path)
        if path in self.replies:
            writer.write(self.replies[path])
            await writer.drain()
        else:
            await reader.read()
        writer.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture
async def web(authority: Authority) -> AsyncIterator[Web]:
    async with Web(authority.issue("localhost")) as server:
        yield server


@pytest.fixture
def ca_file(authority: Authority) -> str:
    return str(authority.ca_file)


async def asked(web: Web, ca_file: str) -> Discovery | None:
    """What a fresh directory finds at the server."""
    return await WellKnownDirectory(FakeClock(), port=web.port).discover("localhost", ca_file=ca_file)


async def test_a_document(web: Web, ca_file: str) -> None:
    web.says(PATH, "200 OK", json.dumps(DOCUMENT).encode())
    assert await asked(web, ca_file) == FOUND


async def test_answers_are_kept_for_a_while(web: Web, ca_file: str) -> None:
    clock = FakeClock()
    directory = WellKnownDirectory(clock, port=web.port)
    web.says(PATH, "404 Not Found")
    assert await directory.discover("localhost", ca_file=ca_file) is None
    web.says(PATH, "200 OK", json.dumps(DOCUMENT).encode())
    assert await directory.discover("localhost", ca_file=ca_file) is None
    clock.advance(NOTHING_KEPT_S + 1)
    assert await directory.discover("localhost", ca_file=ca_file) == FOUND
    clock.advance(KEPT_S - 1)
    assert await directory.discover("localhost", ca_file=ca_file) == FOUND
    assert len(web.asked) == 2


async def test_an_unknown_authority_is_not_believed(web: Web) -> None:
    web.says(PATH, "200 OK", json.dumps(DOCUMENT).encode())
    assert await WellKnownDirectory(FakeClock(), port=web.port).discover("localhost") is None
    assert web.asked == []


async def test_a_certificate_for_another_name_is_not_believed(web: Web, ca_file: str) -> None:
    web.says(PATH, "200 OK", json.dumps(DOCUMENT).encode())
    directory = WellKnownDirectory(FakeClock(), port=web.port)
    assert await directory.discover("127.0.0.1", ca_file=ca_file) is None
    assert web.asked == []


@pytest.mark.parametrize(
    ("goal", "encrypted"),
    [
        ("https://127.0.0.1:{port}/there", True),
        ("//127.0.0.1:{port}/there", True),
        ("https://localhost:{port}/there", True),
        ("http://localhost:{port}/there", False),
    ],
    ids=["other-host", "other-host-same-scheme", "other-port", "other-scheme"],
)
async def test_redirects_elsewhere_are_not_followed(
    web: Web, authority: Authority, ca_file: str, goal: str, encrypted: bool
) -> None:
    """Although what is there would be believed: its certificate is right, and so is its document."""
    pair = authority.issue("localhost", "127.0.0.1") if encrypted else None
    async with Web(pair) as elsewhere:
        elsewhere.says("/there", "200 OK", json.dumps(DOCUMENT).encode())
        web.says(PATH, "302 Found", b"", f"Location: {goal.format(port=elsewhere.port)}")
        assert await asked(web, ca_file) is None
    assert (web.asked, elsewhere.asked) == ([PATH], [])


async def test_a_redirect_within_the_host(web: Web, ca_file: str) -> None:
    web.says(PATH, "301 Moved", b"", "Location: /softphone.json")
    web.says("/softphone.json", "200 OK", json.dumps(DOCUMENT).encode())
    assert await asked(web, ca_file) == FOUND


async def test_a_redirect_without_end(web: Web, ca_file: str) -> None:
    web.says(PATH, "302 Found", b"", f"Location: {PATH}")
    assert await asked(web, ca_file) is None
    assert len(web.asked) == 4


async def test_too_much(web: Web, ca_file: str) -> None:
    web.says(PATH, "200 OK", json.dumps({**DOCUMENT, "x": "y" * SIZE_LIMIT}).encode())
    assert await asked(web, ca_file) is None


async def test_a_packed_answer_is_not_unpacked(web: Web, ca_file: str) -> None:
    packed = gzip.compress(json.dumps(DOCUMENT).encode() + b" " * 60_000_000)
    assert len(packed) < SIZE_LIMIT
    web.says(PATH, "200 OK", packed, "Content-Encoding: gzip")
    tracemalloc.start()
    try:
        assert await asked(web, ca_file) is None
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


async def test_silence(web: Web, ca_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "TIMEOUT_S", 0.3)
    directory = WellKnownDirectory(FakeClock(), port=web.port)
    async with asyncio.timeout(5):
        assert await directory.discover("localhost", ca_file=ca_file) is None


async def test_nobody_there_and_no_such_file() -> None:
    assert await WellKnownDirectory(FakeClock(), port=1).discover("localhost") is None
    assert await WellKnownDirectory(FakeClock(), port=1).discover("localhost", ca_file="/no/such.pem") is None
    assert await WellKnownDirectory(FakeClock(), port=1).discover("no such host\x00") is None


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff\xff", b'"text"', b"[" * 100_000])
def test_what_is_no_document(body: bytes) -> None:
    assert read_discovery(body) is None


def test_fields_that_make_no_sense_count_as_not_said() -> None:
    odd = {
        "sip_domain": "a b\r\n",
        "transport": "pigeon",
        "number_format": 7,
        "service_url": "http://x",
        "minimum_version": "1.x",
    }
    assert read_discovery(json.dumps(odd).encode()) == Discovery()
    assert read_discovery(b'{"minimum_version": null}') == Discovery()
    assert read_discovery(b'{"minimum_version": "' + b"9" * 5_000 + b'"}') == Discovery()
