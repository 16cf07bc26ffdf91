"""One meeting from its link to goodbye, on a service of paper."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from service_api import meeting as wire
from softphone.domain.events import Event
from softphone.domain.meeting import DeviceCheck, Equipment, Meeting, SessionState, Trouble
from softphone.services.meetings import Meetings
from tests.doubles.application import Doubles, running_application, settle
from tests.doubles.meeting_ports import a_picture, a_wire_person

E_ = TypeVar("E_", bound=Event)

SECRET = "s" * 43
LINK = f"https://meet.example.com/m#{SECRET}"
READY = Equipment(DeviceCheck.OK, DeviceCheck.OK, DeviceCheck.OK)


class Bench:
    """A whole application on doubles, and what a test asks of it."""

    def __init__(self, meetings: Meetings, doubles: Doubles) -> None:
        self.meetings = meetings
        self.doubles = doubles
        self.server, self.media = doubles.meeting, doubles.media

    @property
    def meeting(self) -> Meeting:
        """The one there is."""
        found = self.meetings.meeting()
        assert found is not None
        return found

    def trouble(self) -> Trouble:
        """What is wrong now."""
        return self.meeting.trouble

    def held(self) -> bool:
        """Whether a call has the microphone now."""
        return self.meeting.held

    def last(self) -> tuple[object, ...]:
        """What the media was asked last."""
        return self.media.done[-1]

    def told(self, kind: type[E_]) -> list[E_]:
        """The bus's events of a kind."""
        return [event for event in self.doubles.events if isinstance(event, kind)]

    async def opened(self, *, camera: bool = True, microphone: bool = True) -> None:
        """On the test page, and knocked."""
        await self.meetings.open_link(self.meetings.read_link(LINK))
        await self.meetings.join(camera=camera, microphone=microphone, equipment=READY)

    async def inside(self, *feeds: wire.Feed, **you: Any) -> None:
        """Admitted, with a ticket redeemed."""
        await self.opened()
        person = a_wire_person(state=SessionState.CONNECTED, **you)
        other = a_wire_person("other", state=SessionState.CONNECTED)
        self.server.picture = a_picture(person, feeds=feeds, people=(other,))
        self.server.tell(wire.YouChanged(you=person))
        self.server.tell(wire.Snapshot(picture=self.server.picture))
        self.server.tell(a_ticket())
        await settle(60)


def a_ticket(number: int = 1) -> wire.Ticket:
    """A right to media."""
    return wire.Ticket(ticket=f"ticket{number}".ljust(43, "t"), expires_in=60)


@asynccontextmanager
async def bench(folder: Path, doubles: Doubles | None = None) -> AsyncIterator[Bench]:
    """Started and closed."""
    async with running_application(folder, doubles) as (application, used):
        yield Bench(application.meetings, used)


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path) as made:
        yield made
