"""The way into a meeting: a link or an appointment becomes a place, and the place a meeting.

What a meeting is made of loads pydantic and aiortc, so it is loaded with the first one, beside the loop.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from service_api.states import OVER, MeetingRefusal
from softphone.domain.errors import CommandRefused, MeetingRefused
from softphone.domain.events import JoinOffered, MeetingChanged
from softphone.domain.meeting import (
    Appointment,
    Assurance,
    JoinOffer,
    Meeting,
    MeetingLink,
    Person,
    SessionState,
)
from softphone.ports import Clock
from softphone.ports.meetings import Appointments as AppointmentService
from softphone.ports.meetings import Bearer, MeetingMedia, MeetingSockets, ServiceAccess
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.appointments import Appointments
from softphone.services.meeting_ways import AccountWay, GuestWay, Way
from softphone.services.place_memory import Place, PlaceMemory, key_of
from softphone.services.service_account import ServiceAccount
from softphone.services.service_sign_in import device_name
from softphone.services.settings import Settings

if TYPE_CHECKING:
    from softphone.services.meeting_room import MeetingRoom

log = logging.getLogger(__name__)

PLACE_KEPT_S = 12 * 3600.0
"""How long a place is kept beyond its meeting's end, for meetings go on after it."""

BEFORE = frozenset({SessionState.INVITED, SessionState.PREJOIN})
"""Nobody waits for whoever is in one of these."""

LONGEST_NAP_S = 30.0
"""A computer that slept meanwhile must not miss when a meeting opens."""


@dataclass(frozen=True, slots=True)
class MeetingPorts:
    """The world of meetings. `media` is loaded with the first one."""

    appointments: AppointmentService
    sockets: MeetingSockets
    media: Callable[[], Awaitable[MeetingMedia]]


