"""The demo's exchange on real sockets, with phones that are not ours and clients that break."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

import demo.exchange
import demo.talks
from demo.server import HOST, Server
from demo.subscribers import Subscribers
from sip_bridge import client_events as told
from sip_bridge.client_types import AccountConfig, RegistrationError
from tests.lab.baresip import Baresip, Phone
from tests.lab.caller import Caller
from tests.lab.certificates import Authority
from tests.lab.linphone import Line, Linphone
from tests.lab.process import wait_until
from tests.lab.sound import tone, write_wav

pytestmark = pytest.mark.peer

SECRET = "three-times-a-day"
PHONE_TONE = 440.0
LOUD, QUIET = -18.0, -40.0
TONES = {"1001": 1000.0, "1002": 1300.0, "1003": 1700.0}
OTHERS = ("1004", "1005")
SOON_S, LOST_S = 1.0, 5.0


class Cable:
    """Between one client and the exchange; it can break, and come together again."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ends: set[asyncio.StreamWriter] = set()
        self._whole = True
        self._server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> Cable:
        self._server = await asyncio.start_server(self._join, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut(for_good=True)
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def cut(self, *, for_good: bool = False) -> None:
        """Break what is connected."""
        self._whole = not for_good
        for end in self._ends:
            end.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(HOST, self._port)
        self._ends |= {writer, back}
        await asyncio.gather(self._carry(reader, back), self._carry(there, writer))
        self._ends -= {writer, back}

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
        writer.close()


@dataclass
class Village:
    """An exchange that looks after its calls every second, and whoever is asked to live there."""

    server: Server
    folder: Path
    ca_file: Path
    stack: AsyncExitStack
    phones: list[Baresip | Linphone] = field(default_factory=list)

    def account(self, number: str, transport: str = "tls") -> AccountConfig:
        port = self.server.tls_port if transport == "tls" else self.server.udp_port
        return AccountConfig(HOST, number, SECRET, port, transport, ca_file=str(self.ca_file))

    async def caller(self, number: str, transport: str = "tls", *, answers: bool = True) -> Caller:
        return await self._move_in(self.account(number, transport), answers)

    async def caller_by_cable(self, number: str) -> tuple[Caller, Cable]:
        cable = await self.stack.enter_async_context(Cable(self.server.tls_port))
        return await self._move_in(replace(self.account(number), port=cable.port), True), cable

    async def _move_in(self, account: AccountConfig, answers: bool) -> Caller:
        caller = await self.stack.enter_async_context(Caller(frequency=TONES[account.number]))
        caller.answer_at_once = answers
        await caller.start(account)
        return caller

    async def baresip(self, number: str, *, answer: str = "auto") -> Baresip:
        sound = write_wav(self.folder / f"{number}.wav", tone(PHONE_TONE, 30.0))
        server = f"{HOST}:{self.server.udp_port}"
        phone = Baresip(
            self.folder / f"phone{len(self.phones)}",
            Phone(number, SECRET, server, sound, answer=answer, realm=HOST),
        )
        self.phones.append(phone)
        await asyncio.to_thread(phone.start)
        return phone

    async def linphone(self, number: str) -> Linphone:
        sound = write_wav(self.folder / f"{number}.wav", tone(PHONE_TONE, 30.0))
        server = f"{HOST}:{self.server.udp_port}"
        phone = Linphone(
            self.folder / f"phone{len(self.phones)}", Line(number, SECRET, server, sound, realm=HOST)
        )
        self.phones.append(phone)
        await asyncio.to_thread(phone.start)
        return phone


@pytest.fixture
def md5_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """baresip 1.0 gives up where SHA-256 is offered beside MD5."""
    monkeypatch.setattr(Subscribers, "algorithms", ("MD5",))


@pytest.fixture
async def village(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Village]:
    monkeypatch.setattr(demo.talks, "PROBE_S", SOON_S)
    monkeypatch.setattr(demo.talks, "LOST_S", LOST_S)
    authority = Authority(tmp_path / "authority")
    pair = authority.issue(HOST)
    server = Server(Subscribers(HOST, dict.fromkeys((*TONES, *OTHERS), SECRET)), pair.certificate, pair.key)
    async with AsyncExitStack() as stack:
        await server.start()
        stack.push_async_callback(server.stop)
        village = Village(server, tmp_path, authority.ca_file, stack)
        try:
            yield village
        finally:
            for phone in village.phones:
                phone.stop()


async def hears(caller: Caller, frequency: float) -> bool:
    for _ in range(12):
        if await caller.level(frequency, 0.2) > LOUD:
            return True
    return False


async def idle(village: Village) -> bool:
    for _ in range(30):
        if not village.server.busy():
            return True
        await asyncio.sleep(0.1)
    return False


@pytest.mark.usefixtures("md5_alone")
async def test_a_call_with_baresip_is_held_looked_after_and_ended(village: Village) -> None:
    one, phone = await village.caller("1001"), await village.baresip("1004")
    call_id = await one.dial("1004")
    assert await hears(one, PHONE_TONE)
    await one.client.calls.hold(call_id)
    await one.client.calls.resume(call_id)
    await asyncio.sleep(3 * SOON_S)
    assert await hears(one, PHONE_TONE)
    assert village.server.busy()
    await asyncio.to_thread(phone.hold)
    await one.wait_for(told.MediaChanged, where=lambda event: event.remote_held)
    await asyncio.to_thread(phone.resume)
    await one.wait_for(told.MediaChanged, where=lambda event: not event.remote_held)
    await asyncio.to_thread(phone.hang_up)
    assert (await one.wait_for(told.Ended)).reason == "remote-hung-up"
    assert await idle(village)


@pytest.mark.usefixtures("md5_alone")
async def test_baresip_calls_baresip_and_sends_it_to_us(village: Village) -> None:
    three = await village.caller("1003")
    first, second = await village.baresip("1004"), await village.baresip("1005")
    await asyncio.to_thread(first.dial, "1005")
    await asyncio.to_thread(first.wait_for, "CALL_ESTABLISHED")
    await asyncio.to_thread(second.wait_for, "CALL_ESTABLISHED")
    await asyncio.to_thread(first.transfer, "1003")
    await three.wait_for(told.Established)
    assert await hears(three, PHONE_TONE)
    await asyncio.to_thread(first.wait_for, "CALL_CLOSED")
    await asyncio.to_thread(second.hang_up)
    await three.wait_for(told.Ended)
    assert await idle(village)


@pytest.mark.usefixtures("md5_alone")
async def test_a_baresip_that_is_killed_ends_the_call(village: Village) -> None:
    one, phone = await village.caller("1001"), await village.baresip("1004")
    call_id = await one.dial("1004")
    await asyncio.to_thread(phone.stop)
    ended = await one.wait_for(told.Ended, timeout_s=45.0)
    assert ended.call_id == call_id
    assert await idle(village)


async def test_linphone_joins_two_of_ours(village: Village) -> None:
    """It calls one, asks the other, and its REFER names its own dialog with the exchange."""
    moved, asked = await village.caller("1001"), await village.caller("1002")
    phone = await village.linphone("1004")
    await asyncio.to_thread(phone.dial, "1001")
    await moved.wait_for(told.Established)
    assert await hears(moved, PHONE_TONE)
    await asyncio.to_thread(phone.pause)
    await moved.wait_for(told.MediaChanged, where=lambda event: event.remote_held)
    await asyncio.to_thread(phone.dial, "1002")
    await asked.wait_for(told.Established)
    one, two = await asyncio.to_thread(phone.calls)
    await asyncio.to_thread(phone.transfer, one, two)
    for person, other in ((moved, "1002"), (asked, "1001")):
        assert (await person.wait_for(told.Ended)).reason == "transferred"
        assert await hears(person, TONES[other])
    assert await asyncio.to_thread(wait_until, lambda: not phone.calls(), 8.0, 0.3)
    assert phone.told(200)


async def test_we_send_linphone_to_the_one_we_asked(village: Village) -> None:
    one, asked = await village.caller("1001"), await village.caller("1002")
    phone = await village.linphone("1004")
    first = await one.dial("1004")
    await one.client.calls.hold(first)
    second = await one.dial("1002")
    await one.client.calls.transfer_to_call(first, second)
    await one.wait_for(told.Ended, 2)
    assert {event.reason for event in one.heard(told.Ended)} == {"transferred"}
    assert "1004" in (await asked.wait_for(told.RemoteChanged)).uri
    assert await hears(asked, PHONE_TONE)
    await asyncio.to_thread(phone.hang_up)
    await asked.wait_for(told.Ended, 2)
    assert await idle(village)


async def test_a_client_whose_connection_breaks_for_good(village: Village) -> None:
    (one, cable), two = await village.caller_by_cable("1001"), await village.caller("1002")
    call_id = await two.dial("1001")
    cable.cut(for_good=True)
    assert (await two.wait_for(told.Ended)).call_id == call_id
    assert await idle(village)
    assert one.heard(told.Established)


async def test_a_client_that_comes_back_keeps_its_call(village: Village) -> None:
    (one, cable), two = await village.caller_by_cable("1001"), await village.caller("1002")
    call_id = await two.dial("1001")
    cable.cut()
    await one.wait_for(told.Registered, 2)
    await two.client.calls.hold(call_id)
    await one.wait_for(told.MediaChanged, where=lambda event: event.remote_held)
    await two.client.calls.resume(call_id)
    assert await hears(two, TONES["1001"]) and await hears(one, TONES["1002"])
    assert not two.heard(told.Ended) and not one.heard(told.Ended)


async def test_cancel_while_two_phones_of_one_person_ring(village: Village) -> None:
    one = await village.caller("1001")
    two = await village.caller("1002", answers=False)
    second = await village.caller("1002", "udp", answers=False)
    call_id = await one.client.dial("1002")
    for each in (two, second):
        incoming = await each.wait_for(told.Incoming)
        await each.client.calls.ring(incoming.call_id)
    await one.wait_for(told.Progress, where=lambda event: event.status == 180)
    await one.client.calls.hang_up(call_id)
    for each in (two, second):
        await each.wait_for(told.Ended)
    assert await idle(village)


async def test_one_of_two_phones_answers(village: Village) -> None:
    one, two = await village.caller("1001"), await village.caller("1002")
    second = await village.caller("1002", "udp", answers=False)
    await one.dial("1002")
    assert (await second.wait_for(told.Ended)).reason == "answered-elsewhere"
    assert await hears(one, TONES["1002"]) and await hears(two, TONES["1001"])


async def test_a_wrong_password_is_refused_at_sign_in(village: Village) -> None:
    async with Caller(frequency=TONES["1001"]) as caller:
        with pytest.raises(RegistrationError) as refused:
            await caller.start(replace(village.account("1001"), secret="wrong"))
        assert refused.value.code == "wrong-credentials"
