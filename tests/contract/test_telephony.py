"""What the core may expect of its telephony: the double its tests use, and the user agent at a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Protocol, TypeVar

import pytest

from sip_bridge import client_events as told
from softphone import ports
from softphone.adapters.telephony import SipTelephony
from softphone.domain.call import EndReason
from softphone.domain.errors import NotSignedIn, SignInRefused
from tests.doubles.telephony import FakeTelephony
from tests.lab.caller import Caller
from tests.lab.ear import Head
from tests.lab.ports import LOOPBACK
from tests.lab.switchboard import PASSWORD, Switchboard

E = TypeVar("E", bound=ports.TelephonyEvent)


class Preferences:
    """Settings as they are when nobody has changed them."""

    def text(self, key: str) -> str:
        return {"call.encryption": "preferred"}[key]

    def flag(self, key: str) -> bool:
        return {"call.sdes_without_tls": False}[key]

    def number(self, key: str) -> int:
        return {"sip.keepalive_s": 25}[key]


class FarEnd(Protocol):
    """What the person at the other end does."""

    async def rings(self, call_id: str) -> None: ...
    async def answers(self, call_id: str) -> None: ...
    async def calls(self) -> None: ...
    async def sees_answer(self, call_id: str) -> None: ...
    async def presses(self, call_id: str, digit: str) -> None: ...
    async def hangs_up(self, call_id: str) -> None: ...


class DoubleFarEnd:
    """The other end of the double: the test says what happens."""

    def __init__(self, telephony: FakeTelephony) -> None:
        self._telephony = telephony

    async def rings(self, call_id: str) -> None:
        self._telephony.far_end_rings(call_id)

    async def answers(self, call_id: str) -> None:
        self._telephony.establish(call_id)

    async def calls(self) -> None:
        self._telephony.incoming("1002")

    async def sees_answer(self, call_id: str) -> None:
        self._telephony.establish(call_id)

    async def presses(self, call_id: str, digit: str) -> None:
        self._telephony.far_end_presses(call_id, digit)

    async def hangs_up(self, call_id: str) -> None:
        self._telephony.end(call_id)


class RealFarEnd:
    """The other end of a real call: a user agent with the number 1002."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._call = ""

    async def rings(self, call_id: str) -> None:
        self._call = (await self._caller.wait_for(told.Incoming)).call_id
        await self._caller.client.calls.ring(self._call)

    async def answers(self, call_id: str) -> None:
        await self._caller.client.calls.answer(self._call)

    async def calls(self) -> None:
        self._call = await self._caller.client.dial("1001")

    async def sees_answer(self, call_id: str) -> None:
        await self._caller.wait_for(told.Established)

    async def presses(self, call_id: str, digit: str) -> None:
        await self._caller.client.calls.send_dtmf(self._call, digit)

    async def hangs_up(self, call_id: str) -> None:
        await self._caller.client.calls.hang_up(self._call)


class Bench:
    """A telephony, an account for it, somebody at the other end, and what was said so far."""

    def __init__(self, telephony: ports.Telephony, account: ports.SipAccount, far_end: FarEnd) -> None:
        self.telephony = telephony
        self.account = account
        self.far_end = far_end
        self.events: list[ports.TelephonyEvent] = []
        telephony.listen(self.events.append)

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    async def hears(self, kind: type[E], where: Callable[[E], bool] = lambda event: True) -> E:
        async with asyncio.timeout(15.0):
            while not (found := [event for event in self.all(kind) if where(event)]):
                await asyncio.sleep(0.01)
        return found[-1]

    async def protected(self, call_id: str) -> None:
        """Keys may come a moment after the answer; then the change is told."""
        established = await self.hears(ports.CallEstablished)
        if not established.encryption.method:
            await self.hears(ports.CallMediaChanged, lambda event: event.encryption.trusted)
        else:
            assert established.encryption.trusted


