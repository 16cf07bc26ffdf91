"""The core's telephony with a real call: what goes to the ear and from the mouth, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from sip_bridge import client_events as told
from sip_bridge.client_types import ClientSettings
from softphone import ports
from softphone.adapters.telephony import SipTelephony
from softphone.domain.call import EndReason
from softphone.domain.errors import BadTarget, CommandRefused, SignInRefused, UnknownCall
from tests.lab.caller import Caller
from tests.lab.ear import Head
from tests.lab.ports import LOOPBACK, free_port
from tests.lab.switchboard import PASSWORD, Switchboard

pytestmark = pytest.mark.peer

OUR_TONE, THEIR_TONE = 1000.0, 640.0
LOUD, QUIET = -18.0, -40.0
E = TypeVar("E", bound=ports.TelephonyEvent)


@dataclass
class Preferences:
    """Settings a person may change while the program runs."""

    values: dict[str, object] = field(
        default_factory=lambda: {
            "call.encryption": "off",
            "call.sdes_without_tls": False,
            "sip.keepalive_s": 25,
        }
    )

    def text(self, key: str) -> str:
        return str(self.values[key])

    def flag(self, key: str) -> bool:
        return self.values[key] is True

    def number(self, key: str) -> int:
        return int(str(self.values[key]))


@dataclass
class Desk:
    """A telephony, its head, what it said, and somebody to talk with."""

    telephony: SipTelephony
    head: Head
    other: Caller
    preferences: Preferences
    account: ports.SipAccount
    events: list[ports.TelephonyEvent] = field(default_factory=list)

    async def hears(self, kind: type[E], where: Callable[[E], bool] = lambda event: True) -> E:
        async with asyncio.timeout(15.0):
            while True:
                for event in self.events:
                    if isinstance(event, kind) and where(event):
                        return event
                await asyncio.sleep(0.01)

    async def talk(self) -> str:
        """A call that stands, with sound both ways."""
        self.other.answer_at_once = True
        call_id = await self.telephony.dial("1002")
        await self.hears(ports.CallEstablished, lambda event: event.call_id == call_id)
        await asyncio.sleep(0.3)
        return call_id


@pytest.fixture
async def desk(board: Switchboard) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        settings = ClientSettings(encryption="off")
        other = await stack.enter_async_context(Caller(settings, frequency=THEIR_TONE))
        await other.start(board.account("1002"))
        head = await stack.enter_async_context(Head(OUR_TONE))
        preferences = Preferences()
        telephony = SipTelephony(head, preferences)
        stack.push_async_callback(telephony.close)
        account = ports.SipAccount(LOOPBACK, "1001", PASSWORD, board.kamailio.port, "udp")
        one = Desk(telephony, head, other, preferences, account)
        telephony.listen(one.events.append)
        await telephony.sign_in(account)
        yield one


async def test_mute_volume_and_figures(desk: Desk) -> None:
    call_id = await desk.talk()
    assert await desk.head.hears(THEIR_TONE, LOUD)
    assert await desk.other.hears(OUR_TONE, LOUD)
    await desk.telephony.mute(call_id, True)
    await asyncio.sleep(0.3)
    assert await desk.other.level(OUR_TONE, 0.3) < QUIET
    assert await desk.head.level(THEIR_TONE, 0.3) > LOUD
    await desk.telephony.mute(call_id, False)
    loud = await desk.head.level(THEIR_TONE, 0.3)
    await desk.telephony.set_volume(call_id, -20.0)
    await asyncio.sleep(0.1)
    assert await desk.head.level(THEIR_TONE, 0.3) == pytest.approx(loud - 20.0, abs=1.5)
    assert await desk.other.level(OUR_TONE, 0.3) > LOUD
    quality = desk.telephony.quality(call_id)
    assert quality is not None
    assert quality.mos > 4.0 and quality.loss_percent == 0.0
    assert quality.received_level_dbfs > -25.0 and quality.sent_level_dbfs > -25.0
    await desk.telephony.hang_up(call_id)
    await desk.hears(ports.CallEnded)
    assert desk.head.path.streams == ()
    assert desk.telephony.quality(call_id) is None


async def test_nothing_goes_out_while_we_hold(desk: Desk) -> None:
    call_id = await desk.talk()
    assert await desk.other.hears(OUR_TONE, LOUD)
    await desk.telephony.hold(call_id)
    assert desk.head.path.streams == ()
    await asyncio.sleep(0.3)
    assert await desk.other.level(OUR_TONE, 0.3) < QUIET
    assert await desk.head.level(THEIR_TONE, 0.3) < QUIET
    await desk.telephony.resume(call_id)
    assert await desk.other.hears(OUR_TONE, LOUD)
    assert await desk.head.hears(THEIR_TONE, LOUD)


async def test_early_sound_is_told_when_it_comes_not_when_it_is_described(desk: Desk) -> None:
    call_id = await desk.telephony.dial("1002")
    incoming = await desk.other.wait_for(told.Incoming)
    desk.other.send_early_media(incoming.call_id, sound=False)
    await desk.hears(ports.CallProgress)
    await asyncio.sleep(0.3)
    assert not any(isinstance(event, ports.CallProgress) and event.early_media for event in desk.events)
    desk.other.send_early_media(incoming.call_id)
    progress = await desk.hears(ports.CallProgress, lambda event: event.early_media)
    assert (progress.call_id, progress.status_code) == (call_id, 183)
    assert await desk.head.hears(THEIR_TONE, LOUD)
    await desk.other.client.calls.answer(incoming.call_id)
    await desk.hears(ports.CallEstablished)
    assert await desk.head.hears(THEIR_TONE, LOUD)


async def test_a_setting_holds_from_the_next_call_on(desk: Desk) -> None:
    """Encryption is demanded after signing in; the other side has none."""
    desk.preferences.values["call.encryption"] = "required"
    await desk.telephony.dial("1002")
    assert (await desk.hears(ports.CallEnded)).reason is EndReason.ENCRYPTION_REQUIRED
    await desk.other.client.dial("1001")
    ended = await desk.other.wait_for(told.Ended)
    assert (ended.reason, ended.status) == ("no-common-codec", 488)
    assert not any(isinstance(event, ports.IncomingCall) for event in desk.events)


async def test_errors_are_the_cores(desk: Desk) -> None:
    with pytest.raises(BadTarget):
        await desk.telephony.dial("not a number")
    for command in (desk.telephony.hang_up, desk.telephony.hold, desk.telephony.answer, desk.telephony.ring):
        with pytest.raises(UnknownCall):
            await command("nothing")
    with pytest.raises(UnknownCall):
        await desk.telephony.mute("nothing", True)
    call_id = await desk.talk()
    with pytest.raises(CommandRefused):
        await desk.telephony.send_dtmf(call_id, "x")
    with pytest.raises(CommandRefused):
        await desk.telephony.transfer_to_call(call_id, call_id)
    with pytest.raises(BadTarget):
        await desk.telephony.transfer(call_id, "")


async def test_a_blind_transfer_is_told_step_by_step(desk: Desk, board: Switchboard) -> None:
    async with Caller(ClientSettings(encryption="off")) as third:
        await third.start(board.account("1003"))
        third.answer_at_once = True
        call_id = await desk.talk()
        await desk.telephony.transfer(call_id, "1003")
        await desk.hears(ports.CallTransferProgress, lambda event: event.state == "done")
        assert (await desk.hears(ports.CallEnded)).reason is EndReason.TRANSFERRED
        assert await third.level(THEIR_TONE) > LOUD


async def test_nobody_there(desk: Desk) -> None:
    with pytest.raises(SignInRefused) as refused:
        await desk.telephony.sign_in(ports.SipAccount(LOOPBACK, "1001", "secret", free_port(), "tcp"))
    assert (refused.value.code, refused.value.status_code) == ("server-silent", 0)
    assert await desk.telephony.sign_in(desk.account) == ports.Registered("udp", LOOPBACK)
    desk.telephony.network_changed()
