"""Making and changing an appointment: what is typed, what is wrong with it, and the invitations after."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from resources.words import LANGUAGE_NAMES, LANGUAGES, Words
from softphone.domain.errors import SoftphoneError
from softphone.domain.meeting import Appointment, AppointmentWish, Assurance, Invitation, InviteeWish
from softphone.ports import Clock
from softphone.presenters import meeting_words
from softphone.presenters.form_text import (
    MOST_LINE,
    MOST_NAME,
    MOST_TEXT,
    MOST_TITLE,
    ZONES,
    FormText,
    InviteeText,
    is_email,
    is_number,
    moment_of,
    text_of,
    text_of_appointment,
    wish_of,
)
from softphone.presenters.meeting_desks import AppointmentDesk
from softphone.presenters.parts import Advice, Option, Tone
from softphone.presenters.presenter import Presenter

log = logging.getLogger(__name__)

LENGTH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class InvitationCard:
    """One participant's invitation: the text to copy and the calendar file."""

    participant_id: str
    name: str
    text: str = field(repr=False)
    ics: str = field(repr=False)
    file_name: str = "invitation.ics"


@dataclass(frozen=True, slots=True)
class FormView:
    """`opened` grows with each opening: then `text` is to be filled in. `faults` are (field, sentence);
    a participant's field is "participants.0.name".

    `cards` are the invitations after making, () while the form stands; `open` says whether it does at all.
    """

    open: bool
    opened: int
    heading: str
    text: FormText | None
    zones: tuple[Option, ...]
    levels: tuple[Option, ...]
    languages: tuple[Option, ...]
    submit: str
    busy: bool
    faults: tuple[tuple[str, str], ...]
    advice: Advice | None
    cards: tuple[InvitationCard, ...]
    done: str


