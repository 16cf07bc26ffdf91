"""The SIP client against the demo's exchange in one process: the quick proof that needs no other program."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from demo.server import HOST, Server
from demo.subscribers import Subscribers
from sip_bridge import client_events as told
from sip_bridge.client_types import (
    AccountConfig,
    ClientSettings,
    CommandRefused,
    NotRegistered,
    RegistrationError,
    UnknownCall,
)
from tests.lab.caller import Caller
from tests.lab.certificates import Authority

TONES = {"1001": 1000.0, "1002": 1300.0, "1003": 1700.0}
SECRET = "three-times-a-day"


@dataclass
class Office:
    """An exchange and three people; all but 1001 answer at once."""

    server: Server
    ca_file: Path
    people: dict[str, Caller]

    def account(self, number: str, transport: str = "tls") -> AccountConfig:
        port = self.server.tls_port if transport == "tls" else self.server.udp_port
        return AccountConfig(HOST, number, SECRET, port, transport, ca_file=str(self.ca_file))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def office(authority: Authority) -> AsyncIterator[Office]:
    pair = authority.issue(HOST)
    server = Server(Subscribers(HOST, dict.fromkeys(TONES, SECRET)), pair.certificate, pair.key)
    async with AsyncExitStack() as stack:
        await server.start()
        stack.push_async_callback(server.stop)
        people = {}
        for number, frequency in TONES.items():
            people[number] = await stack.enter_async_context(Caller(frequency=frequency))
            people[number].answer_at_once = number != "1001"
        office = Office(server, authority.ca_file, people)
        for number, caller in people.items():
            await caller.start(office.account(number))
        yield office


async def hears(caller: Caller, number: str) -> bool:
    return await caller.hears(TONES[number])


async def test_a_call_with_protected_sound(office: Office) -> None:
    one, two = office.people["1001"], office.people["1002"]
    call_id = await one.dial("1002")
    assert await hears(one, "1002") and await hears(two, "1001")
    fact = one.client.calls.leg(call_id).encryption
    assert (fact.method, fact.trusted, fact.to) == ("dtls", True, HOST)
    await one.client.calls.send_dtmf(call_id, "4#")
    await two.wait_for(told.DtmfReceived, 2)
    assert [event.digit for event in two.heard(told.DtmfReceived)] == ["4", "#"]
    await one.client.calls.hold(call_id)
    await two.wait_for(told.MediaChanged, where=lambda event: event.remote_held)
    await one.client.calls.resume(call_id)
    assert await hears(two, "1001")
    await one.client.calls.hang_up(call_id)
    assert (await two.wait_for(told.Ended)).reason == "remote-hung-up"
    assert (await one.wait_for(told.Ended)).reason == "hung-up"
    with pytest.raises(UnknownCall):
        await one.client.calls.hang_up(call_id)


@pytest.mark.parametrize("busy", [True, False])
async def test_a_call_that_is_declined(office: Office, busy: bool) -> None:
    one, two = office.people["1001"], office.people["1002"]
    two.answer_at_once = False
    await one.client.dial("1002")
    incoming = await two.wait_for(told.Incoming)
    await two.client.calls.ring(incoming.call_id)
    await one.wait_for(told.Progress, where=lambda event: event.status == 180)
    await two.client.calls.reject(incoming.call_id, busy=busy)
    ended = await one.wait_for(told.Ended)
    assert (ended.reason, ended.status) == (("busy", 486) if busy else ("declined", 603))


async def test_attended_transfer(office: Office) -> None:
    one, two, three = office.people.values()
    first = await one.dial("1002")
    await one.client.calls.hold(first)
    second = await one.dial("1003")
    await one.client.calls.transfer_to_call(first, second)
    await one.wait_for(told.Ended, 2)
    assert {event.reason for event in one.heard(told.Ended)} == {"transferred"}
    for person in (two, three):
        replaced = await person.wait_for(told.CallReplaced)
        changed = await person.wait_for(told.RemoteChanged)
        assert changed.call_id == replaced.call_id
        await person.wait_for(told.Ended)
        assert [type(event) for event in person.events].index(told.CallReplaced) < [
            type(event) for event in person.events
        ].index(told.Ended)
    assert await hears(two, "1003") and await hears(three, "1002")


async def test_blind_transfer_done_and_failed(office: Office) -> None:
    one, two, three = office.people.values()
    call_id = await one.dial("1002")
    with pytest.raises(CommandRefused):
        await one.client.calls.transfer_to_call(call_id, call_id)
    await one.client.calls.transfer(call_id, "1009")
    await one.wait_for(told.TransferProgress, where=lambda event: event.state == "failed")
    await one.wait_for(told.MediaChanged, where=lambda event: not event.held)
    assert not one.client.calls.leg(call_id).held
    await one.client.calls.transfer(call_id, "1003")
    await one.wait_for(told.TransferProgress, where=lambda event: event.state == "done")
    assert (await one.wait_for(told.Ended)).reason == "transferred"
    assert await hears(two, "1003") and await hears(three, "1002")


async def test_a_transfer_to_what_is_no_telephone_is_refused(office: Office) -> None:
    one, two = office.people["1001"], office.people["1002"]
    call_id = await one.dial("1002")
    leg = one.client.calls.leg(call_id)
    one.client.calls.agent.refer(call_id, "mailto:somebody@example.org", one.client.calls.now())
    one.client.calls.pump()
    progress = await one.wait_for(told.TransferProgress)
    assert (progress.state, progress.status) == ("failed", 416)
    assert not leg.ended and not two.heard(told.CallReplaced)


async def test_leaving_and_coming_back(office: Office) -> None:
    one, two = office.people["1001"], office.people["1002"]
    call_id = await one.dial("1002")
    await one.client.stop()
    assert one.heard(told.Ended) == [told.Ended(call_id, "hung-up", 0)]
    assert (await two.wait_for(told.Ended)).reason == "remote-hung-up"
    with pytest.raises(NotRegistered):
        await one.client.dial("1002")
    assert not office.server.registered("1001")
    assert (await one.start(office.account("1001", "udp"))).transport == "udp"
    await two.client.dial("1001")
    incoming = await one.wait_for(told.Incoming)
    await two.client.stop()
    assert (await one.wait_for(told.Ended, 2)).call_id == incoming.call_id


async def test_a_refused_start_leaves_nothing_running(office: Office) -> None:
    one = office.people["1001"]
    before = len(asyncio.all_tasks())
    await one.client.stop()
    stopped = len(asyncio.all_tasks())
    for _ in range(3):
        with pytest.raises(RegistrationError) as refused:
            await one.start(replace(office.account("1001"), secret="wrong"))
        assert refused.value.code == "wrong-credentials"
        assert SECRET not in str(refused.value)
    assert len(asyncio.all_tasks()) <= stopped <= before


async def test_a_listener_that_fails_keeps_nobody_from_hearing(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    one = office.people["1001"]
    await one.client.stop()
    later: list[told.ClientEvent] = []

    def fail(event: told.ClientEvent) -> None:
        raise RuntimeError("a fault of the listener's")

    one.client.listen(fail)
    one.client.listen(later.append)
    await one.start(office.account("1001"))
    assert later == [told.Registered("tls", HOST)]
    assert "a listener failed on Registered" in caplog.text
    caplog.clear()


async def test_secrets_show_nowhere(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with Caller(ClientSettings()) as caller:
        account = office.account("1001")
        with pytest.raises(RegistrationError):
            await caller.start(replace(account, number="1009"))
        await caller.start(account)
        await caller.dial("1002")
    assert "not registered" in caplog.text
    assert SECRET not in caplog.text
    assert SECRET not in repr(account)
    assert "response=" not in caplog.text and "inline:" not in caplog.text


async def refers_and_leaves(one: Caller, two: Caller, three: Caller) -> str:
    """One calls two, who sends one to three and hangs up while it rings there; the call's id with one."""
    call_id = await one.dial("1002")
    theirs = two.heard(told.Incoming)[0].call_id
    calls = two.client.calls
    calls.agent.refer(theirs, f"sip:1003@{HOST}", calls.now())
    calls.pump()
    await three.wait_for(told.Incoming)
    await calls.hang_up(theirs)
    return call_id