class MeetingEntrance:
    """`room` is the meeting one is in, from its test page on. One at a time."""

    def __init__(
        self,
        ports: MeetingPorts,
        account: ServiceAccount,
        appointments: Appointments,
        places: PlaceMemory,
        settings: Settings,
        bus: Bus,
        clock: Clock,
        tasks: Tasks,
        *,
        talking: Callable[[], bool],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ports = ports
        self._account = account
        self._appointments = appointments
        self._places = places
        self._settings = settings
        self._bus = bus
        self._clock = clock
        self._tasks = tasks
        self._talking = talking
        self._sleep = sleep
        self.room: MeetingRoom | None = None
        self._key = ""
        self._by_account = False
        self._opening = asyncio.Lock()
        self._until_open: asyncio.Task[None] | None = None
        account.listen(self._somebody_else)

    async def by_link(self, link: MeetingLink) -> JoinOffer:
        """Exchange the link for a place, which this computer keeps, and go to the test page.

        Where one is there already its invitation is offered again, but never over a lobby or a meeting.
        """
        async with self._opening:
            key = key_of(link.service_url, link.secret)
            here = await self._already(key)
            if here is not None:
                offer = JoinOffer(here.appointment, here.you.name, here.server, here.you.other_device)
                if here.you.state in BEFORE:
                    self._bus.publish(JoinOffered(offer))
                return offer
            access = self._access(link)
            known = await self._places.find(key)
            offer, token = await self._ports.appointments.open_link(
                access, link.secret, device_name(), known.token if known else ""
            )
            offer = replace(offer, server=link.server)
            until, resume = self._kept_until(offer.appointment), known.resume if known else ""
            place = Place(offer.appointment.id, until, token, resume)
            await self._places.keep(key, place)
            self._bus.publish(JoinOffered(offer))
            you = _before(offer.name, offer.appointment, Assurance.LINK)
            way = GuestWay(access, Bearer(token))
            await self._enter(self._first(offer.appointment, link.server, you), way, key, place)
            return offer

    async def by_appointment(self, appointment_id: str) -> None:
        """To the test page of one of the account's own appointments."""
        async with self._opening:
            key = key_of(self._account.person, appointment_id)
            if await self._already(key) is not None:
                return
            appointment = self._appointments.find(appointment_id)
            if appointment is None:
                await self._appointments.refresh()
                appointment = self._appointments.find(appointment_id)
            access = self._account.access
            if appointment is None or access is None:
                raise MeetingRefused(MeetingRefusal.NOT_FOUND)
            place = await self._places.find(key)
            place = place or Place(appointment.id, self._kept_until(appointment))
            you = _before(appointment.host_name, appointment, Assurance.SIGNED_IN)
            server = access.url.removeprefix("https://").partition("/")[0]
            await self._enter(self._first(appointment, server, you), AccountWay(self._account), key, place)

    async def leave(self) -> None:
        """Goodbye to the meeting there is; harmless where there is none.

        Another is opened after that, not meanwhile: both would have the one camera and microphone.
        """
        async with self._opening:
            await self._leave()

    async def _leave(self) -> None:
        self._wait_no_more()
        room, self.room = self.room, None
        if room is not None:
            await room.leave()
            self._bus.publish(MeetingChanged(None))

    async def _already(self, key: str) -> Meeting | None:
        """The meeting of this place, where it goes on; back where it was taken over. Another one is never
        left unasked."""
        if self.room is None or self.room.state in OVER:
            return None
        if key == self._key:
            await self.room.reconnect()
            return self.room.meeting
        if self.room.state is not SessionState.PREJOIN:
            raise CommandRefused("another meeting goes on", code="in-a-meeting")
        return None

    def _access(self, link: MeetingLink) -> ServiceAccess:
        """The way to a link's service, with the certificates trusted for it."""
        own = self._account.access
        if own is not None and own.url == link.service_url:
            return own
        return ServiceAccess(link.service_url, self._settings.text("sip.ca_file"))

    def _kept_until(self, appointment: Appointment) -> float:
        """Unix time."""
        return max(appointment.closes_at.timestamp(), self._clock.time()) + PLACE_KEPT_S

    def _first(self, appointment: Appointment, server: str, you: Person) -> Meeting:
        flag = self._settings.flag
        return Meeting(
            appointment,
            server,
            you,
            camera_on=flag("meetings.camera_on_join"),
            microphone_on=flag("meetings.microphone_on_join"),
        )

    async def _enter(self, first: Meeting, way: Way, key: str, place: Place) -> None:
        """Make the meeting and connect. Where it has not opened yet that is done when it does."""
        await asyncio.to_thread(importlib.import_module, "softphone.services.meeting_room")
        from softphone.services.meeting_room import MeetingRoom, Surroundings

        media = await self._ports.media()
        self._wait_no_more()
        former, self.room = self.room, None
        if former is not None:
            await former.leave()
        around = Surroundings(
            self._ports.sockets,
            media,
            self._bus,
            self._clock,
            lambda resume: self._keep(key, replace(place, resume=resume)),
        )
        room = MeetingRoom(first, way, around, resume=place.resume, held=self._talking())
        self.room, self._key, self._by_account = room, key, isinstance(way, AccountWay)
        await room.start()
        try:
            await room.connect()
        except MeetingRefused as refused:
            if refused.code == MeetingRefusal.TOO_EARLY:
                self._until_open = self._tasks.spawn(self._connect_when_open(room), "meeting opens")
                return
            self.room = None
            await room.close()
            self._bus.publish(MeetingChanged(None))
            raise

    async def _connect_when_open(self, room: MeetingRoom) -> None:
        opens_at = room.meeting.appointment.opens_at.timestamp()
        while True:
            while (left := opens_at - self._clock.time()) > 0:
                await self._sleep(min(left, LONGEST_NAP_S))
            try:
                await room.connect()
                return
            except MeetingRefused as refused:
                if refused.code != MeetingRefusal.TOO_EARLY:
                    log.info("the meeting does not open: %s", refused.code)
                    return
            await self._sleep(LONGEST_NAP_S)

    def _somebody_else(self) -> None:
        """Signed out, or in as another: the meeting of the former account is left."""
        if self.room is not None and self._by_account:
            self._tasks.spawn(self._leave_accounts(), "leaving the account's meeting")

    async def _leave_accounts(self) -> None:
        async with self._opening:
            if self._by_account:
                await self._leave()

    def _wait_no_more(self) -> None:
        if self._until_open is not None:
            self._until_open.cancel()
            self._until_open = None

    def _keep(self, key: str, place: Place) -> None:
        self._tasks.spawn(self._places.keep(key, place), "meeting place")


def _before(name: str, appointment: Appointment, assurance: Assurance) -> Person:
    """Oneself, before the service has told who one is in this meeting."""
    return Person("", "", name, appointment.seat, SessionState.PREJOIN, assurance)
