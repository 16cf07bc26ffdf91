"""Calls with baresip through Kamailio: sound both ways in every codec and protection, hold, keys, endings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sip_bridge import client_events as told
from sip_bridge.client_types import BadTarget, ClientSettings, CommandRefused, NotRegistered, UnknownCall
from tests.lab.baresip import Baresip
from tests.lab.caller import Caller
from tests.lab.ports import LOOPBACK
from tests.lab.process import wait_until
from tests.lab.sound import level_at
from tests.lab.switchboard import PHONE_TONE, Switchboard

pytestmark = pytest.mark.peer

OUR_TONE = 1000.0
LOUD = -18.0
"""dBFS: both sides speak at −12; a codec may cost a little."""

QUIET = -40.0
SPEECH_BPS = 12_000


@pytest.fixture(scope="module")
def phone(board: Switchboard) -> Baresip:
    return board.phone("1002")


@pytest.fixture(scope="module")
def manual(board: Switchboard) -> Baresip:
    return board.phone("1003", answer="manual")


@asynccontextmanager
async def signed_in(
    board: Switchboard, transport: str = "udp", settings: ClientSettings | None = None, number: str = "1001"
) -> AsyncIterator[Caller]:
    async with Caller(settings, frequency=OUR_TONE) as caller:
        await caller.start(board.account(number, transport))
        yield caller


@pytest.fixture
async def caller(board: Switchboard) -> AsyncIterator[Caller]:
    async with signed_in(board) as one:
        yield one


async def carried(caller: Caller, phone: Baresip) -> None:
    """Sound arrives at both ends."""
    ours = phones = -120.0
    for _ in range(8):
        ours = await caller.level(PHONE_TONE, 0.3)
        pcm, rate = phone.heard(0.25)
        phones = level_at(pcm, OUR_TONE, rate)
        if ours > LOUD and phones > LOUD:
            return
    raise AssertionError(f"we hear {ours:.1f} dBFS, the phone {phones:.1f} dBFS")


async def spoken_to(phone: Baresip, really: bool) -> None:
    """Speech arrives at the phone, or none: by its own count, for its recording ends with the first hold."""
    assert await asyncio.to_thread(wait_until, lambda: (phone.received_bps() > SPEECH_BPS) is really)


async def hang_up(caller: Caller, call_id: str) -> None:
    await caller.client.calls.hang_up(call_id)
    ended = await caller.wait_for(told.Ended, where=lambda event: event.call_id == call_id)
    assert ended.reason == "hung-up"


# --- codecs and protection ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codecs", "name"),
    [
        ("opus", "opus"),
        ("G722", "G722"),
        ("PCMA", "PCMA"),
        ("PCMU", "PCMU"),
    ],
)
async def test_every_codec_out_and_in(board: Switchboard, phone: Baresip, codecs: str, name: str) -> None:
    async with signed_in(board, settings=ClientSettings(codecs=(codecs,))) as caller:
        call_id = await caller.dial("1002")
        assert caller.heard(told.Established)[0].codec == name
        assert caller.heard(told.Progress)
        await carried(caller, phone)
        await hang_up(caller, call_id)
        await asyncio.to_thread(phone.dial, "1001")
        incoming = await caller.wait_for(told.Incoming)
        assert incoming.uri.startswith("sip:1002@")
        await caller.client.calls.ring(incoming.call_id)
        await caller.client.calls.answer(incoming.call_id)
        await caller.wait_for(told.Established, 2)
        assert caller.heard(told.Established)[1].codec == name
        await carried(caller, phone)
        await asyncio.to_thread(phone.hang_up)
        ended = await caller.wait_for(told.Ended, 2)
        assert (ended.call_id, ended.reason) == (incoming.call_id, "remote-hung-up")


@pytest.mark.parametrize(
    ("number", "transport", "protection", "method"),
    [
        ("1004", "tls", "srtp-mand", "sdes"),
        ("1005", "tls", "dtls_srtp", "dtls"),
        ("1007", "udp", "srtp-mand", "sdes"),
        ("1008", "udp", "dtls_srtp", "dtls"),
    ],
)
async def test_protected_sound_out_and_in(
    board: Switchboard, number: str, transport: str, protection: str, method: str
) -> None:
    phone = await asyncio.to_thread(
        lambda: board.phone(number, transport=transport, media_encryption=protection)
    )
    settings = ClientSettings(encryption="required", sdes_without_tls=True)
    async with signed_in(board, transport, settings) as caller:
        call_id = await caller.dial(number)
        await carried(caller, phone)
        fact = caller.client.calls.leg(call_id).encryption
        trusted = transport == "tls"
        assert (fact.method, fact.trusted, fact.to) == (method, trusted, LOOPBACK if trusted else "")
        await hang_up(caller, call_id)
        caller.answer_at_once = True
        await asyncio.to_thread(phone.dial, "1001")
        await caller.wait_for(told.Established, 2)
        await carried(caller, phone)
        assert caller.client.calls.leg(caller.heard(told.Incoming)[0].call_id).encryption == fact
        await asyncio.to_thread(phone.hang_up)
        await caller.wait_for(told.Ended, 2)


async def assert_488(phone: Baresip) -> None:
    """It calls us, and what it offers is nothing to us (RFC 3261 21.4.26)."""
    closed = len(phone.events("CALL_CLOSED"))
    await asyncio.to_thread(phone.dial, "1001")
    event = await asyncio.to_thread(phone.wait_for, "CALL_CLOSED", closed + 1)
    assert str(event["param"]).startswith("488")


async def test_encryption_demanded_of_one_who_has_none(board: Switchboard, phone: Baresip) -> None:
    async with signed_in(board, "tls", ClientSettings(encryption="required")) as caller:
        await caller.client.dial("1002")
        assert (await caller.wait_for(told.Ended)).reason == "encryption-required"
        await assert_488(phone)
        assert not caller.heard(told.Incoming)


async def test_nothing_in_common(board: Switchboard) -> None:
    opus_only = await asyncio.to_thread(lambda: board.phone("1006", codecs=("opus/48000/2",)))
    async with signed_in(board, settings=ClientSettings(codecs=("PCMA",))) as caller:
        await caller.client.dial("1006")
        assert (await caller.wait_for(told.Ended)).reason == "no-common-codec"
        await assert_488(opus_only)
        assert not caller.heard(told.Incoming)


# --- hold, keys -----------------------------------------------------------------------------------


async def test_hold_from_both_sides(caller: Caller, phone: Baresip) -> None:
    call_id = await caller.dial("1002")
    await carried(caller, phone)
    await caller.client.calls.hold(call_id)
    assert caller.heard(told.MediaChanged)[-1].held
    await asyncio.sleep(0.5)
    assert await caller.level(PHONE_TONE, 0.3) < QUIET
    await spoken_to(phone, False)
    await caller.client.calls.hold(call_id)
    await caller.client.calls.resume(call_id)
    assert not caller.heard(told.MediaChanged)[-1].held
    assert await caller.level(PHONE_TONE, 0.5) > LOUD
    await spoken_to(phone, True)
    await asyncio.to_thread(phone.hold)
    changed = await caller.wait_for(told.MediaChanged, where=lambda event: event.remote_held)
    assert not changed.held
    await asyncio.to_thread(phone.resume)
    await caller.wait_for(told.MediaChanged, 4)
    assert await caller.level(PHONE_TONE, 0.5) > LOUD
    await spoken_to(phone, True)
    await hang_up(caller, call_id)


async def test_keys_both_ways(caller: Caller, phone: Baresip) -> None:
    before = len(phone.heard_digits())
    call_id = await caller.dial("1002")
    await caller.client.calls.send_dtmf(call_id, "159*0#d")
    assert await asyncio.to_thread(wait_until, lambda: phone.heard_digits()[before:] == "159*0#D")
    await asyncio.to_thread(phone.dtmf, "2480#*")
    await caller.wait_for(told.DtmfReceived, 6)
    assert "".join(event.digit for event in caller.heard(told.DtmfReceived)) == "2480#*"
    with pytest.raises(CommandRefused):
        await caller.client.calls.send_dtmf(call_id, "1x")
    await hang_up(caller, call_id)


# --- how calls come to nothing ----------------------------------------------------------------------


async def test_we_give_up_while_it_rings(caller: Caller, manual: Baresip) -> None:
    closed = len(manual.events("CALL_CLOSED"))
    call_id = await caller.client.dial("1003")
    await caller.wait_for(told.Progress)
    await hang_up(caller, call_id)
    await asyncio.to_thread(manual.wait_for, "CALL_CLOSED", closed + 1)
    assert len(caller.heard(told.Ended)) == 1


async def test_the_phone_declines(caller: Caller, manual: Baresip) -> None:
    await caller.client.dial("1003")
    await caller.wait_for(told.Progress)
    await asyncio.to_thread(manual.hang_up)
    ended = await caller.wait_for(told.Ended)
    assert (ended.reason, ended.status) == ("busy", 486)


@pytest.mark.parametrize(("busy", "seen"), [(True, "486"), (False, "603")])
async def test_we_decline(caller: Caller, phone: Baresip, busy: bool, seen: str) -> None:
    closed = len(phone.events("CALL_CLOSED"))
    await asyncio.to_thread(phone.dial, "1001")
    incoming = await caller.wait_for(told.Incoming)
    await caller.client.calls.ring(incoming.call_id)
    await caller.client.calls.reject(incoming.call_id, busy=busy)
    assert (await caller.wait_for(told.Ended)).reason == "declined"
    event = await asyncio.to_thread(phone.wait_for, "CALL_CLOSED", closed + 1)
    assert str(event["param"]).startswith(seen)


async def test_the_caller_gives_up(caller: Caller, phone: Baresip) -> None:
    await asyncio.to_thread(phone.dial, "1001")
    incoming = await caller.wait_for(told.Incoming)
    await caller.client.calls.ring(incoming.call_id)
    await asyncio.to_thread(phone.hang_up)
    ended = await caller.wait_for(told.Ended)
    assert (ended.call_id, ended.reason) == (incoming.call_id, "cancelled")


async def test_nobody_has_the_number(caller: Caller) -> None:
    await caller.client.dial("1009")
    ended = await caller.wait_for(told.Ended)
    assert (ended.reason, ended.status) == ("not-found", 404)


async def test_commands_that_make_no_sense(board: Switchboard, caller: Caller) -> None:
    for target in ("", "not a number", "sip:", "sip:user@bad host"):
        with pytest.raises(BadTarget):
            await caller.client.dial(target)
    with pytest.raises(UnknownCall):
        await caller.client.calls.hang_up("nothing")
    with pytest.raises(UnknownCall):
        await caller.client.calls.answer("nothing")
    await caller.client.stop()
    with pytest.raises(NotRegistered):
        await caller.client.dial("1002")
    assert caller.client.audio("nothing") is None


async def test_leaving_ends_what_runs(board: Switchboard, phone: Baresip) -> None:
    closed = len(phone.events("CALL_CLOSED"))
    async with signed_in(board) as caller:
        call_id = await caller.dial("1002")
    assert caller.heard(told.Ended) == [told.Ended(call_id, "hung-up", 0)]
    await asyncio.to_thread(phone.wait_for, "CALL_CLOSED", closed + 1)
