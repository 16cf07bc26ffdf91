"""Scenes of the host's meeting window, and a customer's that looks the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from softphone.domain.events import ChatArrived, Knocked
from softphone.domain.meeting import (
    Assurance,
    DeviceCheck,
    Equipment,
    Meeting,
    Person,
    SessionState,
    Trouble,
)
from tests.doubles.meeting_scenes import LONG, Play, at, guest_side, line, now, show_pictures
from tests.doubles.meetings import a_meeting, a_person, the_host
from tests.doubles.stage import Stage


def _people(stage: Stage) -> tuple[Person, ...]:
    return (
        a_person(session="s1", name="Aino Asiakas", speaking=True, assurance=Assurance.PHONE),
        a_person(
            session="s2", name=LONG, camera=False, microphone=False, code="314159",
            code_until=now(stage) + timedelta(minutes=8), tries_left=4,
        ),
        a_person(session="s3", name="Matti Meikäläinen", code_confirmed=True),
    )  # fmt: skip


def _waiting(stage: Stage) -> tuple[Person, ...]:
    fine = Equipment(DeviceCheck.OK, DeviceCheck.OK, DeviceCheck.OK)
    return (
        a_person(
            session="w1", name="Kerttu Kolmas", state=SessionState.WAITING, assurance=Assurance.PHONE,
            waiting_since=now(stage) - timedelta(seconds=130), equipment=fine,
        ),
        a_person(
            session="w2", name="Unknown guest", state=SessionState.WAITING, other_device=True,
            waiting_since=now(stage) - timedelta(seconds=20),
        ),
    )  # fmt: skip


def _held_meeting(stage: Stage, **changes: object) -> Meeting:
    """The host's side, twelve minutes old."""
    started = now(stage) - timedelta(seconds=751)
    fields = {"people": _people(stage), "started_at": started, "quality": 4, **changes}
    return a_meeting(appointment=at(stage, title="Loan talk"), **fields)


async def _room(stage: Stage) -> None:
    await stage.sign_in()
    show_pictures(stage, "", "s1", "s3")
    stage.meetings.show(_held_meeting(stage))


async def _room_lobby(stage: Stage) -> None:
    await _room(stage)
    waiting = _waiting(stage)
    said = line(stage, 1, "Kerttu Kolmas", "Can you hear me?", session="w1", lobby=True)
    stage.meetings.show(_held_meeting(stage, waiting=waiting, chat=(said,)))
    stage.program.bus.publish(Knocked(waiting[1]))


async def _room_chat(stage: Stage) -> None:
    await _room(stage)
    lines = (
        line(stage, 1, "Aino Asiakas", "Good morning!"),
        line(stage, 2, "Erja Expert", "Good morning. Can you see my picture?", mine=True),
        line(stage, 3, "Matti Meikäläinen", "Yes, and I hear you well. What does the loan cost each month?"),
    )
    stage.meetings.show(_held_meeting(stage, chat=lines))
    stage.program.bus.publish(ChatArrived(lines[2]))


async def _room_people(stage: Stage) -> None:
    await _room(stage)
    gone = a_person(session="s9", name="Pekka Poistettu", state=SessionState.REMOVED)
    stage.meetings.show(_held_meeting(stage, out=(gone,)))


async def _room_alone(stage: Stage) -> None:
    await stage.sign_in()
    off = the_host(camera=False, microphone=False)
    stage.meetings.show(
        _held_meeting(stage, you=off, people=(), quality=0, camera_on=False, microphone_on=False)
    )


async def _room_trouble(stage: Stage) -> None:
    """The connection is lost, and a phone call has the microphone."""
    await _room(stage)
    people = tuple(replace(p, state=SessionState.RECONNECTING, speaking=False) for p in _people(stage))
    stage.meetings.show(_held_meeting(stage, people=people, trouble=Trouble.MEDIA_AWAY, held=True, quality=1))


async def _room_guest(stage: Stage) -> None:
    show_pictures(stage, "", "s0")
    stage.meetings.show(
        guest_side(stage, SessionState.CONNECTED, people=(the_host(speaking=True),), quality=3)
    )


async def _decline(stage: Stage) -> None:
    await _room_lobby(stage)


PLAYS: tuple[tuple[str, str, Play], ...] = (
    ("room", "meetings.room", _room),
    ("room-grid", "meetings.room+grid", _room),
    ("room-lobby", "meetings.room", _room_lobby),
    ("room-chat", "meetings.room+chat", _room_chat),
    ("room-people", "meetings.room+people", _room_people),
    ("room-alone", "meetings.room", _room_alone),
    ("room-trouble", "meetings.room", _room_trouble),
    ("room-guest", "meetings.room", _room_guest),
    ("room-decline", "meetings.reason", _decline),
)
"""Name, window and how it comes about."""
