"""What stands beneath appointments, played by a test: a service that issues them, and drafts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from softphone.domain.errors import MeetingRefused, SoftphoneError
from softphone.domain.meeting import Appointment, AppointmentWish, Invitation, JoinOffer, Seat
from softphone.ports.meetings import Bearer, ServiceAccess
from tests.doubles.meetings import an_appointment


class FakeAppointmentService:
    """Implements ports.meetings.Appointments. `asked` holds (method, arguments…), `refusals` are said once
    each. Access tokens are access1, access2…, each good for `seconds`; `revoked` ends them all."""

    def __init__(self, *listed: Appointment) -> None:
        self.items: tuple[Appointment, ...] = listed
        self.asked: list[tuple[object, ...]] = []
        self.refusals: list[SoftphoneError] = []
        self.seconds = 600
        self.refresh = ""
        self.issued = 0
        self.revoked = False
        self.pause: asyncio.Event | None = None
        self.offer = JoinOffer(
            an_appointment(seat=Seat.PARTICIPANT), "Casper Customer", "claimed.example.com"
        )
        self.places = 0

    async def tokens(self, access: ServiceAccess, device_id: str, refresh_token: str) -> tuple[str, int, str]:
        """See ports.meetings.Appointments; only the newest refresh token works."""
        await self._ask("tokens", access, device_id)
        if self.revoked or refresh_token != self.refresh:
            raise MeetingRefused("not-signed-in")
        self.issued += 1
        self.refresh = f"refresh{self.issued}".ljust(43, "r")
        return f"access{self.issued}", self.seconds, self.refresh

    async def listed(self, access: ServiceAccess, bearer: Bearer) -> tuple[Appointment, ...]:
        """See ports.meetings.Appointments."""
        await self._ask("listed", access, bearer.token)
        return self.items

    async def make(
        self, access: ServiceAccess, bearer: Bearer, wish: AppointmentWish
    ) -> tuple[Appointment, tuple[Invitation, ...]]:
        """See ports.meetings.Appointments."""
        await self._ask("make", access, wish)
        made = an_appointment(id=f"made-{wish.draft_id}", title=wish.title, start=wish.start, end=wish.end)
        self.items = (*self.items, made)
        return made, tuple(_invitation(number, one.name) for number, one in enumerate(wish.participants, 1))

    async def change(
        self, access: ServiceAccess, bearer: Bearer, appointment_id: str, wish: AppointmentWish
    ) -> tuple[Appointment, tuple[Invitation, ...]]:
        """See ports.meetings.Appointments."""
        await self._ask("change", access, appointment_id, wish)
        changed = an_appointment(id=appointment_id, title=wish.title, start=wish.start, end=wish.end)
        self.items = tuple(changed if one.id == appointment_id else one for one in self.items)
        return changed, ()

    async def cancel(self, access: ServiceAccess, bearer: Bearer, appointment_id: str) -> None:
        """See ports.meetings.Appointments."""
        await self._ask("cancel", access, appointment_id)
        self.items = tuple(
            replace(one, cancelled=one.cancelled or one.id == appointment_id) for one in self.items
        )

    async def new_link(
        self, access: ServiceAccess, bearer: Bearer, appointment_id: str, participant_id: str
    ) -> Invitation:
        """See ports.meetings.Appointments."""
        await self._ask("new_link", access, appointment_id, participant_id)
        return _invitation(9, participant_id)

    async def open_link(
        self, access: ServiceAccess, secret: str, device_name: str, device_token: str
    ) -> tuple[JoinOffer, str]:
        """See ports.meetings.Appointments; a token it gave is given back."""
        await self._ask("open_link", access, secret, device_token)
        if device_token:
            return self.offer, device_token
        self.places += 1
        return self.offer, f"place{self.places}".ljust(43, "p")

    async def _ask(self, *asked: object) -> None:
        self.asked.append(asked)
        if self.pause is not None:
            await self.pause.wait()
        else:
            await asyncio.sleep(0)
        if self.refusals:
            raise self.refusals.pop(0)


class FakeDrafts:
    """Implements ports.meetings.Drafts in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, AppointmentWish] = {}

    async def load(self, owner: str) -> AppointmentWish | None:
        """See ports.meetings.Drafts."""
        return self.kept.get(owner)

    async def save(self, owner: str, wish: AppointmentWish | None) -> None:
        """See ports.meetings.Drafts."""
        self.kept = {} if wish is None else {owner: wish}


def a_wish(**changes: Any) -> AppointmentWish:
    """What somebody typed."""
    start = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    made = AppointmentWish("draft1", "Loan advice", "", start, start + timedelta(hours=1), "Europe/Helsinki")
    return replace(made, **changes)


def _invitation(number: int, name: str) -> Invitation:
    link = f"https://meet.example.com/m#{str(number).zfill(43)}"
    return Invitation(f"p{number}", name, link, f"Dear {name}: {link}", "BEGIN:VCALENDAR")
