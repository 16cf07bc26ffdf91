"""The way into a meeting: by link or from the list, over the test page, past refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from service_api import meeting as wire
from softphone.domain.errors import BadTarget, CommandRefused, MeetingRefused, ServiceUnreachable
from softphone.domain.events import JoinOffered, LinkOpened
from softphone.domain.meeting import DeviceCheck, SessionState, Trouble
from tests.doubles.application import running_application, settle
from tests.doubles.meeting_ports import a_wire_person
from tests.unit.softphone.services.meetings_bench import LINK, READY, SECRET, Bench, at
from tests.unit.softphone.services.test_service_account import FIRST, signed_in

__all__ = ["at"]


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
