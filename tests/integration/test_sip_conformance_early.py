"""Before the answer: reliable provisional responses and UPDATE, played by sipp."""

from __future__ import annotations

from pathlib import Path

import pytest

from sip_bridge import client_events as told
from tests.lab.scenarios import bye, described, pause, recv, recv_with, reply
from tests.lab.scenarios_dialog import answer, answer_with_body, within
from tests.lab.scenarios_stage import facing, hang_up

pytestmark = pytest.mark.peer


def reliably(number: int) -> str:
    return f"Require: 100rel\nRSeq: {number}\n"


@pytest.mark.conformance("RFC 3262 4", "a reliable 183 gets its PRACK; one out of order or again gets none")
async def test_we_acknowledge_reliable_responses(tmp_path: Path) -> None:
    steps = (
        recv("INVITE", note=True),
        reply("183 Session Progress", "a", version=1, headers=reliably(7)),
        recv_with("PRACK", "7 1 INVITE", "RAck"),
        reply("200 OK"),
        reply("180 Ringing", "a", headers=reliably(9), to_noted=True),
        pause(200),
        reply("180 Ringing", "a", headers=reliably(8), to_noted=True),
        recv_with("PRACK", "8 1 INVITE", "RAck"),
        reply("200 OK"),
        reply("200 OK", "a", to_noted=True),
        recv("ACK"),
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, _):
        call_id = await caller.dial("peer")
        assert [event.status for event in caller.heard(told.Progress)] == [183, 180]
        assert caller.heard(told.MediaReady)[0].early
        await hang_up(caller, call_id)


@pytest.mark.conformance(
    "RFC 3311 5.1", "UPDATE of the called party before it answers, once the answer was reliable"
)
async def test_an_update_before_the_answer(tmp_path: Path) -> None:
    steps = (
        recv("INVITE", note=True),
        reply("183 Session Progress", "a", version=1, headers=reliably(1)),
        recv("PRACK"),
        reply("200 OK"),
        within("UPDATE", 1, sdp=described(2, codec=0)),
        answer_with_body(200, "RTP/AVP 0"),
        reply("200 OK", "a", to_noted=True),
        recv("ACK"),
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, _):
        call_id = await caller.dial("peer")
        assert caller.heard(told.Established)[0].codec == "PCMU"
        assert [event.early for event in caller.heard(told.MediaReady)] == [True, True, False]
        await hang_up(caller, call_id)


@pytest.mark.conformance(
    "RFC 3311 5.2", "UPDATE of one of two who ring: 491, neither may change what is heard"
)
async def test_an_update_of_one_of_two(tmp_path: Path) -> None:
    steps = (
        recv("INVITE", note=True),
        reply("183 Session Progress", "a", version=1, headers=reliably(1)),
        recv("PRACK"),
        reply("200 OK"),
        reply("180 Ringing", "b", to_noted=True),
        within("UPDATE", 1, sdp=described(2, codec=0)),
        answer(491),
        reply("200 OK", "a", to_noted=True),
        recv("ACK"),
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, _):
        call_id = await caller.dial("peer")
        assert caller.heard(told.Established)[0].codec == "PCMA"
        await hang_up(caller, call_id)
