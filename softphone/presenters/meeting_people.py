"""People of a meeting as its window shows them: tiles, the list, the lobby, lines of chat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from resources.words import Words
from softphone.domain.meeting import Assurance, ChatLine, Meeting, Person, Seat, SessionState
from softphone.domain.picture import PictureSlot
from softphone.presenters import meeting_words, moments
from softphone.presenters.parts import Sign, Tone

GONE = frozenset({SessionState.LEFT, SessionState.DECLINED, SessionState.REMOVED})


@dataclass(frozen=True, slots=True)
class TileView:
    """A picture, or the initials of who sends none. `state` is "" while all is well."""

    session: str
    name: str
    initials: str
    slot: PictureSlot
    picture: bool
    muted: bool
    speaking: bool
    badge: Sign | None
    state: str
    you: bool
    spoken: str


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody in the list. `code` is grouped for saying it aloud; only the host is given one."""

    session: str
    name: str
    badge: Sign | None
    note: str
    microphone: Sign | None
    can_code: bool
    code: str = field(repr=False)
    code_note: str
    can_remove: bool
    can_let_in: bool


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """Somebody in the lobby; `warning` where the host should look twice, `said` the last word from them."""

    session: str
    name: str
    waited: str
    badge: Sign
    equipment: Sign
    warning: Sign | None
    said: str


@dataclass(frozen=True, slots=True)
class ChatRow:
    """A line of chat."""

    id: str
    name: str
    time: str
    text: str
    mine: bool


class PeopleWords:
    """Makes the rows; `now` is Unix time, `slot` gives a session's picture."""

    def __init__(self, words: Words, meeting: Meeting, now: float) -> None:
        self.words, self._meeting, self._now = words, meeting, now

    def _(self, text: str) -> str:
        return self.words._(text)

    def others(self) -> tuple[Person, ...]:
        """Everybody who is in the meeting, without oneself."""
        you = self._meeting.you.session
        return tuple(p for p in self._meeting.people if p.session != you and p.state not in GONE)

    def tile(self, person: Person, slot: Callable[[str], PictureSlot]) -> TileView:
        """Somebody's tile, oneself's too."""
        you = person.session == self._meeting.you.session
        state = self._(meeting_words.STATES[person.state]) if meeting_words.STATES[person.state] else ""
        badge = None if you or person.seat is Seat.HOST else meeting_words.assurance(self.words, person)
        name = self._("You") if you else person.name
        said = [name, badge.text if badge else "", state]
        said.append(self._("speaking") if person.speaking else "")
        said.append("" if person.camera else self._("camera off"))
        said.append("" if person.microphone else self._("microphone off"))
        return TileView(
            session="" if you else person.session,
            name=name,
            initials=initials(person.name),
            slot=slot("" if you else person.session),
            picture=person.camera,
            muted=not person.microphone,
            speaking=person.speaking,
            badge=badge,
            state=state,
            you=you,
            spoken=", ".join(part for part in said if part),
        )

    def row(self, person: Person) -> PersonRow:
        """Somebody in the list of people."""
        holds = self._meeting.host
        you = person.session == self._meeting.you.session
        here = person.state not in GONE
        state = meeting_words.STATES[person.state]
        note = self._("holds the meeting") if person.seat is Seat.HOST else ""
        guest = holds and not you and person.seat is Seat.PARTICIPANT
        return PersonRow(
            session=person.session,
            name=self._("{name} (you)").format(name=person.name) if you else person.name,
            badge=None
            if person.seat is Seat.HOST or (you and not person.code_confirmed)
            else meeting_words.assurance(self.words, person),
            note=self._(state) if state else note,
            microphone=None if person.microphone or not here else self._muted(),
            can_code=guest and here and not person.code_confirmed,
            code=f"{person.code[:3]} {person.code[3:]}" if self._says_code(person) else "",
            code_note=self._code_note(person) if self._says_code(person) else "",
            can_remove=guest and here,
            can_let_in=guest and not here,
        )

    def _muted(self) -> Sign:
        return Sign("microphone-off", self._("microphone off"), Tone.QUIET)

    def _says_code(self, person: Person) -> bool:
        """Whether there is a code to say aloud; one whose time is over is none."""
        until = person.code_until
        alive = until is None or until.timestamp() > self._now
        return bool(person.code) and not person.code_confirmed and alive

    def _code_note(self, person: Person) -> str:
        tries = self.words.n("{count} try left", "{count} tries left", person.tries_left)
        parts = [tries.format(count=person.tries_left)] if person.tries_left else []
        if person.code_until is not None:
            lasts = moments.left(self.words, person.code_until.timestamp() - self._now)
            parts.append(self._("valid for {time}").format(time=lasts))
        return " · ".join(parts)

    def waiting(self, person: Person) -> WaitingRow:
        """Somebody in the lobby."""
        since = person.waiting_since.timestamp() if person.waiting_since is not None else self._now
        lines = [line for line in self._meeting.chat if line.lobby and line.session == person.session]
        return WaitingRow(
            session=person.session,
            name=person.name,
            waited=moments.timer(self._now - since),
            badge=meeting_words.assurance(self.words, person),
            equipment=meeting_words.equipment(self.words, person),
            warning=self._warning(person),
            said=lines[-1].text if lines else "",
        )

    def _warning(self, person: Person) -> Sign | None:
        if person.other_device:
            text = self._("The link was used on another device before: make sure who this is.")
            return Sign("warning", text, Tone.WARN)
        demanded: Assurance = self._meeting.appointment.demanded
        if person.assurance.rank < demanded.rank:
            text = self._("This meeting asks for more: {level}.")
            return Sign("warning", text.format(level=meeting_words.level(self.words, demanded)), Tone.WARN)
        return None

    def line(self, line: ChatLine) -> ChatRow:
        """A line of chat."""
        time = moments.clock_time(self.words, line.at.astimezone())
        time = self._("waits for the connection") if line.pending else time
        return ChatRow(line.id, self._("You") if line.mine else line.name, time, line.text, line.mine)


def initials(name: str) -> str:
    """What stands for a face: the first letters of the first and the last name."""
    parts = [part for part in name.replace("-", " ").split() if part[0].isalnum()]
    return "".join(part[0] for part in (parts[:1] + parts[-1:] if len(parts) > 1 else parts[:1])).upper()
