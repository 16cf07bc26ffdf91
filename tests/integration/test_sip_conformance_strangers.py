"""Who is not who it says: other addresses, other tags; and messages as large as they get."""

from __future__ import annotations

import asyncio
import re
import socket
from pathlib import Path

import pytest

from sip_bridge import client_events as told
from tests.lab.caller import Caller
from tests.lab.scenarios import NO_BODY, bye, caller, described, pause, recv, reply, response, with_sdp
from tests.lab.scenarios_dialog import INVITE_BRANCH, INVITED, TALKING, THEIR_BYE, answer, ask
from tests.lab.scenarios_stage import called, ended, facing, hang_up, rings, seen, talks
from tests.lab.sipp import Sipp

pytestmark = pytest.mark.peer

ELSEWHERE = "127.0.0.2"
"""An address that is neither our server's nor our peer's."""

OUTSIDER = """<send retrans="500"><![CDATA[
{method} sip:1001@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch};rport
Max-Forwards: 70
From: <sip:odd@phone.test>;tag={from_tag}
To: <sip:1001@phone.test>{to_tag}
Call-ID: [call]///[call_id]
CSeq: {cseq} {method}
Contact: <sip:thief@[local_ip]:[local_port]>
{body}]]></send>
"""


def outsider(
    method: str, *, from_tag: str = "odd", to_tag: str = "", cseq: int = 50, branch: str = "[branch]"
) -> str:
    """A request of somebody who has to do with neither server nor call."""
    body = with_sdp(described(9)) if method == "INVITE" else NO_BODY
    tag = f";tag={to_tag}" if to_tag else ""
    return OUTSIDER.format(method=method, from_tag=from_tag, to_tag=tag, cseq=cseq, branch=branch, body=body)


def dialog_of(messages: str) -> tuple[str, str]:
    """Call-ID and our tag of the call that stands."""
    found = re.search(r"SIP/2.0 180.*?^To: .*;tag=(\S+)\nCall-ID: (\S+)", messages, re.M | re.S)
    assert found is not None
    return found[2], found[1]


async def attack(folder: Path, phone: Caller, call_id: str, *steps: str) -> Sipp:
    """Play `steps` from elsewhere at the phone's own port, with that Call-ID; all must come true."""
    flow = phone.client.flow
    assert flow is not None
    call, _, own = call_id.partition("///")
    thief = Sipp(
        folder / "thief",
        caller(*steps),
        remote=flow.local,
        host=ELSEWHERE,
        call_id=own,
        keys=[("call", call)],
    )
    thief.start()
    try:
        await asyncio.to_thread(thief.finish, 8.0)
    finally:
        thief.stop()
    return thief


# --- another address ------------------------------------------------------------------------------


@pytest.mark.conformance(
    "RFC 3261 12.2.2", "{method} from elsewhere with a guessed tag: 481, the call goes on"
)
@pytest.mark.parametrize("method", ["BYE", "INVITE", "UPDATE", "REFER", "INFO"])
async def test_somebody_else_in_our_call(tmp_path: Path, method: str) -> None:
    async with called(tmp_path, *TALKING, pause(1500), *THEIR_BYE) as (phone, peer):
        await talks(phone)
        call_id, _ = dialog_of(peer.messages)
        branch = "z9hG4bKthief[call_number]"
        ack = outsider("ACK", to_tag="guess", branch=branch).replace(' retrans="500"', "")
        steps = (outsider(method, to_tag="guess", branch=branch), response(481))
        await attack(tmp_path, phone, call_id, *steps, *((ack,) if method == "INVITE" else ()))
        assert not phone.heard(told.Ended) and not phone.heard(told.MediaChanged)
        assert (await ended(phone)).reason == "remote-hung-up"


@pytest.mark.conformance(
    "RFC 3261 12.2.2", "BYE from elsewhere with our tag and not the peer's: 481, the call goes on"
)
async def test_half_a_dialog(tmp_path: Path) -> None:
    async with called(tmp_path, *TALKING, pause(1500), *THEIR_BYE) as (phone, peer):
        await talks(phone)
        call_id, tag = dialog_of(peer.messages)
        await attack(tmp_path, phone, call_id, outsider("BYE", from_tag="thief", to_tag=tag), response(481))
        assert not phone.heard(told.Ended)
        assert (await ended(phone)).reason == "remote-hung-up"


@pytest.mark.conformance("RFC 3261 26.3.2", "INVITE past our server: 403, nobody hears it ring")
async def test_a_call_past_the_server(tmp_path: Path) -> None:
    async with called(tmp_path, *TALKING, pause(1500), *THEIR_BYE) as (phone, _):
        await talks(phone)
        branch = "z9hG4bKthief[call_number]"
        ack = outsider("ACK", branch=branch).replace(' retrans="500"', "")
        await attack(
            tmp_path, phone, "past///the-server", outsider("INVITE", branch=branch), response(403), ack
        )
        assert len(phone.heard(told.Incoming)) == 1
        await ended(phone)


