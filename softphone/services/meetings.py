"""The one meeting this program may be in: opening it by link or from the list, and all that is done in it.

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
from softphone.domain.call import Call, CallState
from softphone.domain.errors import CommandRefused, MeetingRefused
from softphone.domain.events import JoinOffered, LinkOpened, MeetingChanged
from softphone.domain.meeting import (
    Appointment,
    Assurance,
    Equipment,
    JoinOffer,
    Meeting,
    MeetingLink,
    Person,
    SessionState,
)
from softphone.domain.picture import PictureSlot
from softphone.ports import Clock
from softphone.ports.meetings import Appointments as AppointmentService
from softphone.ports.meetings import Bearer, MeetingMedia, MeetingSockets, ServiceAccess
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.appointments import Appointments
from softphone.services.call_table import CallTable
from softphone.services.meeting_links import read_link
from softphone.services.meeting_ways import AccountWay, GuestWay, Way
from softphone.services.place_memory import Place, PlaceMemory, key_of
from softphone.services.service_account import ServiceAccount
from softphone.services.service_sign_in import device_name
from softphone.services.settings import Settings

if TYPE_CHECKING:
    from softphone.services.meeting_room import MeetingRoom

log = logging.getLogger(__name__)

TALKING = (CallState.DIALLING, CallState.EARLY, CallState.ANSWERING, CallState.ACTIVE)
"""A call in one of these has the microphone, unless it is on hold."""

LONGEST_NAP_S = 30.0
"""A computer that slept meanwhile must not miss when a meeting opens."""

TOGETHER_S = 5.0
"""How long a goodbye may take when the program ends."""


@dataclass(frozen=True, slots=True)
class MeetingPorts:
    """The world of meetings. `media` is loaded with the first one."""

    appointments: AppointmentService
    sockets: MeetingSockets
    media: Callable[[], Awaitable[MeetingMedia]]


class Meetings:
    """Commands on the meeting. Those that ask the service raise MeetingRefused with its code, or
    ServiceUnreachable; all raise CommandRefused (no-meeting) where there is none."""

    def __init__(
        self,
        ports: MeetingPorts,
        account: ServiceAccount,
        appointments: Appointments,
        places: PlaceMemory,
        settings: Settings,
        table: CallTable,
        dial: Callable[[str], Awaitable[str]],
        bus: Bus,
        clock: Clock,
        tasks: Tasks,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ports = ports
        self._account = account
        self._appointments = appointments
        self._places = places
        self._settings = settings
        self._table = table
        self._dial = dial
        self._bus = bus
        self._clock = clock
        self._tasks = tasks
        self._sleep = sleep
        self._room: MeetingRoom | None = None
        self._key = ""
        self._opening = asyncio.Lock()
        self._until_open: asyncio.Task[None] | None = None
        table.listen(self._call_changed)

    def meeting(self) -> Meeting | None:
        """The one this program is in, from its test page until it is left."""
        return self._room.meeting if self._room is not None else None

    # --- going in -----------------------------------------------------------------------------------------

    def read_link(self, text: str) -> MeetingLink:
        """A link as it was pasted; nothing is sent. Raises BadTarget."""
        return read_link(text, self._settings.names("meetings.servers"))

    def link_from_outside(self, text: str) -> None:
        """A link that the system handed over: the person is shown where it leads. Raises BadTarget."""
        self._bus.publish(LinkOpened(self.read_link(text)))

    async def open_link(self, link: MeetingLink) -> JoinOffer:
        """Exchange the link for a place, which this computer keeps, and go to the test page.

        Needs no account. Raises CommandRefused (in-a-meeting) while another one goes on.
        """
        async with self._opening:
            key = key_of(link.service_url, link.secret)
            here = self._already(key)
            if here is not None:
                return JoinOffer(here.appointment, here.you.name, here.server, here.you.other_device)
            access = self._access(link)
            known = await self._places.find(key)
            offer, token = await self._ports.appointments.open_link(
                access, link.secret, device_name(), known.token if known else ""
            )
            offer = replace(offer, server=link.server)
            place = Place(
                offer.appointment.id,
                offer.appointment.closes_at.timestamp(),
                token,
                known.resume if known else "",
            )
            await self._places.keep(key, place)
            self._bus.publish(JoinOffered(offer))
            you = _before(offer.name, offer.appointment, Assurance.LINK)
            way = GuestWay(access, Bearer(token))
            await self._enter(self._first(offer.appointment, link.server, you), way, key, place)
            return offer

    async def open(self, appointment_id: str) -> None:
        """The test page of one of one's own appointments."""
        async with self._opening:
            key = key_of(self._account.person, appointment_id)
            if self._already(key) is not None:
                return
            appointment = self._appointments.find(appointment_id)
            if appointment is None:
                await self._appointments.refresh()
                appointment = self._appointments.find(appointment_id)
            access = self._account.access
            if appointment is None or access is None:
                raise MeetingRefused(MeetingRefusal.NOT_FOUND)
            place = await self._places.find(key)
            place = place or Place(appointment.id, appointment.closes_at.timestamp())
            you = _before(appointment.host_name, appointment, Assurance.SIGNED_IN)
            server = access.url.removeprefix("https://").partition("/")[0]
            await self._enter(self._first(appointment, server, you), AccountWay(self._account), key, place)

    async def join(self, *, camera: bool, microphone: bool, equipment: Equipment) -> None:
        """From the test page on: knock, or go in where nobody has to be asked."""
        await self._here().join(camera=camera, microphone=microphone, equipment=equipment)

    async def reconnect(self) -> None:
        """Come back at once, also where another device or window took the place over."""
        await self._here().reconnect()

    async def leave(self) -> None:
        """Goodbye; harmless where there is no meeting."""
        self._wait_no_more()
        room, self._room = self._room, None
        if room is None:
            return
        await room.leave()
        self._bus.publish(MeetingChanged(None))

    async def end(self) -> None:
        """End it for everybody; for the host."""
        from service_api.meeting import End

        await self._here().command(End)
        await self.leave()

    async def close(self) -> None:
        """The program ends: say goodbye, but wait for nobody long."""
        try:
            async with asyncio.timeout(TOGETHER_S):
                await self.leave()
        except TimeoutError:
            log.warning("the meeting did not take the goodbye")

    # --- in it --------------------------------------------------------------------------------------------

    async def camera(self, on: bool) -> None:
        """One's picture; off lets the device go."""
        await self._here().want(camera=on)

    async def microphone(self, on: bool) -> None:
        """One's sound."""
        await self._here().want(microphone=on)

    async def say(self, text: str) -> None:
        """To everybody in the meeting; typed while the service is away it is sent later, in order."""
        await self._here().say(text)

    async def lobby_say(self, text: str, session: str = "") -> None:
        """Host: to one who waits, "" for all of them. Who waits: to the host."""
        await self._here().lobby_say(text, session)

    async def confirm(self, code: str) -> None:
        """Type the code the host told; blanks in it don't matter. `tries_left` goes with wrong-code."""
        from service_api.meeting import ConfirmCode

        await self._here().command(ConfirmCode, code="".join(code.split()).replace("-", ""))

    async def call_expert(self) -> str:
        """Call the expert by phone while the meeting goes on; the call's id.

        Raises CommandRefused (no-number) where the invitation names none, and whatever dialling raises.
        """
        number = self._here().meeting.appointment.expert_number
        if not number:
            raise CommandRefused("the invitation names no number", code="no-number")
        return await self._dial(number)

    def look(self, session: str, height: int) -> None:
        """How tall a session's picture is shown in pixels ("" is one's own); 0 while hidden."""
        if self._room is not None:
            self._room.media.look(session, height)

    def picture(self, session: str) -> PictureSlot:
        """Where a session's newest frame is; "" is one's own."""
        return self._here().media.picture(session)

    # --- the host's ---------------------------------------------------------------------------------------

    async def admit(self, session: str) -> None:
        """Let one in, also after all."""
        from service_api.meeting import Admit

        await self._here().command(Admit, session=session)

    async def admit_all(self) -> int:
        """Let in whoever has the demanded level; how many were passed over."""
        from service_api.meeting import AdmitAll

        return (await self._here().command(AdmitAll)).passed_over

    async def decline(self, session: str, reason: str = "") -> None:
        """Not this time."""
        from service_api.meeting import Decline

        await self._here().command(Decline, session=session, reason=reason)

    async def put_back(self, session: str) -> None:
        """From the meeting to the lobby."""
        from service_api.meeting import PutBack

        await self._here().command(PutBack, session=session)

    async def remove(self, session: str, reason: str = "") -> None:
        """Out, and no coming back unless the host lets in again."""
        from service_api.meeting import Remove

        await self._here().command(Remove, session=session, reason=reason)

    async def new_code(self, session: str) -> str:
        """A confirmation code for one person, to be told by voice; the former one ends."""
        return await self._here().new_code(session)

    # --- inside -------------------------------------------------------------------------------------------

    def _here(self) -> MeetingRoom:
        if self._room is None:
            raise CommandRefused("there is no meeting", code="no-meeting")
        return self._room

    def _already(self, key: str) -> Meeting | None:
        """The meeting of this place, where it goes on. One at a time: another one is never left unasked."""
        if self._room is None or self._room.state in (*OVER, SessionState.PREJOIN):
            return None
        if key != self._key:
            raise CommandRefused("another meeting goes on", code="in-a-meeting")
        return self._room.meeting

    def _access(self, link: MeetingLink) -> ServiceAccess:
        """The way to a link's service, with the certificates trusted for it."""
        own = self._account.access
        if own is not None and own.url == link.service_url:
            return own
        return ServiceAccess(link.service_url, self._settings.text("sip.ca_file"))

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
        former, self._room = self._room, None
        if former is not None:
            await former.leave()
        around = Surroundings(
            self._ports.sockets,
            media,
            self._bus,
            self._clock,
            lambda resume: self._keep_place(key, replace(place, resume=resume)),
        )
        room = MeetingRoom(first, way, around, resume=place.resume, held=self._talking())
        self._room, self._key = room, key
        await room.start()
        try:
            await room.connect()
        except MeetingRefused as refused:
            if refused.code == MeetingRefusal.TOO_EARLY:
                self._until_open = self._tasks.spawn(self._connect_when_open(room), "meeting opens")
                return
            self._room = None
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

    def _wait_no_more(self) -> None:
        if self._until_open is not None:
            self._until_open.cancel()
            self._until_open = None

    def _keep_place(self, key: str, place: Place) -> None:
        self._tasks.spawn(self._places.keep(key, place), "meeting place")

    def _talking(self) -> bool:
        return any(call.state in TALKING and not call.held for call in self._table.live())

    def _call_changed(self, call: Call) -> None:
        room, talking = self._room, self._talking()
        if room is not None and room.held != talking:
            self._tasks.spawn(room.hold(talking), "meeting beside a call")


def _before(name: str, appointment: Appointment, assurance: Assurance) -> Person:
    """Oneself, before the service has told who one is in this meeting."""
    return Person("", "", name, appointment.seat, SessionState.PREJOIN, assurance)
