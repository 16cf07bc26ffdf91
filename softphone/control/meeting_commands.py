"""Meetings by command: appointments, the lobby, the meeting itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from softphone.control.meeting_shapes import (
    Json,
    appointment_shape,
    invitation_shape,
    made_shape,
    meeting_shape,
    offer_shape,
    person_shape,
)
from softphone.control.protocol import ControlError, Request
from softphone.domain.errors import CommandRefused, ServiceUnreachable
from softphone.domain.meeting import (
    AppointmentWish,
    Assurance,
    DeviceCheck,
    Equipment,
    InviteeWish,
    Meeting,
    Person,
)
from softphone.ports.meetings import Cameras
from softphone.services.appointments import Appointments
from softphone.services.meetings import Meetings
from softphone.services.sound_devices import SoundDevices

Command = Callable[[Request], Awaitable[Json]]

ALL = "all"
UTC_NAME = "UTC"
ON_OFF = {"on": True, "off": False}


@dataclass(frozen=True, slots=True)
class MeetingReach:
    """What the commands act on."""

    appointments: Appointments
    meetings: Meetings
    cameras: Cameras
    devices: SoundDevices


class MeetingCommands:
    """`table` holds them by their names."""

    def __init__(self, reach: MeetingReach) -> None:
        self._reach = reach
        self._meetings = meetings = reach.meetings
        self.table: dict[str, Command] = {
            "meetings": self._list,
            "meeting-create": self._create,
            "meeting-cancel": self._cancel,
            "meeting-link": self._link,
            "meeting-open": self._open,
            "meeting-join": self._join,
            "meeting-camera": self._camera,
            "meeting-microphone": self._microphone,
            "meeting-lobby": self._lobby,
            "meeting-admit": self._admit,
            "meeting-decline": self._with_reason(meetings.decline),
            "meeting-remove": self._with_reason(meetings.remove),
            "meeting-put-back": self._put_back,
            "meeting-code": self._code,
            "meeting-confirm": self._confirm,
            "meeting-chat": self._chat,
            "meeting-say-lobby": self._say_lobby,
            "meeting-call": self._call,
            "meeting-reconnect": self._plain(meetings.reconnect),
            "meeting-leave": self._plain(meetings.leave),
            "meeting-end": self._plain(meetings.end),
            "meeting-status": self._status,
        }

    # --- appointments -------------------------------------------------------------------------------------

    async def _list(self, request: Request) -> Json:
        """Read anew; where the service is away, those last known."""
        appointments, stale = self._reach.appointments, False
        if appointments.available():
            try:
                await appointments.refresh()
            except ServiceUnreachable:
                stale = True
        return {
            "available": appointments.available(),
            "stale": stale,
            "meetings": [appointment_shape(one) for one in appointments.appointments()],
        }

    async def _create(self, request: Request) -> Json:
        document = request.arguments.get("appointment")
        if not isinstance(document, dict):
            raise _bad("an appointment is a JSON object")
        wish = wish_of(document, self._reach.appointments.new_draft_id())
        return made_shape(*await self._reach.appointments.make(wish))

    async def _cancel(self, request: Request) -> Json:
        await self._reach.appointments.cancel(request.text("id"))
        return {}

    async def _link(self, request: Request) -> Json:
        made = await self._reach.appointments.new_link(request.text("id"), request.text("participant"))
        return invitation_shape(made)

    # --- going in -----------------------------------------------------------------------------------------

    async def _open(self, request: Request) -> Json:
        """A link, or the id of one of one's own appointments. A server that the company does not list is
        opened only when that is said."""
        target = request.text("target")
        if "#" not in target and "/" not in target:
            await self._meetings.open(target)
            return meeting_shape(self._meetings.meeting())
        link = self._meetings.read_link(target)
        if not link.listed and not request.flag("unlisted"):
            raise CommandRefused(f"{link.server} is not listed by the company", code="server-not-listed")
        return offer_shape(await self._meetings.open_link(link), link)

    async def _join(self, request: Request) -> Json:
        meeting = self._here()
        await self._meetings.join(
            camera=_on_off(request, "camera", meeting.camera_on),
            microphone=_on_off(request, "microphone", meeting.microphone_on),
            equipment=self._equipment(),
        )
        return meeting_shape(self._meetings.meeting())

    def _equipment(self) -> Equipment:
        """What is known without trying it: nobody looks at a picture here."""
        devices = self._reach.devices.state()

        def there(found: object) -> DeviceCheck:
            return DeviceCheck.UNKNOWN if found else DeviceCheck.MISSING

        return Equipment(
            there(self._reach.cameras.used()), there(devices.microphone_used), there(devices.speaker_used)
        )

    # --- in it --------------------------------------------------------------------------------------------

    async def _camera(self, request: Request) -> Json:
        await self._meetings.camera(_on_off(request, "on"))
        return meeting_shape(self._meetings.meeting())

    async def _microphone(self, request: Request) -> Json:
        await self._meetings.microphone(_on_off(request, "on"))
        return meeting_shape(self._meetings.meeting())

    async def _confirm(self, request: Request) -> Json:
        await self._meetings.confirm(request.text("code"))
        return {"confirmed": True}

    async def _chat(self, request: Request) -> Json:
        await self._meetings.say(request.text("text"))
        return {}

    async def _call(self, request: Request) -> Json:
        return {"id": await self._meetings.call_expert()}

    async def _status(self, request: Request) -> Json:
        return meeting_shape(self._meetings.meeting())

    # --- the host's ---------------------------------------------------------------------------------------

    async def _lobby(self, request: Request) -> Json:
        return {"waiting": [person_shape(person) for person in self._here().waiting]}

    async def _admit(self, request: Request) -> Json:
        who = request.text("id")
        if who == ALL:
            return {"passed_over": await self._meetings.admit_all()}
        await self._meetings.admit(self._session(who))
        return {}

    async def _put_back(self, request: Request) -> Json:
        await self._meetings.put_back(self._session(request.text("id")))
        return {}

    async def _code(self, request: Request) -> Json:
        """For the one person named, or the only one there is."""
        who = request.optional("id")
        guests = [one for one in self._here().people if one.seat is not self._here().you.seat]
        if who is None and len(guests) != 1:
            raise CommandRefused("whose code is meant is not clear", code="unknown-person")
        session = self._session(who) if who is not None else guests[0].session
        return {"id": session, "code": await self._meetings.new_code(session)}

    async def _say_lobby(self, request: Request) -> Json:
        who = request.optional("id")
        await self._meetings.lobby_say(request.text("text"), self._session(who) if who is not None else "")
        return {}

    # --- inside -------------------------------------------------------------------------------------------

    def _here(self) -> Meeting:
        meeting = self._meetings.meeting()
        if meeting is None:
            raise CommandRefused("there is no meeting", code="no-meeting")
        return meeting

    def _session(self, who: str) -> str:
        """Somebody's session, by it or by the participant's id where that person is here once.

        Raises CommandRefused (unknown-person).
        """
        meeting = self._here()
        everybody: tuple[Person, ...] = (*meeting.people, *meeting.waiting, *meeting.out)
        exact = [one for one in everybody if one.session == who]
        meant = exact or [one for one in everybody if one.participant == who]
        if len(meant) != 1:
            raise CommandRefused(f"nobody here is {who}", code="unknown-person")
        return meant[0].session

    def _with_reason(self, command: Callable[[str, str], Awaitable[None]]) -> Command:
        async def run(request: Request) -> Json:
            await command(self._session(request.text("id")), request.text("reason", ""))
            return {}

        return run

    def _plain(self, command: Callable[[], Awaitable[None]]) -> Command:
        async def run(request: Request) -> Json:
            await command()
            return {}

        return run


def wish_of(document: dict[str, object], draft_id: str) -> AppointmentWish:
    """An appointment as somebody wrote it. A time without an offset is the appointment's own zone's.

    Raises ControlError (bad-request), which names the member.
    """
    name = _text(document, "time_zone", UTC_NAME)
    zone = _zone(name)
    demanded = _text(document, "demanded", Assurance.LINK.value)
    if demanded not in tuple(Assurance):
        raise _bad("demanded")
    people = document.get("participants", [])
    if not isinstance(people, list) or not all(isinstance(one, dict) for one in people):
        raise _bad("participants")
    lobby = document.get("lobby", True)
    if not isinstance(lobby, bool):
        raise _bad("lobby")
    return AppointmentWish(
        draft_id=_text(document, "draft_id", draft_id),
        title=_text(document, "title"),
        description=_text(document, "description", ""),
        start=_time(document, "start", zone),
        end=_time(document, "end", zone),
        time_zone=name,
        office=_text(document, "office", ""),
        expert_number=_text(document, "expert_number", ""),
        lobby=lobby,
        demanded=Assurance(demanded),
        participants=tuple(_invitee(one) for one in people),
    )


def _invitee(values: dict[str, object]) -> InviteeWish:
    return InviteeWish(
        name=_text(values, "name"),
        email=_text(values, "email", ""),
        phone=_text(values, "phone", ""),
        language=_text(values, "language", "fi"),
    )


def _text(values: dict[str, object], name: str, default: str | None = None) -> str:
    value = values.get(name, default)
    if not isinstance(value, str):
        raise _bad(name)
    return value


def _zone(name: str) -> tzinfo:
    try:
        return UTC if name == UTC_NAME else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _bad("time_zone") from None


def _time(values: dict[str, object], name: str, zone: tzinfo) -> datetime:
    try:
        found = datetime.fromisoformat(_text(values, name))
    except ValueError:
        raise _bad(name) from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _on_off(request: Request, name: str, default: bool | None = None) -> bool:
    text = request.optional(name)
    if text is None and default is not None:
        return default
    if text not in ON_OFF:
        raise _bad(f"{name} is on or off")
    return ON_OFF[text]


def _bad(text: str) -> ControlError:
    return ControlError(text, code="bad-request")
