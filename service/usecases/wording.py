"""What an invited person is sent, in their language."""

from __future__ import annotations

from typing import Protocol

from service.domain.appointment import Appointment, Participant
from service_api.appointments import InvitationLink


class InvitationWords(Protocol):
    """Link, text to copy and calendar entry."""

    def invitation(self, appointment: Appointment, person: Participant, secret: str) -> InvitationLink:
        """For one person, in `person.language`, with the link of this secret."""
        ...
