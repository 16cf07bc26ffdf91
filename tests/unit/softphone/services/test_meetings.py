"""One meeting from its link to goodbye, on a service of paper."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from service_api import meeting as wire
from softphone.domain.errors import BadTarget, CommandRefused, MeetingRefused, ServiceUnreachable
from softphone.domain.events import (
    ChatArrived,
    Event,
    JoinOffered,
    Knocked,
    LinkOpened,
    MeetingChanged,
    Notice,
)
from softphone.domain.meeting import DeviceCheck, Equipment, Meeting, Seat, SessionState, Track, Trouble
from softphone.services.meetings import Meetings
from tests.doubles.application import Doubles, running_application, settle
from tests.doubles.meeting_ports import a_chat_line, a_picture, a_wire_appointment, a_wire_person
from tests.doubles.meetings import an_appointment
from tests.unit.softphone.services.test_service_account import FIRST, signed_in

E_ = TypeVar("E_", bound=Event)

SECRET = "s" * 43
LINK = f"https://meet.example.com/m#{SECRET}"
READY = Equipment(DeviceCheck.OK, DeviceCheck.OK, DeviceCheck.OK)


class Bench:
    """A whole application on doubles, and what a test asks of it."""

    def __init__(self, meetings: Meetings, doubles: Doubles) -> None:
        self.meetings = meetings
        self.doubles = doubles
        self.server, self.media = doubles.meeting, doubles.media

    @property
    def meeting(self) -> Meeting:
        """The one there is."""
        found = self.meetings.meeting()
        assert found is not None
        return found

    def trouble(self) -> Trouble:
        """What is wrong now."""
        return self.meeting.trouble

    def held(self) -> bool:
        """Whether a call has the microphone now."""
        return self.meeting.held

    def last(self) -> tuple[object, ...]:
        """What the media was asked last."""
        return self.media.done[-1]

    def told(self, kind: type[E_]) -> list[E_]:
        """The bus's events of a kind."""
        return [event for event in self.doubles.events if isinstance(event, kind)]

    async def opened(self, *, camera: bool = True, microphone: bool = True) -> None:
        """On the test page, and knocked."""
        await self.meetings.open_link(self.meetings.read_link(LINK))
        await self.meetings.join(camera=camera, microphone=microphone, equipment=READY)

    async def inside(self, *feeds: wire.Feed, **you: Any) -> None:
        """Admitted, with a ticket redeemed."""
        await self.opened()
        person = a_wire_person(state=SessionState.CONNECTED, **you)
        other = a_wire_person("other", state=SessionState.CONNECTED)
        self.server.picture = a_picture(person, feeds=feeds, people=(other,))
        self.server.tell(wire.YouChanged(you=person))
        self.server.tell(wire.Snapshot(picture=self.server.picture))
        self.server.tell(a_ticket())
        await settle(60)


def a_ticket(number: int = 1) -> wire.Ticket:
    """A right to media."""
    return wire.Ticket(ticket=f"ticket{number}".ljust(43, "t"), expires_in=60)


@asynccontextmanager
async def bench(folder: Path, doubles: Doubles | None = None) -> AsyncIterator[Bench]:
    """Started and closed."""
    async with running_application(folder, doubles) as (application, used):
        yield Bench(application.meetings, used)


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(tmp_path) as made:
        yield made


async def test_a_link_leads_to_the_test_page_without_an_account(at: Bench) -> None:
    offer = await at.meetings.open_link(at.meetings.read_link(f" <{LINK}> "))
    assert (offer.name, offer.server) == ("Casper Customer", "meet.example.com"), "not what it calls itself"
    [(_, access, secret, token)] = at.doubles.appointments.asked
    assert (access.url, secret, token) == ("https://meet.example.com/api/v1", SECRET, "")  # type: ignore[attr-defined]
    assert at.told(JoinOffered)[0].offer == offer
    assert at.meeting.you.state is SessionState.PREJOIN
    assert at.server.bearers == ["place1".ljust(43, "p")]
    assert at.media.done == [("start",)], "no camera and no microphone before one is in"


