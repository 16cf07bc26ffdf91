"""The same meeting opened twice, by its link or from the list: the page finds the place one has already."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from resources.words import Words
from service_api import meeting as wire
from softphone.assemble import Application
from softphone.domain.account import Credentials
from softphone.domain.meeting import Equipment, SessionState
from softphone.presenters.meeting_page import PagePresenter
from softphone.presenters.page_views import Stage
from tests.doubles.application import Doubles, running_application
from tests.doubles.meeting_ports import a_wire_person
from tests.doubles.meetings import an_appointment
from tests.unit.softphone.services.meetings_bench import LINK, SECRET
from tests.unit.softphone.services.test_service_account import FIRST, signed_in

OTHER_LINK = LINK.replace(SECRET, "t" * 43)


class Rig:
    """The page's presenter on the real meetings."""

    def __init__(self, application: Application, doubles: Doubles) -> None:
        self.meetings, self.doubles = application.meetings, doubles
        self.page = PagePresenter(
            application.meetings, doubles.clock, Equipment, self._release, Words("en"), lambda view: None
        )
        application.bus.subscribe(self.page.hear)
        self.sign_in = application._service_account.use

    async def _release(self) -> None:
        return None

    def stage(self) -> Stage:
        """Where the page is."""
        return self.page.compose().stage

    async def link(self, link: str = LINK) -> None:
        """A link pressed in the mail, and gone on with."""
        self.meetings.link_from_outside(link)
        assert self.stage() is Stage.SERVER
        await self.page.go_on()

    def account(self, credentials: Credentials | None = None) -> None:
        """Signed in, with one appointment."""
        self.doubles.appointments.refresh, self.doubles.appointments.items = FIRST, (an_appointment(),)
        self.sign_in(credentials or signed_in())


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with running_application(tmp_path) as (application, doubles):
        yield Rig(application, doubles)


async def test_the_same_link_pressed_twice_leads_to_its_invitation_again(rig: Rig) -> None:
    await rig.link()
    assert rig.stage() is Stage.OFFER
    await rig.page.accept()
    assert rig.stage() is Stage.TEST
    await rig.link()
    assert rig.stage() is Stage.OFFER
    assert rig.doubles.meeting.connects == 1, "it is the place one has"
    assert await rig.page.join()


async def test_a_link_put_away_without_going_on_gives_up_the_place_one_only_tested_for(rig: Rig) -> None:
    await rig.link()
    rig.meetings.link_from_outside(LINK)
    await rig.page.close()
    assert (rig.stage(), rig.meetings.meeting()) == (Stage.NONE, None)
    await rig.link()
    assert rig.stage() is Stage.OFFER


async def test_the_list_leads_back_to_the_test_page_past_a_link_somebody_pressed(rig: Rig) -> None:
    rig.account()
    assert await rig.page.open("appointment1") is None
    assert rig.stage() is Stage.TEST
    rig.meetings.link_from_outside(OTHER_LINK)
    assert rig.stage() is Stage.SERVER
    assert await rig.page.open("appointment1") is None
    assert rig.stage() is Stage.TEST
    assert rig.page.compose().lock is not None


async def test_a_link_to_where_one_waits_leads_to_the_lobby(rig: Rig) -> None:
    await rig.link()
    rig.meetings.link_from_outside(LINK)
    await rig.page.join()
    waits = a_wire_person(state=SessionState.WAITING)
    rig.doubles.meeting.tell(wire.YouChanged(you=waits, place=1))
    await rig.page.go_on()
    assert rig.stage() is Stage.LOBBY
