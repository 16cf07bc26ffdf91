"""What the service tells of a meeting, event by event, as the meeting the person is shown. Pure.

Events may come twice, late or after a gap: each names all of what it changes, and a snapshot mends the rest.
"""

from __future__ import annotations

from dataclasses import replace

from service_api import meeting as wire
from service_api.appointments import Appointment as WireAppointment
from service_api.states import PRESENT, SessionState
from softphone.domain.meeting import Appointment, ChatLine, Equipment, Invitee, Meeting, Person, Trouble

LOBBY = frozenset({SessionState.WAITING, SessionState.WAITING_FOR_OTHERS})
LEFT_OUT = frozenset({SessionState.DECLINED, SessionState.REMOVED})
"""Of these the host may think better."""


def reduce(meeting: Meeting, event: wire.AnyEvent) -> Meeting:
    """The meeting after the event. What it does not concern stays the same object."""
    match event:
        case wire.Welcome() | wire.Snapshot():
            return _painted(meeting, event.picture)
        case wire.YouChanged():
            you = person_of(event.you, meeting.you)
            return replace(meeting, you=you, place=event.place, reason=event.reason)
        case wire.PersonChanged():
            return _with_person(meeting, event.person)
        case wire.PersonGone():
            return _without(meeting, event.session)
        case wire.ChatAdded():
            return replace(meeting, chat=merged_chat(meeting.chat, (event.line,), meeting.you.session))
        case wire.CodeTried():
            return _code_tried(meeting, event)
        case wire.OtherDevice():
            return replace(meeting, other_device_of=event.name)
        case wire.TakenOver():
            return replace(meeting, trouble=Trouble.TAKEN_OVER)
        case wire.Ended():
            return over(meeting, event.reason)
    return meeting


def over(meeting: Meeting, reason: str) -> Meeting:
    """Nobody is in it any more, as far as this person can see."""
    you = replace(meeting.you, state=SessionState.LEFT, camera=False, microphone=False)
    return replace(meeting, you=you, people=(), waiting=(), out=(), place=0, reason=reason)


def with_people(meeting: Meeting, people: tuple[Person, ...]) -> Meeting:
    """Everybody but oneself, each where their state puts them; who is next in the lobby first."""
    waiting = (one for one in people if one.state in LOBBY)
    return replace(
        meeting,
        people=tuple(one for one in people if one.state in PRESENT),
        waiting=tuple(sorted(waiting, key=_turn)),
        out=tuple(one for one in people if one.state in LEFT_OUT),
    )


def _turn(person: Person) -> tuple[float, str]:
    """As the service counts those before somebody."""
    since = person.waiting_since
    return since.timestamp() if since is not None else 0.0, person.session


def everybody(meeting: Meeting) -> tuple[Person, ...]:
    """Everybody but oneself, wherever they are."""
    return (*meeting.people, *meeting.waiting, *meeting.out)


def changed_person(meeting: Meeting, session: str, **changes: object) -> Meeting:
    """With something about one of the others known better; as it was where nobody has this session."""
    return with_people(
        meeting,
        tuple(
            replace(one, **changes) if one.session == session else one  # type: ignore[arg-type]
            for one in everybody(meeting)
        ),
    )


def person_of(told: wire.Person, before: Person | None) -> Person:
    """Somebody as told, with what is known here alone: their code, and what flows of them."""
    known = before if before is not None and before.session == told.session else None
    keeps_code = known is not None and told.state in PRESENT and not told.code_confirmed
    return Person(
        session=told.session,
        participant=told.participant,
        name=told.name,
        seat=told.seat,
        state=told.state,
        assurance=told.assurance,
        code_confirmed=told.code_confirmed,
        camera=told.camera,
        microphone=told.microphone,
        other_device=told.other_device,
        client=told.client,
        waiting_since=told.waiting_since,
        equipment=Equipment(told.equipment.camera, told.equipment.microphone, told.equipment.speaker),
        speaking=known.speaking if known else False,
        tracks=known.tracks if known else (),
        code=known.code if known and keeps_code else "",
        code_until=known.code_until if known and keeps_code else None,
        tries_left=known.tries_left if known and keeps_code else 0,
    )


def merged_chat(
    known: tuple[ChatLine, ...], told: tuple[wire.ChatLine, ...], own: str
) -> tuple[ChatLine, ...]:
    """Every line once, in the order in which the service has them; it tells no more than the newest."""
    new = {line.id: _line(line, own) for line in told}
    lines = [new.pop(line.id, line) for line in known] + list(new.values())
    return tuple(sorted(lines, key=lambda line: line.at))


def appointment_of(found: WireAppointment) -> Appointment:
    """As the program's own value."""
    return Appointment(
        id=found.id,
        title=found.title,
        description=found.description,
        start=found.start,
        end=found.end,
        opens_at=found.opens_at,
        closes_at=found.closes_at,
        time_zone=found.time_zone,
        office=found.office,
        host_name=found.host_name,
        expert_number=found.expert_number,
        lobby=found.lobby,
        demanded=found.demanded,
        seat=found.seat,
        cancelled=found.cancelled,
        waiting=found.waiting,
        participants=tuple(
            Invitee(one.id, one.name, one.email, one.phone, one.language, one.opened_at)
            for one in found.participants
        ),
    )


def _painted(meeting: Meeting, picture: wire.Picture) -> Meeting:
    known = {one.session: one for one in everybody(meeting)}
    people = {one.session: one for one in picture.people if one.session != picture.you.session}
    same = meeting.you.session in ("", picture.you.session)
    return with_people(
        replace(
            meeting,
            appointment=appointment_of(picture.appointment),
            you=person_of(picture.you, meeting.you),
            chat=merged_chat(meeting.chat if same else (), picture.chat, picture.you.session),
            place=picture.place,
            reason=picture.reason,
            started_at=picture.started_at,
        ),
        tuple(person_of(one, known.get(one.session)) for one in people.values()),
    )


def _with_person(meeting: Meeting, told: wire.Person) -> Meeting:
    if told.session == meeting.you.session:
        return replace(meeting, you=person_of(told, meeting.you))
    people = everybody(meeting)
    before = next((one for one in people if one.session == told.session), None)
    person = person_of(told, before)
    if before is None:
        return with_people(meeting, (*people, person))
    return with_people(meeting, tuple(person if one is before else one for one in people))


def _without(meeting: Meeting, session: str) -> Meeting:
    return with_people(meeting, tuple(one for one in everybody(meeting) if one.session != session))


def _code_tried(meeting: Meeting, tried: wire.CodeTried) -> Meeting:
    if tried.confirmed:
        return changed_person(
            meeting, tried.session, code_confirmed=True, code="", code_until=None, tries_left=0
        )
    spent: dict[str, object] = {} if tried.tries_left else {"code": "", "code_until": None}
    return changed_person(meeting, tried.session, tries_left=tried.tries_left, **spent)


def _line(told: wire.ChatLine, own: str) -> ChatLine:
    return ChatLine(
        told.id, told.session, told.name, told.text, told.at, told.session == own, told.lobby, told.to
    )