async def test_nothing_is_sent_for_reading_a_link(at: Bench) -> None:
    at.meetings.link_from_outside(LINK)
    [opened] = at.told(LinkOpened)
    assert (opened.link.server, opened.link.listed) == ("meet.example.com", True)
    assert at.doubles.appointments.asked == []
    with pytest.raises(BadTarget):
        at.meetings.read_link("tel:0401234567")


async def test_a_server_that_policy_does_not_list_is_told(tmp_path: Path) -> None:
    policy = {"meetings.servers": ["*.example.org"]}
    async with running_application(tmp_path, policy=policy) as (application, _):
        assert not application.meetings.read_link(LINK).listed
        assert application.meetings.read_link(LINK.replace("example.com", "example.org")).listed


async def test_knocking_tells_what_the_test_page_found(at: Bench) -> None:
    await at.opened(camera=False)
    [knock] = at.server.of(wire.Knock)
    assert (knock.camera, knock.microphone, knock.equipment.camera) == (False, True, DeviceCheck.OK)
    assert (at.meeting.camera_on, at.meeting.microphone_on) == (False, True)


async def test_media_begins_with_a_redeemed_ticket_and_not_before(at: Bench) -> None:
    await at.opened()
    at.server.tell(wire.YouChanged(you=a_wire_person(state=SessionState.ADMITTED)))
    await settle()
    assert at.media.done == [("start",)]
    at.server.tell(a_ticket())
    await settle(60)
    [redeem] = at.server.of(wire.Redeem)
    assert redeem.ticket == "ticket1".ljust(43, "t")
    assert [done[0] for done in at.media.done] == ["start", "join", "microphone", "hold", "camera"]
    assert at.server.of(wire.MediaState)[-1].camera is True
    assert (at.meeting.you.camera, at.meeting.you.microphone) == (True, True)


async def test_feeds_are_received_but_never_ones_own(at: Bench) -> None:
    mine = wire.Feed(id="f0", session="me", audio=True, video=True)
    theirs = wire.Feed(id="f1", session="other", audio=True, video=True)
    await at.inside(mine, theirs)
    assert ("feed_added", "f1", "other") in at.media.done
    assert ("feed_added", "f0", "me") not in at.media.done
    at.server.tell(wire.FeedRemoved(feed="f1"))
    at.server.tell(wire.FeedAdded(feed=wire.Feed(id="f2", session="other", audio=True, video=False)))
    await settle()
    assert at.media.done[-2:] == [("feed_removed", "f1"), ("feed_added", "f2", "other")]


async def test_camera_off_lets_it_go_and_the_others_know(at: Bench) -> None:
    await at.inside()
    await at.meetings.camera(False)
    await at.meetings.microphone(False)
    await settle()
    assert at.media.done[-2:] == [("camera", False), ("microphone", False)]
    told = at.server.of(wire.MediaState)[-1]
    assert (told.camera, told.microphone) == (False, False)
    assert (at.meeting.you.camera, at.meeting.camera_on) == (False, False)


async def test_a_camera_that_fails_is_wanted_and_not_on(at: Bench) -> None:
    at.media.broken_camera = True
    await at.inside()
    assert (at.meeting.camera_on, at.meeting.you.camera) == (True, False)
    assert at.trouble() is Trouble.CAMERA_FAILED
    await at.meetings.camera(False)
    assert at.trouble() is Trouble.NONE


async def test_what_flows_is_shown_with_its_quality(at: Bench) -> None:
    await at.inside()
    at.media.flowing = {"other": (Track("video", "VP8", 640, 360, 25.0, loss=4.0), Track("audio", "opus"))}
    at.media.heard = frozenset({"other"})
    at.media.on_changed()
    [other] = at.meeting.people
    assert other.speaking
    assert [track.codec for track in other.tracks] == ["VP8", "opus"]
    assert at.meeting.quality == 2


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


