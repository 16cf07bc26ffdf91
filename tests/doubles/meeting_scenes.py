"""Scenes of meetings, from the list to goodbye, as `scenes` has them of the phone."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from softphone.domain.device import MicrophoneState
from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from softphone.domain.events import LevelsChanged
from softphone.domain.meeting import (
    Appointment,
    Assurance,
    ChatLine,
    DeviceCheck,
    Invitee,
    Meeting,
    Seat,
    SessionState,
)
from softphone.domain.picture import Frame
from softphone.presenters.appointment_form import FormView
from softphone.presenters.camera_test import SETTINGS
from softphone.presenters.form_text import FormText, InviteeText
from tests.doubles.application import settle
from tests.doubles.meetings import a_meeting, a_person, an_appointment, the_host
from tests.doubles.stage import Stage

Play = Callable[[Stage], Awaitable[None]]
LONG = "Annukka-Mariaana Björkbacka-Österlund-Väyrynen"


def now(stage: Stage) -> datetime:
    """The stage's time."""
    return datetime.fromtimestamp(stage.doubles.clock.time(), UTC)


def at(stage: Stage, **changes: object) -> Appointment:
    """An appointment that began twelve minutes ago, at `start` where that is given."""
    start = changes.pop("start", now(stage) - timedelta(minutes=12))
    assert isinstance(start, datetime)
    times = {
        "start": start,
        "end": start + timedelta(minutes=75),
        "opens_at": start - timedelta(minutes=15),
        "closes_at": start + timedelta(minutes=195),
    }
    return an_appointment(**{"office": "Helsinki office", **times, **changes})


def picture(height: int = 360, hue: float = 0.0) -> Frame:
    """A soft drawing that is nobody's face: a room's light, a head and shoulders."""
    width = height * 16 // 9
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    light = 0.55 + 0.35 * np.cos((columns / width - 0.3) * 2.2) * np.cos((rows / height - 0.2) * 1.6)
    head = ((columns - width * 0.5) / (height * 0.17)) ** 2 + ((rows - height * 0.42) / (height * 0.22)) ** 2
    body = ((columns - width * 0.5) / (height * 0.42)) ** 2 + ((rows - height * 1.05) / (height * 0.42)) ** 2
    shades = [0.5 + 0.3 * math.cos(hue + part) for part in (0.0, 2.0, 4.0)]
    pixels = np.empty((height, width, 4), np.uint8)
    for channel, shade in enumerate(shades):
        plane = light * shade * 255
        plane = np.where(body < 1, 50 + 60 * (1 - shade), plane)
        plane = np.where(head < 1, 150 + 30 * (channel == 2) + 20 * light, plane)
        pixels[:, :, channel] = np.clip(plane, 0, 255)
    pixels[:, :, 3] = 255
    return Frame(np.ascontiguousarray(pixels))


def show_pictures(stage: Stage, *sessions: str) -> None:
    """These send a picture."""
    for number, session in enumerate(sessions):
        stage.meetings.picture(session).put(picture(hue=1.3 * number))


# --- the list -----------------------------------------------------------------------------------------


async def _list(stage: Stage) -> None:
    """Two today, one with somebody waiting; some to come; past ones, one cancelled."""
    await stage.sign_in()
    moment = now(stage)
    stage.appointments.show(
        at(stage, id="now", title="Loan talk with the Meikäläinen family", waiting=2),
        at(stage, id="soon", title="Pension plan", start=moment + timedelta(minutes=27), office=""),
        at(stage, id="next", title=f"Meeting with {LONG}", start=moment + timedelta(days=3)),
        at(
            stage, id="invited", title="Team meeting", start=moment + timedelta(days=9),
            seat=Seat.PARTICIPANT, host_name="Henna Hallitus", office="Tampere",
        ),
        at(stage, id="over", title="First talk", start=moment - timedelta(days=1)),
        at(stage, id="gone", title="Insurance", start=moment - timedelta(days=2), cancelled=True),
    )  # fmt: skip


async def _list_empty(stage: Stage) -> None:
    await stage.sign_in()
    stage.appointments.show()


async def _list_stale(stage: Stage) -> None:
    await _list(stage)
    stage.appointments.show(*stage.appointments.listed, stale=True)


