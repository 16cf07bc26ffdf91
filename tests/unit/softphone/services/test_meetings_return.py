"""A place in a meeting: lost and come back to, taken over, taken away, and given up."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from service_api import meeting as wire
from softphone.domain.events import MeetingChanged, Notice
from softphone.domain.meeting import SessionState, Trouble
from tests.doubles.application import Doubles, running_application, settle
from tests.doubles.meeting_ports import a_picture, a_wire_person
from tests.doubles.meetings import an_appointment
from tests.unit.softphone.services.meetings_bench import LINK, READY, SECRET, Bench, a_ticket, at, bench
from tests.unit.softphone.services.test_service_account import FIRST, signed_in

__all__ = ["at"]


async def test_a_lost_connection_comes_back_with_its_place_and_its_choices(at: Bench) -> None:
    await at.inside(wire.Feed(id="f1", session="other", audio=True, video=True))
    await at.meetings.camera(False)
    at.server.lose()
    assert at.trouble() is Trouble.SERVICE_AWAY
    await settle(60)
    assert at.server.connects == 2
    hello = at.server.of(wire.Hello)[-1]
    assert hello.resume_token == "resume1".ljust(43, "x")
    before = len(at.media.done)
    at.server.tell(a_ticket(2))
    await settle(60)
    assert at.media.done[before:] == [
        ("feed_removed", "f1"), ("join",), ("feed_added", "f1", "other"),
        ("microphone", True), ("hold", False), ("camera", False),
    ]  # fmt: skip
    assert at.trouble() is Trouble.NONE
    assert at.server.of(wire.Knock)[1:] == [], "nobody is back in the lobby"


async def test_media_lost_waits_for_a_new_ticket_and_begins_anew(at: Bench) -> None:
    await at.inside()
    at.server.tell(wire.MediaLost())
    assert at.trouble() is Trouble.MEDIA_AWAY
    at.server.tell(a_ticket(2))
    await settle(60)
    assert [done[0] for done in at.media.done].count("join") == 2
    assert at.trouble() is Trouble.NONE


async def test_put_back_into_the_lobby_ends_media_and_admitted_again_begins_it(at: Bench) -> None:
    await at.inside()
    at.server.tell(wire.YouChanged(you=a_wire_person(state=SessionState.WAITING), place=1, reason="A moment"))
    await settle()
    assert at.last() == ("leave",)
    assert (at.meeting.place, at.meeting.reason) == (1, "A moment")
    at.server.tell(wire.YouChanged(you=a_wire_person(state=SessionState.ADMITTED)))
    at.server.tell(a_ticket(2))
    await settle(60)
    assert at.last() == ("camera", True)


async def test_removed_is_out_at_once_and_does_not_come_back_by_itself(at: Bench) -> None:
    await at.inside()
    at.server.tell(wire.YouChanged(you=a_wire_person(state=SessionState.REMOVED), reason="Sorry"))
    await settle()
    assert at.last() == ("leave",)
    assert at.meeting.you.state is SessionState.REMOVED


async def test_taken_over_elsewhere_ends_here_until_the_person_comes_back(at: Bench) -> None:
    await at.inside()
    at.server.tell(wire.TakenOver())
    at.server.lose("taken-over")
    await settle()
    assert at.trouble() is Trouble.TAKEN_OVER
    assert at.last() == ("leave",)
    assert at.server.connects == 1
    await at.meetings.reconnect()
    await settle(60)
    assert at.server.connects == 2
    at.server.tell(a_ticket(2))
    await settle(60)
    assert at.trouble() is Trouble.NONE


async def test_a_place_that_was_taken_over_is_taken_back_by_opening_it_again(at: Bench) -> None:
    await at.inside()
    at.server.tell(wire.TakenOver())
    at.server.lose("taken-over")
    await at.meetings.open_link(at.meetings.read_link(LINK))
    await settle(60)
    assert at.server.connects == 2
    assert at.trouble() is not Trouble.TAKEN_OVER


async def test_joining_after_another_device_had_the_place_ends_the_warning(at: Bench) -> None:
    await at.meetings.open_link(at.meetings.read_link(LINK))
    at.server.tell(wire.TakenOver())
    at.server.lose("taken-over")
    assert at.trouble() is Trouble.TAKEN_OVER
    await at.meetings.join(camera=True, microphone=True, equipment=READY)
    assert at.server.connects == 2
    assert at.trouble() is Trouble.NONE


async def test_the_end_for_everybody_stays_on_the_screen_until_left(at: Bench) -> None:
    await at.inside()
    at.server.tell(wire.Ended(reason="Thank you"))
    at.server.lose("meeting-over")
    await settle()
    assert (at.meeting.you.state, at.meeting.reason) == (SessionState.LEFT, "Thank you")
    assert at.told(Notice) == []
    await at.meetings.leave()
    assert at.meetings.meeting() is None
    assert at.told(MeetingChanged)[-1].meeting is None


async def test_leaving_says_goodbye_and_lets_everything_go(at: Bench) -> None:
    await at.inside()
    await at.meetings.leave()
    assert len(at.server.of(wire.Leave)) == 1
    assert at.last() == ("leave",)
    assert at.server.socket is not None
    assert at.server.socket.closed
    states = [event.meeting.you.state if event.meeting else None for event in at.told(MeetingChanged)]
    assert states[-2:] == [SessionState.LEFT, None]


async def test_a_goodbye_that_takes_long_ends_no_meeting_that_was_opened_meanwhile(at: Bench) -> None:
    await at.inside()
    former, at.server.deaf = at.server.socket, True
    leaving = asyncio.create_task(at.meetings.leave())
    await settle()
    at.server.deaf, at.server.picture = False, a_picture()
    opening = asyncio.create_task(
        at.meetings.open_link(at.meetings.read_link(LINK.replace(SECRET, "t" * 43)))
    )
    await settle(60)
    assert len(at.doubles.appointments.asked) == 1, "the next one is opened when the goodbye is said"
    assert former is not None
    former.lose()
    await asyncio.gather(leaving, opening)
    await settle(40)
    assert at.meeting.you.state is SessionState.PREJOIN
    assert at.told(MeetingChanged)[-1].meeting == at.meeting
    assert at.media.done[-2:] == [("leave",), ("start",)], "the former lets go before the next begins"


async def test_a_program_that_was_killed_takes_its_place_back(tmp_path: Path) -> None:
    doubles = Doubles()
    async with bench(tmp_path, doubles) as at:
        await at.inside(camera=True)
        kept = dict(doubles.secrets.stored)  # type: ignore[attr-defined]
        settings = (tmp_path / "settings.json").read_bytes()
    again = Doubles()
    again.secrets.stored = kept  # type: ignore[attr-defined]
    (tmp_path / "settings.json").write_bytes(settings)
    again.meeting.picture = a_picture(
        a_wire_person(state=SessionState.CONNECTED, camera=False, microphone=True)
    )
    async with bench(tmp_path, again) as back:
        await back.meetings.open_link(back.meetings.read_link(LINK))
        assert again.appointments.asked[0][-1] == "place1".ljust(43, "p"), "the same device"
        assert back.server.of(wire.Hello)[0].resume_token == "resume1".ljust(43, "x")
        back.server.tell(a_ticket())
        await settle(60)
        assert ("join",) in again.media.done
        assert (back.meeting.camera_on, back.meeting.microphone_on) == (False, True)
        assert back.server.of(wire.Knock) == []


async def test_no_secret_stands_in_the_profile(tmp_path: Path) -> None:
    async with bench(tmp_path) as at:
        await at.inside()
        await at.meetings.leave()
        stored = str(at.doubles.secrets.stored)  # type: ignore[attr-defined]
        assert "place1" in stored
        assert SECRET not in stored
        assert SECRET not in repr(at.meeting if at.meetings.meeting() else at.doubles.events)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert not any(secret in path.read_bytes() for secret in (SECRET.encode(), b"place1", b"resume1"))


async def test_a_meeting_of_the_account_is_left_with_it_and_a_guests_is_not(tmp_path: Path) -> None:
    async with running_application(tmp_path) as (application, doubles):
        at = Bench(application.meetings, doubles)
        account = application._service_account
        doubles.appointments.refresh, doubles.appointments.items = FIRST, (an_appointment(),)
        account.use(signed_in())
        await at.meetings.open("appointment1")
        await at.meetings.open("appointment1")
        assert at.server.bearers == ["access1"]
        assert at.meeting.server == "meet.example.com"
        account.use(None)
        await settle(60)
        assert at.meetings.meeting() is None
        assert len(at.server.of(wire.Leave)) == 1
        await at.opened()
        account.use(signed_in())
        await settle(60)
        assert at.meetings.meeting() is not None


async def test_a_link_opened_while_the_account_goes_is_no_meeting_of_that_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_application(tmp_path) as (application, doubles):
        at, account = Bench(application.meetings, doubles), application._service_account
        doubles.appointments.refresh, doubles.appointments.items = FIRST, (an_appointment(),)
        account.use(signed_in())
        await at.meetings.open("appointment1")
        open_link = doubles.appointments.open_link

        async def signed_out_meanwhile(*asked: Any) -> Any:
            account.use(None)
            return await open_link(*asked)

        monkeypatch.setattr(doubles.appointments, "open_link", signed_out_meanwhile)
        await at.meetings.open_link(at.meetings.read_link(LINK))
        await settle(60)
        assert at.meeting.you.state is SessionState.PREJOIN
        assert at.server.bearers[-1] == "place1".ljust(43, "p")


async def test_a_meeting_that_lasts_longer_keeps_its_place(tmp_path: Path) -> None:
    doubles = Doubles()
    doubles.clock.advance(an_appointment().closes_at.timestamp() + 3600 - doubles.clock.time())
    async with bench(tmp_path, doubles) as at:
        await at.inside()
        assert "place1" in str(doubles.secrets.stored)  # type: ignore[attr-defined]
