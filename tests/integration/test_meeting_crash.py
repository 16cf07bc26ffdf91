"""The service is killed at any moment of a meeting: everybody comes back, and nothing promised is lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import WebSocketException

from service_api.meeting import Close, ConfirmCode, Done, NewCode, Redeem, Remove, Say
from service_api.states import SessionState
from tests.lab.meeting_client import MeetingClient, Way, bearer, exchange
from tests.lab.service import Employee, LabService, lab_service

pytestmark = [
    pytest.mark.peer,
    pytest.mark.filterwarnings("ignore:unclosed transport:ResourceWarning"),
]

PHONE, PASSWORD = "0401234567", "Kettle-Harbour-96"
CRASHES = 3
SEED = 20261122


@pytest.fixture
def service(tmp_path: Path) -> Iterator[LabService]:
    with lab_service(tmp_path, Employee(PHONE, PASSWORD, "Helmi Host")) as running:
        yield running


async def talk(client: MeetingClient, kept: list[str]) -> None:
    """Say one thing after the other until the line breaks; what was answered is promised."""
    while True:
        text = f"{client.session} says {client.command_id()}"
        try:
            if isinstance(await client.send(Say(id=client.command_id(), text=text)), Done):
                kept.append(text)
        except (WebSocketException, ConnectionError, TimeoutError):
            return
        await asyncio.sleep(0.01)


async def test_told_to_stop_in_the_middle_of_a_meeting(service: LabService) -> None:
    signed_in = await asyncio.to_thread(service.sign_in, PHONE, PASSWORD)
    made = await asyncio.to_thread(service.make_appointment, signed_in, ["Anna"])
    opened: list[MeetingClient] = []
    token = exchange(service.client, made.links[0].link)[1]
    host_way, way = [
        Way(service.api, service.ca_file, made.appointment.id, bearer(shown), opened)
        for shown in (signed_in.access_token, token)
    ]
    host, guest = await host_way.open(), await way.knock()
    await host.enter()
    await host.let_in(guest)
    assert await asyncio.to_thread(service.stop) == 0
    assert {await host.closed(), await guest.closed()} <= {Close.GOING_AWAY, Close.RESTART}
    assert " ERROR " not in service.log and "Traceback" not in service.log, service.log[-4000:]
    await asyncio.to_thread(service.start)
    back = await way.open(resume=guest.resume_token)
    assert back.you.state is SessionState.CONNECTED
    await back.redeem()
    for client in opened:
        await client.close()


AS_BEFORE = [SessionState.CONNECTED, SessionState.CONNECTED, SessionState.WAITING, SessionState.REMOVED]
"""The host, one inside, one who waits, one taken out."""


def said_in(client: MeetingClient) -> set[str]:
    """The chat as this client sees it."""
    assert client.picture is not None
    return {line.text for line in client.picture.chat}


@pytest.mark.slow
async def test_killed_at_random_moments(service: LabService) -> None:
    chance = random.Random(SEED)
    signed_in = await asyncio.to_thread(service.sign_in, PHONE, PASSWORD)
    made = await asyncio.to_thread(service.make_appointment, signed_in, ["Anna", "Bo", "Cia"])
    tokens = [exchange(service.client, link.link)[1] for link in made.links]
    opened: list[MeetingClient] = []
    host_way, *ways = [
        Way(service.api, service.ca_file, made.appointment.id, bearer(token), opened)
        for token in (signed_in.access_token, *tokens)
    ]
    host, inside, waiting, removed = await host_way.open(), *[await way.knock() for way in ways]
    await host.enter()
    await host.let_in(inside)
    await host.done(Remove, session=removed.session)
    code = (await host.done(NewCode, session=inside.session)).code
    wrong = f"{(int(code) + 1) % 10**6:06}"
    kept: list[str] = []

    for crash in range(1, CRASHES + 1):
        assert (await inside.refused(ConfirmCode, code=wrong)).tries_left == 5 - crash
        talking = [asyncio.create_task(talk(one, kept)) for one in (host, inside)]
        await asyncio.sleep(chance.uniform(0.2, 1.5))
        await asyncio.to_thread(service.kill)
        await asyncio.wait(talking)
        await asyncio.to_thread(service.start)

        host = await host_way.open(resume=host.resume_token)
        inside = await ways[0].open(resume=inside.resume_token)
        waiting = await ways[1].open(resume=waiting.resume_token)
        removed = await ways[2].open(resume=removed.resume_token)
        assert [one.you.state for one in (host, inside, waiting, removed)] == AS_BEFORE
        assert kept and set(kept) <= said_in(host)
        for client in (host, inside):
            await client.done(Redeem, ticket=await client.ticket())

    await inside.done(ConfirmCode, code=code)
    for client in opened:
        await client.close()