async def test_somebody_declined_may_knock_again(at: Bench) -> None:
    await at.opened()
    at.server.tell(wire.YouChanged(you=a_wire_person(state=SessionState.DECLINED), reason="Later"))
    await at.meetings.join(camera=True, microphone=True, equipment=READY)
    assert at.server.connects == 2
    assert at.server.of(wire.Hello)[-1].resume_token is None
    assert len(at.server.of(wire.Knock)) == 2


async def test_a_link_that_opens_later_connects_when_it_opens(at: Bench) -> None:
    at.server.connect_refusals = [MeetingRefused("too-early")]
    await at.meetings.open_link(at.meetings.read_link(LINK))
    assert at.meeting.you.state is SessionState.PREJOIN
    at.server.connect_refusals = [MeetingRefused("too-early")]
    with pytest.raises(MeetingRefused) as refused:
        await at.meetings.join(camera=True, microphone=True, equipment=READY)
    assert refused.value.code == "too-early"
    await at.meetings.join(camera=True, microphone=True, equipment=READY)
    assert len(at.server.of(wire.Knock)) == 1


async def test_a_refused_link_leaves_nothing_behind(at: Bench) -> None:
    at.doubles.appointments.refusals = [MeetingRefused("link-expired")]
    with pytest.raises(MeetingRefused) as refused:
        await at.meetings.open_link(at.meetings.read_link(LINK))
    assert refused.value.code == "link-expired"
    assert at.meetings.meeting() is None
    at.server.connect_refusals = [MeetingRefused("meeting-over")]
    with pytest.raises(MeetingRefused):
        await at.meetings.open_link(at.meetings.read_link(LINK))
    assert at.meetings.meeting() is None


async def test_a_service_that_is_away_at_first_is_waited_for(at: Bench) -> None:
    at.server.down = True
    await at.meetings.open_link(at.meetings.read_link(LINK))
    assert at.trouble() is Trouble.SERVICE_AWAY
    with pytest.raises(ServiceUnreachable):
        await at.meetings.join(camera=True, microphone=True, equipment=READY)
    at.server.down = False
    await at.meetings.reconnect()
    await settle(40)
    assert at.trouble() is Trouble.NONE


async def test_one_meeting_at_a_time_and_the_same_link_is_the_same_meeting(at: Bench) -> None:
    await at.inside()
    again = await at.meetings.open_link(at.meetings.read_link(LINK))
    assert again.appointment.id == "appointment1"
    assert at.server.connects == 1
    with pytest.raises(CommandRefused) as refused:
        await at.meetings.open_link(at.meetings.read_link(LINK.replace(SECRET, "t" * 43)))
    assert refused.value.code == "in-a-meeting"


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


async def test_a_knock_and_a_line_of_chat_are_told_once(at: Bench) -> None:
    await at.inside(seat=Seat.HOST)
    person = a_wire_person("s9", state=SessionState.WAITING)
    at.server.tell(wire.PersonChanged(person=person))
    at.server.tell(wire.Knocked(session="s9"))
    assert [event.person.session for event in at.told(Knocked)] == ["s9"]
    at.server.tell(wire.ChatAdded(line=a_chat_line()))
    at.server.tell(wire.ChatAdded(line=a_chat_line()))
    at.server.tell(wire.ChatAdded(line=a_chat_line(2, session="me")))
    assert [event.line.text for event in at.told(ChatArrived)] == ["text 1"]
    assert [line.mine for line in at.meeting.chat] == [False, True]


