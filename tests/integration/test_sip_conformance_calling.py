"""Calls of ours, from the INVITE to its answer and the end, by a sipp that is server and called party."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from sip_bridge import client_events as told
from tests.lab.scenarios import ANSWERED, bye, pause, recv, recv_with, reply
from tests.lab.scenarios_dialog import answer, within
from tests.lab.scenarios_stage import call_and_end, ended, facing, hang_up

pytestmark = pytest.mark.peer


@pytest.mark.conformance("RFC 3261 13.2", "our call: 180, 200, ACK, our BYE")
async def test_an_answer_like_any_other(tmp_path: Path) -> None:
    async with facing(tmp_path, *ANSWERED, bye()) as (caller, _):
        await call_and_end(caller)
    assert [type(event) for event in caller.events if isinstance(event, told.Ended)] == [told.Ended]


@pytest.mark.conformance("RFC 3261 17.1.1.2", "an INVITE nobody answers is sent again")
async def test_an_invite_that_is_not_heard_comes_again(tmp_path: Path) -> None:
    async with facing(tmp_path, *ANSWERED, bye()) as (caller, peer):
        peer.pause()
        call_id = await caller.client.dial("peer")
        await asyncio.sleep(1.0)
        assert not caller.heard(told.Progress)
        peer.resume()
        await caller.wait_for(told.Established)
        assert peer.messages.count("INVITE sip:peer@") >= 2
        await caller.client.calls.hang_up(call_id)
        await caller.wait_for(told.Ended)


@pytest.mark.conformance("RFC 3261 13.2.2.4", "a 200 that comes again gets its ACK again, the same bytes")
async def test_a_200_that_comes_again(tmp_path: Path) -> None:
    steps = (
        recv("INVITE", note=True),
        reply("200 OK", "a", version=1),
        recv("ACK"),
        within("INFO", 1),
        answer(200),
        reply("200 OK", "a", version=1, to_noted=True),
        recv("ACK"),
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        call_id = await caller.dial("peer")
        while len(re.findall(r"^ACK sip:", peer.messages, re.M)) < 2:
            await asyncio.sleep(0.02)
        await hang_up(caller, call_id)
        acks = re.findall(r"^ACK sip:.*?^Content-Length", peer.messages, re.M | re.S)
        assert len(acks) == 2 and acks[0] == acks[1]
        assert len(caller.heard(told.Established)) == 1


@pytest.mark.conformance("RFC 3261 13.2.2.3", "{status}: acknowledged, told as {reason}")
@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("486 Busy Here", "busy"),
        ("603 Decline", "declined"),
        ("480 Temporarily Unavailable", "unreachable"),
        ("404 Not Found", "not-found"),
        ("403 Forbidden", "not-allowed"),
        ("503 Service Unavailable", "server-error"),
    ],
)
async def test_refusals_have_their_reason(tmp_path: Path, status: str, reason: str) -> None:
    async with facing(tmp_path, recv("INVITE"), reply(status, "a"), recv("ACK")) as (caller, _):
        await caller.client.dial("peer")
        ended = await caller.wait_for(told.Ended)
        assert (ended.reason, ended.status) == (reason, int(status[:3]))


@pytest.mark.conformance(
    "RFC 3261 17.1.1.2", "a refusal that comes again gets its ACK again, the call ends once"
)
async def test_a_486_that_comes_again(tmp_path: Path) -> None:
    steps = (
        recv("INVITE", note=True),
        reply("486 Busy Here", "a"),
        recv("ACK"),
        reply("486 Busy Here", "b", to_noted=True),
        recv_with("ACK", "tag=b", "To"),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        await caller.client.dial("peer")
        assert (await ended(caller)).reason == "busy"
        await asyncio.to_thread(peer.finish)
        assert len(caller.heard(told.Ended)) == 1


@pytest.mark.conformance(
    "RFC 3261 8.1.3.2", "a status nobody knows is treated as the x00 of its class: {status}"
)
@pytest.mark.parametrize(
    ("status", "reason"), [("499 Cold", "failed"), ("599 Colder", "server-error"), ("699 Coldest", "failed")]
)
async def test_statuses_nobody_knows(tmp_path: Path, status: str, reason: str) -> None:
    steps = (recv("INVITE"), reply("189 Nearly", "a"), reply(status, "a"), recv("ACK"))
    async with facing(tmp_path, *steps) as (caller, _):
        await caller.client.dial("peer")
        gone = await ended(caller)
        assert (gone.status, gone.reason) == (int(status[:3]), reason)


@pytest.mark.conformance(
    "RFC 3261 8.1.3.3", "a response with two Vias is not ours: dropped, the next one counts"
)
async def test_a_response_that_strayed(tmp_path: Path) -> None:
    stray = reply("486 Busy Here", "a").replace(
        "[last_Via:]", "[last_Via:]\nVia: SIP/2.0/UDP 192.0.2.1;branch=x"
    )
    async with facing(
        tmp_path, recv("INVITE"), stray, pause(100), reply("200 OK", "a", version=1), recv("ACK"), bye()
    ) as (
        caller,
        _,
    ):
        await hang_up(caller, await caller.dial("peer"))


@pytest.mark.conformance(
    "RFC 3261 13.2.1", "a 200 without a description ends in BYE: there is nothing to hear"
)
async def test_a_200_without_a_description(tmp_path: Path) -> None:
    async with facing(tmp_path, recv("INVITE"), reply("200 OK", "a"), recv("ACK"), bye()) as (caller, _):
        await caller.client.dial("peer")
        assert (await ended(caller)).reason == "no-common-codec"
        assert not caller.heard(told.Established)


@pytest.mark.conformance("RFC 3261 15.1.1", "BYEs that cross: each side is answered, the call ends once")
async def test_byes_that_cross(tmp_path: Path) -> None:
    steps = (
        recv("INVITE", note=True),
        reply("200 OK", "a", version=1),
        recv("ACK"),
        recv("BYE"),
        within("BYE", 1),
        answer(481),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        assert (await hang_up(caller, await caller.dial("peer"))).reason == "hung-up"
        await asyncio.to_thread(peer.finish)
        assert len(caller.heard(told.Ended)) == 1