@pytest.fixture(params=["double", pytest.param("user agent", marks=pytest.mark.peer)])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    if request.param == "double":
        double = FakeTelephony()
        account = ports.SipAccount("vip.example.com", "1001", "secret", transport="tls")
        yield Bench(double, account, DoubleFarEnd(double))
        return
    board: Switchboard = request.getfixturevalue("board")
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(Caller())
        await other.start(board.account("1002", "tls"))
        head = await stack.enter_async_context(Head(1000.0))
        telephony = SipTelephony(head, Preferences())
        stack.push_async_callback(telephony.close)
        account = ports.SipAccount(
            LOOPBACK,
            "1001",
            PASSWORD,
            port=board.kamailio.tls_port,
            transport="tls",
            ca_file=str(board.authority.ca_file),
        )
        yield Bench(telephony, account, RealFarEnd(other))


async def test_signing_in_says_how(bench: Bench) -> None:
    registered = await bench.telephony.sign_in(bench.account)
    assert registered == ports.Registered("tls", bench.account.host)
    await bench.telephony.sign_out()
    await bench.telephony.sign_out()


async def test_nothing_is_dialled_before(bench: Bench) -> None:
    with pytest.raises(NotSignedIn):
        await bench.telephony.dial("1002")


async def test_a_wrong_secret_is_refused(bench: Bench) -> None:
    if isinstance(bench.telephony, FakeTelephony):
        bench.telephony.refusals.append(SignInRefused("wrong-credentials", bench.account.host, 401))
    with pytest.raises(SignInRefused) as refused:
        await bench.telephony.sign_in(replace(bench.account, secret="wrong"))
    assert (refused.value.code, refused.value.status_code) == ("wrong-credentials", 401)
    assert "wrong" not in str(refused.value)
    with pytest.raises(NotSignedIn):
        await bench.telephony.dial("1002")


async def test_an_outgoing_call(bench: Bench) -> None:
    telephony, far_end = bench.telephony, bench.far_end
    await telephony.sign_in(bench.account)
    call_id = await telephony.dial("1002")
    await far_end.rings(call_id)
    progress = await bench.hears(ports.CallProgress)
    assert progress == ports.CallProgress(call_id, 180, early_media=False)
    await far_end.answers(call_id)
    established = await bench.hears(ports.CallEstablished)
    assert (established.call_id, established.codec) == (call_id, "opus")
    await bench.protected(call_id)
    await telephony.hold(call_id)
    assert bench.all(ports.CallMediaChanged)[-1].held
    await telephony.resume(call_id)
    assert not bench.all(ports.CallMediaChanged)[-1].held
    await telephony.mute(call_id, True)
    await telephony.set_volume(call_id, -6.0)
    await telephony.send_dtmf(call_id, "12#")
    await far_end.presses(call_id, "5")
    assert await bench.hears(ports.CallDtmf) == ports.CallDtmf(call_id, "5")
    await telephony.hang_up(call_id)
    assert await bench.hears(ports.CallEnded) == ports.CallEnded(call_id, EndReason.HUNG_UP, 0)
    await telephony.sign_out()
    assert len(bench.all(ports.CallEnded)) == 1
    assert telephony.quality(call_id) is None


async def test_an_incoming_call(bench: Bench) -> None:
    telephony, far_end = bench.telephony, bench.far_end
    await telephony.sign_in(bench.account)
    await far_end.calls()
    incoming = await bench.hears(ports.IncomingCall)
    assert incoming.number == "1002" and incoming.uri.startswith("sip:1002@")
    await telephony.ring(incoming.call_id)
    await telephony.answer(incoming.call_id)
    await far_end.sees_answer(incoming.call_id)
    assert (await bench.hears(ports.CallEstablished)).call_id == incoming.call_id
    await far_end.hangs_up(incoming.call_id)
    assert (await bench.hears(ports.CallEnded)).reason is EndReason.REMOTE_HUNG_UP


async def test_an_incoming_call_that_is_declined(bench: Bench) -> None:
    await bench.telephony.sign_in(bench.account)
    await bench.far_end.calls()
    incoming = await bench.hears(ports.IncomingCall)
    await bench.telephony.ring(incoming.call_id)
    await bench.telephony.reject(incoming.call_id)
    assert (await bench.hears(ports.CallEnded)).reason is EndReason.DECLINED