async def test_the_host_commands_go_out(at: Bench) -> None:
    await at.inside(seat=Seat.HOST)
    at.server.answers = {"admit-all": {"passed_over": 2}, "new-code": {"code": "123456", "expires_in": 600}}
    await at.meetings.admit("a")
    assert await at.meetings.admit_all() == 2
    await at.meetings.decline("b", "Full")
    await at.meetings.put_back("c")
    await at.meetings.remove("d", "Sorry")
    await at.meetings.lobby_say("Soon", "a")
    assert await at.meetings.new_code("other") == "123456"
    kinds = [command.type for command in at.server.commands[-7:]]
    assert kinds == ["admit", "admit-all", "decline", "put-back", "remove", "lobby-say", "new-code"]
    [other] = at.meeting.people
    assert (other.code, other.tries_left) == ("123456", 5)
    at.server.tell(wire.CodeTried(session="other", confirmed=False, tries_left=4))
    assert at.meeting.people[0].tries_left == 4
    at.server.tell(wire.CodeTried(session="other", confirmed=True))
    assert (at.meeting.people[0].code, at.meeting.people[0].code_confirmed) == ("", True)
    await at.meetings.end()
    assert len(at.server.of(wire.End)) == 1
    assert at.meetings.meeting() is None


async def test_a_wrong_code_tells_how_many_tries_are_left(at: Bench) -> None:
    await at.inside()
    at.server.refusals = {"confirm-code": MeetingRefused("wrong-code", tries_left=3)}
    with pytest.raises(MeetingRefused) as refused:
        await at.meetings.confirm(" 123 456 ")
    assert (refused.value.code, refused.value.tries_left) == ("wrong-code", 3)
    assert at.server.of(wire.ConfirmCode)[0].code == "123456"
    with pytest.raises(MeetingRefused) as refused:
        await at.meetings.confirm("12345")
    assert refused.value.code == "bad-request"


async def test_a_phone_call_beside_takes_the_microphone_and_gives_it_back(at: Bench) -> None:
    await at.inside()
    phone = at.doubles.telephony
    call = phone.incoming()
    await settle()
    assert not at.held(), "it only rings"
    phone.establish(call)
    await settle()
    assert at.held()
    assert at.last() == ("hold", True)
    assert at.server.of(wire.MediaState)[-1].microphone is False
    assert at.meeting.microphone_on, "what the person wants stays"
    phone.end(call)
    await settle()
    assert not at.held()
    assert at.last() == ("hold", False)
    assert at.server.of(wire.MediaState)[-1].microphone is True


async def test_without_a_meeting_there_is_nothing_to_command(at: Bench) -> None:
    for command in (at.meetings.camera(True), at.meetings.say("x"), at.meetings.admit("a")):
        with pytest.raises(CommandRefused) as refused:
            await command
        assert refused.value.code == "no-meeting"
    await at.meetings.leave()
    at.meetings.look("a", 100)


async def test_the_expert_is_called_while_the_meeting_goes_on(at: Bench) -> None:
    await at.inside()
    at.server.tell(wire.Snapshot(picture=replace_picture(at.server.picture, expert_number="")))
    with pytest.raises(CommandRefused) as refused:
        await at.meetings.call_expert()
    assert refused.value.code == "no-number"


def replace_picture(picture: wire.Picture, **appointment: object) -> wire.Picture:
    """The same with another appointment."""
    return picture.model_copy(update={"appointment": a_wire_appointment(**appointment)})


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


async def test_an_appointment_nobody_knows_of_is_not_opened(tmp_path: Path) -> None:
    async with running_application(tmp_path) as (application, doubles):
        with pytest.raises(MeetingRefused) as refused:
            await application.meetings.open("appointment1")
        assert refused.value.code == "not-signed-in"
        doubles.appointments.refresh = FIRST
        application._service_account.use(signed_in())
        with pytest.raises(MeetingRefused) as refused:
            await application.meetings.open("appointment1")
        assert refused.value.code == "not-found"


async def test_a_meeting_that_lasts_longer_keeps_its_place(tmp_path: Path) -> None:
    doubles = Doubles()
    doubles.clock.advance(an_appointment().closes_at.timestamp() + 3600 - doubles.clock.time())
    async with bench(tmp_path, doubles) as at:
        await at.inside()
        assert "place1" in str(doubles.secrets.stored)  # type: ignore[attr-defined]
