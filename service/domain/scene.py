"""A meeting at one moment, what each one in it may see of it, and what to tell them when it changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from service.domain.booking import Booking
from service.domain.chat import Line
from service.domain.session import Session
from service_api.meeting import (
    ChatAdded,
    ChatLine,
    Equipment,
    Feed,
    FeedAdded,
    FeedRemoved,
    MeetingEvent,
    Person,
    PersonChanged,
    PersonGone,
    Picture,
    Snapshot,
    YouChanged,
)
from service_api.states import PRESENT, Seat, SessionState

RECENT_LINES = 300
"""Lines of chat a scene holds; the older ones are in the store."""

CHAT_BYTES = 32 * 1024
"""Of chat in one picture, so that a message stays below the size limit."""


@dataclass(frozen=True, slots=True)
class Scene:
    """`chat` is the recent part, oldest first. `started_at` is when a host first came in."""

    booking: Booking
    server: str
    sessions: tuple[Session, ...] = ()
    chat: tuple[Line, ...] = ()
    feeds: tuple[Feed, ...] = ()
    started_at: float | None = None

    def session(self, session_id: str) -> Session | None:
        """One of them."""
        return next((one for one in self.sessions if one.id == session_id), None)

    def with_sessions(self, changed: Iterable[Session]) -> Scene:
        """These are new, or take the place of their former selves."""
        new = {one.id: one for one in changed}
        kept = tuple(new.pop(one.id, one) for one in self.sessions)
        return replace(self, sessions=kept + tuple(new.values()))

    def with_line(self, line: Line) -> Scene:
        """One line more."""
        return replace(self, chat=(*self.chat, line)[-RECENT_LINES:])

    def with_feed(self, feed: Feed) -> Scene:
        """A session's feed, in the place of its former one."""
        others = tuple(one for one in self.feeds if one.session != feed.session)
        return replace(self, feeds=(*others, feed))

    def without_feeds(self, *, of: str = "", feed: str = "") -> Scene:
        """Without that session's feed, or that feed."""
        return replace(self, feeds=tuple(f for f in self.feeds if f.session != of and f.id != feed))

    @property
    def queue(self) -> tuple[Session, ...]:
        """Those in the lobby, who has waited longest first."""
        waiting = [one for one in self.sessions if one.in_lobby]
        return tuple(sorted(waiting, key=lambda one: (one.waiting_since or 0.0, one.id)))

    @property
    def shown(self) -> tuple[Session, ...]:
        """All but those that left on one device and came again on another."""
        last = {one.participant: one.id for one in self.sessions}
        last |= {one.participant: one.id for one in self.sessions if one.state is not SessionState.LEFT}
        return tuple(
            one
            for one in self.sessions
            if one.state is not SessionState.LEFT or last[one.participant] == one.id
        )

    @property
    def host_inside(self) -> bool:
        """Whether a host is in the meeting."""
        return any(one.host and one.inside for one in self.sessions)

    @property
    def anybody_inside(self) -> bool:
        """Whether anybody is in the meeting."""
        return any(one.inside for one in self.sessions)

    def elsewhere(self, session: Session) -> tuple[Session, ...]:
        """The same person on other devices."""
        same = (one for one in self.sessions if one.participant == session.participant)
        return tuple(one for one in same if one.id != session.id and one.seat is session.seat)

    def barred(self, session: Session) -> bool:
        """Whether this person was removed, on this device or another, and not let in again."""
        return any(
            one.participant == session.participant and one.state is SessionState.REMOVED
            for one in self.sessions
            if not one.host
        )


class Pictures:
    """What each one may know of a scene; what several of them see is made once."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._places = {one.id: place for place, one in enumerate(scene.queue, start=1)}
        self._shown = [(one, person(one, whole=True), person(one, whole=False)) for one in scene.shown]
        self._appointments = {seat: scene.booking.told(seat, len(self._places)) for seat in Seat}

    def of(self, receiver: Session) -> Picture:
        """Everything `receiver` may know. Who waits sees nobody; who is inside sees who is inside."""
        return Picture(
            appointment=self._appointments[receiver.seat],
            server=self._scene.server,
            you=person(receiver, whole=True),
            place=self._places.get(receiver.id, 0),
            people=tuple(
                whole if receiver.host else part for one, whole, part in self._shown if sees(receiver, one)
            ),
            chat=_recent(self._scene.chat, receiver),
            feeds=tuple(f for f in self._scene.feeds if receiver.inside and f.session != receiver.id),
            reason=receiver.reason,
            started_at=_moment(self._scene.started_at),
        )


def sees(receiver: Session, other: Session) -> bool:
    """Whether `receiver` may know that `other` is there."""
    if receiver.id == other.id or other.state is SessionState.INVITED:
        return False
    return receiver.host or (receiver.inside and other.inside)


def person(session: Session, *, whole: bool) -> Person:
    """A session as others see it; `whole` for the host and for oneself."""
    return Person(
        session=session.id,
        participant=session.participant,
        name=session.name,
        seat=session.seat,
        state=session.state,
        assurance=session.assurance,
        code_confirmed=session.code_confirmed,
        camera=session.camera,
        microphone=session.microphone,
        other_device=whole and session.other_device,
        client=session.client,
        waiting_since=_moment(session.waiting_since) if whole else None,
        equipment=session.equipment if whole else Equipment(),
    )


def changes(before: Picture, after: Picture) -> Iterator[MeetingEvent]:
    """What makes `after` of `before`. Going in or out shows or takes away so much that all is told anew."""
    you = (before.you, before.place, before.reason) != (after.you, after.place, after.reason)
    if you:
        yield YouChanged(you=after.you, place=after.place, reason=after.reason)
    if _anew(before, after):
        yield Snapshot(picture=after)
        return
    yield from _people(before, after)
    yield from _feeds(before, after)
    known = {line.id for line in before.chat}
    yield from (ChatAdded(line=line) for line in after.chat if line.id not in known)


def _anew(before: Picture, after: Picture) -> bool:
    if (before.you.state in PRESENT) != (after.you.state in PRESENT):
        return True
    same = before.appointment.model_copy(update={"waiting": after.appointment.waiting})
    return (same, before.started_at) != (after.appointment, after.started_at)


def _people(before: Picture, after: Picture) -> Iterator[MeetingEvent]:
    there = {one.session for one in after.people}
    yield from (PersonGone(session=one.session) for one in before.people if one.session not in there)
    former = {one.session: one for one in before.people}
    yield from (PersonChanged(person=one) for one in after.people if former.get(one.session) != one)


def _feeds(before: Picture, after: Picture) -> Iterator[MeetingEvent]:
    now, former = {one.id for one in after.feeds}, {one.id for one in before.feeds}
    yield from (FeedRemoved(feed=one.id) for one in before.feeds if one.id not in now)
    yield from (FeedAdded(feed=one) for one in after.feeds if one.id not in former)


def _recent(chat: tuple[Line, ...], receiver: Session) -> tuple[ChatLine, ...]:
    """What was said to the receiver, the newest that fit."""
    left = CHAT_BYTES
    shown: list[ChatLine] = []
    for line in reversed(chat):
        if not (receiver.host or receiver.id == line.session or receiver.id in line.audience):
            continue
        left -= line.weight
        if left < 0:
            break
        shown.append(line.told)
    return tuple(reversed(shown))


def _moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
