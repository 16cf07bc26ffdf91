"""Meetings by command: what goes out, what comes back, and what is refused."""

from __future__ import annotations

import argparse
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from service_api import meeting as wire
from softphone.assemble import Application
from softphone.control.cli import parser
from softphone.control.commands import Commands
from softphone.control.meeting_cli import FILE_LIMIT, request_of
from softphone.control.meeting_commands import wish_of
from softphone.control.protocol import MESSAGE_LIMIT, ControlError, Request
from softphone.control.shapes import event_shape
from softphone.domain.errors import CommandRefused, MeetingRefused, SoftphoneError
from softphone.domain.events import AppointmentsChanged, ChatArrived, JoinOffered, Knocked, LinkOpened
from softphone.domain.meeting import ChatLine, MeetingLink, Seat, SessionState, Track
from tests.doubles.application import Doubles, running_application, settle
from tests.doubles.meeting_ports import a_picture, a_wire_person
from tests.doubles.meetings import START, a_person, an_appointment
from tests.unit.softphone.services.test_service_account import FIRST, signed_in

LINK = f"https://meet.example.com/m#{'s' * 43}"
FILE: dict[str, object] = {
    "title": "Loan advice",
    "start": "2026-11-24T10:00:00",
    "end": "2026-11-24T11:00:00+02:00",
    "time_zone": "Europe/Helsinki",
    "participants": [{"name": "Casper", "email": "c@example.com", "phone": "0405555555"}],
}


class Bench:
    """The commands of a whole application on doubles."""

    def __init__(self, application: Application, doubles: Doubles) -> None:
        self.application, self.doubles = application, doubles
        self.server = doubles.meeting
        self._commands = Commands(application._reach())

    async def ask(self, command: str, **arguments: object) -> dict[str, Any]:
        """One command's answer."""
        return await self._commands.run(Request(command, arguments))

    async def refusal(self, command: str, **arguments: object) -> str:
        """The code of its no."""
        with pytest.raises(SoftphoneError) as refused:
            await self.ask(command, **arguments)
        return str(refused.value.code)

    def sign_in(self) -> None:
        """At a company service."""
        self.doubles.appointments.refresh = FIRST
        self.application._service_account.use(signed_in())

    async def host_inside(self) -> None:
        """In a meeting this person holds, with one guest in it and one in the lobby."""
        self.sign_in()
        self.doubles.appointments.items = (an_appointment(),)
        self.server.picture = a_picture(
            a_wire_person(seat=Seat.HOST, state=SessionState.CONNECTED),
            people=(
                a_wire_person("guest", state=SessionState.CONNECTED),
                a_wire_person("waits", state=SessionState.WAITING),
            ),
        )
        await self.ask("meeting-open", target="appointment1")


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Bench]:
    async with running_application(tmp_path) as (application, doubles):
        yield Bench(application, doubles)


async def test_without_a_company_there_are_no_appointments(at: Bench) -> None:
    assert await at.ask("meetings") == {"available": False, "stale": False, "meetings": []}
    assert await at.refusal("meeting-create", appointment=FILE) == "not-signed-in"


async def test_an_appointment_is_made_and_its_links_told(at: Bench) -> None:
    at.sign_in()
    made = await at.ask("meeting-create", appointment=FILE)
    [guest] = made["participants"]
    assert (guest["id"], guest["name"], guest["link"][:8]) == ("p1", "Casper", "https://")
    listed = await at.ask("meetings")
    assert made["id"] in [one["id"] for one in listed["meetings"]]
    link = await at.ask("meeting-link", id=made["id"], participant="p1")
    assert link["link"].startswith("https://")
    await at.ask("meeting-cancel", id=made["id"])
    cancelled = await at.ask("meetings")
    assert [one["cancelled"] for one in cancelled["meetings"]] == [True]