async def _list_away(stage: Stage) -> None:
    """A plain SIP server has no meetings."""
    await stage.sign_in()
    stage.appointments.online = False
    stage.appointments.show()


# --- the form -----------------------------------------------------------------------------------------


async def _form(stage: Stage) -> None:
    await stage.sign_in()
    await stage.board.meetings.form.open_new("Europe/Helsinki")


def _typed(stage: Stage) -> FormText:
    text = stage.view(FormView).text
    assert text is not None
    return replace(
        text,
        title="Loan talk",
        description="Terms of a new loan, and what it costs each month.",
        office="Helsinki office",
        expert_number="010 123 4567",
        participants=(
            InviteeText("Aino Asiakas", "aino@example.com", "040 123 4567"),
            InviteeText(LONG, "annukka@example.com", "", "sv"),
        ),
    )


async def _form_faults(stage: Stage) -> None:
    """What was typed before came back, and some of it is wrong; then the service is away."""
    await _form(stage)
    text = _typed(stage)
    await stage.board.meetings.form.typed(text)
    await stage.board.meetings.form.close()
    await stage.board.meetings.form.open_new("Europe/Helsinki")
    wrong = replace(text, title="", end=text.start, expert_number="call me")
    await stage.board.meetings.form.submit(
        replace(wrong, participants=(InviteeText("", "aino at example", "40-x"),))
    )


async def _form_refused(stage: Stage) -> None:
    await _form(stage)
    stage.appointments.refusal = ServiceUnreachable("", code="server-silent")
    await stage.board.meetings.form.submit(_typed(stage))


async def _invitations(stage: Stage) -> None:
    await _form(stage)
    await stage.board.meetings.form.submit(_typed(stage))


# --- the way in ---------------------------------------------------------------------------------------


async def _link(stage: Stage) -> None:
    await stage.board.meetings.page.ask_for_link()


async def _link_wrong(stage: Stage) -> None:
    await _link(stage)
    await stage.board.meetings.page.read_link("https://example.com/hello")


async def _server(stage: Stage) -> None:
    await _link(stage)
    await stage.board.meetings.page.read_link("https://meet.example.com/m#0123456789012345678901")


async def _server_unknown(stage: Stage) -> None:
    await _link(stage)
    await stage.board.meetings.page.read_link("https://unknown.example.net/m#0123456789012345678901")


async def _link_expired(stage: Stage) -> None:
    await _server(stage)
    stage.meetings.refusal = MeetingRefused("link-expired")
    await stage.board.meetings.page.go_on()


async def _offer(stage: Stage) -> None:
    await _server(stage)
    about = at(stage, seat=Seat.PARTICIPANT, start=now(stage) + timedelta(minutes=28))
    stage.meetings.offer = replace(stage.meetings.offer, appointment=about, other_device=True)
    await stage.board.meetings.page.go_on()


async def _tested(stage: Stage) -> None:
    """On the test page everything works."""
    await stage.sign_in()
    stage.doubles.sound.open_microphone = MicrophoneState(level_dbfs=-18.0)
    stage.cameras.slot.put(picture())
    stage.meetings.show(a_meeting(appointment=at(stage), you=the_host(state=SessionState.PREJOIN)))
    await stage.look_at_test_page()
    await stage.board.meetings.watch_camera(True)
    stage.program.bus.publish(LevelsChanged(-18.0, -40.0))
    await settle()


async def _test_in_settings(stage: Stage) -> None:
    """The test page of the settings, one's own picture on."""
    await stage.sign_in()
    stage.doubles.sound.open_microphone = MicrophoneState(level_dbfs=-18.0)
    stage.cameras.slot.put(picture())
    await stage.look_at_test_page()
    await stage.board.meetings.camera.watch(True, True, SETTINGS)
    await settle()


def _test_with(check: DeviceCheck, *, early: bool = False) -> Play:
    async def play(stage: Stage) -> None:
        await stage.sign_in()
        stage.cameras.opening = check
        if check is DeviceCheck.MISSING:
            stage.cameras.plug()
        start = now(stage) + timedelta(minutes=22 if early else 3)
        about = at(stage, seat=Seat.PARTICIPANT, start=start)
        you = a_person(state=SessionState.PREJOIN, camera=False, microphone=False)
        stage.meetings.show(a_meeting(appointment=about, you=you, camera_on=check is not DeviceCheck.OFF))
        await stage.look_at_test_page()
        await stage.board.meetings.watch_camera(True)

    return play


