"""The list of remote meetings: today, coming, past; when one can join, and who waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import tzinfo

from resources.words import Words, marked
from softphone.domain.errors import ServiceUnreachable, SoftphoneError
from softphone.domain.events import AppointmentsChanged, Event, MeetingChanged
from softphone.domain.meeting import Appointment, Meeting, Seat
from softphone.ports import Clock
from softphone.presenters import meeting_words, moments
from softphone.presenters.meeting_desks import AppointmentDesk
from softphone.presenters.parts import Advice, Option, Sign, SystemNotice, Tone
from softphone.presenters.presenter import Presenter

TODAY, COMING, PAST = marked("Today"), marked("Coming"), marked("Past")
MOST_PAST = 30


@dataclass(frozen=True, slots=True)
class AppointmentRow:
    """One meeting. `join` is the word of its button, "" for none; `note` says when it opens.

    `test` is the word of the button that leads to its test page days before, "" for none.
    `mine`: this person holds it and may change it; `people` are those invited.
    """

    id: str
    title: str
    when: str
    where: str
    sign: Sign | None
    join: str
    can_join: bool
    main: bool
    note: str
    mine: bool
    over: bool
    test: str = ""
    people: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class AppointmentGroup:
    """Meetings under one heading."""

    title: str
    rows: tuple[AppointmentRow, ...]


@dataclass(frozen=True, slots=True)
class AppointmentsView:
    """`badge` counts meetings one can go to now; `can_make` where there is a company service."""

    groups: tuple[AppointmentGroup, ...]
    empty: str
    empty_action: str
    badge: int
    can_make: bool
    advice: Advice | None
    loading: bool = False


class AppointmentsPresenter(Presenter[AppointmentsView]):
    """Follows the service's list and the time."""

    def __init__(
        self,
        desk: AppointmentDesk,
        clock: Clock,
        words: Words,
        emit: Callable[[AppointmentsView], None],
        tell: Callable[[SystemNotice], None],
        *,
        zone: tzinfo | None = None,
    ) -> None:
        """`tell` hears what the system should show as a notice of its own."""
        super().__init__(words, emit)
        self._tell, self._told = tell, dict[str, int]()
        self._desk, self._clock, self._zone = desk, clock, zone
        self._known: tuple[Appointment, ...] | None = None
        self._available, self._stale, self._reason = desk.available(), False, ""
        self._meeting: Meeting | None = None
        self._error: SoftphoneError | None = None

    # --- the view ---------------------------------------------------------------------------------------

    def compose(self) -> AppointmentsView:
        """The list as it stands."""
        if not self._available:
            text = self._(
                "Your phone service has no meeting service. You can still join a meeting by its link."
            )
            return AppointmentsView((), text, "", 0, can_make=False, advice=self._advice())
        known = self._known or ()
        groups = self._groups(known)
        empty = "" if groups else self._("No meetings yet. Make an appointment, and invite people to it.")
        return AppointmentsView(
            groups=groups,
            empty=empty,
            empty_action=self._("Make an appointment") if empty else "",
            badge=sum(1 for appointment in known if self._open(appointment)),
            can_make=True,
            advice=self._advice(),
            loading=self._known is None,
        )

    def _groups(self, known: tuple[Appointment, ...]) -> tuple[AppointmentGroup, ...]:
        now = self._clock.time()
        ordered = sorted(known, key=lambda appointment: appointment.start)
        past = [a for a in ordered if self._over(a)][::-1][:MOST_PAST]
        ahead = [a for a in ordered if not self._over(a)]
        today = [a for a in ahead if moments.same_day(a.start.timestamp(), now, self._zone) or self._open(a)]
        coming = [a for a in ahead if a not in today]
        next_one = next((a.id for a in ahead if self._open(a)), "")
        found = ((TODAY, today), (COMING, coming), (PAST, past))
        return tuple(
            AppointmentGroup(self._(title), tuple(self._row(a, main=a.id == next_one) for a in members))
            for title, members in found
            if members
        )

    def _row(self, appointment: Appointment, *, main: bool) -> AppointmentRow:
        over, opened = self._over(appointment), self._open(appointment)
        here = self._meeting is not None and self._meeting.appointment.id == appointment.id
        word = self._("Return") if here else self._("Join")
        mine = appointment.seat is Seat.HOST
        holder = self._("You") if mine else appointment.host_name
        return AppointmentRow(
            id=appointment.id,
            title=appointment.title,
            when=moments.span(self.words, appointment.start, appointment.end, self._clock.time(), self._zone),
            where=" · ".join(part for part in (holder, appointment.office) if part),
            sign=self._sign(appointment),
            join="" if over else word,
            can_join=opened or here,
            main=main or here,
            note="" if over or opened or here else self._opens(appointment),
            mine=mine,
            over=over,
            test="" if over or opened or here else self._("Test the equipment"),
            people=tuple(Option(person.id, person.name) for person in appointment.participants),
        )

    def _sign(self, appointment: Appointment) -> Sign | None:
        if appointment.cancelled:
            return Sign("close", self._("Cancelled"), Tone.BAD)
        if appointment.waiting:
            return Sign("people", self._waiting(appointment.waiting), Tone.WARN)
        if self._open(appointment) and self._clock.time() >= appointment.start.timestamp():
            return Sign("clock", self._("Going on now"), Tone.ACCENT)
        return None

    def _opens(self, appointment: Appointment) -> str:
        ahead = appointment.opens_at.timestamp() - self._clock.time()
        if ahead > 24 * 3600:
            return ""
        text = self._("You can join in {time}. Check meanwhile that your equipment works.")
        return text.format(time=moments.left(self.words, ahead))

    def _open(self, appointment: Appointment) -> bool:
        now = self._clock.time()
        opened = appointment.opens_at.timestamp() <= now < appointment.closes_at.timestamp()
        return opened and not appointment.cancelled

    def _over(self, appointment: Appointment) -> bool:
        return appointment.cancelled or self._clock.time() >= appointment.closes_at.timestamp()

    def _advice(self) -> Advice | None:
        if self._error is not None:
            return meeting_words.failure(self.words, self._error)
        if self._stale and self._available:
            why = SoftphoneError(code=self._reason or "server-silent")
            return Advice(
                "stale",
                Tone.WARN,
                meeting_words.failure(self.words, why).text,
                self._("These are the meetings as they were known last."),
            )
        return None

    # --- events and intents -------------------------------------------------------------------------------

    def hear(self, event: Event) -> None:
        """Follow the list and the meeting one is in."""
        match event:
            case AppointmentsChanged(appointments, available, stale, reason):
                self._known, self._available, self._stale = appointments, available, stale
                self._reason = reason
            case MeetingChanged(meeting):
                self._meeting = meeting
            case _:
                return
        self._notice()
        self.render()

    def tick(self) -> None:
        """Called every second: the countdown runs, meetings open and end."""
        self._notice()
        self.render()

    def _notice(self) -> None:
        """Once when a meeting opens, and again when somebody more waits in it; never of the one one is in."""
        here = self._meeting.appointment.id if self._meeting is not None else ""
        for appointment in self._known or ():
            if not self._open(appointment):
                continue
            before = self._told.get(appointment.id)
            self._told[appointment.id] = appointment.waiting
            if appointment.id != here and (before is None or appointment.waiting > before):
                self._tell(SystemNotice(appointment.title, self._notice_text(appointment)))

    def _notice_text(self, appointment: Appointment) -> str:
        if appointment.waiting:
            return self._waiting(appointment.waiting)
        return self._("You can join the meeting now.")

    def _waiting(self, count: int) -> str:
        text = self.words.n("{count} waits in the lobby", "{count} wait in the lobby", count)
        return text.format(count=count)

    def appointment(self, appointment_id: str) -> Appointment | None:
        """One of the list."""
        return next((a for a in self._known or () if a.id == appointment_id), None)

    async def refresh(self) -> None:
        """Ask the service anew; where it does not answer, the list tells that it is the last known one."""
        if not self._available:
            return
        try:
            await self._desk.refresh()
        except ServiceUnreachable:
            pass
        except SoftphoneError as error:
            self.tell(error)

    async def cancel(self, appointment_id: str) -> None:
        """Cancel a meeting: everybody invited sees it."""
        await self._try(lambda: self._desk.cancel(appointment_id))

    def tell(self, error: SoftphoneError) -> None:
        """Something about a meeting of the list did not work."""
        self._error = error
        self.render()

    async def put_away(self) -> None:
        """The person has read the advice."""
        self._error = None
        self.render()

    async def _try(self, work: Callable[[], Awaitable[object]]) -> None:
        self._error = None
        try:
            await work()
        except SoftphoneError as error:
            self._error = error
        self.render()
