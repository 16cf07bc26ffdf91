"""Appointments for those who let people in."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from service.domain.appointment import Appointment, Participant, Window
from service.usecases.storage import Store


class AppointmentsReader(Protocol):
    """What there is now, cancelled ones too."""

    async def appointment(self, appointment_id: str) -> Appointment | None:
        """With its participants (those removed from it are not among them)."""
        ...

    async def participant(self, participant_id: str) -> Participant | None:
        """None where removed."""
        ...


class StoredAppointments:
    """Implements AppointmentsReader."""

    def __init__(self, store: Store, window: Window) -> None:
        self._store = store
        self._window = window

    async def appointment(self, appointment_id: str) -> Appointment | None:
        """See AppointmentsReader."""
        async with self._store.read() as tables:
            found = await tables.appointments.get(appointment_id)
        return None if found is None else replace(found, window=self._window)

    async def participant(self, participant_id: str) -> Participant | None:
        """See AppointmentsReader."""
        async with self._store.read() as tables:
            return await tables.appointments.participant(participant_id)
