"""What keeps a standing call and what ends it, played by sipp: refusals, order, session timers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sip_bridge import client_events as told
from sip_bridge.client_types import CommandRefused
from tests.lab.scenarios import ANSWERED, bye, pause, recv, recv_with, reply
from tests.lab.scenarios_dialog import TALKING, THEIR_BYE, answer, ask
from tests.lab.scenarios_stage import called, ended, facing, hang_up, seen, talks

pytestmark = pytest.mark.peer

# --- refused, lost, forgotten -------------------------------------------------------------------------


@pytest.mark.conformance(
    "RFC 3261 12.2.1.2", "481 to our re-INVITE: the far end has lost the call, BYE, it is over"
)
async def test_a_peer_that_lost_the_dialog(tmp_path: Path) -> None:
    steps = (*ANSWERED, recv("INVITE"), reply("481 Call Does Not Exist"), recv("ACK"), bye())
    async with facing(tmp_path, *steps) as (caller, _):
        call_id = await caller.dial("peer")
        with pytest.raises(CommandRefused):
            await caller.client.calls.hold(call_id)
        gone = await ended(caller)
        assert gone.call_id == call_id


@pytest.mark.conformance(
    "RFC 3261 14.1", "500 with Retry-After to our re-INVITE: tried again after that time"
)
async def test_an_offer_that_came_too_early(tmp_path: Path) -> None:
    steps = (
        *ANSWERED,
        recv("INVITE"),
        reply("500 Server Internal Error", headers="Retry-After: 1\n"),
        recv("ACK"),
        recv("INVITE"),
        reply("200 OK", version=2, direction="recvonly"),
        recv("ACK"),
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, _):
        call_id = await caller.dial("peer")
        await caller.client.calls.hold(call_id)
        assert caller.heard(told.MediaChanged)[-1].held
        await hang_up(caller, call_id)


# --- order ----------------------------------------------------------------------------------------


@pytest.mark.conformance(
    "RFC 3261 12.2.2", "a number that went backwards is 500, one that jumps ahead is fine"
)
async def test_numbers_out_of_order(tmp_path: Path) -> None:
    steps = (
        *TALKING,
        ask("INFO", 40, inside=True),
        answer(200, to="40 INFO"),
        ask("INFO", 39, inside=True),
        answer(500, to="39 INFO"),
        ask("BYE", 2, inside=True),
        answer(500, to="2 BYE"),
        ask("BYE", 40, inside=True),
        answer(500, to="40 BYE"),
        pause(100),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, _):
        await talks(phone)
        assert (await ended(phone)).reason == "remote-hung-up"


@pytest.mark.conformance("RFC 3261 8.1.1.5", "CSeq {number}: 400 and the call goes on")
@pytest.mark.parametrize("number", ["4294967296 INFO", "minus INFO"])
async def test_numbers_that_are_none(tmp_path: Path, number: str) -> None:
    wrong = ask("INFO", 2, inside=True).replace("CSeq: 2 INFO", f"CSeq: {number}")
    steps = (*TALKING, wrong, answer(400), pause(100), *THEIR_BYE)
    async with called(tmp_path, *steps) as (phone, _):
        await talks(phone)
        assert (await ended(phone)).reason == "remote-hung-up"


@pytest.mark.conformance("RFC 3261 12.2.2", "after the call's end its dialog is gone: 481")
async def test_a_call_that_is_over(tmp_path: Path) -> None:
    steps = (
        *TALKING,
        recv("BYE"),
        reply("200 OK"),
        ask("INFO", 2, inside=True),
        answer(481),
        ask("INVITE", 3, inside=True, version=2, branch="z9hG4bKlate[call_number]"),
        answer(481),
        ask("ACK", 3, inside=True, branch="z9hG4bKlate[call_number]"),
    )
    async with called(tmp_path, *steps) as (phone, peer):
        await hang_up(phone, await talks(phone))
        await asyncio.to_thread(peer.finish)
        assert len(phone.heard(told.Incoming)) == 1


# --- session timer ----------------------------------------------------------------------------------

TIMER = "Supported: timer\nSession-Expires: 4;refresher={}\nAllow: INVITE, ACK, BYE, CANCEL{}\n"


@pytest.mark.conformance(
    "RFC 4028 7.2", "as refresher we refresh at half time: by UPDATE, and by re-INVITE without it"
)
@pytest.mark.parametrize("method", ["UPDATE", "INVITE"])
async def test_we_refresh(tmp_path: Path, method: str) -> None:
    timer = TIMER.format("uac", ", UPDATE" if method == "UPDATE" else "")
    ack = (recv("ACK"),) if method == "INVITE" else ()
    steps = (
        recv("INVITE"),
        reply("200 OK", "a", version=1, headers=timer),
        recv("ACK"),
        recv_with(method, "refresher=uac", "Session-Expires"),
        reply("200 OK", version=1 if ack else 0, headers=timer),
        *ack,
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        call_id = await caller.dial("peer")
        await seen(peer, "SIP/2.0 200 OK", 3)
        await asyncio.sleep(0.1)
        assert not caller.heard(told.MediaChanged) and not caller.heard(told.Ended)
        await hang_up(caller, call_id)


@pytest.mark.conformance(
    "RFC 4028 10", "{who} must refresh and does not: BYE a little before time, the reason told"
)
@pytest.mark.parametrize("who", ["uas", "uac"])
async def test_a_session_that_expires(tmp_path: Path, who: str) -> None:
    refresh = (recv("UPDATE"), reply("503 Service Unavailable")) if who == "uac" else ()
    steps = (
        recv("INVITE"),
        reply("200 OK", "a", version=1, headers=TIMER.format(who, ", UPDATE")),
        recv("ACK"),
        *refresh,
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        await caller.dial("peer")
        began = asyncio.get_running_loop().time()
        assert (await ended(caller)).reason == "network-lost"
        assert 2.3 < asyncio.get_running_loop().time() - began < 3.5
        await seen(peer, "Session timer expired")


@pytest.mark.conformance("RFC 4028 7.3", "422 to our INVITE: asked again with the interval it names")
async def test_a_server_that_wants_longer_sessions(tmp_path: Path) -> None:
    steps = (
        recv("INVITE"),
        reply("422 Session Interval Too Small", "a", headers="Min-SE: 3600\n"),
        recv("ACK"),
        recv_with("INVITE", "3600", "Session-Expires"),
        reply("200 OK", "b", version=1),
        recv("ACK"),
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        call_id = await caller.dial("peer")
        assert "Min-SE: 3600" in peer.messages.partition("422")[2].partition("INVITE sip:")[2]
        await hang_up(caller, call_id)
