"""Rows of appointments and participants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.sqlite.link_rows import LinkRows
from service.adapters.sqlite.tables import accounts, appointments, participants
from service.domain.appointment import Appointment, Participant
from service_api.states import Assurance

MOST = 500
"""Appointments in one list."""


class AppointmentRows:
    """Implements AppointmentTable."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, appointment: Appointment) -> None:
        """See AppointmentTable."""
        await self._connection.execute(
            insert(appointments).values(
                id=appointment.appointment_id,
                host_id=appointment.host_id,
                draft_id=appointment.draft_id,
                **_content(appointment),
            )
        )

    async def update(self, appointment: Appointment) -> None:
        """See AppointmentTable."""
        place = appointments.c.id == appointment.appointment_id
        await self._connection.execute(update(appointments).where(place).values(**_content(appointment)))

    async def get(self, appointment_id: str) -> Appointment | None:
        """See AppointmentTable."""
        return await self._one(appointments.c.id == appointment_id)

    async def of_draft(self, host_id: str, draft_id: str) -> Appointment | None:
        """See AppointmentTable."""
        return await self._one((appointments.c.host_id == host_id) & (appointments.c.draft_id == draft_id))

    async def of_person(
        self, account_id: str, number: str, since: float, until: float
    ) -> tuple[Appointment, ...]:
        """See AppointmentTable."""
        invited = exists().where(
            participants.c.appointment_id == appointments.c.id,
            participants.c.number == number,
            participants.c.removed.is_(False),
        )
        query = (
            _all()
            .where(appointments.c.ends_at > since, appointments.c.starts_at < until)
            .where(or_(appointments.c.host_id == account_id, invited))
            .order_by(appointments.c.starts_at.desc(), appointments.c.id)
            .limit(MOST)
        )
        rows = (await self._connection.execute(query)).all()
        people = await self._people([row.id for row in rows])
        return tuple(_appointment(row, people.get(row.id, ())) for row in reversed(rows))

    async def _one(self, condition: Any) -> Appointment | None:
        row = (await self._connection.execute(_all().where(condition))).one_or_none()
        if row is None:
            return None
        return _appointment(row, (await self._people([row.id])).get(row.id, ()))

    async def _people(self, ids: Sequence[str]) -> dict[str, tuple[Participant, ...]]:
        query = (
            select(participants)
            .where(participants.c.appointment_id.in_(ids), participants.c.removed.is_(False))
            .order_by(participants.c.position)
        )
        found: dict[str, tuple[Participant, ...]] = {}
        for row in await self._connection.execute(query):
            found[row.appointment_id] = (*found.get(row.appointment_id, ()), _participant(row))
        return found

    async def put_participants(self, appointment_id: str, people: Sequence[Participant]) -> None:
        """See AppointmentTable."""
        there = {one.participant_id for one in (await self._people([appointment_id])).get(appointment_id, ())}
        for position, person in enumerate(people):
            values = {
                "position": position,
                "name": person.name,
                "email": person.email,
                "phone": person.phone,
                "number": person.number,
                "language": person.language,
            }
            if person.participant_id in there:
                place = participants.c.id == person.participant_id
                await self._connection.execute(update(participants).where(place).values(**values))
            else:
                await self._connection.execute(
                    insert(participants).values(
                        id=person.participant_id, appointment_id=appointment_id, removed=False, **values
                    )
                )
        for gone in there - {person.participant_id for person in people}:
            await self._remove(gone)

    async def _remove(self, participant_id: str) -> None:
        """The row stays: what was said in the meeting names it."""
        place = participants.c.id == participant_id
        await self._connection.execute(update(participants).where(place).values(removed=True))
        await LinkRows(self._connection).end(participant_id)

    async def participant(self, participant_id: str) -> Participant | None:
        """See AppointmentTable."""
        query = select(participants).where(
            participants.c.id == participant_id, participants.c.removed.is_(False)
        )
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else _participant(row)

    async def opened(self, participant_id: str, at: float) -> None:
        """See AppointmentTable."""
        place = (participants.c.id == participant_id) & participants.c.opened_at.is_(None)
        await self._connection.execute(update(participants).where(place).values(opened_at=at))


def _all() -> Select[Any]:
    return select(appointments, accounts.c.name.label("host_name")).join(
        accounts, accounts.c.id == appointments.c.host_id
    )


def _content(appointment: Appointment) -> dict[str, Any]:
    return {
        "title": appointment.title,
        "description": appointment.description,
        "starts_at": appointment.start,
        "ends_at": appointment.end,
        "time_zone": appointment.time_zone,
        "office": appointment.office,
        "expert_number": appointment.expert_number,
        "lobby": appointment.lobby,
        "demanded": appointment.demanded.value,
        "cancelled": appointment.cancelled,
        "sequence": appointment.sequence,
    }


def _appointment(row: Row[Any], people: tuple[Participant, ...]) -> Appointment:
    return Appointment(
        row.id,
        row.host_id,
        row.host_name,
        row.draft_id,
        row.title,
        row.description,
        row.starts_at,
        row.ends_at,
        row.time_zone,
        row.office,
        row.expert_number,
        row.lobby,
        Assurance(row.demanded),
        row.cancelled,
        row.sequence,
        people,
    )


def _participant(row: Row[Any]) -> Participant:
    return Participant(
        row.id, row.appointment_id, row.name, row.email, row.phone, row.number, row.language, row.opened_at
    )