def test_a_time_without_an_offset_is_the_appointments_own() -> None:
    wish = wish_of(FILE, "draft1")
    assert (wish.start.isoformat(), wish.end.isoformat()) == (
        "2026-11-24T10:00:00+02:00", "2026-11-24T11:00:00+02:00",
    )  # fmt: skip
    assert (wish.draft_id, wish.lobby, wish.participants[0].language) == ("draft1", True, "fi")
    plain = wish_of({"title": "x", "start": "2026-11-24T10:00", "end": "2026-11-24T11:00Z"}, "d")
    assert plain.start.isoformat() == "2026-11-24T10:00:00+00:00"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"title": None}, "title"),
        ({"start": "soon"}, "start"),
        ({"end": 5}, "end"),
        ({"time_zone": "Moon/Base"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"time_zone": 5}, "time_zone"),
        ({"lobby": "yes"}, "lobby"),
        ({"demanded": "much"}, "demanded"),
        ({"participants": "Casper"}, "participants"),
        ({"participants": ["Casper"]}, "participants"),
        ({"participants": [{}]}, "name"),
    ],
)
def test_a_wrong_member_is_named(change: dict[str, object], named: str) -> None:
    with pytest.raises(ControlError, match=f"^{named}$") as refused:
        wish_of({**FILE, **change}, "draft1")
    assert refused.value.code == "bad-request"


async def test_a_link_is_opened_joined_and_left(at: Bench) -> None:
    offer = await at.ask("meeting-open", target=LINK)
    assert (offer["name"], offer["server"], offer["listed"]) == ("Casper Customer", "meet.example.com", True)
    assert (await at.ask("meeting-status"))["state"] == "prejoin"
    await at.ask("meeting-join", camera="off")
    [knock] = at.server.of(wire.Knock)
    assert (knock.camera, knock.microphone) == (False, True)
    assert knock.equipment.camera == "missing"
    await at.ask("meeting-leave")
    assert await at.ask("meeting-status") == {"state": "none"}


async def test_a_link_handed_over_from_outside_shows_where_it_leads(at: Bench) -> None:
    await at.ask("open", target=LINK)
    [opened] = [event for event in at.doubles.events if isinstance(event, LinkOpened)]
    assert opened.link.server == "meet.example.com"
    assert at.doubles.appointments.asked == []
    assert await at.refusal("open", target="https://example.com/elsewhere") == "bad-target"


async def test_a_server_the_company_does_not_list_has_to_be_asked_for(tmp_path: Path) -> None:
    policy = {"meetings.servers": ["meet.example.org"]}
    async with running_application(tmp_path, policy=policy) as (application, doubles):
        bench = Bench(application, doubles)
        assert await bench.refusal("meeting-open", target=LINK) == "server-not-listed"
        assert doubles.appointments.asked == []
        assert (await bench.ask("meeting-open", target=LINK, unlisted=True))["listed"] is False


async def test_the_host_holds_the_meeting(at: Bench) -> None:
    await at.host_inside()
    [waiting] = (await at.ask("meeting-lobby"))["waiting"]
    assert (waiting["id"], waiting["state"]) == ("waits", "waiting")
    at.server.answers = {"admit-all": {"passed_over": 1}, "new-code": {"code": "123456", "expires_in": 600}}
    await at.ask("meeting-admit", id="waits")
    assert await at.ask("meeting-admit", id="all") == {"passed_over": 1}
    await at.ask("meeting-decline", id="p-waits", reason="Full")
    assert await at.ask("meeting-code") == {"id": "guest", "code": "123456"}
    assert (await at.ask("meeting-code", id="p-guest"))["code"] == "123456"
    await at.ask("meeting-put-back", id="guest")
    await at.ask("meeting-remove", id="guest")
    await at.ask("meeting-say-lobby", text="Soon")
    await at.ask("meeting-say-lobby", text="Soon", id="waits")
    await at.ask("meeting-chat", text="Hello")
    told = [(command.type, getattr(command, "session", "")) for command in at.server.commands[1:]]
    assert told == [
        ("admit", "waits"), ("admit-all", ""), ("decline", "waits"), ("new-code", "guest"),
        ("new-code", "guest"), ("put-back", "guest"), ("remove", "guest"), ("lobby-say", None),
        ("lobby-say", "waits"), ("say", ""),
    ]  # fmt: skip
    assert await at.refusal("meeting-admit", id="nobody") == "unknown-person"
    status = await at.ask("meeting-status")
    assert "123456" not in json.dumps(status), "a code is told where it is asked for, and nowhere else"
    await at.ask("meeting-end")
    assert await at.refusal("meeting-lobby") == "no-meeting"


async def test_whose_code_has_to_be_clear(at: Bench) -> None:
    await at.host_inside()
    at.server.tell(wire.PersonGone(session="guest"))
    assert await at.refusal("meeting-code") == "unknown-person"


