"""A headless Chromium on a page of ours, with a WAV file as its microphone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.lab.ports import LOOPBACK
from tests.lab.process import Process

DEVICES = "--use-fake-device-for-media-stream"
ALLOW = "--use-fake-ui-for-media-stream"
COMMON = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    DEVICES,
    "--allow-loopback-in-peer-connection",
)
FLAGS = ("--headless", *COMMON, "--autoplay-policy=no-user-gesture-required", ALLOW)

Handler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class PageServer:
    """Serves one page on loopback and answers its POSTs of JSON; `handlers` by path."""

    def __init__(self, page: str, handlers: dict[str, Handler]) -> None:
        self._page = page.encode()
        self._handlers = handlers
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        """Listen; returns the page's address."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK, 0)
        return f"http://{LOOPBACK}:{self._server.sockets[0].getsockname()[1]}/"

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, path, _ = head.split(" ", 2)
            length = next(
                (int(line[15:]) for line in head.split("\r\n") if line.lower().startswith("content-length:")),
                0,
            )
            body = await reader.readexactly(length)
            if method == "POST" and path in self._handlers:
                answer, kind = (
                    json.dumps(await self._handlers[path](json.loads(body))).encode(),
                    "application/json",
                )
            else:
                answer, kind = self._page, "text/html"
            writer.write(
                f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(answer)}\r\n"
                "Connection: close\r\n\r\n".encode()
                + answer
            )
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


def open_page(folder: Path, address: str, microphone: Path) -> Process:
    """Start a browser with a fresh profile; end it with `stop`."""
    return Process(
        [
            "chromium",
            *FLAGS,
            f"--user-data-dir={folder / 'profile'}",
            f"--use-file-for-fake-audio-capture={microphone}",
            address,
        ],
        folder / "chromium.log",
    )
