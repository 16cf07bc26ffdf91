"""Transfers and replaced calls, by sipp: REFER both ways, obeyed, refused, failing; Replaces that fit not."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from sip_bridge import client_events as told
from tests.lab.scenarios import bye, described, pause, recv, recv_with, reply
from tests.lab.scenarios_dialog import TALKING, THEIR_BYE, answer, ask, body_has, within
from tests.lab.scenarios_stage import called, ended, facing, hang_up, seen, talks

pytestmark = pytest.mark.peer

FRAGMENT = "Content-Type: message/sipfrag\nContent-Length: [len]\n\nSIP/2.0 {}\n"


def notify(cseq: int, status: str, *, over: bool = False) -> str:
    state = "terminated;reason=noresource" if over else "active;expires=60"
    return within(
        "NOTIFY",
        cseq,
        headers=f"Event: refer\nSubscription-State: {state}\n",
        body=FRAGMENT.format(status),
    )


HELD = (recv("INVITE"), reply("200 OK", version=2, direction="recvonly"), recv("ACK"))
"""We hold before we transfer."""

BACK = (body_has("INVITE", "a=sendrecv"), reply("200 OK", version=3), recv("ACK"))
"""And come back when it came to nothing."""

NOTED = (recv("INVITE", note=True), reply("200 OK", "a", version=1), recv("ACK"), *HELD)


# --- we transfer ----------------------------------------------------------------------------------


@pytest.mark.conformance("RFC 3515 2.4.4", "our REFER works: 202, NOTIFY 100, 180, 200; we hang up")
async def test_a_transfer_that_works(tmp_path: Path) -> None:
    steps = (
        *NOTED,
        recv_with("REFER", "sip:1234@", "Refer-To"),
        reply("202 Accepted"),
        notify(1, "100 Trying"),
        answer(200),
        notify(2, "180 Ringing"),
        answer(200),
        notify(3, "200 OK", over=True),
        answer(200),
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, _):
        call_id = await caller.dial("peer")
        await caller.client.calls.transfer(call_id, "1234")
        assert (await ended(caller)).reason == "transferred"
        states = [event.state for event in caller.heard(told.TransferProgress)]
        assert states == ["trying", "trying", "ringing", "done"]


@pytest.mark.conformance("RFC 3515 2.4.2", "our REFER is refused with {status}: failed, the call comes back")
@pytest.mark.parametrize("status", ["603 Decline", "405 Method Not Allowed", "501 Not Implemented"])
async def test_a_transfer_that_is_refused(tmp_path: Path, status: str) -> None:
    steps = (*NOTED, recv("REFER"), reply(status), *BACK, bye())
    async with facing(tmp_path, *steps) as (caller, _):
        call_id = await caller.dial("peer")
        await caller.client.calls.transfer(call_id, "1234")
        failed = await caller.wait_for(told.TransferProgress, where=lambda event: event.state == "failed")
        assert failed.status == int(status[:3])
        await caller.wait_for(told.MediaChanged, where=lambda event: not event.held)
        assert (await hang_up(caller, call_id)).reason == "hung-up"


@pytest.mark.conformance("RFC 3515 2.4.5", "our REFER fails at its target: NOTIFY 486, the call comes back")
async def test_a_transfer_that_fails(tmp_path: Path) -> None:
    steps = (
        *NOTED,
        recv("REFER"),
        reply("202 Accepted"),
        notify(1, "100 Trying"),
        answer(200),
        notify(2, "486 Busy Here", over=True),
        answer(200),
        *BACK,
        notify(3, "200 OK", over=True),
        answer(481),
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        call_id = await caller.dial("peer")
        await caller.client.calls.transfer(call_id, "1234")
        await caller.wait_for(told.TransferProgress, where=lambda event: event.state == "failed")
        await seen(peer, "SIP/2.0 481")
        assert not caller.client.calls.leg(call_id).held
        await hang_up(caller, call_id)


@pytest.mark.conformance(
    "RFC 3515 2.4.7", "a NOTIFY that comes before its 202 counts; one nobody asked for is 481"
)
async def test_a_notify_before_the_202(tmp_path: Path) -> None:
    steps = (
        *NOTED[:3],
        notify(1, "200 OK", over=True),
        answer(481),
        *HELD,
        recv("REFER", note=True),
        notify(2, "180 Ringing"),
        answer(200),
        reply("202 Accepted", "a", to_noted=True).replace("INVITE", "REFER"),
        notify(3, "200 OK", over=True),
        answer(200),
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        call_id = await caller.dial("peer")
        await seen(peer, "SIP/2.0 481")
        await caller.client.calls.transfer(call_id, "1234")
        assert (await ended(caller)).reason == "transferred"


# --- we are transferred ---------------------------------------------------------------------------

REFER = "Refer-To: <sip:third@[local_ip]:[local_port]>\nReferred-By: <sip:peer@phone.test>\n"

OTHER = (
    '<recv request="INVITE"><action><ereg regexp="third@" search_in="hdr" header="To:" assign_to="7"/>'
    '<ereg regexp="([0-9]+)" search_in="hdr" header="CSeq:" check_it="true" assign_to="cseq,number"/>'
    '<ereg regexp="SIP/2.*" search_in="hdr" header="Via:" check_it="true" assign_to="via"/>'
    '<ereg regexp="&lt;[^&gt;]*&gt;" search_in="hdr" header="To:" check_it="true" assign_to="to"/>'
    '<ereg regexp=".+" search_in="hdr" header="From:" check_it="true" assign_to="from"/>'
    '<ereg regexp="sip:[^&gt;]*" search_in="hdr" header="Contact:" check_it="true" assign_to="contact"/>'
    "</action></recv>\n"
    '<Reference variables="cseq,number,via,to,from,contact,7"/>\n'
    '<nop next="7" test="7"/>\n'
)
"""The INVITE of the first call, or of the one that obeys our REFER: that goes on at `third`."""


def third(*steps: str) -> str:
    """What the third party does; the steps before it are the first party's."""
    return '<nop next="9"/>\n<label id="7"/>\n' + "".join(steps)


