"""Firefox and an aiortc client see and hear each other through the engine."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from service.media_engine.embedded import EmbeddedEngine
from tests.lab.engine_clients import MediaClient, aiortc_clients
from tests.lab.engine_firefox import firefox_client

pytestmark = [pytest.mark.peer, pytest.mark.slow]

WITHIN_S = 30.0
"""A browser's first picture on a busy machine."""


def own_address() -> str:
    """Firefox never sends to loopback from elsewhere: an address of this machine's that is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # documentation's network: nothing is sent
        except OSError:
            pytest.skip("this machine has no network")
        return str(probe.getsockname()[0])


async def join(engine: EmbeddedEngine, member: str, client: MediaClient) -> str:
    await engine.admit("room", member)
    published = await engine.publish("room", member, await client.offer())
    assert published.audio and published.video
    await client.accept(published.sdp)
    return published.feed


async def watch(engine: EmbeddedEngine, member: str, client: MediaClient, feed: str) -> str:
    offered = await engine.subscribe("room", member, feed, video=True, height=720)
    answer = await client.take(offered.subscription, offered.sdp)
    await engine.answer("room", member, offered.subscription, answer)
    return offered.subscription


async def until_seen(client: MediaClient, name: str) -> dict[str, Any]:
    end = time.monotonic() + WITHIN_S
    while True:
        found = await client.stats(name)
        if found.get("pictures", 0) >= 15 and found.get("energy", 0) > 0:
            return found
        assert time.monotonic() < end, f"not seen: {found}"
        await asyncio.sleep(0.1)


async def test_firefox_sees_and_is_seen(tmp_path: Path) -> None:
    engine = EmbeddedEngine(own_address())
    await engine.start()
    try:
        async with firefox_client(tmp_path) as firefox, aiortc_clients(1) as (other,):
            feeds = [await join(engine, "firefox", firefox), await join(engine, "other", other)]
            seen = await watch(engine, "other", other, feeds[0])
            sees = await watch(engine, "firefox", firefox, feeds[1])
            await until_seen(other, seen)
            assert (await until_seen(firefox, sees))["height"] == 360
    finally:
        await engine.close()
