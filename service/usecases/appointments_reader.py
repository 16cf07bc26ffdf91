"""Appointments for those who let people in."""

from __future__ import annotations

from typing import Protocol

from service.domain.appointment import Appointment, Participant


class AppointmentsReader(Protocol):
    """What there is now, cancelled ones too."""

    async def appointment(self, appointment_id: str) -> Appointment | None:
        """With its participants (those removed from it are not among them)."""
        ...

    async def participant(self, participant_id: str) -> Participant | None:
        """None where removed."""
        ...
