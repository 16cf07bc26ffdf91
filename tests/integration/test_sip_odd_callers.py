"""Callers that do what RFCs allow and phones rarely do, played by sipp through Kamailio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sip_bridge import client_events as told
from sip_bridge.client_types import ClientSettings
from tests.lab.caller import Caller
from tests.lab.ports import LOOPBACK
from tests.lab.scenarios import caller as calling
from tests.lab.scenarios import pause, recv, reply, request, response
from tests.lab.scenarios_stage import rings
from tests.lab.sipp import Sipp
from tests.lab.switchboard import Switchboard, switchboard

pytestmark = pytest.mark.peer

RINGING = (response(100, optional=True), response(180, dialog=True))


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switchboard]:
    with switchboard(tmp_path_factory.mktemp("board"), routes=1) as running:
        yield running


@pytest.fixture
async def phone(board: Switchboard) -> AsyncIterator[Caller]:
    async with Caller(ClientSettings(encryption="off")) as caller:
        await caller.start(board.account("1001"))
        yield caller


@asynccontextmanager
async def odd(board: Switchboard, folder: Path, *steps: str) -> AsyncIterator[Sipp]:
    """A sipp behind the server that calls us and plays `steps`, which must all have come true."""
    server = (LOOPBACK, board.kamailio.port)
    peer = Sipp(folder / "peer", calling(*steps), remote=server, port=board.route_port("7001"))
    peer.start()
    try:
        yield peer
        await asyncio.to_thread(peer.finish)
    finally:
        peer.stop()


@pytest.mark.conformance("RFC 3264 5", "an INVITE without an offer: our 200 offers, the ACK answers")
async def test_an_invite_without_an_offer(board: Switchboard, phone: Caller, tmp_path: Path) -> None:
    """RFC 3264 section 5: our 200 offers, the ACK answers."""
    steps = (
        request("INVITE", "1001", 1),
        *RINGING,
        response(200, dialog=True),
        request("ACK", "1001", 1, version=1, inside=True),
        pause(300),
        request("BYE", "1001", 2, inside=True),
        response(200),
    )
    async with odd(board, tmp_path, *steps):
        call_id = await rings(phone)
        await phone.client.calls.answer(call_id)
        await phone.wait_for(told.MediaReady)
        session = phone.client.audio(call_id)
        assert session is not None and session.codec is not None and session.codec.name == "PCMA"
        ended = await phone.wait_for(told.Ended)
        assert (ended.reason, len(phone.heard(told.Established))) == ("remote-hung-up", 1)


@pytest.mark.conformance("RFC 3261 14.2", "a re-INVITE without an offer: our 200 offers, the ACK answers")
async def test_a_reinvite_without_an_offer(board: Switchboard, phone: Caller, tmp_path: Path) -> None:
    steps = (
        request("INVITE", "1001", 1, version=1),
        *RINGING,
        response(200, dialog=True),
        request("ACK", "1001", 1, inside=True),
        request("INVITE", "1001", 2, inside=True),
        response(100, optional=True),
        response(200, dialog=True),
        request("ACK", "1001", 2, version=2, inside=True),
        pause(200),
        request("BYE", "1001", 3, inside=True),
        response(200),
    )
    async with odd(board, tmp_path, *steps):
        await phone.client.calls.answer(await rings(phone))
        await phone.wait_for(told.MediaReady, 2)
        await phone.wait_for(told.Ended)


@pytest.mark.conformance("RFC 3326 2", "CANCEL while it rings: 200, 487; told as {reason}")
@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", "cancelled"),
        ('Reason: SIP;cause=200;text="Call completed elsewhere"\n', "answered-elsewhere"),
    ],
)
async def test_a_cancel_says_why(
    board: Switchboard, phone: Caller, tmp_path: Path, header: str, reason: str
) -> None:
    steps = (
        request("INVITE", "1001", 1, version=1, branch="z9hG4bKodd[call_id]"),
        *RINGING,
        request("CANCEL", "1001", 1, headers=header, branch="z9hG4bKodd[call_id]"),
        response(200),
        response(487),
        request("ACK", "1001", 1, branch="z9hG4bKodd[call_id]"),
    )
    async with odd(board, tmp_path, *steps):
        await rings(phone)
        ended = await phone.wait_for(told.Ended)
        assert ended.reason == reason


@pytest.mark.conformance("RFC 3261 13.3.1.4", "BYE comes instead of the ACK: the 200 is not sent again")
async def test_a_caller_who_hangs_up_before_our_200_is_acknowledged(
    board: Switchboard, phone: Caller, tmp_path: Path
) -> None:
    """The ACK never comes: we end the call after 64*T1, or at the BYE that comes instead."""
    steps = (
        request("INVITE", "1001", 1, version=1),
        *RINGING,
        response(200, dialog=True),
        request("BYE", "1001", 2, inside=True),
        response(200),
    )
    async with odd(board, tmp_path, *steps):
        await phone.client.calls.answer(await rings(phone))
        ended = await phone.wait_for(told.Ended)
        assert ended.reason == "remote-hung-up"


@pytest.mark.conformance(
    "RFC 3261 8.2.2.3", "an unknown extension through a proxy: 420 names it, nobody hears it ring"
)
async def test_what_must_be_understood_and_is_not(board: Switchboard, phone: Caller, tmp_path: Path) -> None:
    steps = (
        request("INVITE", "1001", 1, version=1, headers="Require: telepathy\n"),
        response(100, optional=True),
        response(420),
        request("ACK", "1001", 1),
    )
    async with odd(board, tmp_path, *steps) as peer:
        await asyncio.to_thread(peer.finish)
        assert "Unsupported: telepathy" in peer.messages
        assert not phone.heard(told.Incoming)


@pytest.mark.conformance("RFC 3261 18.1.1", "a request over 1300 bytes goes by TCP")
async def test_a_large_request_leaves_udp(board: Switchboard, tmp_path: Path) -> None:
    """RFC 3261 18.1.1: what may not fit a datagram goes by TCP, although we registered by UDP."""
    port = board.route_port("7001")
    peer = Sipp(
        tmp_path / "peer", calling(recv("INVITE"), reply("486 Busy Here", "a"), recv("ACK")), port=port
    )
    peer.start()
    try:
        async with Caller(ClientSettings(encryption="required")) as caller:
            await caller.start(board.account("1002"))
            await caller.client.dial("7001")
            assert (await caller.wait_for(told.Ended)).reason == "busy"
        await asyncio.to_thread(peer.finish)
        assert "Via: SIP/2.0/TCP" in peer.messages
    finally:
        peer.stop()


@pytest.mark.conformance("RFC 6086 4.2", "keys in an INFO are told")
async def test_keys_by_info(board: Switchboard, phone: Caller, tmp_path: Path) -> None:
    """Older gateways send keys as INFO bodies."""
    info = request("INFO", "1001", 2, inside=True).replace(
        "Content-Length: 0\n\n",
        "Content-Type: application/dtmf-relay\nContent-Length: [len]\n\nSignal=7\nDuration=160\n",
    )
    steps = (
        request("INVITE", "1001", 1, version=1),
        *RINGING,
        response(200, dialog=True),
        request("ACK", "1001", 1, inside=True),
        info,
        response(200),
        recv("BYE"),
        reply("200 OK"),
    )
    async with odd(board, tmp_path, *steps):
        call_id = await rings(phone)
        await phone.client.calls.answer(call_id)
        pressed = await phone.wait_for(told.DtmfReceived)
        assert (pressed.call_id, pressed.digit) == (call_id, "7")
        await phone.client.calls.hang_up(call_id)
        await phone.wait_for(told.Ended)