@pytest.mark.conformance(
    "RFC 3515 2.4.4", "a REFER we obey: 202, NOTIFY 100, 180, 200 in the call that asked"
)
async def test_we_obey_a_refer(tmp_path: Path) -> None:
    steps = (
        OTHER,
        reply("200 OK", "a", version=1),
        recv("ACK"),
        within("REFER", 1, headers=REFER),
        answer(202),
        *(
            step
            for status in ("100", "180", "200")
            for step in (body_has("NOTIFY", f"SIP/2.0 {status}"), reply("200 OK"))
        ),
        bye(),
        third(reply("180 Ringing", "c"), pause(100), reply("200 OK", "c", version=1), recv("ACK"), bye()),
    )
    async with facing(tmp_path, *steps, calls=2) as (caller, peer):
        old = await caller.dial("peer")
        replaced = await caller.wait_for(told.CallReplaced)
        assert replaced.old_call_id == old
        gone = await caller.wait_for(told.Ended)
        assert (gone.call_id, gone.reason) == (old, "transferred")
        assert "Referred-By: <sip:peer@phone.test>" in peer.messages.partition("INVITE sip:third")[2]
        assert (await hang_up(caller, replaced.call_id)).reason == "hung-up"


@pytest.mark.conformance(
    "RFC 3515 2.4.5", "a REFER to somebody who is busy: NOTIFY 486 ends it, the old call stands"
)
async def test_a_refer_that_leads_to_nobody(tmp_path: Path) -> None:
    steps = (
        OTHER,
        reply("200 OK", "a", version=1),
        recv("ACK"),
        within("REFER", 1, headers=REFER),
        answer(202),
        body_has("NOTIFY", "SIP/2.0 100"),
        reply("200 OK"),
        body_has("NOTIFY", "SIP/2.0 486"),
        reply("200 OK"),
        bye(),
        third(reply("486 Busy Here", "c"), recv("ACK")),
    )
    async with facing(tmp_path, *steps, calls=2) as (caller, peer):
        call_id = await caller.dial("peer")
        await seen(peer, "NOTIFY sip", 2)
        await asyncio.sleep(0.2)
        assert not caller.heard(told.CallReplaced) and not caller.heard(told.Ended)
        assert re.search(r"terminated;reason=noresource", peer.messages)
        await hang_up(caller, call_id)


USELESS = [
    ("nobody", "", 400),
    ("two", "Refer-To: <sip:a@phone.test>\nRefer-To: <sip:b@phone.test>\n", 400),
    ("a mailbox", "Refer-To: <mailto:a@phone.test>\n", 416),
]


