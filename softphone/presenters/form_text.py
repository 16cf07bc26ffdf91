"""What is typed into an appointment's form, and what becomes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo, available_timezones

from softphone.domain.meeting import Appointment, AppointmentWish, Assurance, InviteeWish

NUMBER = re.compile(r"\+?[0-9][0-9 ()\-]{2,30}")
EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{1,190}")
MOST_TITLE, MOST_NAME, MOST_LINE, MOST_TEXT = 120, 80, 200, 4000
"""What the service takes (service_api.model), so that it is told at the field before anything is sent.

The last four are characters: of a meeting's name, a person's, the office, the description.
"""

REGIONS = "Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific".split()
ZONES = tuple(
    sorted(zone for zone in available_timezones() if zone == "UTC" or zone.split("/")[0] in REGIONS)
)
"""The zones people live in; the other names of the data base are old ones for the same."""


@dataclass(frozen=True, slots=True)
class InviteeText:
    """One participant as typed; `id` where they are invited already."""

    name: str = ""
    email: str = ""
    phone: str = ""
    language: str = "fi"
    id: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing was typed."""
        return not (self.name or self.email or self.phone or self.id)


@dataclass(frozen=True, slots=True)
class FormText:
    """The form as typed."""

    title: str
    description: str
    day: date
    start: time
    end: time
    time_zone: str
    office: str = ""
    expert_number: str = ""
    lobby: bool = True
    demanded: str = "link"
    participants: tuple[InviteeText, ...] = (InviteeText(),)


def moment_of(text: FormText, at: time) -> datetime:
    return datetime.combine(text.day, at, ZoneInfo(text.time_zone))


def wish_of(text: FormText, draft_id: str) -> AppointmentWish:
    invited = tuple(
        InviteeWish(p.name.strip(), p.email.strip(), p.phone.strip(), p.language, p.id)
        for p in text.participants
        if not p.empty
    )
    return AppointmentWish(
        draft_id=draft_id,
        title=text.title.strip(),
        description=text.description.strip(),
        start=moment_of(text, text.start),
        end=moment_of(text, text.end),
        time_zone=text.time_zone,
        office=text.office.strip(),
        expert_number=text.expert_number.strip(),
        lobby=text.lobby,
        demanded=Assurance(text.demanded),
        participants=invited,
    )


def text_of(wish: AppointmentWish) -> FormText:
    zone = wish.time_zone if wish.time_zone in ZONES else "UTC"
    start, end = wish.start.astimezone(ZoneInfo(zone)), wish.end.astimezone(ZoneInfo(zone))
    invited = tuple(InviteeText(p.name, p.email, p.phone, p.language, p.id) for p in wish.participants)
    return FormText(
        title=wish.title,
        description=wish.description,
        day=start.date(),
        start=start.time(),
        end=end.time(),
        time_zone=zone,
        office=wish.office,
        expert_number=wish.expert_number,
        lobby=wish.lobby,
        demanded=str(wish.demanded),
        participants=invited or (InviteeText(),),
    )


def text_of_appointment(known: Appointment) -> FormText:
    invited = tuple(InviteeWish(p.name, p.email, p.phone, p.language, p.id) for p in known.participants)
    wish = AppointmentWish(
        draft_id="",
        title=known.title,
        description=known.description,
        start=known.start,
        end=known.end,
        time_zone=known.time_zone,
        office=known.office,
        expert_number=known.expert_number,
        lobby=known.lobby,
        demanded=known.demanded,
        participants=invited,
    )
    return text_of(wish)


def is_number(text: str) -> bool:
    return NUMBER.fullmatch(text.strip()) is not None


def is_email(text: str) -> bool:
    return EMAIL.fullmatch(text.strip()) is not None
