"""The engine's process: it ends with its service, and is started again when it dies or hangs."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.domain.errors import EngineError
from service.media_engine import embedded
from service.media_engine.embedded import EmbeddedEngine
from service.usecases.engine import EngineEvent, EngineRestarted, Member
from tests.doubles.engine_peer import Clock, EnginePeer, MemoryPort
from tests.lab.ports import LOOPBACK, free_port

pytestmark = pytest.mark.peer

ROOT = Path(__file__).parents[2]
PARENT = """
import asyncio
from service.media_engine.embedded import EmbeddedEngine
async def main():
    engine = EmbeddedEngine()
    await engine.start()
    print(engine.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.fixture
async def engine() -> AsyncIterator[EmbeddedEngine]:
    made = EmbeddedEngine()
    yield made
    await made.close()


def alive(pid: int) -> bool:
    """Running, not only waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until_gone(pid: int, within: float = 5.0) -> None:
    end = time.monotonic() + within
    while alive(pid):
        assert time.monotonic() < end, "it is still there"
        time.sleep(0.02)


def heard(engine: EmbeddedEngine) -> list[EngineEvent]:
    events: list[EngineEvent] = []
    engine.on_event = events.append
    return events


async def until_restarted(events: list[EngineEvent], within: float) -> None:
    end = time.monotonic() + within
    while EngineRestarted() not in events:
        assert time.monotonic() < end, "not started again"
        await asyncio.sleep(0.02)


async def test_it_starts_once_and_ends_with_close(engine: EmbeddedEngine) -> None:
    await engine.start()
    pid = engine.pid
    await engine.start()
    assert engine.pid == pid and alive(pid)
    await engine.close()
    assert not alive(pid)
    await engine.close()
    with pytest.raises(EngineError):
        await engine.members()


async def test_before_its_start_it_is_down(engine: EmbeddedEngine) -> None:
    with pytest.raises(EngineError):
        await engine.admit("r", "m")


def test_it_ends_with_a_service_that_was_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()  # type: ignore[union-attr]
    until_gone(pid)


async def test_calls_of_a_dying_engine_fail_at_once(engine: EmbeddedEngine) -> None:
    await engine.start()
    events = heard(engine)
    os.kill(engine.pid, signal.SIGSTOP)
    call = asyncio.create_task(engine.members())
    await asyncio.sleep(0.1)
    began = time.monotonic()
    os.kill(engine.pid, signal.SIGKILL)
    with pytest.raises(EngineError):
        await call
    assert time.monotonic() - began < 1
    await until_restarted(events, 5)
    assert await engine.members() == ()


async def test_one_that_hangs_is_replaced(engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "CALL_S", 0.5)
    monkeypatch.setattr(embedded, "PING_EVERY_S", 0.2)
    await engine.start()
    events = heard(engine)
    pid = engine.pid
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(EngineError, match=r"in time|died"):
        await engine.members()
    await until_restarted(events, 5)
    assert not alive(pid)
    assert await engine.members() == ()


async def test_it_is_started_again_and_again(engine: EmbeddedEngine) -> None:
    await engine.start()
    for _ in range(3):
        events = heard(engine)
        os.kill(engine.pid, signal.SIGKILL)
        await until_restarted(events, 8)
        await engine.admit("r", "m")
        assert await engine.members() == (Member("r", "m"),)


async def test_closing_while_it_is_down_leaves_nothing(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "BACKOFF_S", (30.0,))
    await engine.start()
    os.kill(engine.pid, signal.SIGKILL)
    while engine.pid:
        await asyncio.sleep(0.02)
    await engine.close()
    assert engine.pid == 0


async def test_cancelling_its_start_leaves_nothing(engine: EmbeddedEngine) -> None:
    before = children()
    start = asyncio.create_task(engine.start())
    await asyncio.sleep(0.01)
    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start
    assert children() == before


async def test_a_port_that_is_taken_is_told(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((LOOPBACK, port))
        caplog.set_level(logging.INFO)
        engine = EmbeddedEngine(ports=(port, port))
        with pytest.raises(EngineError):
            await engine.start()
        await engine.close()
    assert "no port to be had" in caplog.text
    caplog.clear()


async def test_the_first_free_port_is_taken() -> None:
    port = free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((LOOPBACK, port))
        engine = EmbeddedEngine(ports=(port, port + 5))
        await engine.start()
        await engine.admit("r", "m")
        await engine.close()


async def test_behind_nat_it_is_bound_to_an_address_of_its_own() -> None:
    port = free_port()
    engine = EmbeddedEngine("192.0.2.1", (port, port + 5), LOOPBACK)
    await engine.start()
    try:
        await engine.admit("r", "m")
        client = EnginePeer(MemoryPort(Clock()), ("198.51.100.1", 40000))
        answer = (await engine.publish("r", "m", client.offer())).sdp
        offered = [line for line in answer.splitlines() if line.startswith("a=candidate:")]
        assert offered
        assert all(f" 192.0.2.1 {port} typ host" in line for line in offered)
    finally:
        await engine.close()


async def test_a_large_description_is_refused_before_it_is_sent(engine: EmbeddedEngine) -> None:
    await engine.start()
    await engine.admit("r", "m")
    with pytest.raises(EngineError):
        await engine.publish("r", "m", "x" * 10_000_000)
    assert await engine.members() == (Member("r", "m"),)


def children() -> set[int]:
    """This process's own that run."""
    found = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return {int(pid) for pid in found if alive(int(pid))}
