"""Several answer a call of ours: forks, played by a sipp that is server and all who are called."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sip_bridge import client_events as told
from tests.lab.scenarios import bye, pause, recv, recv_with, reply
from tests.lab.scenarios_stage import call_and_end, ended, facing, hang_up

pytestmark = pytest.mark.peer


@pytest.mark.conformance(
    "RFC 3261 13.2.2.4", "two 180 with different tags, the second answers: its dialog has the call"
)
async def test_two_ring_and_one_answers(tmp_path: Path) -> None:
    steps = (
        recv("INVITE"),
        reply("180 Ringing", "a"),
        reply("180 Ringing", "b"),
        reply("200 OK", "b", version=1),
        recv_with("ACK", "tag=b", "To"),
        recv_with("BYE", "tag=b", "To"),
        reply("200 OK"),
    )
    async with facing(tmp_path, *steps) as (caller, _):
        call_id = await caller.dial("peer")
        assert [event.status for event in caller.heard(told.Progress)] == [180, 180]
        await hang_up(caller, call_id)
        assert len(caller.heard(told.Established)) == 1


@pytest.mark.conformance(
    "RFC 3261 13.2.2.4", "a fork that answers after the call is over: ACK and BYE, nothing is told"
)
async def test_a_fork_that_answers_after_the_end(tmp_path: Path) -> None:
    steps = (
        recv("INVITE", note=True),
        reply("180 Ringing", "a"),
        reply("180 Ringing", "b"),
        reply("200 OK", "a", version=1),
        recv("ACK"),
        recv_with("BYE", "tag=a", "To"),
        reply("200 OK"),
        reply("200 OK", "b", version=2, to_noted=True),
        recv_with("ACK", "tag=b", "To"),
        recv_with("BYE", "tag=b", "To"),
        reply("200 OK"),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        await hang_up(caller, await caller.dial("peer"))
        await asyncio.to_thread(peer.finish)
        assert len(caller.heard(told.Established)) == len(caller.heard(told.Ended)) == 1


@pytest.mark.conformance(
    "RFC 3261 13.2.2.3", "486 ends it; a 200 that comes behind it is not taken for a call"
)
async def test_a_200_behind_a_486(tmp_path: Path) -> None:
    steps = (
        recv("INVITE", note=True),
        reply("180 Ringing", "a"),
        reply("180 Ringing", "b"),
        reply("486 Busy Here", "a"),
        recv("ACK"),
        reply("200 OK", "b", version=1, to_noted=True),
        pause(300),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        await caller.client.dial("peer")
        gone = await ended(caller)
        assert (gone.reason, gone.status) == ("busy", 486)
        await asyncio.to_thread(peer.finish)
        assert not caller.heard(told.Established) and len(caller.heard(told.Ended)) == 1


@pytest.mark.conformance("RFC 3261 13.2.2.4", "two 200: the first has the call, the second gets ACK and BYE")
async def test_a_second_branch_that_answers_is_ended(tmp_path: Path) -> None:
    """RFC 3261 13.2.2.4: the first 2xx has the call, the second is acknowledged and hung up."""
    steps = (
        recv("INVITE", note=True),
        reply("180 Ringing", "a"),
        reply("200 OK", "a", version=1),
        recv("ACK"),
        reply("200 OK", "b", version=2, to_noted=True),
        recv("ACK"),
        recv_with("BYE", "tag=b", "To"),
        reply("200 OK"),
        recv_with("BYE", "tag=a", "To"),
        reply("200 OK"),
    )
    async with facing(tmp_path, *steps) as (caller, _):
        await call_and_end(caller)
        assert len(caller.heard(told.Established)) == len(caller.heard(told.Ended)) == 1


@pytest.mark.conformance(
    "RFC 3261 13.2.2.4", "two forks with sound before the answer: the one that answers is heard"
)
async def test_early_media_of_two_branches(tmp_path: Path) -> None:
    steps = (
        recv("INVITE"),
        reply("183 Session Progress", "a", version=1),
        pause(100),
        reply("183 Session Progress", "b", version=2),
        pause(100),
        reply("200 OK", "b", version=2, repeat=True),
        recv_with("ACK", "tag=b", "To"),
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, _):
        await call_and_end(caller)
        early = [event.early for event in caller.heard(told.MediaReady)]
        assert early[:2] == [True, True] and early[-1] is False
        assert [event.status for event in caller.heard(told.Progress)] == [183, 183]