def guest_side(stage: Stage, state: SessionState, **changes: object) -> Meeting:
    """The customer's side of a meeting."""
    you = a_person(name="Aino Asiakas", state=state)
    return a_meeting(appointment=at(stage, seat=Seat.PARTICIPANT), you=you, **changes)


def line(stage: Stage, number: int, name: str, text: str, **changes: object) -> ChatLine:
    """What somebody wrote, 20 seconds after the line before."""
    at_time = now(stage) + timedelta(seconds=20 * number)
    return replace(ChatLine(f"c{number}", name, name, text, at_time), **changes)  # type: ignore[arg-type]


async def _lobby(stage: Stage) -> None:
    chat = (
        line(stage, 1, "Erja Expert", "Five minutes, sorry!", lobby=True),
        line(stage, 2, "Aino Asiakas", "No hurry, I am reading the terms.", lobby=True, mine=True),
    )
    stage.meetings.show(guest_side(stage, SessionState.WAITING, place=1, chat=chat, camera_on=False))


async def _others(stage: Stage) -> None:
    stage.meetings.show(guest_side(stage, SessionState.WAITING_FOR_OTHERS))


async def _inside(stage: Stage) -> None:
    await stage.sign_in()
    meeting = guest_side(stage, SessionState.CONNECTED, people=(the_host(),))
    stage.meetings.show(meeting)
    stage.meetings.refusal = MeetingRefused("wrong-code", tries_left=3)
    await stage.board.meetings.page.confirm("123456")


async def _confirmed(stage: Stage) -> None:
    """Without a line the expert's number stands there in large figures."""
    meeting = guest_side(stage, SessionState.CONNECTED, people=(the_host(),))
    sure = replace(meeting.you, assurance=Assurance.PHONE, code_confirmed=True)
    stage.meetings.show(replace(meeting, you=sure))


async def _declined(stage: Stage) -> None:
    stage.meetings.show(guest_side(stage, SessionState.WAITING))
    reason = "Please book a new time: we talk with one customer at once."
    stage.meetings.show(guest_side(stage, SessionState.DECLINED, reason=reason))


async def _left(stage: Stage) -> None:
    stage.meetings.show(guest_side(stage, SessionState.CONNECTED))
    await stage.board.meetings.page.leave()


def invited(*names: str) -> tuple[Invitee, ...]:
    """Participants of an appointment."""
    return tuple(Invitee(f"p{number}", name) for number, name in enumerate(names, start=1))


PLAYS: tuple[tuple[str, str, Play], ...] = (
    ("meetings", "main+meetings", _list),
    ("meetings-empty", "main+meetings", _list_empty),
    ("meetings-stale", "main+meetings", _list_stale),
    ("meetings-away", "main+meetings", _list_away),
    ("meeting-form", "meetings.form", _form),
    ("meeting-form-faults", "meetings.form", _form_faults),
    ("meeting-form-refused", "meetings.form", _form_refused),
    ("meeting-invitations", "meetings.form", _invitations),
    ("meeting-link", "meetings.page", _link),
    ("meeting-link-wrong", "meetings.page", _link_wrong),
    ("meeting-server", "meetings.page", _server),
    ("meeting-server-unknown", "meetings.page", _server_unknown),
    ("meeting-link-expired", "meetings.page", _link_expired),
    ("meeting-offer", "meetings.page", _offer),
    ("meeting-test", "meetings.page", _tested),
    ("test-camera", "settings+test:camera", _test_in_settings),
    *(
        (f"meeting-test-{check}", "meetings.page", _test_with(check, early=check is DeviceCheck.BUSY))
        for check in (
            DeviceCheck.DENIED,
            DeviceCheck.BUSY,
            DeviceCheck.BLACK,
            DeviceCheck.MISSING,
            DeviceCheck.OFF,
        )
    ),
    ("meeting-lobby", "meetings.page", _lobby),
    ("meeting-others", "meetings.page", _others),
    ("meeting-page", "meetings.page", _inside),
    ("meeting-page-confirmed", "meetings.page", _confirmed),
    ("meeting-declined", "meetings.page", _declined),
    ("meeting-left", "meetings.page", _left),
)
"""Name, window and how it comes about."""
