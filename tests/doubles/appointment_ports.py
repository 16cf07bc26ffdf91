"""What stands beneath appointments, played by a test: a service that issues them, and drafts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from softphone.domain.errors import MeetingRefused, ServiceUnreachable, SoftphoneError, StorageError
from softphone.domain.meeting import Appointment, AppointmentWish, Invitation, Invitee, JoinOffer, Seat
from softphone.ports.meetings import Bearer, ServiceAccess
from tests.doubles.meetings import an_appointment


class FakeAppointmentService:
    """Implements ports.meetings.Appointments. `asked` holds (method, arguments…), `refusals` are said once
    each. Access tokens are access1, access2…, each good for `seconds`; `revoked` ends them all. `lost`: the
    next answer to `make` is, after it was made."""

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
        self.lost = False

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
        """See ports.meetings.Appointments; a draft that comes again becomes what it says then."""
        await self._ask("make", access, wish)
        made = as_wished(f"made-{wish.draft_id}", wish)
        self.items = (*(one for one in self.items if one.id != made.id), made)
        lost, self.lost = self.lost, False
        if lost:
            raise ServiceUnreachable("", code="server-silent")
        return made, tuple(_invitation(one) for one in made.participants)

    async def change(
        self, access: ServiceAccess, bearer: Bearer, appointment_id: str, wish: AppointmentWish
    ) -> tuple[Appointment, tuple[Invitation, ...]]:
        """See ports.meetings.Appointments."""
        await self._ask("change", access, appointment_id, wish)
        changed = as_wished(appointment_id, wish)
        self.items = tuple(changed if one.id == appointment_id else one for one in self.items)
        both = zip(changed.participants, wish.participants, strict=True)
        return changed, tuple(_invitation(one) for one, typed in both if not typed.id)

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
        return _invitation(Invitee("p9", participant_id))

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
    """Implements ports.meetings.Drafts in memory. `broken`: the disk gives and takes nothing."""

    def __init__(self) -> None:
        self.kept: dict[str, AppointmentWish] = {}
        self.broken = False

    def _disk(self) -> None:
        if self.broken:
            raise StorageError("draft.json: no such device")

    async def load(self, owner: str) -> AppointmentWish | None:
        """See ports.meetings.Drafts."""
        self._disk()
        return self.kept.get(owner)

    async def save(self, owner: str, wish: AppointmentWish | None) -> None:
        """See ports.meetings.Drafts."""
        self._disk()
        self.kept = {} if wish is None else {owner: wish}


def a_wish(**changes: Any) -> AppointmentWish:
    """What somebody typed."""
    start = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    made = AppointmentWish("draft1", "Loan advice", "", start, start + timedelta(hours=1), "Europe/Helsinki")
    return replace(made, **changes)


def as_wished(appointment_id: str, wish: AppointmentWish) -> Appointment:
    """What a service makes of it."""
    return an_appointment(
        id=appointment_id,
        title=wish.title,
        description=wish.description,
        start=wish.start,
        end=wish.end,
        time_zone=wish.time_zone,
        office=wish.office,
        expert_number=wish.expert_number,
        lobby=wish.lobby,
        demanded=wish.demanded,
        participants=tuple(
            Invitee(one.id or f"p{number}", one.name, one.email, one.phone, one.language)
            for number, one in enumerate(wish.participants, 1)
        ),
    )


def _invitation(whose: Invitee) -> Invitation:
    link = f"https://meet.example.com/m#{whose.id.removeprefix('p').zfill(43)}"
    return Invitation(whose.id, whose.name, link, f"Dear {whose.name}: {link}", "BEGIN:VCALENDAR")
