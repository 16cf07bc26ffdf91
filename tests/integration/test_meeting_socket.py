"""A meeting over real WebSockets, against the service as an administrator runs it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import random
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from service_api.appointments import AppointmentMade
from service_api.meeting import (
    COMMANDS,
    PING_S,
    SIZE_LIMIT,
    SUBPROTOCOL,
    Admit,
    AdmitAll,
    ChatAdded,
    Close,
    CodeTried,
    ConfirmCode,
    Decline,
    End,
    Ended,
    Knock,
    Knocked,
    Leave,
    LobbySay,
    NewCode,
    OtherDevice,
    PutBack,
    Redeem,
    Remove,
    Resync,
    Say,
    Snapshot,
    TakenOver,
    Ticket,
    YouChanged,
)
from service_api.states import PRESENT, SessionState
from tests.lab.meeting_client import MeetingClient, Way, bearer, cookie, exchange
from tests.lab.service import Employee, LabService, SignedIn, lab_service

# The TLS transport below a handshake that was refused is left to the collector by the client library.
pytestmark = [pytest.mark.peer, pytest.mark.filterwarnings("ignore:unclosed transport:ResourceWarning")]

PHONE, PASSWORD = "0401234567", "Kettle-Harbour-96"
OTHER = "0507654321"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabService]:
    """One for all: its clock is real, so each test makes a meeting of its own."""
    people = (Employee(PHONE, PASSWORD, "Helmi Host"), Employee(OTHER, PASSWORD, "Olli Other"))
    with lab_service(tmp_path_factory.mktemp("service"), *people) as running:
        yield running
    log = running.log
    assert " ERROR " not in log and "Traceback" not in log, log[-4000:]


@pytest.fixture(scope="module")
def signed_in(service: LabService) -> SignedIn:
    return service.sign_in(PHONE, PASSWORD)


class Town:
    """A meeting with three customers, and the ways into it."""

    def __init__(self, service: LabService, host: SignedIn, **members: object) -> None:
        self.service = service
        self.clients: list[MeetingClient] = []
        self.made: AppointmentMade = service.make_appointment(host, ["Anna", "Bo", "Cia"], **members)
        self.host = self.way(bearer(host.access_token))
        self.guests = [self.way(bearer(exchange(service.client, link.link)[1])) for link in self.made.links]

    def way(self, headers: dict[str, str]) -> Way:
        """With these headers."""
        return Way(self.service.api, self.service.ca_file, self.made.appointment.id, headers, self.clients)

    async def close(self) -> None:
        """Everybody hangs up."""
        for client in self.clients:
            await client.close()
        gc.collect()

    async def in_meeting(self) -> tuple[MeetingClient, MeetingClient]:
        """The host and the first guest, both with media."""
        host, guest = await self.host.open(), await self.guests[0].knock()
        await host.enter()
        await host.let_in(guest)
        return host, guest


@pytest.fixture
async def town(service: LabService, signed_in: SignedIn) -> AsyncIterator[Town]:
    found = Town(service, signed_in)
    yield found
    await found.close()


async def test_three_customers_and_their_host(town: Town) -> None:
    host = await town.host.open()
    await host.enter()
    anna, bo, cia = [await way.knock() for way in town.guests]
    await host.until(lambda: len(host.events(Knocked)) == 3)
    assert [one.people for one in (anna, bo, cia)] == [{}, {}, {}]
    await cia.until(lambda: cia.picture is not None and cia.picture.place == 3)

    await host.done(LobbySay, text="Welcome", session=bo.session)
    await bo.until(lambda: bool(bo.events(ChatAdded)))
    await host.done(Decline, session=cia.session, reason="Next week")
    await cia.state(SessionState.DECLINED)
    assert cia.events(YouChanged)[-1].reason == "Next week"

    assert (await host.done(AdmitAll)).passed_over == 0
    for client in (anna, bo):
        await client.redeem()
    await anna.sees(bo.session, SessionState.CONNECTED)
    await anna.sees(host.session, SessionState.CONNECTED)
    assert cia.session not in anna.people and not anna.events(Knocked)

    made = await host.done(NewCode, session=anna.session)
    assert (await bo.refused(Say, text=f"it is {made.code}")).code == "code-in-chat"
    assert (await anna.refused(ConfirmCode, code=made.code)).code == "code-expired"
    made = await host.done(NewCode, session=anna.session)
    await anna.done(ConfirmCode, code=made.code)
    await bo.until(lambda: bo.people[anna.session].code_confirmed)

    await host.done(PutBack, session=bo.session)
    await bo.state(SessionState.WAITING)
    assert not bo.events(Snapshot)[-1].picture.people
    await host.done(Remove, session=anna.session)
    await anna.state(SessionState.REMOVED)
    assert (await anna.refused(Redeem, ticket=await anna.ticket())).code == "ticket-refused"
    await bo.done(Leave)
    assert await bo.closed() == Close.NORMAL
    await host.done(End)
    for client in (host, anna, cia):
        assert await client.closed() == Close.OVER
        assert client.events(Ended)


async def test_a_ticket_replayed_after_removal_on_any_connection(town: Town) -> None:
    host, guest = await town.in_meeting()
    spent = await guest.ticket()
    await guest.break_off()
    await host.sees(guest.session, SessionState.RECONNECTING)
    back = await town.guests[0].open(resume=guest.resume_token)
    captured = await back.ticket()
    await host.done(Remove, session=back.session)
    again = await town.guests[0].open()
    assert again.you.state is SessionState.REMOVED
    for ticket in (spent, captured):
        assert (await again.refused(Redeem, ticket=ticket)).code == "ticket-refused"
    assert (await again.refused(Knock)).code == "not-allowed"
    assert not again.events(Ticket)


async def test_back_after_the_network_was_lost(town: Town) -> None:
    host, guest = await town.in_meeting()
    await guest.done(Say, text="before")
    await guest.break_off()
    await host.sees(guest.session, SessionState.RECONNECTING)
    await host.done(Say, text="meanwhile")
    back = await town.guests[0].open(resume=guest.resume_token)
    assert back.you.state is SessionState.CONNECTED
    assert back.picture is not None
    assert [one.text for one in back.picture.chat] == ["before", "meanwhile"]
    await back.redeem()
    await host.sees(back.session, SessionState.CONNECTED)


async def test_a_second_tab_takes_over(town: Town) -> None:
    _, guest = await town.in_meeting()
    tab = await town.guests[0].open()
    assert await guest.closed() == Close.TAKEN_OVER
    assert guest.events(TakenOver)
    assert (tab.session, tab.you.state) == (guest.session, SessionState.CONNECTED)
    await tab.redeem()


async def test_a_second_device_is_announced(town: Town) -> None:
    host = await town.host.open()
    await host.enter()
    link = town.made.links[0]
    opened = await asyncio.to_thread(exchange, town.service.client, link.link, device="Tablet")
    await host.until(lambda: bool(host.events(OtherDevice)))
    assert host.events(OtherDevice)[0].participant == link.participant_id
    tablet = await town.way(bearer(opened[1])).knock()
    await host.until(lambda: tablet.session in host.people)
    assert host.people[tablet.session].other_device
    assert (await host.done(AdmitAll)).passed_over == 1
    assert tablet.you.state is SessionState.WAITING


async def test_a_wrong_code_six_times(town: Town) -> None:
    host, guest = await town.in_meeting()
    code = (await host.done(NewCode, session=guest.session)).code
    wrong = f"{(int(code) + 1) % 10**6:06}"
    answers = [await guest.refused(ConfirmCode, code=wrong) for _ in range(6)]
    assert [one.code for one in answers] == ["wrong-code"] * 5 + ["too-many-tries"]
    assert (await guest.refused(ConfirmCode, code=code)).code == "too-many-tries"
    await host.until(lambda: len(host.events(CodeTried)) == 5)


async def test_a_foreign_page_is_refused_before_anything_is_looked_at(town: Town) -> None:
    origin = town.service.url
    link = town.made.links[1].link
    _, token = await asyncio.to_thread(exchange, town.service.client, link, browser_of=origin)
    browser = town.way(cookie(token))
    client = await browser.open(origin=origin)
    assert client.you.state is SessionState.PREJOIN
    for foreign in (
        "https://evil.example",
        "null",
        origin + ".evil.example",
        origin.replace("https", "http"),
    ):
        with pytest.raises(InvalidStatus) as refused:
            await browser.connect(origin=foreign)
        assert refused.value.response.status_code == 403
        assert json.loads(refused.value.response.body) == {"code": "not-allowed"}
    with pytest.raises(InvalidStatus):
        await browser.connect()
    with pytest.raises(InvalidStatus):
        await town.host.connect(origin="https://evil.example")


async def test_who_is_nobody(town: Town) -> None:
    for token in ("x" * 43, "x" * 5000, ""):
        with pytest.raises(InvalidStatus) as refused:
            await town.way(bearer(token)).connect()
        assert refused.value.response.status_code == 401
        assert json.loads(refused.value.response.body) == {"code": "not-signed-in"}
    stranger = await town.way(cookie("x" * 43)).open(origin=town.service.url)
    assert [one.code for one in stranger.refusals] == ["not-signed-in"]
    assert await stranger.closed() == Close.NOT_SIGNED_IN


async def test_appointments_of_others(town: Town, service: LabService, signed_in: SignedIn) -> None:
    other = service.sign_in(OTHER, PASSWORD)
    foreign = Town(service, other)
    for way in (town.way(bearer(other.access_token)), foreign.way(bearer(signed_in.access_token))):
        client = await way.open()
        assert [one.code for one in client.refusals] == ["not-found"]
        assert await client.closed() == Close.REFUSED
    _, token = await asyncio.to_thread(exchange, service.client, town.made.links[0].link)
    client = await foreign.way(bearer(token)).open()
    assert [one.code for one in client.refusals] == ["not-found"]
    await foreign.close()


async def test_too_early(service: LabService, signed_in: SignedIn) -> None:
    start = datetime.now(UTC) + timedelta(hours=2)
    town = Town(service, signed_in, start=start, end=start + timedelta(hours=1))
    client = await town.guests[0].open()
    assert [one.code for one in client.refusals] == ["too-early"]
    assert await client.closed() == Close.REFUSED
    host = await town.host.open()
    await host.enter()
    await town.close()


async def test_a_cancelled_meeting_ends_for_who_is_in_it(town: Town, signed_in: SignedIn) -> None:
    host, guest = await town.in_meeting()
    path = f"/appointments/{town.made.appointment.id}"
    answer = await asyncio.to_thread(signed_in.ask, "DELETE", path)
    assert answer.status_code == 204
    assert {await host.closed(), await guest.closed()} == {Close.OVER}


async def test_a_replaced_link_is_out_of_the_running_meeting(town: Town, signed_in: SignedIn) -> None:
    host, guest = await town.in_meeting()
    made = town.made
    path = f"/appointments/{made.appointment.id}/participants/{made.links[0].participant_id}/link"
    answer = await asyncio.to_thread(signed_in.ask, "POST", path, {})
    assert answer.status_code == 200
    assert await guest.closed() == Close.GOING_AWAY
    await host.sees(guest.session, SessionState.RECONNECTING)
    with pytest.raises(InvalidStatus):
        await town.guests[0].connect()


async def test_a_program_that_speaks_another_version(town: Town) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await town.host.connect(subprotocol="softphone.meeting.v9")
    assert refused.value.response.status_code == 400
    assert json.loads(refused.value.response.body) == {"code": "too-old"}
    websocket = await town.host.connect()
    assert websocket.subprotocol == SUBPROTOCOL


async def test_who_says_nothing_or_something_else_first(town: Town) -> None:
    silent, wrong = [MeetingClient(await town.host.connect()) for _ in range(2)]
    town.clients += [silent, wrong]
    assert (await wrong.refused(Knock)).code == "bad-request"
    assert await wrong.closed() == Close.BAD_REQUEST
    assert await silent.closed() == Close.NO_HELLO


async def test_what_is_too_large_ends_the_connection(town: Town) -> None:
    client = await town.host.open()
    await client.websocket.send("x" * (SIZE_LIMIT + 1))
    assert await client.closed() == Close.TOO_BIG


async def test_a_flood_ends_the_connection_and_nobody_elses(town: Town) -> None:
    host, guest = await town.in_meeting()
    for number in range(400):
        await guest.websocket.send(json.dumps({"type": "resync", "id": f"n{number}"}))
    assert await guest.closed() == Close.TOO_FAST
    await host.done(Say, text="still here")


async def test_random_frames_do_the_meeting_no_harm(town: Town) -> None:
    chance = random.Random(20261122)
    host, guest = await town.in_meeting()
    kinds = sorted(COMMANDS.json_schema()["discriminator"]["mapping"])
    for _ in range(15):
        bad = await town.guests[1].open()
        with contextlib.suppress(ConnectionClosed):
            for _ in range(20):
                await bad.websocket.send(noise(chance, kinds, guest.session))
    await host.done(Say, text="still here")
    await guest.until(lambda: any(one.line.text == "still here" for one in guest.events(ChatAdded)))
    assert host.people[guest.session].state is SessionState.CONNECTED
    inside = {one for one, person in host.people.items() if person.state in PRESENT}
    assert inside == {guest.session}


def noise(chance: random.Random, kinds: list[str], session: str) -> str | bytes:
    """Bytes, text, or a command with members it should not have."""
    what = chance.randrange(4)
    if what == 0:
        return chance.randbytes(chance.randrange(200))
    if what == 1:
        return "".join(chr(chance.randrange(32, 0x2FFF)) for _ in range(chance.randrange(100)))
    values: list[object] = [
        None,
        True,
        -1,
        1e308,
        "x" * 3000,
        [[]],
        {"a": {}},
        session,
        "０１２３４５",
        "\x00",
    ]
    names = ["session", "text", "ticket", "sdp", "camera", "code", "feed", "height", "id"]
    members = {name: chance.choice(values) for name in chance.sample(names, 4)}
    return json.dumps(
        {"id": f"n{chance.random()}"[:20].replace(".", ""), **members, "type": chance.choice(kinds)}
    )


@pytest.mark.slow
async def test_a_client_that_answers_no_ping_is_given_up(town: Town) -> None:
    host, guest = await town.in_meeting()
    guest.websocket.transport.pause_reading()
    await host.sees(guest.session, SessionState.RECONNECTING, timeout_s=3.5 * PING_S)
    await guest.break_off()


async def test_what_was_missed_is_asked_for(town: Town) -> None:
    host, guest = await town.in_meeting()
    await guest.done(Resync)
    assert guest.events(Snapshot)[-1].picture.people[0].session == host.session
    assert await guest.send(Say(id="same", text="once")) == await guest.send(Say(id="same", text="once"))
    await host.until(lambda: bool(host.events(ChatAdded)))
    assert (await host.refused(Admit, session=guest.session)).code == "wrong-state"
    assert len(host.events(ChatAdded)) == 1
