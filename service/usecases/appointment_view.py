"""An appointment as the one who asks may see it."""

from __future__ import annotations

from datetime import UTC, datetime

from service.domain.appointment import Appointment, Participant
from service_api import appointments as wire
from service_api.states import Seat


def moment(seconds: float) -> datetime:
    """Epoch seconds as the wire has times."""
    return datetime.fromtimestamp(seconds, UTC)


def seen_by(seat: Seat, appointment: Appointment, *, waiting: int = 0) -> wire.Appointment:
    """The host sees everything; a participant the others' names alone, and nothing of the lobby."""
    host = seat is Seat.HOST
    return wire.Appointment(
        id=appointment.appointment_id,
        title=appointment.title,
        description=appointment.description,
        start=moment(appointment.start),
        end=moment(appointment.end),
        opens_at=moment(appointment.opens_at),
        closes_at=moment(appointment.closes_at),
        time_zone=appointment.time_zone,
        office=appointment.office,
        host_name=appointment.host_name,
        expert_number=appointment.expert_number,
        lobby=appointment.lobby,
        demanded=appointment.demanded,
        seat=seat,
        cancelled=appointment.cancelled,
        waiting=waiting if host else 0,
        participants=tuple(map(_whole if host else _name, appointment.participants)),
    )


def _whole(one: Participant) -> wire.Invitee:
    return wire.Invitee(
        id=one.participant_id,
        name=one.name,
        email=one.email,
        phone=one.phone,
        language=one.language,
        opened_at=None if one.opened_at is None else moment(one.opened_at),
    )


def _name(one: Participant) -> wire.Invitee:
    return wire.Invitee(id=one.participant_id, name=one.name)
