"""What each one may see of a meeting, and that what is told of a change makes the new picture of the old."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from service.domain.booking import Booking
from service.domain.chat import Line
from service.domain.scene import Pictures, Scene, changes
from service.domain.session import LOBBY, Session
from service.usecases.appointment_view import seen_by
from service_api.meeting import (
    ChatAdded,
    Equipment,
    Feed,
    FeedAdded,
    FeedRemoved,
    PersonChanged,
    PersonGone,
    Picture,
    Snapshot,
    YouChanged,
)
from service_api.states import PRESENT, Assurance, DeviceCheck, Seat, SessionState
from tests.doubles.meeting_hall import APPOINTMENT, an_appointment

BOOKED = an_appointment()
BOOKING = Booking(BOOKED, seen_by(Seat.HOST, BOOKED), seen_by(Seat.PARTICIPANT, BOOKED))
NAMES = ("host", "a", "b", "c")


@st.composite
def sessions(draw: st.DrawFn, name: str) -> Session:
    state = draw(st.sampled_from(SessionState))
    return Session(
        id=name,
        appointment=APPOINTMENT,
        key=f"place:{name}",
        participant=draw(st.sampled_from(["p1", "p2", name])),
        name=name,
        seat=Seat.HOST if name == "host" else Seat.PARTICIPANT,
        assurance=draw(st.sampled_from(Assurance)),
        made_at=0.0,
        state=state,
        camera=draw(st.booleans()),
        other_device=draw(st.booleans()),
        equipment=Equipment(camera=draw(st.sampled_from(DeviceCheck))),
        waiting_since=draw(st.floats(0, 100)) if state in LOBBY else None,
        reason=draw(st.sampled_from(["", "later"])),
    )


def a_line(number: int, session: str, audience: frozenset[str]) -> Line:
    return Line(
        id=f"l{number}",
        number=number,
        appointment=APPOINTMENT,
        session=session,
        name=session,
        text=f"line {number}",
        at=float(number),
        command=f"c{number}",
        audience=audience,
    )


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    people = tuple(draw(sessions(name)) for name in NAMES)
    told = draw(st.lists(st.frozensets(st.sampled_from(NAMES)), max_size=5))
    chat = tuple(a_line(n, draw(st.sampled_from(NAMES)), audience) for n, audience in enumerate(told, 1))
    sending = [one.id for one in people if one.inside and draw(st.booleans())]
    feeds = tuple(Feed(id=f"f-{name}", session=name, audio=True, video=True) for name in sending)
    started = draw(st.sampled_from([None, 5.0]))
    return Scene(BOOKING, "meet.example.com", people, chat, feeds, started)


def folded(before: Picture, after: Picture) -> Picture:
    """What a client makes of what it is told."""
    now = before
    for event in changes(before, after):
        match event:
            case Snapshot():
                now = event.picture
            case YouChanged():
                now = now.model_copy(update={"you": event.you, "place": event.place, "reason": event.reason})
            case PersonChanged():
                others = {one.session: one for one in now.people} | {event.person.session: event.person}
                now = now.model_copy(update={"people": tuple(others.values())})
            case PersonGone():
                left = tuple(one for one in now.people if one.session != event.session)
                now = now.model_copy(update={"people": left})
            case FeedAdded():
                now = now.model_copy(update={"feeds": (*now.feeds, event.feed)})
            case FeedRemoved():
                now = now.model_copy(update={"feeds": tuple(f for f in now.feeds if f.id != event.feed)})
            case ChatAdded():
                now = now.model_copy(update={"chat": (*now.chat, event.line)})
    return now


def content(picture: Picture) -> dict[str, object]:
    """A picture without the order of people and feeds, and without the count the host's list has anyway."""
    return {
        **picture.model_dump(exclude={"people", "feeds", "appointment"}),
        "people": {one.session: one for one in picture.people},
        "feeds": {one.id: one for one in picture.feeds},
    }


@given(
    scenes(), scenes(), st.sampled_from(NAMES), st.lists(st.frozensets(st.sampled_from(NAMES)), max_size=3)
)
def test_what_is_told_makes_the_new_picture_of_the_old(
    before: Scene, after: Scene, name: str, said: list[frozenset[str]]
) -> None:
    more = tuple(a_line(len(before.chat) + n, "a", audience) for n, audience in enumerate(said, 1))
    after = replace(after, chat=before.chat + more)
    pictures = []
    for scene in (before, after):
        receiver = scene.session(name)
        assert receiver is not None
        pictures.append(Pictures(scene).of(receiver))
    assert content(folded(*pictures)) == content(pictures[1])
    assert not list(changes(pictures[1], pictures[1]))


@given(scenes())
def test_who_is_not_inside_sees_nobody_and_is_seen_by_hosts_alone(scene: Scene) -> None:
    for receiver in scene.sessions:
        seen = {one.session: one for one in Pictures(scene).of(receiver).people}
        assert receiver.id not in seen
        if receiver.host:
            continue
        if receiver.state not in PRESENT:
            assert not seen
        for one in seen.values():
            assert one.state in PRESENT
            assert one.waiting_since is None and one.equipment == Equipment() and not one.other_device


@given(scenes())
def test_nobody_reads_what_was_not_said_to_them(scene: Scene) -> None:
    for receiver in scene.sessions:
        read = {line.id for line in Pictures(scene).of(receiver).chat}
        for line in scene.chat:
            meant = receiver.host or receiver.id == line.session or receiver.id in line.audience
            assert (line.id in read) == meant


@given(scenes())
def test_feeds_are_for_those_inside_and_never_ones_own(scene: Scene) -> None:
    for receiver in scene.sessions:
        feeds = Pictures(scene).of(receiver).feeds
        assert receiver.inside or not feeds
        assert receiver.id not in {one.session for one in feeds}


@given(scenes())
def test_the_queue_is_by_the_time_waited_and_participants_see_names_alone(scene: Scene) -> None:
    waited = [one.waiting_since or 0.0 for one in scene.queue]
    assert waited == sorted(waited)
    for place, one in enumerate(scene.queue, 1):
        picture = Pictures(scene).of(one)
        assert picture.place == place
        if not one.host:
            assert all(not (p.email or p.phone) for p in picture.appointment.participants)
            assert picture.appointment.waiting == 0