@pytest.mark.conformance("RFC 3515 2.4.2", "a REFER that names {what}: {status}")
@pytest.mark.parametrize(("what", "headers", "status"), USELESS, ids=[case[0] for case in USELESS])
async def test_refers_nobody_can_obey(tmp_path: Path, what: str, headers: str, status: int) -> None:
    steps = (*TALKING, ask("REFER", 2, inside=True, headers=headers), answer(status), pause(100), *THEIR_BYE)
    async with called(tmp_path, *steps) as (phone, _):
        await talks(phone)
        assert (await ended(phone)).reason == "remote-hung-up"


@pytest.mark.conformance("RFC 3515 2.4.1", "a REFER outside any call is 481: nobody sends us calling")
async def test_a_refer_from_nowhere(tmp_path: Path) -> None:
    steps = (
        ask("REFER", 1, headers="Refer-To: <sip:third@phone.test>\n"),
        answer(481),
        *TALKING,
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, peer):
        await talks(phone)
        await ended(phone)
        assert "INVITE sip:third" not in peer.messages


# --- Replaces -------------------------------------------------------------------------------------

TAGGED = (
    '<recv response="180"><action>'
    '<ereg regexp=";tag=.+" search_in="hdr" header="To:" check_it="true" assign_to="totag"/>'
    '<ereg regexp="[^=]+$" search_in="hdr" header="To:" check_it="true" assign_to="tag"/>'
    '</action></recv>\n<Reference variables="totag,tag"/>\n'
)
STANDING = (
    TALKING[0],
    TALKING[1],
    TAGGED,
    *TALKING[3:],
)
CALL = "call-[pid]-[call_number]///[call_id]"


MISFITS = [
    ("another Call-ID", "Replaces: nobody;to-tag=[$tag];from-tag=odd\n", 481),
    ("another tag", f"Replaces: {CALL};to-tag=none;from-tag=odd\n", 481),
    ("the tags the wrong way round", f"Replaces: {CALL};to-tag=odd;from-tag=[$tag]\n", 481),
    ("a standing call, early-only", f"Replaces: {CALL};to-tag=[$tag];from-tag=odd;early-only\n", 486),
    ("no tags", f"Replaces: {CALL}\n", 400),
    ("two calls", "Replaces: a;to-tag=1;from-tag=2\nReplaces: b;to-tag=1;from-tag=2\n", 400),
]


@pytest.mark.conformance("RFC 3891 3", "Replaces that names {what}: {status}, the call that stands goes on")
@pytest.mark.parametrize(("what", "replaces", "status"), MISFITS, ids=[case[0] for case in MISFITS])
async def test_replaces_that_fits_no_call(tmp_path: Path, what: str, replaces: str, status: int) -> None:
    branch = "z9hG4bKtaker[call_number]"
    steps = (
        *STANDING,
        ask("INVITE", 1, call="taker", from_tag="taker", version=1, headers=replaces, branch=branch),
        answer(100, optional=True),
        answer(status),
        ask("ACK", 1, call="taker", from_tag="taker", branch=branch),
        pause(100),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps) as (phone, _):
        await talks(phone)
        assert (await ended(phone)).reason == "remote-hung-up"
        assert len(phone.heard(told.Incoming)) == 1 and not phone.heard(told.CallReplaced)


@pytest.mark.conformance("RFC 3891 3", "Replaces that fits: answered at once, the replaced call gets BYE")
async def test_replaces_that_fits(tmp_path: Path) -> None:
    fits = f"Require: replaces\nReplaces: {CALL};to-tag=[$tag];from-tag=odd\n"
    steps = (
        *STANDING,
        ask("INVITE", 1, call="taker", from_tag="taker", sdp=described(1), headers=fits),
        answer(100, optional=True),
        answer(200, note=True),
        ask("ACK", 1, call="taker", from_tag="taker", inside=True),
        recv_with("BYE", "tag=odd", "To"),
        reply("200 OK"),
        pause(100),
        ask("BYE", 2, call="taker", from_tag="taker", inside=True),
        answer(200),
    )
    async with called(tmp_path, *steps) as (phone, _):
        old = await talks(phone)
        replaced = await phone.wait_for(told.CallReplaced)
        assert replaced.old_call_id == old
        last = await phone.wait_for(told.Ended, 2)
        assert [event.reason for event in phone.heard(told.Ended)] == ["transferred", "remote-hung-up"]
        assert last.call_id == replaced.call_id and len(phone.heard(told.Incoming)) == 1
