"""Appointments and the meeting one is in, as the person at this computer may see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from service_api.states import Assurance, ClientKind, DeviceCheck, Seat, SessionState

__all__ = [
    "Appointment",
    "AppointmentWish",
    "Assurance",
    "ChatLine",
    "ClientKind",
    "DeviceCheck",
    "Equipment",
    "Invitation",
    "Invitee",
    "InviteeWish",
    "JoinOffer",
    "Meeting",
    "MeetingLink",
    "Person",
    "Seat",
    "SessionState",
    "Track",
    "Trouble",
]


@dataclass(frozen=True, slots=True)
class Invitee:
    """Somebody invited."""

    id: str
    name: str
    email: str = ""
    phone: str = ""
    language: str = "fi"
    opened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Appointment:
    """An appointment; times carry their zone. `opens_at`: from then on one can join."""

    id: str
    title: str
    description: str
    start: datetime
    end: datetime
    opens_at: datetime
    closes_at: datetime
    time_zone: str
    office: str
    host_name: str
    expert_number: str
    lobby: bool
    demanded: Assurance
    seat: Seat
    cancelled: bool = False
    waiting: int = 0
    participants: tuple[Invitee, ...] = ()


@dataclass(frozen=True, slots=True)
class InviteeWish:
    """Somebody to invite; `id` where they are invited already."""

    name: str
    email: str = ""
    phone: str = ""
    language: str = "fi"
    id: str = ""


@dataclass(frozen=True, slots=True)
class AppointmentWish:
    """What was typed into the form. `draft_id` is made once for each form, so that trying again makes one."""

    draft_id: str
    title: str
    description: str
    start: datetime
    end: datetime
    time_zone: str
    office: str = ""
    expert_number: str = ""
    lobby: bool = True
    demanded: Assurance = Assurance.LINK
    participants: tuple[InviteeWish, ...] = ()


@dataclass(frozen=True, slots=True)
class Invitation:
    """A participant's link with the text to copy and the calendar file. Shown once."""

    participant_id: str
    name: str
    link: str = field(repr=False)
    text: str = field(repr=False)
    ics: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MeetingLink:
    """A personal link taken apart; nothing has been sent yet. `listed`: policy names this server, or says
    nothing of servers."""

    server: str
    service_url: str
    secret: str = field(repr=False)
    listed: bool = True


@dataclass(frozen=True, slots=True)
class Equipment:
    """What the test page found."""

    camera: DeviceCheck = DeviceCheck.UNKNOWN
    microphone: DeviceCheck = DeviceCheck.UNKNOWN
    speaker: DeviceCheck = DeviceCheck.UNKNOWN


@dataclass(frozen=True, slots=True)
class Track:
    """What flows now of somebody's sound or picture.

    `kind` is "audio" or "video", `loss` in percent; `fps`, `width`, `height` are 0 for sound.
    """

    kind: str
    codec: str
    width: int = 0
    height: int = 0
    fps: float = 0.0
    freezes: int = 0
    loss: float = 0.0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody's place in the meeting. `speaking` is measured here, from what is heard.

    `code` is the confirmation code made for this person, for the host alone, "" when there is none alive;
    `tries_left` of it.
    """

    session: str
    participant: str
    name: str
    seat: Seat
    state: SessionState
    assurance: Assurance
    code_confirmed: bool = False
    camera: bool = False
    microphone: bool = False
    other_device: bool = False
    client: ClientKind = ClientKind.BROWSER
    waiting_since: datetime | None = None
    equipment: Equipment = Equipment()
    speaking: bool = False
    tracks: tuple[Track, ...] = ()
    code: str = field(default="", repr=False)
    code_until: datetime | None = None
    tries_left: int = 0


@dataclass(frozen=True, slots=True)
class ChatLine:
    """A line of chat. `lobby`: between the host and one who waits (`to`, "" for all).

    `pending`: one's own, typed and not with the service yet; it is sent when that is reached again.
    """

    id: str
    session: str
    name: str
    text: str
    at: datetime
    mine: bool = False
    lobby: bool = False
    to: str = ""
    pending: bool = False


class Trouble(StrEnum):
    """What is wrong with the meeting now, beside its state."""

    NONE = ""
    SERVICE_AWAY = "service-away"
    MEDIA_AWAY = "media-away"
    TAKEN_OVER = "taken-over"
    CAMERA_FAILED = "camera-failed"


@dataclass(frozen=True, slots=True)
class JoinOffer:
    """A link was opened: what the person sees before the test page. `server` is where it leads."""

    appointment: Appointment
    name: str
    server: str
    other_device: bool = False


@dataclass(frozen=True, slots=True)
class Meeting:
    """The meeting this program is in, from its test page to goodbye.

    `you.state` tells the stage: prejoin (test page), waiting, admitted, connected… `camera_on` and
    `microphone_on` are what the person wants; `you.camera`, `you.microphone` what truly flows.
    `held`: a phone call was answered meanwhile. `quality` is 0 unknown, 1 bad … 4 good. `out`, for the host:
    who was declined or removed and may be let in after all.
    """

    appointment: Appointment
    server: str
    you: Person
    people: tuple[Person, ...] = ()
    waiting: tuple[Person, ...] = ()
    chat: tuple[ChatLine, ...] = ()
    place: int = 0
    reason: str = ""
    camera_on: bool = True
    microphone_on: bool = True
    held: bool = False
    trouble: Trouble = Trouble.NONE
    quality: int = 0
    started_at: datetime | None = None
    other_device_of: str = ""
    out: tuple[Person, ...] = ()

    @property
    def host(self) -> bool:
        """Whether this person holds the meeting."""
        return self.you.seat is Seat.HOST