class FormPresenter(Presenter[FormView]):
    """One form at a time. What was typed is kept by the service until an appointment is made of it."""

    def __init__(
        self, desk: AppointmentDesk, clock: Clock, words: Words, emit: Callable[[FormView], None]
    ) -> None:
        super().__init__(words, emit)
        self._desk, self._clock = desk, clock
        self._open, self._opened, self._busy, self._kept = False, 0, False, False
        self._text: FormText | None = None
        self._draft_id, self._changed = "", ""
        self._back: tuple[InviteeWish, ...] = ()
        self._faults: Callable[[], dict[str, str]] = dict
        self._error: SoftphoneError | None = None
        self._made: tuple[Invitation, ...] = ()
        self._done: Callable[[], str] = str

    # --- the view ---------------------------------------------------------------------------------------

    def compose(self) -> FormView:
        """The form as it stands."""
        changing = bool(self._changed)
        return FormView(
            open=self._open,
            opened=self._opened,
            heading=self._("Change the meeting") if changing else self._("Make an appointment"),
            text=self._text,
            zones=tuple(Option(zone, zone.replace("_", " ")) for zone in ZONES),
            levels=tuple(Option(level, meeting_words.level(self.words, level)) for level in Assurance),
            languages=tuple(Option(code, LANGUAGE_NAMES[code]) for code in LANGUAGES),
            submit=self._("Save the change") if changing else self._("Make the appointment"),
            busy=self._busy,
            faults=tuple(self._faults().items()),
            advice=self._advice(),
            cards=tuple(_card(invitation) for invitation in self._made),
            done=self._done(),
        )

    def _advice(self) -> Advice | None:
        if self._error is not None:
            return meeting_words.failure(self.words, self._error, "form")
        if self._kept:
            return Advice(
                "kept",
                Tone.ACCENT,
                self._("What you typed before is here again."),
                "",
                "fresh",
                self._("Begin with an empty form"),
            )
        return None

    # --- opening ------------------------------------------------------------------------------------------

    async def open_new(self, zone: str, *, fresh: bool = False) -> None:
        """An empty form in the person's time `zone`, or the one that was never finished."""
        kept = await self._draft(fresh=fresh)
        empty = self._empty(zone if zone in ZONES else "UTC")
        self._changed, self._kept = "", kept is not None and bool(kept.title or kept.participants)
        self._draft_id = kept.draft_id if kept is not None and self._kept else self._desk.new_draft_id()
        self._back = kept.participants if kept is not None and self._kept else ()
        self._begin(text_of(kept) if kept is not None and self._kept else empty)

    async def _draft(self, *, fresh: bool) -> AppointmentWish | None:
        try:
            if fresh:
                await self._desk.keep_draft(None)
            return await self._desk.draft()
        except SoftphoneError as error:
            log.warning("what was typed before is not to be had: %s", error)
            return None

    async def open_change(self, appointment: Appointment) -> None:
        """The form of an appointment that exists."""
        self._changed, self._kept, self._back = appointment.id, False, ()
        self._draft_id = self._desk.new_draft_id()
        self._begin(text_of_appointment(appointment))

    def _begin(self, text: FormText) -> None:
        self._open, self._opened, self._text = True, self._opened + 1, text
        self._forget_outcome()
        self.render()

    def _forget_outcome(self) -> None:
        self._faults, self._error, self._made, self._done = dict, None, (), str

    def _empty(self, zone: str) -> FormText:
        now = datetime.fromtimestamp(self._clock.time(), ZoneInfo(zone))
        start = now.replace(minute=0, second=0, microsecond=0) + LENGTH
        if (start + LENGTH).date() != start.date():
            start = (start + timedelta(days=1)).replace(hour=9)
        return FormText("", "", start.date(), start.time(), (start + LENGTH).time(), zone)

    # --- what a person does ---------------------------------------------------------------------------------

    async def typed(self, text: FormText) -> None:
        """Keep what was typed, so that it survives whatever happens."""
        if self._open and not (self._changed or self._made or self._busy):
            try:
                await self._desk.keep_draft(self._wish(text))
            except SoftphoneError as error:
                self._error = error
                self.render()

    def _wish(self, text: FormText) -> AppointmentWish:
        """What is typed now.

        What was back from an earlier time may have been made then, its answer lost: with nobody left of
        whom it was for, it is another appointment, and theirs stays as it is.
        """
        wish = wish_of(text, self._draft_id)
        if self._back and wish.participants and not _anybody_of(self._back, wish.participants):
            self._back, self._draft_id = (), self._desk.new_draft_id()
        return replace(wish, draft_id=self._draft_id)

    async def submit(self, text: FormText) -> None:
        """Make or change the appointment; what is wrong stands at its field, and nothing typed is lost."""
        if self._busy:
            return
        self._forget_outcome()
        self._faults = lambda: self._found(text)
        if self._faults():
            self.render()
            return
        self._busy, self._kept = True, False
        self.render()
        try:
            await self._send(self._wish(text))
        except SoftphoneError as error:
            self._error = error
        finally:
            self._busy = False
            self.render()

    async def _send(self, wish: AppointmentWish) -> None:
        if self._changed:
            appointment, made = await self._desk.change(self._changed, wish)
        else:
            appointment, made = await self._desk.make(wish)
        self._told(appointment.title, made)
        self._open = bool(made)

    def _told(self, title: str, made: tuple[Invitation, ...]) -> None:
        self._made = made
        self._done = lambda: self._("{title}: the invitations").format(title=title)

    async def new_link(self, appointment: Appointment, participant_id: str) -> None:
        """A new link for somebody: the former one ends. Shown as after making."""
        self._forget_outcome()
        self._changed = appointment.id
        try:
            self._told(appointment.title, (await self._desk.new_link(appointment.id, participant_id),))
        except SoftphoneError as error:
            self._text, self._error = text_of_appointment(appointment), error
        self._open, self._opened = True, self._opened + 1
        self.render()

    async def close(self) -> None:
        """The form or the invitations are put away; links shown once are forgotten."""
        self._open = False
        self._forget_outcome()
        self.render()

    # --- what is wrong --------------------------------------------------------------------------------------

    def _found(self, text: FormText) -> dict[str, str]:
        faults: dict[str, str] = {}
        if not text.title.strip():
            faults["title"] = self._("Give the meeting a name.")
        faults |= self._too_long(title=(text.title, MOST_TITLE), office=(text.office, MOST_LINE))
        faults |= self._too_long(description=(text.description, MOST_TEXT))
        if text.end <= text.start:
            faults["end"] = self._("The end must be after the start.")
        elif moment_of(text, text.end).timestamp() <= self._clock.time():
            faults["day"] = self._("This time has passed.")
        if text.expert_number and not is_number(text.expert_number):
            faults["expert_number"] = self._("This is not a phone number.")
        for at, person in enumerate(text.participants):
            if not person.empty:
                faults |= {f"participants.{at}.{name}": said for name, said in self._wrong(person).items()}
        return faults

    def _too_long(self, **typed: tuple[str, int]) -> dict[str, str]:
        said = self._("This is too long: write at most {count} characters.")
        return {
            name: said.format(count=most) for name, (text, most) in typed.items() if len(text.strip()) > most
        }

    def _wrong(self, person: InviteeText) -> dict[str, str]:
        wrong = {}
        if not person.name.strip():
            wrong["name"] = self._("Fill in this field.")
        wrong |= self._too_long(name=(person.name, MOST_NAME))
        if person.email and not is_email(person.email):
            wrong["email"] = self._("This is not an e-mail address.")
        if person.phone and not is_number(person.phone):
            wrong["phone"] = self._("This is not a phone number.")
        return wrong


def _anybody_of(before: tuple[InviteeWish, ...], now: tuple[InviteeWish, ...]) -> bool:
    """Whether somebody is there still, by name, e-mail address or number."""
    return not _known_by(before).isdisjoint(_known_by(now))


def _known_by(invited: tuple[InviteeWish, ...]) -> set[str]:
    numbers = {"".join(sign for sign in one.phone if sign.isdigit()) for one in invited}
    return {text for one in invited for text in (one.name, one.email) if text} | (numbers - {""})


def _card(invitation: Invitation) -> InvitationCard:
    name = "".join(sign for sign in invitation.name if sign.isalnum() or sign in " -_").strip()
    return InvitationCard(
        invitation.participant_id,
        invitation.name,
        invitation.text,
        invitation.ics,
        f"{name or 'invitation'}.ics",
    )
