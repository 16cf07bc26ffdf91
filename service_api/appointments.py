"""Appointments: what a professional makes, sees and hands out. Times are RFC 3339 with an offset.

GET    {service}/appointments[?since=…&until=…]      AppointmentList
POST   {service}/appointments                        AppointmentDraft -> AppointmentMade
GET    {service}/appointments/{id}                   Appointment
PUT    {service}/appointments/{id}                   AppointmentDraft -> AppointmentMade (new links)
DELETE {service}/appointments/{id}                   204; who has a link reads that it is cancelled
POST   {service}/appointments/{id}/participants/{participant}/link     LinkRequest -> InvitationLink
"""

from __future__ import annotations

import functools
from datetime import timedelta
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from service_api.model import (
    PRINTABLE,
    Email,
    Language,
    Line,
    Name,
    Paragraphs,
    PhoneNumber,
    Secret,
    Time,
    Token,
    Wire,
)
from service_api.states import Assurance, Seat

APPOINTMENTS_PATH = "/appointments"
LONGEST = timedelta(hours=24)
MOST_PARTICIPANTS = 20

Title = Annotated[
    str, StringConstraints(pattern=PRINTABLE, min_length=1, max_length=120, strip_whitespace=True)
]


@functools.cache
def time_zones() -> frozenset[str]:
    """The zones an appointment may name. The first answer takes tens of milliseconds: not on a loop."""
    return frozenset(available_timezones())


class InviteeDraft(Wire):
    """Somebody to invite. `id` is there where the appointment is changed and the person stays."""

    name: Name
    email: Email = ""
    phone: PhoneNumber = ""
    language: Language = "fi"
    id: Token | None = None


class AppointmentDraft(Wire):
    """What a professional types.

    `draft_id` is the program's own: used twice it makes one appointment, which is what the last one says.
    Who is written as before keeps their links.
    """

    draft_id: Token
    title: Title
    description: Paragraphs = ""
    start: Time
    end: Time
    time_zone: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+\-/]{1,64}$")]
    office: Line = ""
    expert_number: PhoneNumber = ""
    lobby: Annotated[bool, Field(strict=True)] = True
    demanded: Assurance = Assurance.LINK
    participants: tuple[InviteeDraft, ...] = Field(default=(), max_length=MOST_PARTICIPANTS)

    @model_validator(mode="after")
    def _sensible(self) -> AppointmentDraft:
        if not timedelta(0) < self.end - self.start <= LONGEST:
            raise ValueError("end")
        if self.time_zone not in time_zones():
            raise ValueError("time_zone")
        return self


class Invitee(Wire):
    """Somebody invited. `opened_at` is when the link was first used."""

    id: Token
    name: Name
    email: Email = ""
    phone: PhoneNumber = ""
    language: Language = "fi"
    opened_at: AwareDatetime | None = None


class Appointment(Wire):
    """An appointment as the one who asks may see it: participants see the others' names alone.

    `opens_at` is when joining becomes possible, `closes_at` when it ends. `waiting` counts people in the
    lobby, for the host. `seat` is what the one who asks is in it.
    """

    id: Token
    title: Title
    description: Paragraphs = ""
    start: AwareDatetime
    end: AwareDatetime
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    time_zone: str
    office: Line = ""
    host_name: str
    expert_number: PhoneNumber = ""
    lobby: bool = True
    demanded: Assurance = Assurance.LINK
    seat: Seat
    cancelled: bool = False
    waiting: int = 0
    participants: tuple[Invitee, ...] = ()


class AppointmentList(Wire):
    """Newest start last."""

    appointments: tuple[Appointment, ...]


class LinkRequest(Wire):
    """A new link for a participant: the former one ends."""

    language: Language | None = None


class InvitationLink(Wire):
    """Shown once: the service keeps a hash. `text` is the invitation to copy, `ics` is for a calendar."""

    participant_id: Token
    name: str
    link: str = Field(repr=False)
    text: str = Field(repr=False)
    ics: str = Field(repr=False)


class AppointmentMade(Wire):
    """The appointment with a link for each participant that is new in it."""

    appointment: Appointment
    links: tuple[InvitationLink, ...]


class LinkExchange(Wire):
    """`POST {service}/invitations`, after a person pressed a button: the link's secret for a place.

    A browser is given a cookie and no token; a program the token, which it keeps in the keyring.
    `device_id` and `device_token` name the place the same device was given before, so that opening the link
    again is no second device.
    """

    secret: Secret = Field(repr=False)
    client: Annotated[str, StringConstraints(pattern=r"^(program|browser)$")]
    device_name: Line = ""
    device_token: Secret | None = Field(default=None, repr=False)


class Invitation(Wire):
    """`GET {service}/invitation`: what the invited person is shown."""

    appointment: Appointment
    participant_id: Token
    name: str
    language: Language
    server: str
    other_device: bool = False


class LinkExchanged(Wire):
    """The place. `token` is empty for a browser."""

    invitation: Invitation
    token: str = Field(default="", repr=False)
