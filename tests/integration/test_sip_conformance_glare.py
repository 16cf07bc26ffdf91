"""Offers that meet, and what comes between a re-INVITE and its answer, played by sipp."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sip_bridge import client_events as told
from sip_bridge.client_types import CommandRefused
from sip_bridge.rtp.session import AudioSession
from tests.lab.scenarios import ANSWERED, bye, pause, recv, reply
from tests.lab.scenarios_dialog import NOTED_ANSWER, TALKING, THEIR_BYE, answer, ask, body_has, within
from tests.lab.scenarios_stage import called, ended, facing, hang_up, seen, talks

pytestmark = pytest.mark.peer


@pytest.mark.conformance("RFC 3261 14.1", "glare in a call that came: 491 both ways, we try again within 2 s")
async def test_glare_on_both_sides(tmp_path: Path) -> None:
    branch = "z9hG4bKglare[call_number]"
    steps = (
        *TALKING,
        recv("INVITE", note=True),
        ask("INVITE", 2, inside=True, version=2, branch=branch),
        answer(491),
        ask("ACK", 2, inside=True, branch=branch),
        reply("491 Request Pending", "odd", to_noted=True),
        recv("ACK"),
        body_has("INVITE", "a=sendonly"),
        reply("200 OK", version=3, direction="recvonly"),
        recv("ACK"),
        pause(100),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, _):
        call_id = await talks(phone)
        began = asyncio.get_running_loop().time()
        await phone.client.calls.hold(call_id)
        assert asyncio.get_running_loop().time() - began < 4, "not as who owns the Call-ID"
        assert phone.heard(told.MediaChanged)[-1].held
        await ended(phone)


@pytest.mark.conformance("RFC 3311 5.2", "an UPDATE of the far end that meets our re-INVITE: 491")
async def test_an_update_that_meets_our_offer(tmp_path: Path) -> None:
    steps = (
        *NOTED_ANSWER,
        recv("INVITE", note=True),
        within("UPDATE", 1, version=2),
        answer(491),
        reply("200 OK", "a", version=3, direction="recvonly", to_noted=True),
        recv("ACK"),
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, _):
        call_id = await caller.dial("peer")
        await caller.client.calls.hold(call_id)
        assert caller.client.calls.leg(call_id).held
        await hang_up(caller, call_id)


@pytest.mark.conformance("RFC 3261 14.1", "491 to our re-INVITE in a call of ours: again after 2.1 to 4 s")
async def test_glare_is_tried_again(tmp_path: Path) -> None:
    """RFC 3261 14.1: after 491 the owner of the Call-ID waits 2.1 to 4 s."""
    steps = (
        *ANSWERED,
        recv("INVITE"),
        reply("491 Request Pending"),
        recv("ACK"),
        recv("INVITE"),
        reply("200 OK", version=2, direction="recvonly"),
        recv("ACK"),
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, _):
        call_id = await caller.dial("peer")
        began = asyncio.get_running_loop().time()
        await caller.client.calls.hold(call_id)
        assert 2.0 < asyncio.get_running_loop().time() - began < 5.0
        assert caller.heard(told.MediaChanged)[-1].held
        await caller.client.calls.hang_up(call_id)
        await caller.wait_for(told.Ended)


@pytest.mark.conformance("RFC 3261 14.1", "488 to our re-INVITE: the call stays as it was")
async def test_a_hold_that_is_refused_leaves_the_call_as_it_was(tmp_path: Path) -> None:
    steps = (*ANSWERED, recv("INVITE"), reply("488 Not Acceptable Here"), recv("ACK"), bye())
    async with facing(tmp_path, *steps) as (caller, _):
        call_id = await caller.dial("peer")
        with pytest.raises(CommandRefused):
            await caller.client.calls.hold(call_id)
        assert not caller.client.calls.leg(call_id).held
        await caller.client.calls.hang_up(call_id)
        await caller.wait_for(told.Ended)


@pytest.mark.conformance(
    "RFC 3261 15.1.2", "BYE of the far end while our re-INVITE waits: both are over, said once"
)
async def test_a_bye_during_our_reinvite(tmp_path: Path) -> None:
    steps = (
        *TALKING,
        recv("INVITE", note=True),
        ask("BYE", 2, inside=True),
        answer(200, to="BYE"),
        reply("487 Request Terminated", "odd", to_noted=True),
        recv("ACK"),
    )
    async with called(tmp_path, *steps) as (phone, _):
        call_id = await talks(phone)
        with pytest.raises(CommandRefused):
            await phone.client.calls.hold(call_id)
        assert (await ended(phone)).reason == "remote-hung-up"


@pytest.mark.conformance(
    "RFC 3261 15.1.2", "BYE behind the far end's own re-INVITE: 200 to one, an end to the other"
)
async def test_a_bye_behind_a_reinvite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(session: AudioSession, offer: bytes) -> bytes:
        await asyncio.Event().wait()
        raise AssertionError

    steps = (
        *TALKING,
        pause(200),
        ask("INVITE", 2, inside=True, version=2, branch="z9hG4bKre[call_number]"),
        answer(100),
        ask("BYE", 3, inside=True),
        answer(200, to="3 BYE"),
        answer(487, to="2 INVITE"),
        ask("ACK", 2, inside=True, branch="z9hG4bKre[call_number]"),
    )
    async with called(tmp_path, *steps) as (phone, _):
        await talks(phone)
        monkeypatch.setattr(AudioSession, "create_answer", never)
        assert (await ended(phone)).reason == "remote-hung-up"


@pytest.mark.conformance(
    "RFC 3261 14.1", "we hang up while our re-INVITE waits: BYE at once, its late 200 gets an ACK"
)
async def test_we_hang_up_during_our_reinvite(tmp_path: Path) -> None:
    steps = (
        *NOTED_ANSWER,
        recv("INVITE", note=True),
        recv("BYE"),
        reply("200 OK"),
        reply("200 OK", "a", version=2, direction="recvonly", to_noted=True),
        recv("ACK"),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        call_id = await caller.dial("peer")
        holding = asyncio.create_task(caller.client.calls.hold(call_id))
        await seen(peer, "INVITE sip:", 2)
        assert (await hang_up(caller, call_id)).reason == "hung-up"
        with pytest.raises(CommandRefused):
            await holding
        assert len(caller.heard(told.Ended)) == 1


@pytest.mark.conformance("RFC 3261 9.2", "CANCEL of a re-INVITE that is answered already changes nothing")
async def test_a_cancelled_reinvite(tmp_path: Path) -> None:
    branch = "z9hG4bKre[call_number]"
    steps = (
        *TALKING,
        ask("INVITE", 2, inside=True, version=2, branch=branch),
        answer(100, optional=True),
        answer(200, to="INVITE"),
        ask("CANCEL", 2, inside=True, branch=branch),
        answer(200, to="CANCEL"),
        ask("ACK", 2, inside=True),
        pause(200),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, _):
        await talks(phone)
        assert (await ended(phone)).reason == "remote-hung-up"