async def test_camera_and_microphone(at: Bench) -> None:
    await at.host_inside()
    at.server.tell(wire.Ticket(ticket="t" * 43, expires_in=60))
    await settle(60)
    assert (await at.ask("meeting-camera", on="off"))["camera_on"] is False
    assert (await at.ask("meeting-microphone", on="off"))["microphone_on"] is False
    assert at.doubles.media.done[-2:] == [("camera", False), ("microphone", False)]
    assert await at.refusal("meeting-camera", on="maybe") == "bad-request"
    assert await at.refusal("meeting-camera") == "bad-request"


async def test_what_flows_is_told(at: Bench) -> None:
    await at.host_inside()
    at.server.tell(wire.Ticket(ticket="t" * 43, expires_in=60))
    await settle(60)
    at.doubles.media.flowing = {"guest": (Track("video", "VP8", 640, 360, 24.9, 1, 0.5),)}
    status = await at.ask("meeting-status")
    [guest, _] = status["participants"]
    assert guest["tracks"] == [
        {"kind": "video", "codec": "VP8", "width": 640, "height": 360, "fps": 24.9, "freezes": 1, "loss": 0.5}
    ]
    json.dumps(status)


async def test_a_wrong_code_keeps_its_own_word(at: Bench) -> None:
    await at.host_inside()
    at.server.refusals = {"confirm-code": MeetingRefused("wrong-code", tries_left=4)}
    assert await at.refusal("meeting-confirm", code="123456") == "wrong-code"
    assert await at.ask("meeting-confirm", code="123456") == {"confirmed": True}
    assert await at.refusal("meeting-call") == "not-signed-in", "there is no line here"
    at.server.lose("taken-over")
    await at.ask("meeting-reconnect")


def test_events_of_meetings() -> None:
    line = ChatLine("c1", "s1", "Casper", "Hello", START)
    link = MeetingLink("meet.example.com", "https://meet.example.com/api/v1", "s" * 43)
    told = [
        event_shape(event, 0.0)
        for event in (
            Knocked(a_person()),
            ChatArrived(line),
            AppointmentsChanged((an_appointment(),), stale=True),
            LinkOpened(link),
            JoinOffered(Doubles().appointments.offer),
        )
    ]
    assert [shape["event"] for shape in told if shape] == ["knock", "chat", "appointments", "link", "offer"]
    assert "s" * 43 not in json.dumps(told)


def given(*arguments: str) -> tuple[str, dict[str, object]]:
    """What the command line sends."""
    options: argparse.Namespace = parser().parse_args(["meeting", *arguments])
    return request_of(options)


def test_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "appointment.json"
    file.write_text(json.dumps(FILE))
    assert given("create", str(file)) == ("meeting-create", {"appointment": FILE})
    assert given("open", LINK, "--json") == ("meeting-open", {"target": LINK})
    assert given("open", LINK, "--unlisted") == ("meeting-open", {"target": LINK, "unlisted": True})
    assert given("join", "--camera", "off") == ("meeting-join", {"camera": "off"})
    assert given("camera", "on") == ("meeting-camera", {"on": "on"})
    assert given("admit", "all") == ("meeting-admit", {"id": "all"})
    assert given("decline", "s1", "--reason", "Full") == ("meeting-decline", {"id": "s1", "reason": "Full"})
    assert given("code") == ("meeting-code", {})
    assert given("confirm", "123456") == ("meeting-confirm", {"code": "123456"})
    assert given("say-lobby", "Soon", "--to", "s1") == ("meeting-say-lobby", {"id": "s1", "text": "Soon"})
    for plain in ("lobby", "leave", "end", "status", "call", "reconnect"):
        assert given(plain) == (f"meeting-{plain}", {})


def test_a_file_that_is_none(tmp_path: Path) -> None:
    large, broken = tmp_path / "large", tmp_path / "broken"
    large.write_text(" " * (FILE_LIMIT + 1))
    broken.write_text("{")
    for file in (large, broken, tmp_path / "missing"):
        with pytest.raises(ControlError) as refused:
            given("create", str(file))
        assert refused.value.code == "usage"
    assert FILE_LIMIT < MESSAGE_LIMIT


async def test_another_meeting_is_never_left_unasked(at: Bench) -> None:
    await at.host_inside()
    with pytest.raises(CommandRefused) as refused:
        await at.ask("meeting-open", target=LINK)
    assert refused.value.code == "in-a-meeting"
