"""Calls for us, by a sipp that is server and caller: the called side of RFC 3261 and its companions."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sip_bridge import client_events as told
from tests.lab.scenarios import bye, pause, recv_with, reply
from tests.lab.scenarios_dialog import INVITE_BRANCH, INVITED, TALKING, THEIR_BYE, answer, ask
from tests.lab.scenarios_stage import called, ended, hang_up, rings, seen, talks

pytestmark = pytest.mark.peer

CANCEL = ask("CANCEL", 1, branch=INVITE_BRANCH)
ACK_OF_REFUSAL = ask("ACK", 1, inside=True, branch=INVITE_BRANCH)


@pytest.mark.conformance("RFC 3261 13.3", "a call for us: 100, 180, 200, ACK, the caller's BYE")
async def test_a_call_like_any_other(tmp_path: Path) -> None:
    async with called(tmp_path, *TALKING, pause(200), *THEIR_BYE) as (phone, _):
        await talks(phone)
        assert (await ended(phone)).reason == "remote-hung-up"


@pytest.mark.conformance("RFC 3261 15.1.1", "we hang up a call that came: BYE with the tags turned round")
async def test_we_hang_up(tmp_path: Path) -> None:
    steps = (*TALKING, recv_with("BYE", "tag=odd", "To"), reply("200 OK"))
    async with called(tmp_path, *steps) as (phone, peer):
        assert (await hang_up(phone, await talks(phone))).reason == "hung-up"
        await asyncio.to_thread(peer.finish)


@pytest.mark.conformance("RFC 3261 17.2.1", "an INVITE that comes again is answered again and rings once")
async def test_a_repeated_invite(tmp_path: Path) -> None:
    again = ask("INVITE", 1, version=1, branch=INVITE_BRANCH, repeat=False)
    steps = (*INVITED, again, answer(200), ask("ACK", 1, inside=True), *THEIR_BYE)
    async with called(tmp_path, *steps) as (phone, peer):
        call_id = await rings(phone)
        await seen(peer, "SIP/2.0 180", 2)
        await phone.client.calls.answer(call_id)
        await ended(phone)
        assert len(phone.heard(told.Incoming)) == 1


@pytest.mark.conformance("RFC 3261 8.2.2.2", "the same INVITE by another way (merged): 482, rings once")
async def test_a_merged_invite(tmp_path: Path) -> None:
    steps = (
        *INVITED,
        ask("INVITE", 1, version=1, branch="z9hG4bKother[call_number]"),
        answer(482),
        ask("ACK", 1, branch="z9hG4bKother[call_number]"),
        CANCEL,
        answer(200, to="CANCEL"),
        answer(487),
        ACK_OF_REFUSAL,
    )
    async with called(tmp_path, *steps) as (phone, _):
        await rings(phone)
        assert (await ended(phone)).reason == "cancelled"
        assert len(phone.heard(told.Incoming)) == 1


@pytest.mark.conformance("RFC 3261 13.3.1", "the time the caller gives (Expires) passes while it rings: 487")
async def test_a_call_that_expires(tmp_path: Path) -> None:
    steps = (
        ask("INVITE", 1, version=1, branch=INVITE_BRANCH, headers="Expires: 1\n"),
        *INVITED[1:],
        answer(487),
        ACK_OF_REFUSAL,
    )
    async with called(tmp_path, *steps) as (phone, _):
        await rings(phone)
        gone = await ended(phone)
        assert (gone.reason, gone.status) == ("no-answer", 487)


@pytest.mark.conformance(
    "RFC 3261 11.2", "OPTIONS outside and in a call: 200 with what we can, nothing else happens"
)
async def test_what_we_can(tmp_path: Path) -> None:
    able = answer(200, to="OPTIONS", where="Allow", has="INVITE.*BYE.*UPDATE")
    accepts = answer(200, to="OPTIONS", where="Accept", has="application/sdp")
    steps = (
        ask("OPTIONS", 1),
        able,
        *TALKING,
        ask("OPTIONS", 2, inside=True, headers="Proxy-Require: telepathy\nMax-Forwards: 0\n").replace(
            "Max-Forwards: 70\n", ""
        ),
        accepts,
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, _):
        await talks(phone)
        assert (await ended(phone)).reason == "remote-hung-up"


# --- ACK ------------------------------------------------------------------------------------------


@pytest.mark.conformance("RFC 3261 13.3.1.4", "a 200 whose ACK is late is sent again; the call stands once")
async def test_a_late_ack(tmp_path: Path) -> None:
    steps = (*INVITED, answer(200), pause(700), ask("ACK", 1, inside=True), pause(200), *THEIR_BYE)
    async with called(tmp_path, *steps) as (phone, peer):
        await talks(phone)
        await ended(phone)
        assert peer.messages.count("CSeq: 1 INVITE") >= 5
        assert len(phone.heard(told.Established)) == 1


@pytest.mark.conformance("RFC 3261 13.3.1.4", "a second ACK changes nothing, nor one with a wrong number")
async def test_more_acks_than_needed(tmp_path: Path) -> None:
    acks = (ask("ACK", 7, inside=True), ask("ACK", 1, inside=True), ask("ACK", 1, inside=True))
    steps = (*INVITED, answer(200), *acks, pause(700), *THEIR_BYE)
    async with called(tmp_path, *steps) as (phone, peer):
        await talks(phone)
        await ended(phone)
        assert len(phone.heard(told.Established)) == 1
        assert peer.messages.count("SIP/2.0 200 OK\nVia") <= 4


@pytest.mark.conformance("RFC 3261 13.3.1.4", "no ACK at all: the 200 again for 64*T1, then BYE")
async def test_an_ack_that_never_comes(tmp_path: Path) -> None:
    async with called(tmp_path, *INVITED, answer(200), bye(), pause(200), within_s=45) as (phone, peer):
        call_id = await talks(phone)
        began = asyncio.get_running_loop().time()
        gone = await phone.wait_for(told.Ended, timeout_s=40.0)
        assert 31.0 < asyncio.get_running_loop().time() - began < 34.0
        assert (gone.call_id, gone.reason) == (call_id, "network-lost")
        await seen(peer, "No ACK")


# --- CANCEL ---------------------------------------------------------------------------------------


@pytest.mark.conformance("RFC 3261 9.2", "CANCEL right behind the INVITE: 200, 487, nobody is left ringing")
async def test_a_cancel_right_behind_the_invite(tmp_path: Path) -> None:
    steps = (
        ask("INVITE", 1, version=1, branch=INVITE_BRANCH),
        answer(100),
        CANCEL,
        answer(200, to="CANCEL"),
        answer(487, note=True),
        ACK_OF_REFUSAL,
    )
    async with called(tmp_path, *steps) as (phone, peer):
        await asyncio.to_thread(peer.finish)
        await asyncio.sleep(0.2)
        assert len(phone.heard(told.Incoming)) == len(phone.heard(told.Ended))
        assert not phone.heard(told.Established)


@pytest.mark.conformance("RFC 3261 9.2", "CANCEL that comes after our 200: it is answered, the call stands")
async def test_a_cancel_after_the_answer(tmp_path: Path) -> None:
    steps = (
        *INVITED,
        answer(200),
        CANCEL,
        answer(200, to="CANCEL"),
        ask("ACK", 1, inside=True),
        pause(300),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, _):
        await talks(phone)
        assert (await ended(phone)).reason == "remote-hung-up"


@pytest.mark.conformance("RFC 3261 9.2", "CANCEL of nothing we know: 481, the ringing call rings on")
async def test_a_cancel_of_something_else(tmp_path: Path) -> None:
    steps = (
        *INVITED,
        ask("CANCEL", 1, branch="z9hG4bKnobody[call_number]"),
        answer(481),
        answer(200, to="INVITE"),
        ask("ACK", 1, inside=True),
        pause(100),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, peer):
        call_id = await rings(phone)
        await seen(peer, "SIP/2.0 481")
        await phone.client.calls.answer(call_id)
        assert (await ended(phone)).reason == "remote-hung-up"


@pytest.mark.conformance("RFC 3261 15.1.2", "BYE of a call that rings: 200, 487, it is over")
async def test_a_bye_while_it_rings(tmp_path: Path) -> None:
    steps = (
        *INVITED,
        ask("BYE", 2, inside=True),
        answer(200, to="BYE"),
        answer(487),
        ACK_OF_REFUSAL,
    )
    async with called(tmp_path, *steps) as (phone, _):
        await rings(phone)
        assert (await ended(phone)).reason == "cancelled"


# --- reliable provisional responses -----------------------------------------------------------------

RSEQ = (
    '<recv response="180"><action>'
    '<ereg regexp=";tag=.+" search_in="hdr" header="To:" check_it="true" assign_to="totag"/>'
    '<ereg regexp="[0-9]+" search_in="hdr" header="RSeq:" check_it="true" assign_to="rseq"/>'
    '<ereg regexp="100rel" search_in="hdr" header="Require:" check_it="true" assign_to="3"/>'
    '</action></recv>\n<Reference variables="totag,rseq,3"/>\n'
)


@pytest.mark.conformance("RFC 3262 3", "a caller that demands 100rel gets 180 reliably; a wrong PRACK is 481")
async def test_a_reliable_180(tmp_path: Path) -> None:
    steps = (
        ask("INVITE", 1, version=1, branch=INVITE_BRANCH, headers="Require: 100rel\n"),
        answer(100, optional=True),
        RSEQ,
        ask("PRACK", 2, inside=True, headers="RAck: 4711 1 INVITE\n"),
        answer(481),
        pause(700),
        ask("PRACK", 3, inside=True, headers="RAck: [$rseq] 1 INVITE\n"),
        answer(200, to="PRACK"),
        answer(200, to="INVITE"),
        ask("ACK", 1, inside=True),
        pause(100),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, peer):
        call_id = await rings(phone)
        await seen(peer, "RAck: ", 2)
        assert peer.messages.count("SIP/2.0 180") >= 2
        await phone.client.calls.answer(call_id)
        assert (await ended(phone)).reason == "remote-hung-up"
        assert len(phone.heard(told.Incoming)) == 1


@pytest.mark.conformance("RFC 3262 3", "our 200 waits for the PRACK of what was sent reliably")
async def test_an_answer_waits_for_the_prack(tmp_path: Path) -> None:
    steps = (
        ask("INVITE", 1, version=1, branch=INVITE_BRANCH, headers="Require: 100rel\n"),
        answer(100, optional=True),
        RSEQ,
        pause(300),
        ask("PRACK", 2, inside=True, headers="RAck: [$rseq] 1 INVITE\n"),
        answer(200, to="PRACK"),
        answer(200, to="INVITE"),
        ask("ACK", 1, inside=True),
        pause(100),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, _):
        await phone.client.calls.answer(await rings(phone))
        assert (await ended(phone)).reason == "remote-hung-up"


# --- session timer ----------------------------------------------------------------------------------


@pytest.mark.conformance("RFC 4028 9", "a session interval that is too short: 422 with Min-SE, then accepted")
async def test_a_short_session(tmp_path: Path) -> None:
    timer = "Supported: timer\n"
    steps = (
        ask("INVITE", 1, version=1, headers=f"{timer}Session-Expires: 60\n", branch=INVITE_BRANCH),
        answer(100, optional=True),
        answer(422, note=True, where="Min-SE", has="90"),
        ACK_OF_REFUSAL,
        ask("INVITE", 2, version=1, headers=f"{timer}Session-Expires: 90;refresher=uac\nMin-SE: 90\n"),
        answer(100, optional=True),
        answer(180, note=True),
        answer(200, where="Session-Expires", has="90;refresher=uac"),
        ask("ACK", 2, inside=True),
        ask("UPDATE", 3, inside=True, headers=f"{timer}Session-Expires: 90;refresher=uac\n"),
        answer(200, where="Session-Expires", has="90;refresher=uac"),
        ask("UPDATE", 4, inside=True, headers=f"{timer}Session-Expires: 30\n"),
        answer(422, where="Min-SE", has="90"),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, _):
        await talks(phone)
        assert (await ended(phone)).reason == "remote-hung-up"
        assert len(phone.heard(told.Incoming)) == 1


@pytest.mark.conformance(
    "RFC 4028 9", "a caller that knows no timers: we refresh, and it is told of no demand"
)
async def test_a_caller_without_timers(tmp_path: Path) -> None:
    none = (
        '<recv response="200"><action><ereg regexp=".+" search_in="hdr" header="Require:" '
        'check_it_inverse="true" assign_to="4"/></action></recv>\n<Reference variables="4"/>\n'
    )
    async with called(tmp_path, *INVITED, none, ask("ACK", 1, inside=True), *THEIR_BYE) as (phone, _):
        await talks(phone)
        assert (await ended(phone)).reason == "remote-hung-up"


# --- what must not be understood ----------------------------------------------------------------------


@pytest.mark.conformance("RFC 3261 8.2.1", "methods nobody knows are 501, known ones we do not serve 405")
@pytest.mark.parametrize(("method", "status"), [("JUMP", 501), ("SUBSCRIBE", 405), ("PUBLISH", 405)])
async def test_methods_we_do_not_serve(tmp_path: Path, method: str, status: int) -> None:
    steps = (
        ask(method, 1),
        answer(status, where="Allow", has="INVITE.*UPDATE"),
        *TALKING,
        ask(method, 2, inside=True),
        answer(status, where="Allow", has="INVITE"),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, _):
        await talks(phone)
        assert (await ended(phone)).reason == "remote-hung-up"


@pytest.mark.conformance(
    "RFC 3261 8.2.2.3", "an extension we do not know: 420 in a call and outside, the call lives"
)
async def test_extensions_we_do_not_know(tmp_path: Path) -> None:
    steps = (
        ask("INVITE", 1, version=1, headers="Require: telepathy, timer\n", branch=INVITE_BRANCH),
        answer(100, optional=True),
        answer(420, note=True, where="Unsupported", has="^ *telepathy *$"),
        ACK_OF_REFUSAL,
        ask("INVITE", 2, version=1, branch="z9hG4bKsecond[call_number]"),
        answer(100, optional=True),
        answer(180, note=True),
        answer(200),
        ask("ACK", 2, inside=True, headers="Require: telepathy\n"),
        ask("INVITE", 3, version=2, inside=True, headers="Require: telepathy\n", branch="z9hG4bKthird[pid]"),
        answer(420, where="Unsupported", has="telepathy"),
        ask("ACK", 3, inside=True, branch="z9hG4bKthird[pid]"),
        ask("BYE", 4, inside=True, headers="Require: telepathy\n"),
        answer(420),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, _):
        await talks(phone)
        assert (await ended(phone)).reason == "remote-hung-up"
        assert len(phone.heard(told.Incoming)) == 1


UNREADABLE = [
    (
        "a body that is no session description",
        "",
        "Content-Type: text/html\nContent-Length: [len]\n\n<p>\n",
        "Accept",
    ),
    (
        "a packed session description",
        "Content-Encoding: gzip\n",
        "Content-Type: application/sdp\nContent-Length: [len]\n\nv=0\n",
        "Accept-Encoding",
    ),
]


@pytest.mark.conformance("RFC 3261 8.2.3", "{what}: 415 that says what we take")
@pytest.mark.parametrize(
    ("what", "headers", "body", "said"), UNREADABLE, ids=[case[0] for case in UNREADABLE]
)
async def test_bodies_we_cannot_read(tmp_path: Path, what: str, headers: str, body: str, said: str) -> None:
    steps = (
        ask("INVITE", 1, headers=headers, body=body, branch=INVITE_BRANCH),
        answer(100, optional=True),
        answer(415, note=True, where=said, has=".*"),
        ACK_OF_REFUSAL,
    )
    async with called(tmp_path, *steps) as (phone, peer):
        await asyncio.to_thread(peer.finish)
        assert not phone.heard(told.Incoming)
