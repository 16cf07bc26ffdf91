"""The one meeting this program may be in, and all that is done in it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from softphone.domain.call import Call, CallState
from softphone.domain.errors import CommandRefused
from softphone.domain.events import LinkOpened
from softphone.domain.meeting import Equipment, JoinOffer, Meeting, MeetingLink
from softphone.domain.picture import PictureSlot
from softphone.ports import Clock
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.appointments import Appointments
from softphone.services.call_table import CallTable
from softphone.services.meeting_entrance import MeetingEntrance, MeetingPorts
from softphone.services.meeting_links import read_link
from softphone.services.place_memory import PlaceMemory
from softphone.services.service_account import ServiceAccount
from softphone.services.settings import Settings

if TYPE_CHECKING:
    from softphone.services.meeting_room import MeetingRoom

log = logging.getLogger(__name__)

TALKING = (CallState.DIALLING, CallState.EARLY, CallState.ANSWERING, CallState.ACTIVE)
"""A call in one of these has the microphone, unless it is on hold."""

TOGETHER_S = 5.0
"""How long a goodbye may take when the program ends."""


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
        self._settings = settings
        self._table = table
        self._dial = dial
        self._bus = bus
        self._tasks = tasks
        self._entrance = MeetingEntrance(
            ports,
            account,
            appointments,
            places,
            settings,
            bus,
            clock,
            tasks,
            talking=self._talking,
            sleep=sleep,
        )
        table.listen(self._call_changed)

    def meeting(self) -> Meeting | None:
        """The one this program is in, from its test page until it is left."""
        room = self._entrance.room
        return room.meeting if room is not None else None

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
        return await self._entrance.by_link(link)

    async def open(self, appointment_id: str) -> None:
        """The test page of one of one's own appointments; the same refusal."""
        await self._entrance.by_appointment(appointment_id)

    async def join(self, *, camera: bool, microphone: bool, equipment: Equipment) -> None:
        """From the test page on: knock, or go in where nobody has to be asked."""
        await self._here().join(camera=camera, microphone=microphone, equipment=equipment)

    async def reconnect(self) -> None:
        """Come back at once, also where another device or window took the place over."""
        await self._here().reconnect()

    async def leave(self) -> None:
        """Goodbye; harmless where there is no meeting."""
        await self._entrance.leave()

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
        if self._entrance.room is not None:
            self._entrance.room.media.look(session, height)

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
        if self._entrance.room is None:
            raise CommandRefused("there is no meeting", code="no-meeting")
        return self._entrance.room

    def _talking(self) -> bool:
        return any(call.state in TALKING and not call.held for call in self._table.live())

    def _call_changed(self, call: Call) -> None:
        room = self._entrance.room
        if room is not None:
            self._tasks.spawn(self._hold(room), "meeting beside a call")

    async def _hold(self, room: MeetingRoom) -> None:
        """As calls are when this runs: several may change in the step before it."""
        await room.hold(self._talking())
