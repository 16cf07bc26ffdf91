"""A call that runs while its server is away, and one whose local address changes under it."""

from __future__ import annotations

import asyncio

import pytest

from sip_bridge import client_events as told
from sip_bridge.client_types import ClientSettings
from sip_bridge.io.addresses import local_address_towards
from sip_bridge.rtp.session import AudioSession
from tests.lab.baresip import Baresip
from tests.lab.caller import Caller
from tests.lab.ports import LOOPBACK
from tests.lab.process import wait_until
from tests.lab.sound import level_at
from tests.lab.switchboard import PHONE_TONE, Switchboard

pytestmark = pytest.mark.peer

OUR_TONE = 1000.0
LOUD = -18.0
OUTAGE_S = 10.0
BACK_WITHIN_S = 5.0
SECOND_ADDRESS = "127.0.0.2"


@pytest.fixture(scope="module")
def phone(board: Switchboard) -> Baresip:
    return board.phone("1002")


async def is_heard_by(phone: Baresip) -> bool:
    """Whether the phone hears us, if not yet then soon."""

    def heard() -> bool:
        pcm, rate = phone.heard(0.3)
        return len(pcm) > 0 and level_at(pcm, OUR_TONE, rate) > LOUD

    await asyncio.sleep(0.4)  # what it hears is of now, not of before
    return await asyncio.to_thread(wait_until, heard)


@pytest.mark.slow
@pytest.mark.parametrize(("transport", "how"), [("udp", "frozen"), ("tls", "crashed")])
async def test_ten_seconds_without_the_server(
    board: Switchboard, phone: Baresip, transport: str, how: str
) -> None:
    settings = ClientSettings(keepalive_s=2.0)
    async with Caller(settings, frequency=OUR_TONE) as caller:
        await caller.start(board.account("1001", transport))
        call_id = await caller.dial("1002")
        await asyncio.sleep(0.5)
        gone_at = asyncio.get_running_loop().time()
        (board.kamailio.pause if how == "frozen" else board.kamailio.kill)()
        try:
            lost = await caller.wait_for(told.RegistrationLost, timeout_s=OUTAGE_S)
            assert lost.refusal == "server-silent"
            assert await caller.level(PHONE_TONE, 1.0) > LOUD
            assert await is_heard_by(phone)
            await asyncio.sleep(gone_at + OUTAGE_S - asyncio.get_running_loop().time())
        finally:
            (board.kamailio.resume if how == "frozen" else board.kamailio.start)()
        again = await caller.wait_for(told.Registered, 2, timeout_s=BACK_WITHIN_S)
        assert again.transport == transport
        assert not caller.heard(told.Ended)
        assert await caller.level(PHONE_TONE, 0.5) > LOUD
        assert await is_heard_by(phone)
        closed = len(phone.events("CALL_CLOSED"))
        await caller.client.calls.hang_up(call_id)
        await asyncio.to_thread(phone.wait_for, "CALL_CLOSED", closed + 1)


def described_at(session: AudioSession) -> str:
    """Where our description says that we are."""
    assert session.negotiated is not None and session.negotiated.local.connection is not None
    return session.negotiated.local.connection.address


async def test_a_changed_local_address_takes_the_call_along(board: Switchboard) -> None:
    phone = await asyncio.to_thread(board.phone, "1003")
    local: list[str] = []
    async with Caller(
        ClientSettings(address_watch_s=60.0),
        frequency=OUR_TONE,
        route=lambda host, port: local[-1] if local else local_address_towards(host, port),
    ) as caller:
        await caller.start(board.account("1001"))
        call_id = await caller.dial("1003")
        session = caller.client.audio(call_id)
        assert session is not None and described_at(session) == LOOPBACK
        described = len(phone.events("CALL_REMOTE_SDP"))
        local.append(SECOND_ADDRESS)
        caller.client.network_changed()
        await asyncio.to_thread(phone.wait_for, "CALL_REMOTE_SDP", described + 1)
        assert await asyncio.to_thread(wait_until, lambda: described_at(session) == SECOND_ADDRESS)
        assert await caller.hears(PHONE_TONE, LOUD)
        assert await is_heard_by(phone)
        await caller.client.calls.hold(call_id)
        await caller.client.calls.resume(call_id)
        await caller.client.calls.hang_up(call_id)
        await caller.wait_for(told.Ended)
        await asyncio.to_thread(phone.dial, "1001")
        await caller.wait_for(told.Incoming)
        await asyncio.to_thread(phone.hang_up)
        await caller.wait_for(told.Ended, 2)
        assert not caller.heard(told.RegistrationLost)
