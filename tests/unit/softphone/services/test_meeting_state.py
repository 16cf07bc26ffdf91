"""The meeting as told: whatever comes, in whatever order, twice or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service_api import meeting as wire
from service_api.states import OVER, PRESENT, Assurance, Seat, SessionState
from softphone.domain.meeting import Meeting, Track, Trouble
from softphone.services.meeting_state import LEFT_OUT, LOBBY, changed_person, everybody, merged_chat, reduce
from tests.doubles.meeting_ports import a_chat_line, a_picture, a_wire_person
from tests.doubles.meetings import START, a_meeting, a_person

SESSIONS = ("me", "a", "b", "c")


def at_first() -> Meeting:
    """Before the service has said anything."""
    return a_meeting(you=a_person(session="", state=SessionState.PREJOIN))


def after(*events: Any, meeting: Meeting | None = None) -> Meeting:
    """The meeting after these."""
    found = meeting or at_first()
    for event in events:
        found = reduce(found, event)
    return found


def welcome(you: wire.Person | None = None, **picture: Any) -> wire.Welcome:
    """The first event of a connection."""
    return wire.Welcome(resume_token="r" * 43, picture=a_picture(you, **picture))


states = st.sampled_from(list(SessionState))
people = st.builds(
    a_wire_person,
    st.sampled_from(SESSIONS),
    state=states,
    camera=st.booleans(),
    assurance=st.sampled_from(list(Assurance)),
    code_confirmed=st.booleans(),
)
own = st.builds(a_wire_person, st.just("me"), state=states, seat=st.sampled_from(list(Seat)))
lines = st.integers(1, 6).map(lambda number: a_chat_line(number, session=SESSIONS[number % 4]))
pictures = st.builds(
    a_picture,
    own,
    people=st.lists(people, max_size=6).map(tuple),
    chat=st.lists(lines, max_size=4).map(tuple),
    place=st.integers(0, 3),
)
events = st.one_of(
    st.builds(wire.Welcome, resume_token=st.just("r" * 43), picture=pictures),
    st.builds(wire.Snapshot, picture=pictures),
    st.builds(wire.YouChanged, you=own, place=st.integers(0, 3), reason=st.just("why")),
    st.builds(wire.PersonChanged, person=people),
    st.builds(wire.PersonGone, session=st.sampled_from(SESSIONS)),
    st.builds(wire.ChatAdded, line=lines),
    st.builds(
        wire.CodeTried,
        session=st.sampled_from(SESSIONS),
        confirmed=st.booleans(),
        tries_left=st.integers(0, 4),
    ),
    st.builds(wire.OtherDevice, participant=st.just("p"), name=st.just("Somebody")),
    st.just(wire.Ended(reason="Thank you")),
    st.just(wire.TakenOver()),
    st.just(wire.MediaLost()),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(events, max_size=15))
def test_nobody_is_in_two_places_and_oneself_in_none(told: list[Any]) -> None:
    meeting = after(welcome(), *told)
    found = [person.session for person in everybody(meeting)]
    assert len(found) == len(set(found))
    assert meeting.you.session not in found
    assert all(person.state in PRESENT for person in meeting.people)
    assert all(person.state in LOBBY for person in meeting.waiting)
    assert all(person.state in LEFT_OUT for person in meeting.out)
    shown = [line.id for line in meeting.chat]
    assert len(shown) == len(set(shown))
    assert [line.at for line in meeting.chat] == sorted(line.at for line in meeting.chat)


@settings(max_examples=40, deadline=None)
@given(st.lists(events, max_size=8), events)
def test_an_event_told_twice_is_one(told: list[Any], event: Any) -> None:
    once = after(welcome(), *told, event)
    assert after(event, meeting=once) == once


@settings(max_examples=40, deadline=None)
@given(st.lists(events, max_size=10), st.lists(events, max_size=10), pictures)
def test_a_snapshot_mends_whatever_was_missed(
    some: list[Any], others: list[Any], picture: wire.Picture
) -> None:
    """But for chat, which is kept, codes and what only this program knows."""

    def told(before: list[Any]) -> Any:
        meeting = after(welcome(), *before, wire.Snapshot(picture=picture))
        seen = {(one.session, one.state, one.camera, one.assurance) for one in everybody(meeting)}
        return meeting.you.state, seen, meeting.place, meeting.reason, meeting.appointment

    assert told(some) == told(others)


def test_welcome_paints_everything() -> None:
    waiting = a_wire_person("b", state=SessionState.WAITING, waiting_since=START)
    removed = a_wire_person("c", state=SessionState.REMOVED)
    meeting = after(
        welcome(
            a_wire_person(seat=Seat.HOST, state=SessionState.CONNECTED),
            people=(a_wire_person("a", state=SessionState.RECONNECTING), waiting, removed),
            chat=(a_chat_line(),),
            started_at=START,
        )
    )
    assert meeting.host
    assert [one.session for one in meeting.people] == ["a"]
    assert [(one.session, one.waiting_since) for one in meeting.waiting] == [("b", START)]
    assert [one.session for one in meeting.out] == ["c"]
    assert (meeting.chat[0].text, meeting.started_at) == ("text 1", START)
    assert meeting.server == "meet.example.com", "where we are connected, not what it calls itself"


def test_who_waits_stands_in_the_order_in_which_the_service_counts_them() -> None:
    def waiting(session: str, seconds: int) -> wire.Person:
        since = START + timedelta(seconds=seconds)
        return a_wire_person(session, state=SessionState.WAITING, waiting_since=since)

    first = a_wire_person("d", state=SessionState.WAITING)
    meeting = after(welcome(people=(waiting("c", 20), waiting("b", 10), first)))
    assert [one.session for one in meeting.waiting] == ["d", "b", "c"]
    meeting = after(wire.PersonChanged(person=waiting("a", 10)), meeting=meeting)
    assert [one.session for one in meeting.waiting] == ["d", "a", "b", "c"]
    meeting = after(wire.PersonChanged(person=waiting("a", 30)), meeting=meeting)
    assert [one.session for one in meeting.waiting] == ["d", "b", "c", "a"], "back in the lobby: last"


def test_what_is_known_here_alone_outlives_what_is_told() -> None:
    inside = a_wire_person("a", state=SessionState.CONNECTED)
    meeting = after(welcome(people=(inside,)))
    track = Track("video", "VP8", 640, 360)
    meeting = changed_person(meeting, "a", code="123456", tries_left=5, tracks=(track,), speaking=True)
    meeting = after(
        wire.PersonChanged(person=a_wire_person("a", state=SessionState.RECONNECTING)),
        welcome(people=(inside,)),
        meeting=meeting,
    )
    [person] = meeting.people
    assert (person.code, person.tries_left, person.tracks, person.speaking) == ("123456", 5, (track,), True)
    put_back = after(
        wire.PersonChanged(person=a_wire_person("a", state=SessionState.WAITING)), meeting=meeting
    )
    assert put_back.waiting[0].code == "", "a code is of the meeting page"


@pytest.mark.parametrize(
    ("tried", "code", "left", "confirmed"),
    [
        (wire.CodeTried(session="a", confirmed=False, tries_left=2), "123456", 2, False),
        (wire.CodeTried(session="a", confirmed=False, tries_left=0), "", 0, False),
        (wire.CodeTried(session="a", confirmed=True), "", 0, True),
        (wire.CodeTried(session="nobody", confirmed=True), "123456", 5, False),
    ],
)
def test_codes_tried(tried: wire.CodeTried, code: str, left: int, confirmed: bool) -> None:
    meeting = after(welcome(people=(a_wire_person("a", state=SessionState.CONNECTED),)))
    meeting = changed_person(meeting, "a", code="123456", tries_left=5)
    [person] = after(tried, meeting=meeting).people
    assert (person.code, person.tries_left, person.code_confirmed) == (code, left, confirmed)


def test_chat_keeps_older_lines_than_a_picture_holds() -> None:
    meeting = after(welcome(chat=(a_chat_line(1), a_chat_line(2))), wire.ChatAdded(line=a_chat_line(3)))
    meeting = after(wire.Snapshot(picture=a_picture(chat=(a_chat_line(3), a_chat_line(4)))), meeting=meeting)
    assert [line.text for line in meeting.chat] == ["text 1", "text 2", "text 3", "text 4"]


def test_another_place_does_not_inherit_chat() -> None:
    meeting = after(welcome(chat=(a_chat_line(1),)))
    other = a_wire_person("another")
    assert after(wire.Snapshot(picture=a_picture(other)), meeting=meeting).chat == ()


def test_lines_of_one_moment_stay_in_their_order() -> None:
    first, second = a_chat_line(1, at=START), a_chat_line(2, at=START)
    late = a_chat_line(3, at=START - timedelta(seconds=1), session="me")
    shown = merged_chat(merged_chat((), (first, second), "me"), (late,), "me")
    assert [(line.id, line.mine) for line in shown] == [("chat3", True), ("chat1", False), ("chat2", False)]


def test_the_end_empties_the_room_and_says_why() -> None:
    meeting = after(
        welcome(people=(a_wire_person("a", state=SessionState.CONNECTED),)), wire.Ended(reason="Thank you")
    )
    assert (meeting.you.state, meeting.people, meeting.reason) == (SessionState.LEFT, (), "Thank you")
    assert meeting.you.state in OVER


def test_taken_over_and_another_device_are_told() -> None:
    meeting = after(welcome(), wire.TakenOver(), wire.OtherDevice(participant="p", name="Casper"))
    assert (meeting.trouble, meeting.other_device_of) == (Trouble.TAKEN_OVER, "Casper")
