"""Meetings on memory alone, and clients that write down what they are told: tests read as scripts."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field, replace
from typing import TypeVar

from service.domain.appointment import Appointment, Participant
from service.domain.errors import RefusedError
from service.domain.principal import Guest, Principal, User
from service.usecases.engine import MediaEngine
from service.usecases.meeting_room import Connection
from service.usecases.meetings import Meetings
from service_api.meeting import (
    Close,
    Command,
    Done,
    Hello,
    Knock,
    MeetingEvent,
    Person,
    Picture,
    Redeem,
    Refused,
    Ticket,
    Welcome,
)
from service_api.states import AccountRole, Assurance, ClientKind, SessionState
from tests.doubles.clock import FakeClock
from tests.doubles.media_engine import MemoryEngine
from tests.doubles.meeting_commands import Commanding
from tests.doubles.meeting_store import MemoryMeetingStore

START = 1_700_000_000.0
APPOINTMENT = "appointment"
HOST = User("host-account", "+358401000000", "Helmi Host", AccountRole.PROFESSIONAL, "host-laptop")

E = TypeVar("E", bound=MeetingEvent)

_COMMANDS = itertools.count(1)
"""A command's id is never used twice in a session, whichever of its connections it goes over."""


class CountingChance:
    """Implements ports.Chance: what it gives is different each time, and known beforehand."""

    def __init__(self) -> None:
        self._count = itertools.count(1)
        self.code = "314159"

    def token(self) -> str:
        """See Chance."""
        return f"t{next(self._count):011}"

    def secret(self) -> str:
        """See Chance."""
        return f"s{next(self._count):042}"

    def digits(self, count: int) -> str:
        """See Chance."""
        return self.code[:count]


class FixedKeys:
    """Implements ports.Keys."""

    def confirmation(self) -> bytes:
        """See Keys."""
        return b"k" * 32

    def refresh(self) -> bytes:
        """See Keys."""
        return b"r" * 32


@dataclass
class Desk:
    """Implements AppointmentsReader. `held`: what is found next is handed over when it is set."""

    appointments: dict[str, Appointment] = field(default_factory=dict)
    held: asyncio.Event | None = None

    async def appointment(self, appointment_id: str) -> Appointment | None:
        """See AppointmentsReader."""
        found = self.appointments.get(appointment_id)
        gate, self.held = self.held, None
        if gate is not None:
            await gate.wait()
        return found

    async def participant(self, participant_id: str) -> Participant | None:
        """See AppointmentsReader."""
        found = (one.participant(participant_id) for one in self.appointments.values())
        return next((one for one in found if one is not None), None)


