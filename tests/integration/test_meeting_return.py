"""A meeting's connection over a network that goes away: kept, or taken up again within five seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from service_api.meeting import PING_S, Knock, Leave, Say
from softphone.adapters.meeting_socket import WebSockets
from softphone.ports.meetings import Bearer, ServiceAccess
from softphone.runtime.tasks import Tasks
from softphone.services.meeting_line import MeetingLine
from softphone.services.meeting_ways import GuestWay
from tests.lab.service import Employee, LabService, lab_service
from tests.lab.wire import Wire

pytestmark = [pytest.mark.peer, pytest.mark.slow]

BACK_S = 5.0
NUMBER, PASSWORD = "0401000009", "Lantern-Orchard-71"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabService]:
    with lab_service(tmp_path_factory.mktemp("return") / "service", Employee(NUMBER, PASSWORD)) as running:
        yield running


@dataclass(slots=True)
class Rig:
    """A host's connection through the wire, inside the meeting; `events` is what it heard."""

    wire: Wire
    line: MeetingLine
    events: list[Any]
    away: list[float]
    ends: list[str]

    def session(self) -> str:
        """Of the newest welcome."""
        return str(self._you().session)

    def state(self) -> str:
        """Of the newest welcome."""
        return str(self._you().state.value)

    def _you(self) -> Any:
        return next(e.picture.you for e in reversed(self.events) if e.type == "welcome")

    async def back(self, within_s: float = BACK_S) -> float:
        """Seconds until the service hears us. Raises TimeoutError."""
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(within_s):
            while not self.line.up:
                await asyncio.sleep(0.01)
        return asyncio.get_running_loop().time() - began

    async def missed(self) -> None:
        """Wait until the loss is noticed."""
        async with asyncio.timeout(4 * PING_S):
            while self.line.up:
                await asyncio.sleep(0.01)


@pytest.fixture
async def rig(service: LabService) -> AsyncIterator[Rig]:
    account = service.sign_in(NUMBER, PASSWORD)
    made = service.make_appointment(account, ["Casper Customer"])
    wire, tasks = Wire(service.port), Tasks()
    await wire.start()
    access = ServiceAccess(f"https://{service.host}:{wire.port}/api/v1", service.ca_file)
    events, away, ends = list[Any](), list[float](), list[str]()
    line = MeetingLine(
        WebSockets(),
        GuestWay(access, Bearer(account.access_token)),
        made.appointment.id,
        tasks,
        resume="",
        on_event=events.append,
        on_away=lambda: away.append(asyncio.get_running_loop().time()),
        on_end=ends.append,
    )
    await line.open()
    await line.command(Knock(id="knock"))
    yield Rig(wire, line, events, away, ends)
    wire.silent = False
    await line.command(Leave(id="leave"))
    await line.close()
    await tasks.close()
    await wire.stop()


async def test_ten_seconds_of_silence_lose_nothing(rig: Rig) -> None:
    session = rig.session()
    rig.wire.silent = True
    said = asyncio.create_task(rig.line.command(Say(id="said", text="still there?")))
    await asyncio.sleep(10)
    rig.wire.silent = False
    assert (await said).id == "said"
    assert (rig.session(), rig.ends) == (session, [])
    lines = {event.line.id for event in rig.events if event.type == "chat-added"}
    assert len(lines) <= 1, "once, however often it was sent"


async def test_a_cut_connection_is_taken_up_at_once(rig: Rig) -> None:
    session = rig.session()
    for _ in range(3):
        rig.wire.cut()
        await rig.missed()
        await rig.back()
    assert (rig.session(), rig.state(), len(rig.away)) == (session, "connected", 3)


async def test_a_network_that_is_away_is_noticed_and_its_return_soon_used(rig: Rig) -> None:
    """As when a cable is out: pings tell it, and no try that nobody answers holds up the next."""
    session = rig.session()
    rig.wire.silent = True
    await rig.missed()
    said = asyncio.create_task(rig.line.command(Say(id="late", text="I am back")))
    await asyncio.sleep(6)
    assert rig.wire.taken > 2, "it is tried again and again"
    rig.wire.silent = False
    assert await rig.back() < BACK_S
    assert (await said).id == "late"
    assert (rig.session(), rig.state(), rig.ends) == (session, "connected", [])


async def test_a_restarted_service_has_its_meetings_back(rig: Rig, service: LabService) -> None:
    session = rig.session()
    await asyncio.to_thread(service.kill)
    await rig.missed()
    await asyncio.sleep(2)
    await asyncio.to_thread(service.start)
    assert await rig.back() < BACK_S
    assert (rig.session(), rig.state()) == (session, "connected")
