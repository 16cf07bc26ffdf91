"""Appointments: what a professional makes and hands out, and what everybody is invited to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from softphone.domain.errors import MeetingRefused, ServiceUnreachable, StorageError
from softphone.domain.events import AppointmentsChanged
from softphone.domain.meeting import Appointment, AppointmentWish, Invitation, Seat
from softphone.ports import Clock
from softphone.ports.meetings import Appointments as AppointmentService
from softphone.ports.meetings import Bearer, Drafts, ServiceAccess
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.ids import new_id
from softphone.services.service_account import ServiceAccount

log = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_S = 60.0
"""How often the list is read anew: somebody may have invited this person."""

LOOK_SOON_S = 10.0
"""The same while an appointment is open that this person holds: somebody may wait in its lobby."""

FIRST_RETRY_S = 2.0


class Appointments:
    """The list as the service last told it, and what changes it. Every method that asks the service raises
    MeetingRefused with its code, or ServiceUnreachable."""

    def __init__(
        self,
        service: AppointmentService,
        account: ServiceAccount,
        drafts: Drafts,
        bus: Bus,
        clock: Clock,
        tasks: Tasks,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._service = service
        self._account = account
        self._drafts = drafts
        self._bus = bus
        self._clock = clock
        self._tasks = tasks
        self._sleep = sleep
        self._listed: tuple[Appointment, ...] = ()
        self._told = AppointmentsChanged((), available=False)
        self._changes = 0
        self._watch: asyncio.Task[None] | None = None
        account.listen(self._somebody_else)

    def available(self) -> bool:
        """Whether this account is a company service's, so that there can be appointments."""
        return self._account.access is not None

    def appointments(self) -> tuple[Appointment, ...]:
        """Those last known, by their start."""
        return self._listed

    def find(self, appointment_id: str) -> Appointment | None:
        """One of them."""
        return next((one for one in self._listed if one.id == appointment_id), None)

    def new_draft_id(self) -> str:
        """For a form that is opened; sending it twice with the same one makes one appointment."""
        return new_id()

    async def refresh(self) -> None:
        """Read the list anew; one that can't be read stays as it was, and is told to be stale."""
        owner, changes = self._account.owner, self._changes
        try:
            listed = await self._account.ask(self._service.listed)
        except (MeetingRefused, ServiceUnreachable) as error:
            if self._account.owner == owner:
                self._tell(self._listed, reason=str(error.code))
            raise
        if self._account.owner == owner and self._changes == changes:  # else it is older than what is known
            self._tell(listed)

    async def make(self, wish: AppointmentWish) -> tuple[Appointment, tuple[Invitation, ...]]:
        """Make an appointment; every participant's link is in the answer and nowhere later.

        Where the answer to an earlier try was lost, the service makes of that appointment what is wished now.
        """
        made, invitations = await self._asking(
            lambda access, bearer: self._service.make(access, bearer, wish)
        )
        self._put(made)
        await self._drop_draft(wish.draft_id)
        return made, invitations

    async def _drop_draft(self, draft_id: str) -> None:
        """Its links are shown once: no fault of the disk may take them away."""
        try:
            kept = await self.draft()
            if kept is not None and kept.draft_id == draft_id:
                await self.keep_draft(None)
        except StorageError as error:
            log.warning("what was typed of an appointment that is made stays kept: %s", error)

    async def change(
        self, appointment_id: str, wish: AppointmentWish
    ) -> tuple[Appointment, tuple[Invitation, ...]]:
        """Change it; links of those who are new in it."""
        changed, invitations = await self._asking(
            lambda access, bearer: self._service.change(access, bearer, appointment_id, wish)
        )
        self._put(changed)
        return changed, invitations

    async def cancel(self, appointment_id: str) -> None:
        """Cancel it; who holds a link reads that it is cancelled."""
        await self._asking(lambda access, bearer: self._service.cancel(access, bearer, appointment_id))
        self._changes += 1
        self._tasks.spawn(self._look(), "appointments")

    async def new_link(self, appointment_id: str, participant_id: str) -> Invitation:
        """A participant's new link; the former one ends."""
        return await self._asking(
            lambda access, bearer: self._service.new_link(access, bearer, appointment_id, participant_id)
        )

    async def keep_draft(self, wish: AppointmentWish | None) -> None:
        """Keep what is typed so far, or nothing any more. Raises StorageError."""
        await self._drafts.save(self._account.person, wish)

    async def draft(self) -> AppointmentWish | None:
        """What this person typed and did not send, also in an earlier run. Raises StorageError."""
        return await self._drafts.load(self._account.person)

    async def _asking(self, question: Callable[[ServiceAccess, Bearer], Awaitable[T]]) -> T:
        return await self._account.ask(question)

    async def _look(self) -> bool:
        """Refresh, and say whether it went well: what went wrong was told with the list."""
        try:
            await self.refresh()
        except (MeetingRefused, ServiceUnreachable) as error:
            log.info("appointments: %s", error.code)
            return False
        return True

    def _somebody_else(self) -> None:
        """Another account: its own list, read now and again."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        self._tell(())
        if self.available():
            self._watch = self._tasks.spawn(self._watching(), "appointments")

    async def _watching(self) -> None:
        pause = FIRST_RETRY_S
        while True:
            pause = self._usual_pause() if await self._look() else min(2 * pause, LOOK_S)
            await self._sleep(pause)

    def _usual_pause(self) -> float:
        now = self._clock.time()
        awaited = (
            one.opens_at.timestamp() <= now <= one.closes_at.timestamp() and not one.cancelled
            for one in self._listed
            if one.seat is Seat.HOST
        )
        return LOOK_SOON_S if any(awaited) else LOOK_S

    def _put(self, appointment: Appointment) -> None:
        self._changes += 1
        others = [one for one in self._listed if one.id != appointment.id]
        self._tell(tuple(sorted((*others, appointment), key=lambda one: (one.start, one.id))))

    def _tell(self, listed: tuple[Appointment, ...], *, reason: str = "") -> None:
        self._listed = listed
        told = AppointmentsChanged(listed, self.available(), stale=bool(reason), reason=reason)
        if told != self._told:
            self._told = told
            self._bus.publish(told)
