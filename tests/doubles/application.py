"""A whole application on doubles: real stores, settings and control, no network and no sound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from softphone.assemble import Application, Options
from softphone.domain.events import Event
from softphone.ports import Headset, Secrets
from softphone.ports.meetings import MeetingMedia
from softphone.services.meeting_entrance import MeetingPorts
from softphone.world import World
from tests.doubles.appointment_ports import FakeAppointmentService
from tests.doubles.clock import FakeClock
from tests.doubles.headset import FakeHeadset
from tests.doubles.line_check import FakeLineCheck
from tests.doubles.meeting_ports import FakeCameras, FakeMedia, FakeMeetingServer
from tests.doubles.sound import FakeSound
from tests.doubles.stores import FakeCompanyService, FakeDirectory, FakeSecrets
from tests.doubles.telephony import FakeTelephony


class Doubles:
    """What stands beneath the application, for tests to play with; `events` is all the bus has said."""

    def __init__(self, *, packaged: bool = False) -> None:
        self.telephony = FakeTelephony()
        self.line_check = FakeLineCheck()
        self.sound = FakeSound()
        self.headset: Headset = FakeHeadset()
        self.secrets: Secrets = FakeSecrets()
        self.directory = FakeDirectory()
        self.service = FakeCompanyService()
        self.appointments = FakeAppointmentService()
        self.meeting = FakeMeetingServer()
        self.media = FakeMedia()
        self.cameras = FakeCameras()
        self.clock = FakeClock()
        self.packaged = packaged
        self.events: list[Event] = []

    def world(self, application: Application) -> World:
        """The world the application is built on."""
        application.bus.subscribe(self.events.append)
        return World(
            telephony=self.telephony,
            line_check=self.line_check,
            sound=self.sound,
            permission=self.line_check.microphone_permission,
            headset=self.headset,
            secrets=self.secrets,
            directory=self.directory,
            service=self.service,
            meetings=MeetingPorts(self.appointments, self.meeting, self._media),
            cameras=self.cameras,
            start=_nothing,
            close=_nothing,
            clock=self.clock,
            packaged=self.packaged,
        )

    async def _media(self) -> MeetingMedia:
        return self.media


async def _nothing() -> None:
    return None


@asynccontextmanager
async def running_application(
    profile: Path,
    doubles: Doubles | None = None,
    *,
    options: Options | None = None,
    policy: Mapping[str, object] | None = None,
) -> AsyncIterator[tuple[Application, Doubles]]:
    """Started on the running loop, and closed at the end."""
    doubles = doubles or Doubles()
    application = Application(options or Options(profile=profile), doubles.world, policy or {})
    await application.start()
    try:
        yield application, doubles
    finally:
        await application.close()


async def settle(times: int = 20) -> None:
    """Let background tasks that wait for nothing run to their end."""
    for _ in range(times):
        await asyncio.sleep(0)
