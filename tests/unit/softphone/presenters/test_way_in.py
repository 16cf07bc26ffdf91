"""Where one person is on the way into a meeting."""

from __future__ import annotations

from datetime import timedelta

import pytest

from softphone.domain.meeting import JoinOffer, Meeting, MeetingLink, SessionState
from softphone.presenters.page_views import Stage
from softphone.presenters.way_in import WayIn
from tests.doubles.meetings import a_meeting, a_person

LINK = MeetingLink("meet.example.com", "https://meet.example.com", "secret")
UNDER_WAY = (SessionState.WAITING, SessionState.WAITING_FOR_OTHERS, SessionState.CONNECTED)


def meeting(state: SessionState) -> Meeting:
    return a_meeting(you=a_person(state=state))


def at(state: SessionState) -> WayIn:
    way = WayIn(None)
    way.follow(meeting(state))
    return way


@pytest.mark.parametrize("state", UNDER_WAY)
def test_a_meeting_under_way_is_put_aside_for_nothing(state: SessionState) -> None:
    way = at(state)
    stage, opened = way.stage, way.opened
    assert not way.lead_to(LINK)
    assert not way.ask_for_link()
    assert not way.put_away()
    assert (way.stage, way.link, way.opened) == (stage, None, opened + 2)


def test_what_a_link_leads_to_is_named_before_anything_else_of_it() -> None:
    way = WayIn(meeting(SessionState.LEFT))
    assert way.lead_to(LINK)
    assert (way.stage, way.about, way.server) == (Stage.SERVER, None, "")
    way.with_link()
    offered = meeting(SessionState.PREJOIN).appointment
    way.show(JoinOffer(offered, "Casper Customer", LINK.server))
    assert (way.stage, way.about, way.server) == (Stage.OFFER, offered, LINK.server)


def test_a_link_that_is_read_is_not_lost_to_the_meeting_before_it() -> None:
    way = at(SessionState.PREJOIN)
    way.lead_to(LINK)
    assert not way.follow(meeting(SessionState.LEFT))
    assert not way.follow(None)
    assert way.stage is Stage.SERVER


def test_the_invitation_stays_until_it_is_accepted() -> None:
    way = WayIn(None)
    way.lead_to(LINK)
    way.with_link()
    assert way.follow(meeting(SessionState.PREJOIN))
    assert (way.stage, way.opened) == (Stage.OFFER, 2)
    way.accept()
    assert not way.follow(meeting(SessionState.PREJOIN))
    assert way.stage is Stage.TEST


def test_an_appointment_of_ones_own_needs_no_offer() -> None:
    way = WayIn(None)
    way.lead_to(LINK)
    way.with_link()
    way.from_list()
    way.follow(meeting(SessionState.PREJOIN))
    assert (way.stage, way.link) == (Stage.TEST, None)


def test_the_field_for_a_link_forgets_the_one_before() -> None:
    way = WayIn(None)
    way.lead_to(LINK)
    assert way.ask_for_link()
    assert (way.stage, way.link, way.opened) == (Stage.LINK, None, 2)


def test_a_meeting_that_is_gone_is_over() -> None:
    way = at(SessionState.CONNECTED)
    assert way.server == "meet.example.com"
    assert way.leads_to(meeting(SessionState.CONNECTED).appointment.id)
    assert not way.follow(None)
    assert (way.stage, way.link) == (Stage.OVER, None)
    assert not way.leads_to(meeting(SessionState.CONNECTED).appointment.id)
    assert way.put_away()
    assert (way.stage, way.link) == (Stage.NONE, None)


def test_only_who_left_may_come_in_again_and_only_while_it_lasts() -> None:
    way = at(SessionState.CONNECTED)
    closes = meeting(SessionState.CONNECTED).appointment.closes_at
    before = (closes - timedelta(seconds=1)).timestamp()
    assert not way.may_return(before)
    way.leaving = True
    assert way.may_return(before)
    assert not way.may_return(closes.timestamp())
    way.follow(None)
    way.follow(meeting(SessionState.PREJOIN))
    assert not way.may_return(before)


def test_coming_up_is_counted_where_something_new_is_seen() -> None:
    way = at(SessionState.WAITING)
    opened = way.opened
    way.follow(meeting(SessionState.WAITING))
    assert way.opened == opened
    way.follow(meeting(SessionState.DECLINED))
    assert way.opened == opened + 1
