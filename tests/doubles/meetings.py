"""Appointments and meetings as presenters know them, played by a test, and values to fill them with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from softphone.domain.errors import BadTarget, SoftphoneError
from softphone.domain.events import AppointmentsChanged, JoinOffered, MeetingChanged
from softphone.domain.meeting import (
    Appointment,
    AppointmentWish,
    Assurance,
    ChatLine,
    Equipment,
    Invitation,
    Invitee,
    JoinOffer,
    Meeting,
    MeetingLink,
    Person,
    Seat,
    SessionState,
)
from softphone.runtime.bus import Bus
from softphone.runtime.frames import FrameSlot

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def an_appointment(**changes: Any) -> Appointment:
    """One appointment of an hour, hosted by this person."""
    made = Appointment(
        id="appointment1",
        title="Loan advice",
        description="Terms of a new loan",
        start=START,
        end=START + timedelta(hours=1),
        opens_at=START - timedelta(minutes=15),
        closes_at=START + timedelta(hours=3),
        time_zone="Europe/Helsinki",
        office="Main street",
        host_name="Erja Expert",
        expert_number="+358401234567",
        lobby=True,
        demanded=Assurance.LINK,
        seat=Seat.HOST,
        participants=(Invitee("p1", "Casper Customer", phone="0405555555"),),
    )
    return replace(made, **changes)


def a_person(**changes: Any) -> Person:
    """A customer who is in the meeting."""
    made = Person(
        session="s1",
        participant="p1",
        name="Casper Customer",
        seat=Seat.PARTICIPANT,
        state=SessionState.CONNECTED,
        assurance=Assurance.LINK,
        camera=True,
        microphone=True,
    )
    return replace(made, **changes)


def the_host(**changes: Any) -> Person:
    """The expert, in the meeting."""
    made = a_person(
        session="s0", participant="", name="Erja Expert", seat=Seat.HOST, assurance=Assurance.SIGNED_IN
    )
    return replace(made, **changes)


def a_meeting(**changes: Any) -> Meeting:
    """A meeting this person holds and is alone in."""
    made = Meeting(appointment=an_appointment(), server="meet.example.com", you=the_host())
    return replace(made, **changes)


class FakeAppointments:
    """As services.appointments.Appointments. `asked` holds (method, arguments…); `refusal` is raised once.

    The list is `listed`; `show` changes it and tells. `stored` is the draft.
    """

    def __init__(self, bus: Bus, *listed: Appointment, available: bool = True) -> None:
        self._bus = bus
        self.listed = listed
        self.online = available
        self.stored: AppointmentWish | None = None
        self.asked: list[tuple[object, ...]] = []
        self.refusal: SoftphoneError | None = None
        self._drafts = 0

    def show(self, *listed: Appointment, stale: bool = False) -> None:
        """The list is another one now."""
        self.listed = listed
        self._bus.publish(AppointmentsChanged(listed, self.online, stale))

    def available(self) -> bool:
        """Whether this account is a company service's."""
        return self.online

    def appointments(self) -> tuple[Appointment, ...]:
        """The last known list."""
        return self.listed

    def new_draft_id(self) -> str:
        """A new one each time."""
        self._drafts += 1
        return f"draft{self._drafts}"

    async def refresh(self) -> None:
        """Ask the service."""
        self._ask("refresh")

    async def make(self, wish: AppointmentWish) -> tuple[Appointment, tuple[Invitation, ...]]:
        """An appointment of what was wished, with a link for each participant."""
        self._ask("make", wish)
        made = _wished(an_appointment(id=f"made-{wish.draft_id}"), wish)
        self.stored = None
        self.show(*self.listed, made)
        return made, tuple(_invitation(made, invitee) for invitee in made.participants)

    async def change(
        self, appointment_id: str, wish: AppointmentWish
    ) -> tuple[Appointment, tuple[Invitation, ...]]:
        """The appointment as wished; links of those who are new in it."""
        self._ask("change", appointment_id, wish)
        known = {
            invitee.id for one in self.listed if one.id == appointment_id for invitee in one.participants
        }
        changed = _wished(an_appointment(id=appointment_id), wish)
        self.show(*(changed if one.id == appointment_id else one for one in self.listed))
        return changed, tuple(_invitation(changed, i) for i in changed.participants if i.id not in known)

    async def cancel(self, appointment_id: str) -> None:
        """It is cancelled."""
        self._ask("cancel", appointment_id)
        self.show(*(replace(one, cancelled=one.cancelled or one.id == appointment_id) for one in self.listed))

    async def new_link(self, appointment_id: str, participant_id: str) -> Invitation:
        """A new personal link."""
        self._ask("new_link", appointment_id, participant_id)
        found = next(one for one in self.listed if one.id == appointment_id)
        return _invitation(found, next(i for i in found.participants if i.id == participant_id))

    async def keep_draft(self, wish: AppointmentWish | None) -> None:
        """What is typed so far; None: nothing any more."""
        self.stored = wish

    async def draft(self) -> AppointmentWish | None:
        """What was typed and not sent."""
        return self.stored

    def _ask(self, *asked: object) -> None:
        self.asked.append(asked)
        refusal, self.refusal = self.refusal, None
        if refusal is not None:
            raise refusal