def an_appointment(**changed: object) -> Appointment:
    """Open now, with a lobby and four participants: p1 … p4; p4 has an account's number."""
    people = tuple(
        Participant(f"p{n}", APPOINTMENT, f"Person {n}", number="+358409999999" if n == 4 else "")
        for n in range(1, 5)
    )
    made = Appointment(
        appointment_id=APPOINTMENT,
        host_id=HOST.user_id,
        host_name=HOST.name,
        draft_id="draft",
        title="Loan",
        description="",
        start=START,
        end=START + 3600,
        time_zone="Europe/Helsinki",
        participants=people,
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def a_guest(number: int = 1, *, place: str = "", other_device: bool = False, **changed: object) -> Guest:
    """Somebody who opened a personal link."""
    guest = Guest(
        place_id=place or f"place{number}",
        participant_id=f"p{number}",
        appointment_id=APPOINTMENT,
        name=f"Person {number}",
        language="fi",
        assurance=Assurance.LINK,
        other_device=other_device,
    )
    return replace(guest, **changed)  # type: ignore[arg-type]


class Client(Commanding):
    """Implements Outlet, and sends commands as a client does."""

    def __init__(self, meetings: Meetings) -> None:
        self.told: list[MeetingEvent | Done | Refused] = []
        self._closed: Close | None = None
        self.connection: Connection | None = None
        self.credentials_good = True
        self._meetings = meetings

    def tell(self, message: MeetingEvent | Done | Refused) -> None:
        """See Outlet."""
        if self._closed is None:
            self.told.append(message)

    def end(self, close: Close) -> None:
        """See Outlet."""
        if self._closed is None:
            self._closed = close

    async def proof(self) -> bool:
        """Whether what was shown is still good."""
        return self.credentials_good

    async def send(self, command: Command) -> Done | Refused:
        """The command's answer; the service saw it come and go."""
        if self.connection is None:
            raise AssertionError("not connected")
        before = len(self.told)
        await self._meetings.command(self.connection, command)
        answers = [one for one in self.told[before:] if isinstance(one, Done | Refused)]
        assert len(answers) == 1, self.told[before:]
        return answers[0]

    def command_id(self) -> str:
        """A new one."""
        return f"c{next(_COMMANDS)}"

    def events(self, kind: type[E]) -> list[E]:
        """Those of a kind, first first."""
        return [one for one in self.told if isinstance(one, kind)]

    def forget(self) -> None:
        """What was told so far."""
        self.told.clear()

    def ended_by(self) -> Close | None:
        """What the service closed this connection with."""
        return self._closed

    @property
    def session(self) -> str:
        """One's own."""
        if self.connection is None:
            raise AssertionError("not connected")
        return self.connection.session

    @property
    def picture(self) -> Picture:
        """What the service believes this client knows."""
        if self.connection is None or self.connection.picture is None:
            raise AssertionError("not connected")
        return self.connection.picture

    def state(self) -> SessionState:
        """One's own."""
        return self.picture.you.state

    @property
    def ticket(self) -> str:
        """The newest."""
        return self.events(Ticket)[-1].ticket

    @property
    def resume_token(self) -> str:
        """The newest."""
        return self.events(Welcome)[-1].resume_token

    def sees(self) -> dict[str, Person]:
        """Everybody this client was told of and not told to forget."""
        return {one.session: one for one in self.picture.people}


class Hall:
    """A service's meetings, with everything around them in memory; `real` takes the engine double's place."""

    def __init__(self, appointment: Appointment | None = None, real: MediaEngine | None = None) -> None:
        self.clock = FakeClock(unix=START)
        self.chance = CountingChance()
        self.store = MemoryMeetingStore()
        self.engine = MemoryEngine()
        self._real = real
        self.desk = Desk({APPOINTMENT: appointment or an_appointment()})
        self.meetings = self._made()

    def _made(self) -> Meetings:
        engine = self._real or self.engine
        meetings = Meetings(
            self.store, self.desk, engine, self.clock, self.chance, FixedKeys(), "meet.example.com"
        )
        engine.on_event = meetings.engine_event
        return meetings

    async def restart(self) -> None:
        """The service is killed and started: memory is gone, the store and the engine's emptiness are not."""
        self.engine = MemoryEngine()
        self.meetings = self._made()
        await self.meetings.restore()

    async def open(self, who: Principal, *, resume: str | None = None) -> Client:
        """Connect. Raises RefusedError."""
        client = Client(self.meetings)
        hello = Hello(id="hello", client=ClientKind.BROWSER, resume_token=resume)
        client.connection = await self.meetings.open(who, APPOINTMENT, hello, client, client.proof)
        return client

    async def refused(self, who: Principal, appointment: str = APPOINTMENT, *, good: bool = True) -> str:
        """Connect in vain. `good`: what was shown at the door still is."""
        client = Client(self.meetings)
        client.credentials_good = good
        try:
            hello = Hello(id="hello", client=ClientKind.BROWSER)
            await self.meetings.open(who, appointment, hello, client, client.proof)
        except RefusedError as refusal:
            assert not client.told
            return refusal.code.value
        raise AssertionError("let in")

    async def host(self) -> Client:
        """A host in the meeting, with media."""
        client = await self.open(HOST)
        await client.done(Knock)
        await client.done(Redeem, ticket=client.ticket)
        return client

    async def waiting(self, who: Principal) -> Client:
        """Somebody in the lobby."""
        client = await self.open(who)
        await client.done(Knock)
        return client

    async def lose(self, client: Client) -> None:
        """The connection breaks."""
        if client.connection is None:
            raise AssertionError("not connected")
        await self.meetings.lost(client.connection)

    async def after(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)
        await self.meetings.tick()


__all__ = ["APPOINTMENT", "HOST", "START", "Client", "Hall", "a_guest", "an_appointment"]