async def test_one_who_transfers_and_hangs_up_at_once(office: Office) -> None:
    """The old call ends before the new one stands: the conversation goes on under the new one."""
    one, two, three = office.people.values()
    three.answer_at_once = False
    call_id = await refers_and_leaves(one, two, three)
    ended = await one.wait_for(told.Ended)
    assert (ended.call_id, ended.reason) == (call_id, "transferred")
    replaced = one.heard(told.CallReplaced)[0]
    await three.client.calls.answer(three.heard(told.Incoming)[0].call_id)
    await one.wait_for(told.Established, where=lambda event: event.call_id == replaced.call_id)
    assert await hears(one, "1003") and await hears(three, "1001")


async def test_a_transfer_that_fails_after_the_other_left_ends_the_new_call_in_the_open(
    office: Office,
) -> None:
    one, two, three = office.people.values()
    three.answer_at_once = False
    call_id = await refers_and_leaves(one, two, three)
    incoming = three.heard(told.Incoming)[0]
    replaced = await one.wait_for(told.CallReplaced)
    await three.client.calls.reject(incoming.call_id)
    await one.wait_for(told.Ended, 2)
    assert [(event.call_id, event.reason) for event in one.heard(told.Ended)] == [
        (call_id, "transferred"),
        (replaced.call_id, "declined"),
    ]


async def test_a_second_transfer_while_one_runs_is_refused(office: Office) -> None:
    one, two, three = office.people.values()
    three.answer_at_once = False
    call_id = await one.dial("1002")
    await one.client.calls.transfer(call_id, "1003")
    incoming = await three.wait_for(told.Incoming)
    with pytest.raises(CommandRefused):
        await one.client.calls.transfer(call_id, "1009")
    await three.client.calls.reject(incoming.call_id)
    await one.wait_for(told.TransferProgress, where=lambda event: event.state == "failed")
    await one.wait_for(told.MediaChanged, where=lambda event: not event.held)
    assert await hears(two, "1001")


async def test_garbage_changes_nothing(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    one, two = office.people["1001"], office.people["1002"]
    await one.start(office.account("1001", "udp"))
    call_id = await one.dial("1002")
    flow = one.client.calls.flow
    assert flow is not None
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=flow.local
    )
    for piece in (
        b"",
        b"\0",
        b"\r\n\r\n",
        bytes(range(256)) * 8,
        b"INVITE sip:1001@x SIP/2.0\r\n\r\n",
        b"INVITE sip:1001@x SIP/2.0\r\nVia: SIP/2.0/UDP \r\nCSeq: x\r\nContent-Length: 99999999999\r\n\r\n",
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK\r\nCSeq: 1 INVITE\r\n\r\n",
        b"BYE sip:1001@x SIP/2.0\r\n" + b"Via: SIP/2.0/UDP h\r\n" * 3000 + b"\r\n",
        'BYE sip:ä@ö SIP/2.0\r\nFrom: "\udcff\r\n\r\n'.encode("utf-8", "surrogateescape"),
    ):
        transport.sendto(piece)
    await asyncio.sleep(0.2)
    transport.close()
    assert await hears(two, "1001")
    await one.client.calls.hold(call_id)
    await one.client.calls.hang_up(call_id)
    await one.wait_for(told.Ended)
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]
