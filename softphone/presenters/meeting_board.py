"""The presenters of meetings, beside those of the phone; made and used on the engine thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from resources.words import Words
from softphone.domain.errors import DeviceError
from softphone.domain.events import Event, Knocked, LevelsChanged
from softphone.domain.meeting import DeviceCheck, Equipment
from softphone.domain.sound_test import ZEROS_S
from softphone.ports import Clock
from softphone.ports.meetings import Cameras
from softphone.presenters.appointment_form import FormPresenter
from softphone.presenters.appointments import AppointmentsPresenter
from softphone.presenters.camera_test import CameraPresenter
from softphone.presenters.levels import HEARD_DBFS
from softphone.presenters.meeting_desks import AppointmentDesk, RoomDesk
from softphone.presenters.meeting_page import PagePresenter
from softphone.presenters.meeting_room import RoomPresenter
from softphone.runtime.tasks import Tasks
from softphone.services.device_test import DeviceTest
from softphone.services.settings import Settings
from softphone.services.sound_devices import SoundDevices

log = logging.getLogger(__name__)


class MeetingServices(Protocol):
    """What they need of the assembled program."""

    @property
    def clock(self) -> Clock: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def devices(self) -> SoundDevices: ...
    @property
    def device_test(self) -> DeviceTest: ...
    @property
    def cameras(self) -> Cameras: ...
    @property
    def meetings(self) -> RoomDesk: ...
    @property
    def appointments(self) -> AppointmentDesk: ...


class MeetingBoard:
    """Owns them. `emit` hears every new view state."""

    def __init__(
        self, services: MeetingServices, words: Words, emit: Callable[[object], None], tasks: Tasks
    ) -> None:
        s = services
        self._tasks, self._knocked = tasks, False
        self._tests, self._devices = s.device_test, s.devices
        self._heard_by, self._seen = "", False
        self.list = AppointmentsPresenter(s.appointments, s.clock, words, emit, emit)
        self.form = FormPresenter(s.appointments, s.clock, words, emit)
        self.camera = CameraPresenter(s.cameras, s.settings, words, emit)
        self.page = PagePresenter(s.meetings, s.clock, self.equipment, self.camera.release, words, emit)
        self.room = RoomPresenter(s.meetings, s.clock, words, emit)

    def all(
        self,
    ) -> tuple[AppointmentsPresenter, FormPresenter, CameraPresenter, PagePresenter, RoomPresenter]:
        """Every presenter."""
        return (self.list, self.form, self.camera, self.page, self.room)

    def hear(self, event: Event) -> None:
        """Follow everything."""
        if isinstance(event, LevelsChanged) and event.microphone_dbfs > HEARD_DBFS:
            self._heard_by = self._devices.state().microphone_used
        if isinstance(event, Knocked) and not self._knocked:
            self._knocked = True
            self._tasks.spawn(self._knock(), "knock")
        for presenter in (self.list, self.camera, self.page, self.room):
            presenter.hear(event)

    async def _knock(self) -> None:
        """Heard where alerts are; many who come at once knock once a second."""
        try:
            await self._devices.beep()
        except DeviceError as error:
            log.warning("the knock was not heard: %s", error)

    async def run(self) -> None:
        """Tick for as long as the program runs."""
        while True:
            await asyncio.sleep(1.0)
            self.tick()

    def tick(self) -> None:
        """A second has passed."""
        self._knocked = False
        for presenter in (self.list, self.camera, self.page, self.room):
            presenter.tick()

    async def open(self, appointment_id: str) -> None:
        """The page of one of the list's meetings."""
        error = await self.page.open(appointment_id)
        if error is not None:
            self.list.tell(error)

    async def change(self, appointment_id: str) -> None:
        """The form of one of the list's meetings."""
        appointment = self.list.appointment(appointment_id)
        if appointment is not None:
            await self.form.open_change(appointment)

    async def new_link(self, appointment_id: str, participant_id: str) -> None:
        """A new link for somebody invited."""
        appointment = self.list.appointment(appointment_id)
        if appointment is not None:
            await self.form.new_link(appointment, participant_id)

    async def watch_camera(self, on: bool) -> None:
        """Somebody looks at the test page, or has stopped looking; what was heard before proves nothing."""
        if on and not self._seen:
            self._heard_by = ""
        self._seen = on
        await self.camera.watch(on, self.page.camera_wanted)

    async def turn_camera(self, on: bool) -> None:
        """Join with the camera, or without: the test page shows which."""
        await self.page.camera(on)
        await self.camera.watch(self._seen, self.page.camera_wanted)

    async def join(self) -> None:
        """Into the lobby or the meeting; the test page's camera comes back when that was refused."""
        if not await self.page.join() and self._seen:
            await self.camera.watch(True, self.page.camera_wanted)

    def equipment(self) -> Equipment:
        """What the test page found, for the host's eyes."""
        tones = dict(self._tests.state.heard).values()
        speaker = DeviceCheck.OK if any(tones) else DeviceCheck.UNKNOWN
        return Equipment(self.camera.found, self._microphone(), speaker)

    def _microphone(self) -> DeviceCheck:
        used = self._devices.state().microphone_used
        if not used:
            return DeviceCheck.MISSING
        if self._tests.state.permission.state == "denied":
            return DeviceCheck.DENIED
        if self._tests.microphone().zero_for_s >= ZEROS_S:
            return DeviceCheck.SILENT
        return DeviceCheck.OK if self._heard_by == used else DeviceCheck.UNKNOWN
