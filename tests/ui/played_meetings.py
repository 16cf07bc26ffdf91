"""The live program with meetings that the test plays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from softphone.domain.events import Knocked
from softphone.domain.meeting import Appointment, Meeting, Person, Seat, SessionState
from tests.doubles.cameras import FakeCameras
from tests.doubles.meetings import FakeAppointments, FakeMeetings, a_meeting, a_person, an_appointment
from tests.doubles.program import DoubledProgram
from tests.ui.live import Live, play

LINK = "https://meet.example.com/m#0123456789012345678901"


class Played:
    """The live program with meetings that the test plays."""

    def __init__(self) -> None:
        self.live: Live
        self.meetings: FakeMeetings
        self.appointments: FakeAppointments
        self.cameras = FakeCameras()

    def prepare(self, doubles: DoubledProgram) -> None:
        """Put the played services into the program before it starts."""
        bus = doubles.application.bus
        self.meetings, self.appointments = FakeMeetings(bus), FakeAppointments(bus)
        for name in ("meetings", "appointments", "cameras"):
            setattr(doubles.application, name, getattr(self, name))
        self.meetings.close = doubles_close  # type: ignore[attr-defined]

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.live.doubles.clock.time(), UTC)

    def appointment(self, **changes: object) -> Appointment:
        """One that goes on now."""
        start = self.now - timedelta(minutes=5)
        times = {
            "start": start,
            "end": start + timedelta(hours=1),
            "opens_at": start - timedelta(minutes=15),
            "closes_at": start + timedelta(hours=3),
        }
        return an_appointment(**{**times, **changes})

    async def show(self, meeting: Meeting | None) -> None:
        await self.live.on_engine(self.meetings.show, meeting)

    def guest(self, state: SessionState, **changes: object) -> Meeting:
        """A customer's side."""
        about = self.appointment(seat=Seat.PARTICIPANT)
        return a_meeting(appointment=about, you=a_person(state=state), **changes)

    async def inside(self, **changes: object) -> Meeting:
        """The host is in the meeting with one customer; its window stands."""
        meeting = a_meeting(**{"appointment": self.appointment(), "people": (a_person(),), **changes})
        await self.show(meeting)
        await self.live.until(self.live.desk.meetings.room.isVisible)
        return meeting

    def asked(self, name: str) -> list[tuple[object, ...]]:
        return [asked for asked in self.meetings.asked if asked[0] == name]


async def doubles_close() -> None:
    """The program ends; played meetings have nothing to say goodbye to."""


Scenario = Callable[[Played], Awaitable[None]]
Play = Callable[[Scenario], None]


@pytest.fixture
def run(qapp: QApplication, tmp_path: Path) -> Play:
    """Run a scenario in the whole program."""

    def playing(scenario: Scenario) -> None:
        played = Played()

        async def with_live(live: Live) -> None:
            played.live = live
            await scenario(played)

        play(qapp, tmp_path, with_live, played.prepare)

    return playing


async def lobby(played: Played, *waiting: Person) -> None:
    """These wait, and the last of them has just knocked."""
    await played.inside(waiting=waiting)
    await played.live.on_engine(played.live.doubles.application.bus.publish, Knocked(waiting[-1]))
