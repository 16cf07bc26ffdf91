"""We give up a call of ours: CANCEL and what crosses it, played by sipp."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from sip_bridge import client_events as told
from tests.lab.caller import Caller
from tests.lab.scenarios import bye, pause, recv, reply
from tests.lab.scenarios_stage import ended, facing, hang_up, seen

pytestmark = pytest.mark.peer

GIVEN_UP = (recv("INVITE", note=True), reply("180 Ringing", "a"), recv("CANCEL"))


async def given_up(caller: Caller) -> told.Ended:
    """We dial, it rings, we hang up; what was told of the end."""
    call_id = await caller.client.dial("peer")
    await caller.wait_for(told.Progress)
    return await hang_up(caller, call_id)


@pytest.mark.conformance(
    "RFC 3261 9.1", "we give up while it rings: CANCEL with the INVITE's branch, 487, ACK"
)
async def test_we_give_up(tmp_path: Path) -> None:
    steps = (
        *GIVEN_UP,
        reply("200 OK", "a"),
        reply("487 Request Terminated", "a", to_noted=True),
        recv("ACK"),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        assert (await given_up(caller)).reason == "hung-up"
        await asyncio.to_thread(peer.finish)
        vias = re.findall(r"^(?:INVITE|CANCEL|ACK) sip:\S+ SIP/2.0\n(Via: .*)$", peer.messages, re.M)
        assert len(vias) == 3 and len(set(vias)) == 1


@pytest.mark.conformance(
    "RFC 3261 9.1", "we give up before anything came back: CANCEL waits for the first 1xx"
)
async def test_we_give_up_before_anything_came(tmp_path: Path) -> None:
    steps = (
        recv("INVITE", note=True),
        pause(400),
        reply("100 Trying"),
        recv("CANCEL"),
        reply("200 OK"),
        reply("487 Request Terminated", "a", to_noted=True),
        recv("ACK"),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        call_id = await caller.client.dial("peer")
        await seen(peer, "INVITE sip:")
        await caller.client.calls.hang_up(call_id)
        await asyncio.sleep(0.2)
        assert "CANCEL sip:" not in peer.messages
        assert (await ended(caller)).reason == "hung-up"


@pytest.mark.conformance(
    "RFC 3261 9.1", "our CANCEL crosses a {status}: acknowledged, over, nothing else is asked"
)
@pytest.mark.parametrize(
    "status", ["486 Busy Here", "302 Moved Temporarily", "422 Session Interval Too Small"]
)
async def test_a_refusal_that_crosses_our_cancel(tmp_path: Path, status: str) -> None:
    headers = "Contact: <sip:other@[local_ip]:[local_port]>\nMin-SE: 3600\n"
    steps = (
        *GIVEN_UP,
        reply(status, "a", headers=headers, to_noted=True),
        recv("ACK"),
        pause(300),
    )
    async with facing(tmp_path, *steps) as (caller, _):
        assert (await given_up(caller)).reason == "hung-up"


@pytest.mark.conformance(
    "RFC 3261 9.1", "481 to our CANCEL changes nothing: the 200 to the INVITE is ended by BYE"
)
async def test_a_cancel_that_finds_nothing(tmp_path: Path) -> None:
    steps = (
        *GIVEN_UP,
        reply("481 Call Does Not Exist", "a"),
        reply("200 OK", "a", version=1, to_noted=True),
        recv("ACK"),
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        assert (await given_up(caller)).reason == "hung-up"
        await asyncio.to_thread(peer.finish)
        assert not caller.heard(told.Established)


@pytest.mark.conformance("RFC 3261 9.1", "a 200 that crosses our CANCEL: ACK, then BYE")
async def test_an_answer_that_crosses_our_cancel(tmp_path: Path) -> None:
    """The 200 to INVITE is on its way when CANCEL arrives: ACK it, then BYE (RFC 3261 9.1, 15)."""
    steps = (
        *GIVEN_UP,
        reply("200 OK", "a"),
        reply("200 OK", "a", version=1, to_noted=True),
        recv("ACK"),
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, _):
        assert (await given_up(caller)).reason == "hung-up"
        await asyncio.sleep(0.3)
        assert not caller.heard(told.Established) and len(caller.heard(told.Ended)) == 1