@pytest.mark.conformance("RFC 3261 9.2", "CANCEL from elsewhere with a guessed branch: refused, it rings on")
async def test_a_cancel_from_elsewhere(tmp_path: Path) -> None:
    steps = (*INVITED, answer(200), ask("ACK", 1, inside=True), pause(100), *THEIR_BYE)
    async with called(tmp_path, *steps) as (phone, peer):
        call_id = await rings(phone)
        await seen(peer, "SIP/2.0 180")
        dialog, _ = dialog_of(peer.messages)
        refused = '<recv response="403"/>\n'
        await attack(tmp_path, phone, dialog, outsider("CANCEL", cseq=1, branch=INVITE_BRANCH), refused)
        assert not phone.heard(told.Ended)
        await phone.client.calls.answer(call_id)
        assert (await ended(phone)).reason == "remote-hung-up"


FORGERIES = [
    ("a forgery from elsewhere", ELSEWHERE, ("", "")),
    ("another branch", "127.0.0.1", (r"branch=\S+", "branch=z9hG4bKguess")),
    ("another method", "127.0.0.1", ("1 INVITE", "1 BYE")),
    ("somebody else's Via", "127.0.0.1", (r"UDP 127.0.0.1:\d+", "UDP 192.0.2.1:5060")),
]


@pytest.mark.conformance("RFC 3261 18.1.2", "{what} of our INVITE's answer: dropped, the true one counts")
@pytest.mark.parametrize(("what", "host", "change"), FORGERIES, ids=[case[0] for case in FORGERIES])
async def test_forged_answers(tmp_path: Path, what: str, host: str, change: tuple[str, str]) -> None:
    steps = (
        recv("INVITE"),
        reply("180 Ringing", "a"),
        pause(600),
        reply("200 OK", "a", version=1),
        recv("ACK"),
        bye(),
    )
    async with facing(tmp_path, *steps) as (phone, peer):
        call_id = await phone.client.dial("peer")
        await phone.wait_for(told.Progress)
        await seen(peer, "SIP/2.0 180")
        forged = (
            "SIP/2.0 486 Busy Here\n"
            + re.findall(r"^SIP/2.0 180 Ringing\n(.*?)^Contact", peer.messages, re.M | re.S)[0]
        )
        forged = re.sub(change[0], change[1], forged) if change[0] else forged
        flow = phone.client.flow
        assert flow is not None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thief:
            thief.bind((host, 0))
            message = forged.replace("\n", "\r\n") + "Content-Length: 0\r\n\r\n"
            thief.sendto(message.encode(), flow.local)
        await phone.wait_for(told.Established)
        assert (await hang_up(phone, call_id)).reason == "hung-up"


# --- size -----------------------------------------------------------------------------------------

HUNDRED = "".join(f"X-Header-{number}: {'x' * 40}\n" for number in range(100))


@pytest.mark.conformance(
    "RFC 4475 3.1.1", "a hundred headers nobody knows, over {transport}: the call rings and stands"
)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_hundred_headers(tmp_path: Path, transport: str) -> None:
    steps = (
        ask("INVITE", 1, version=1, branch=INVITE_BRANCH, headers=HUNDRED),
        *INVITED[1:],
        answer(200),
        ask("ACK", 1, inside=True, headers=HUNDRED),
        pause(100),
        ask("BYE", 2, inside=True, headers=HUNDRED),
        answer(200),
    )
    async with called(tmp_path, *steps, transport=transport) as (phone, _):
        await talks(phone)
        assert (await ended(phone)).reason == "remote-hung-up"


KILOBYTES = "a=x-much:{}\n".format("x" * 1000)


@pytest.mark.conformance("RFC 3261 18.3", "{method} with 64,000 bytes over TCP: read whole, the call goes on")
@pytest.mark.parametrize(("method", "status"), [("INFO", 200), ("MESSAGE", 405)])
async def test_a_large_body(tmp_path: Path, method: str, status: int) -> None:
    large = "Content-Type: text/plain\nContent-Length: [len]\n\n" + "[kilobyte]\n" * 64
    steps = (*TALKING, ask(method, 2, inside=True, body=large), answer(status, to=method), *THEIR_BYE)
    filled = {"kilobyte": "x" * 998}
    async with called(tmp_path, *steps, transport="tcp", words=filled) as (phone, peer):
        await talks(phone)
        assert (await ended(phone)).reason == "remote-hung-up"
        assert len(phone.heard(told.Registered)) == 1
        length = re.search(rf"^CSeq: 2 {method}.*?^Content-Length: *(\d+)$", peer.messages, re.M | re.S)
        assert length is not None and int(length[1]) >= 63_900


@pytest.mark.conformance("RFC 3261 14.2", "an offer of 60 KB over TCP: 488, the call goes on as it was")
async def test_a_large_offer(tmp_path: Path) -> None:
    branch = "z9hG4bKlarge[call_number]"
    steps = (
        *TALKING,
        ask("INVITE", 2, inside=True, sdp=described(2) + KILOBYTES * 60, branch=branch),
        answer(100),
        answer(488),
        ask("ACK", 2, inside=True, branch=branch),
        pause(100),
        *THEIR_BYE,
    )
    async with called(tmp_path, *steps, transport="tcp") as (phone, _):
        await talks(phone)
        assert (await ended(phone)).reason == "remote-hung-up"
        assert not phone.heard(told.MediaChanged)
