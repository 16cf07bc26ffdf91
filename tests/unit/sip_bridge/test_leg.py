"""A call whose sound can't pass: what never had a way ends, what lost its way looks for another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest

from sip_bridge import leg as legs
from sip_bridge.client_events import ClientEvent
from sip_bridge.client_types import CommandRefused
from sip_bridge.core.agent import Agent
from sip_bridge.leg import Leg
from sip_bridge.rtp.session import AudioSession
from sip_bridge.tasks import Tasks


class Session:
    """A media session that only says that it failed."""

    local_ip = "192.0.2.1"
    negotiated = None
    codec = None
    encryption = ("", False)

    def __init__(self) -> None:
        self.on_dtmf: Callable[[str], None] | None = None
        self.on_protection: Callable[[], None] | None = None
        self.on_failure: Callable[[str], None] | None = None

    def fail(self, why: str) -> None:
        assert self.on_failure is not None
        self.on_failure(why)


class Line:
    """A line on which calls end at once."""

    server = "vip.example.com"

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.tasks = Tasks()
        ends = SimpleNamespace(cancel_or_bye=lambda call, now: self.ended.append(call))
        self.agent = cast(Agent, ends)

    def now(self) -> float:
        return 0.0

    def pump(self) -> None:
        pass

    def tell(self, event: ClientEvent) -> None:
        pass


@pytest.fixture
def line() -> Line:
    return Line()


def call_on(line: Line, session: Session) -> Leg:
    return Leg(line, "call", cast(AudioSession, session), "sip:bob@example.com", incoming=False)


@pytest.mark.parametrize(("why", "reason"), [("dtls", "encryption-required"), ("ice", "network-lost")])
async def test_what_never_had_a_way_ends(line: Line, why: str, reason: str) -> None:
    session = Session()
    leg = call_on(line, session)
    session.fail(why)
    assert (line.ended, leg.end_reason) == (["call"], reason)


async def test_a_lost_way_is_looked_for_until_it_is_found(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(legs, "RESTART_PAUSES_S", (0.0, 0.0))
    session = Session()
    leg = call_on(line, session)
    tried: list[str] = []

    async def move(local_ip: str) -> None:
        tried.append(local_ip)
        if len(tried) < 4:
            raise CommandRefused("no answer")

    monkeypatch.setattr(leg, "move", move)
    session.fail("consent")
    session.fail("ice")
    await _settled(line)
    assert tried == ["192.0.2.1"] * 4
    assert line.ended == []
    session.fail("ice")
    await _settled(line)
    assert len(tried) == 5
    assert line.ended == []


async def test_an_ended_call_looks_for_nothing(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    leg = call_on(line, session)
    monkeypatch.setattr(leg, "move", _never)
    session.fail("consent")
    leg.ended = True
    await _settled(line)
    assert line.ended == []


async def _never(local_ip: str) -> None:
    raise AssertionError("moved after the end")


async def _settled(line: Line) -> None:
    """Let the background work of a call finish."""
    own = asyncio.current_task()
    tasks = [task for task in asyncio.all_tasks() if task is not own]
    await asyncio.wait_for(asyncio.gather(*tasks), 5.0)
