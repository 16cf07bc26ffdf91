"""An appointment as its meeting needs it, and who may come to it as what."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain.appointment import Appointment
from service.domain.errors import RefusedError
from service.domain.principal import Guest, Principal
from service_api import appointments as wire
from service_api.states import Assurance, MeetingRefusal, Seat


@dataclass(frozen=True, slots=True)
class Booking:
    """The appointment, and what each seat may see of it."""

    appointment: Appointment
    for_host: wire.Appointment
    for_participant: wire.Appointment

    @property
    def id(self) -> str:
        """The appointment's."""
        return self.appointment.appointment_id

    def told(self, seat: Seat, waiting: int) -> wire.Appointment:
        """The appointment as that seat may see it."""
        if seat is Seat.HOST:
            return self.for_host.model_copy(update={"waiting": waiting})
        return self.for_participant


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody is in this meeting, on the device `key`."""

    key: str
    participant: str
    name: str
    seat: Seat
    assurance: Assurance
    other_device: bool = False


def claim(principal: Principal, appointment: Appointment) -> Claim:
    """Raises RefusedError: who has no part in the appointment is not told that it is there."""
    seat = appointment.seat(principal)
    if isinstance(principal, Guest):
        return _guest(principal, appointment)
    key = f"device:{principal.device_id}"
    if seat is Seat.HOST:
        return Claim(key, principal.user_id, principal.name, seat, Assurance.SIGNED_IN)
    participant = appointment.participant_of(principal)
    if participant is None:
        raise RefusedError(MeetingRefusal.NOT_FOUND)
    return Claim(key, participant.participant_id, participant.name, Seat.PARTICIPANT, Assurance.SIGNED_IN)


def _guest(guest: Guest, appointment: Appointment) -> Claim:
    if guest.appointment_id != appointment.appointment_id:
        raise RefusedError(MeetingRefusal.NOT_FOUND)
    participant = appointment.participant_of(guest)
    if participant is None:
        raise RefusedError(MeetingRefusal.LINK_EXPIRED)
    return Claim(
        key=f"place:{guest.place_id}",
        participant=participant.participant_id,
        name=participant.name,
        seat=Seat.PARTICIPANT,
        assurance=guest.assurance,
        other_device=guest.other_device,
    )