class FakeMeetings:
    """As services.meetings.Meetings. `asked` holds (method, arguments…); `refusal` is raised once.

    `show` puts the program into a meeting and tells. `looks` is the last height asked for by session.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.current: Meeting | None = None
        self.asked: list[tuple[object, ...]] = []
        self.refusal: SoftphoneError | None = None
        self.offer = JoinOffer(an_appointment(seat=Seat.PARTICIPANT), "Casper Customer", "meet.example.com")
        self.passed_over = 0
        self.looks: dict[str, int] = {}
        self.slots: dict[str, FrameSlot] = {}
        self.on_look: Callable[[str, int], None] = lambda session, height: None

    def show(self, meeting: Meeting | None) -> None:
        """The meeting is this now."""
        self.current = meeting
        self._bus.publish(MeetingChanged(meeting))

    def meeting(self) -> Meeting | None:
        """The meeting this program is in."""
        return self.current

    def read_link(self, text: str) -> MeetingLink:
        """`https://SERVER/m#SECRET`, server `unknown.…` is not listed. Raises BadTarget."""
        server, found, secret = text.strip().removeprefix("https://").partition("/m#")
        if not (found and secret):
            raise BadTarget("no meeting link")
        return MeetingLink(server, f"https://{server}/api/v1", secret, not server.startswith("unknown."))

    async def open_link(self, link: MeetingLink) -> JoinOffer:
        """The offer, and the test page."""
        self._ask("open_link", link)
        self._bus.publish(JoinOffered(self.offer))
        you = a_person(state=SessionState.PREJOIN, camera=False, microphone=False)
        self.show(a_meeting(appointment=self.offer.appointment, server=link.server, you=you))
        return self.offer

    async def open(self, appointment_id: str) -> None:
        """The test page of an appointment of one's own."""
        self._ask("open", appointment_id)
        self.show(
            a_meeting(appointment=an_appointment(id=appointment_id), you=the_host(state=SessionState.PREJOIN))
        )

    async def join(self, *, camera: bool, microphone: bool, equipment: Equipment) -> None:
        """Knock."""
        self._ask("join", camera, microphone, equipment)

    async def camera(self, on: bool) -> None:
        """The person wants the camera on or off."""
        self._ask("camera", on)
        if self.current is not None:
            self.show(replace(self.current, camera_on=on, you=replace(self.current.you, camera=on)))

    async def microphone(self, on: bool) -> None:
        """The person wants the microphone on or off."""
        self._ask("microphone", on)
        if self.current is not None:
            self.show(replace(self.current, microphone_on=on, you=replace(self.current.you, microphone=on)))

    async def leave(self) -> None:
        """Goodbye; harmless where there is no meeting."""
        self._ask("leave")
        self.show(None)

    async def end(self) -> None:
        """End it for everybody."""
        self._ask("end")
        self.show(None)

    async def admit(self, session: str) -> None:
        """Let one in."""
        self._ask("admit", session)

    async def admit_all(self) -> int:
        """Let all in who have the demanded level; how many were passed over."""
        self._ask("admit_all")
        return self.passed_over

    async def decline(self, session: str, reason: str = "") -> None:
        """Not this time."""
        self._ask("decline", session, reason)

    async def put_back(self, session: str) -> None:
        """Into the lobby."""
        self._ask("put_back", session)

    async def remove(self, session: str, reason: str = "") -> None:
        """Out."""
        self._ask("remove", session, reason)

    async def say(self, text: str) -> None:
        """To everybody."""
        self._ask("say", text)
        self._chat(ChatLine(f"c{len(self.asked)}", "s0", "Erja Expert", text, START, mine=True))

    async def lobby_say(self, text: str, session: str = "") -> None:
        """To one who waits, or to all of them."""
        self._ask("lobby_say", text, session)
        self._chat(
            ChatLine(
                f"c{len(self.asked)}", "s0", "Erja Expert", text, START, mine=True, lobby=True, to=session
            )
        )

    async def new_code(self, session: str) -> str:
        """Six digits, the same ones each time."""
        self._ask("new_code", session)
        return "314159"

    async def confirm(self, code: str) -> None:
        """Type the host's code."""
        self._ask("confirm", code)

    async def reconnect(self) -> None:
        """Come back now."""
        self._ask("reconnect")

    async def call_expert(self) -> str:
        """Call the expert by phone; the call's id."""
        self._ask("call_expert")
        return "call-1"

    def look(self, session: str, height: int) -> None:
        """How tall a picture is shown."""
        self.looks[session] = height
        self.on_look(session, height)

    def picture(self, session: str) -> FrameSlot:
        """The slot of a session's picture."""
        return self.slots.setdefault(session, FrameSlot())

    def _chat(self, line: ChatLine) -> None:
        if self.current is not None:
            self.show(replace(self.current, chat=(*self.current.chat, line)))

    def _ask(self, *asked: object) -> None:
        self.asked.append(asked)
        refusal, self.refusal = self.refusal, None
        if refusal is not None:
            raise refusal


def _wished(made: Appointment, wish: AppointmentWish) -> Appointment:
    return replace(
        made,
        title=wish.title,
        description=wish.description,
        start=wish.start,
        end=wish.end,
        opens_at=wish.start - timedelta(minutes=15),
        closes_at=wish.end + timedelta(hours=2),
        time_zone=wish.time_zone,
        office=wish.office,
        expert_number=wish.expert_number,
        lobby=wish.lobby,
        demanded=wish.demanded,
        participants=tuple(
            Invitee(one.id or f"p{number}", one.name, one.email, one.phone, one.language)
            for number, one in enumerate(wish.participants, start=1)
        ),
    )


def _invitation(appointment: Appointment, invitee: Invitee) -> Invitation:
    link = f"https://meet.example.com/m#{invitee.id.zfill(43)}"
    return Invitation(
        invitee.id,
        invitee.name,
        link,
        f"{appointment.title}\n{invitee.name}\n{link}",
        f"BEGIN:VCALENDAR\r\nSUMMARY:{appointment.title}\r\nEND:VCALENDAR\r\n",
    )
