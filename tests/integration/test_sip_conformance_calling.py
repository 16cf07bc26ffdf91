"""Calls of ours, by a sipp that is server and called party: forks, CANCEL races, redirection, PRACK."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from sip_bridge import client_events as told
from tests.lab.scenarios import ANSWERED, bye, described, pause, recv, recv_with, reply
from tests.lab.scenarios_dialog import answer, answer_with_body, within
from tests.lab.scenarios_stage import ended, facing, hang_up, seen

pytestmark = pytest.mark.peer

REFUSED = (reply("486 Busy Here", "a"), recv("ACK"))


def numbers(messages: str, method: str) -> list[str]:
    """The CSeq numbers of our requests of a method, each once, in order."""
    asked = re.findall(rf"received.*?\n\n{method} sip:.*?^CSeq: (\d+) {method}", messages, re.M | re.S)
    return list(dict.fromkeys(asked))


# --- forks ----------------------------------------------------------------------------------------


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
        *REFUSED,
        reply("200 OK", "b", version=1, to_noted=True),
        pause(300),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        await caller.client.dial("peer")
        gone = await ended(caller)
        assert (gone.reason, gone.status) == ("busy", 486)
        await asyncio.to_thread(peer.finish)
        assert not caller.heard(told.Established) and len(caller.heard(told.Ended)) == 1


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


@pytest.mark.conformance(
    "RFC 3261 17.1.1.2", "a refusal that comes again gets its ACK again, the call ends once"
)
async def test_a_486_that_comes_again(tmp_path: Path) -> None:
    steps = (
        recv("INVITE", note=True),
        *REFUSED,
        reply("486 Busy Here", "b", to_noted=True),
        recv_with("ACK", "tag=b", "To"),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        await caller.client.dial("peer")
        assert (await ended(caller)).reason == "busy"
        await asyncio.to_thread(peer.finish)
        assert len(caller.heard(told.Ended)) == 1


# --- CANCEL ---------------------------------------------------------------------------------------


@pytest.mark.conformance(
    "RFC 3261 9.1", "we give up while it rings: CANCEL with the INVITE's branch, 487, ACK"
)
async def test_we_give_up(tmp_path: Path) -> None:
    steps = (
        recv("INVITE", note=True),
        reply("180 Ringing", "a"),
        recv("CANCEL"),
        reply("200 OK", "a"),
        reply("487 Request Terminated", "a", to_noted=True),
        recv("ACK"),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        call_id = await caller.client.dial("peer")
        await caller.wait_for(told.Progress)
        assert (await hang_up(caller, call_id)).reason == "hung-up"
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
        recv("INVITE", note=True),
        reply("180 Ringing", "a"),
        recv("CANCEL"),
        reply(status, "a", headers=headers, to_noted=True),
        recv("ACK"),
        pause(300),
    )
    async with facing(tmp_path, *steps) as (caller, _):
        call_id = await caller.client.dial("peer")
        await caller.wait_for(told.Progress)
        assert (await hang_up(caller, call_id)).reason == "hung-up"


@pytest.mark.conformance(
    "RFC 3261 9.1", "481 to our CANCEL changes nothing: the 200 to the INVITE is ended by BYE"
)
async def test_a_cancel_that_finds_nothing(tmp_path: Path) -> None:
    steps = (
        recv("INVITE", note=True),
        reply("180 Ringing", "a"),
        recv("CANCEL"),
        reply("481 Call Does Not Exist", "a"),
        reply("200 OK", "a", version=1, to_noted=True),
        recv("ACK"),
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        call_id = await caller.client.dial("peer")
        await caller.wait_for(told.Progress)
        assert (await hang_up(caller, call_id)).reason == "hung-up"
        await asyncio.to_thread(peer.finish)
        assert not caller.heard(told.Established)


# --- redirection ------------------------------------------------------------------------------------

HERE = "Contact: <sip:{}@[local_ip]:[local_port]>\n"


@pytest.mark.conformance("RFC 3261 8.1.3.4", "302 to where we just were: no second INVITE, it ends")
async def test_a_redirection_to_itself(tmp_path: Path) -> None:
    steps = (
        recv("INVITE"),
        reply("302 Moved Temporarily", "a", headers=HERE.format("other")),
        recv("ACK"),
        recv("INVITE"),
        reply("302 Moved Temporarily", "b", headers=HERE.format("other")),
        recv("ACK"),
        pause(300),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        await caller.client.dial("peer")
        gone = await ended(caller)
        assert gone.status == 302
        assert numbers(peer.messages, "INVITE") == ["1", "2"]


@pytest.mark.conformance("RFC 3261 8.1.3.4", "302 always to somewhere new: we stop after five")
async def test_redirections_without_end(tmp_path: Path) -> None:
    rounds = [
        (recv("INVITE"), reply("302 Moved Temporarily", "a", headers=HERE.format(f"p{n}")), recv("ACK"))
        for n in range(6)
    ]
    async with facing(tmp_path, *(step for one in rounds for step in one), pause(300)) as (caller, peer):
        await caller.client.dial("peer")
        assert (await ended(caller)).status == 302
        await asyncio.to_thread(peer.finish)
        assert numbers(peer.messages, "INVITE") == ["1", "2", "3", "4", "5", "6"]


@pytest.mark.conformance("RFC 3261 8.1.3.4", "of several places the better one is tried first, then the next")
async def test_places_by_preference(tmp_path: Path) -> None:
    places = "Contact: <sip:later@[local_ip]:[local_port]>;q=0.2, <sip:first@[local_ip]:[local_port]>;q=0.9\n"
    steps = (
        recv("INVITE"),
        reply("300 Multiple Choices", "a", headers=places),
        recv("ACK"),
        recv("INVITE"),
        reply("480 Temporarily Unavailable", "b"),
        recv("ACK"),
        *ANSWERED,
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        await hang_up(caller, await caller.dial("peer"))
        asked = re.findall(r"^INVITE sip:(\w+)@", peer.messages, re.M)
        assert list(dict.fromkeys(asked)) == ["peer", "first", "later"]


# --- reliable provisional responses -----------------------------------------------------------------


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


# --- answers no phone expects -------------------------------------------------------------------------


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
