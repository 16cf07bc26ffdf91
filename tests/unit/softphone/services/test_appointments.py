"""The list of appointments, what changes it, and what was typed and not sent."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from softphone.domain.events import AppointmentsChanged, Event
from softphone.domain.meeting import Appointment, Assurance, InviteeWish, Seat
from softphone.ports.meetings import Bearer, ServiceAccess
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.appointments import LOOK_S, LOOK_SOON_S, Appointments
from tests.doubles.application import settle
from tests.doubles.appointment_ports import FakeDrafts, a_wish, as_wished
from tests.doubles.meetings import an_appointment
from tests.unit.softphone.services.test_service_account import Bench as AccountBench
from tests.unit.softphone.services.test_service_account import signed_in


class Bench(AccountBench):
    """Appointments of an account; `pauses` is how long the list was left alone."""

    def __init__(self) -> None:
        super().__init__()
        self.service.items = (an_appointment(),)
        self.told: list[AppointmentsChanged] = []
        self.pauses: list[float] = []
        self.next_look = asyncio.Event()
        self.drafts, self.tasks = FakeDrafts(), Tasks()
        bus = Bus()
        bus.subscribe(self._hear)
        self.appointments = Appointments(
            self.service, self.account, self.drafts, bus, self.clock, self.tasks, sleep=self._sleep
        )

    def _hear(self, event: Event) -> None:
        if isinstance(event, AppointmentsChanged):
            self.told.append(event)

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self.next_look.wait()
        self.next_look.clear()

    async def looks_again(self) -> None:
        """Let the pause be over."""
        self.next_look.set()
        await settle()


@pytest.fixture
async def bench() -> Bench:
    return Bench()


async def test_signing_in_reads_the_list_and_signing_out_forgets_it(bench: Bench) -> None:
    assert not bench.appointments.available()
    await bench.remembered()
    await settle()
    assert bench.appointments.available()
    assert bench.appointments.appointments() == (an_appointment(),)
    assert bench.appointments.find("appointment1") == an_appointment()
    assert bench.told[-1] == AppointmentsChanged((an_appointment(),))
    bench.account.use(None)
    assert bench.told[-1] == AppointmentsChanged((), available=False)
    await bench.tasks.close()


async def test_the_list_is_read_again_and_told_when_it_changed(bench: Bench) -> None:
    await bench.remembered()
    await settle()
    told = len(bench.told)
    await bench.looks_again()
    assert len(bench.told) == told
    bench.service.items = (an_appointment(waiting=1),)
    await bench.looks_again()
    assert bench.told[-1].appointments[0].waiting == 1
    assert set(bench.pauses) == {LOOK_S}
    await bench.tasks.close()


async def test_while_somebody_may_wait_in_a_lobby_it_is_read_more_often(bench: Bench) -> None:
    bench.clock.advance(an_appointment().opens_at.timestamp() - bench.clock.time())
    await bench.remembered()
    await settle()
    assert bench.pauses == [LOOK_SOON_S]
    bench.service.items = (an_appointment(seat=Seat.PARTICIPANT), an_appointment(id="b", cancelled=True))
    await bench.looks_again()
    assert bench.pauses[-1] == LOOK_S
    await bench.tasks.close()


async def test_a_service_that_is_away_leaves_the_list_stale_and_is_asked_sooner(bench: Bench) -> None:
    await bench.remembered()
    await settle()
    bench.service.refusals = [ServiceUnreachable("", code="certificate")]
    with pytest.raises(ServiceUnreachable):
        await bench.appointments.refresh()
    assert bench.told[-1] == AppointmentsChanged((an_appointment(),), stale=True, reason="certificate")
    bench.service.refusals = [ServiceUnreachable(""), ServiceUnreachable("")]
    await bench.looks_again()
    await bench.looks_again()
    assert bench.pauses[-1] == LOOK_S, "twice as long each time, no longer than usual"
    await bench.looks_again()
    assert bench.told[-1] == AppointmentsChanged((an_appointment(),))
    await bench.tasks.close()


async def test_a_device_that_was_signed_out_reads_so_in_the_list(bench: Bench) -> None:
    bench.service.revoked = True
    await bench.remembered()
    await settle()
    assert (bench.told[-1].stale, bench.told[-1].reason) == (True, "not-signed-in")
    await bench.tasks.close()


async def test_an_answer_that_comes_after_signing_out_is_nobodys(bench: Bench) -> None:
    await bench.remembered()
    await settle()
    bench.service.pause = asyncio.Event()
    asked = asyncio.create_task(bench.appointments.refresh())
    await settle()
    bench.account.use(None)
    bench.service.pause.set()
    await asked
    assert bench.appointments.appointments() == ()
    await bench.tasks.close()


async def test_making_one_hands_out_links_and_clears_the_draft(bench: Bench) -> None:
    await bench.remembered()
    await settle()
    wish = a_wish(participants=(InviteeWish("Casper"), InviteeWish("Maija")))
    await bench.appointments.keep_draft(wish)
    assert await bench.appointments.draft() == wish
    made, links = await bench.appointments.make(wish)
    assert [link.name for link in links] == ["Casper", "Maija"]
    assert made in bench.appointments.appointments()
    assert await bench.appointments.draft() is None
    await bench.tasks.close()


@pytest.mark.parametrize(
    "now_wished",
    [
        {"title": "Another talk"},
        {"start": a_wish().start + timedelta(minutes=30)},
        {"demanded": Assurance.PHONE},
        {"participants": (InviteeWish("Casper"), InviteeWish("Maija", "maija@example.com"))},
        {"participants": (InviteeWish("Casper", language="sv"),)},
    ],
)
async def test_what_was_made_of_a_lost_answer_becomes_what_is_wished_now(
    bench: Bench, now_wished: dict[str, Any]
) -> None:
    await bench.remembered()
    await settle()
    wish = a_wish(participants=(InviteeWish("Casper"),))
    bench.service.lost = True
    with pytest.raises(ServiceUnreachable):
        await bench.appointments.make(wish)
    wish = replace(wish, **now_wished)
    made, links = await bench.appointments.make(wish)
    assert made == as_wished("made-draft1", wish)
    assert [link.name for link in links] == [one.name for one in wish.participants]
    assert bench.service.items[-1] == made
    assert bench.appointments.find(made.id) == made
    await bench.tasks.close()


async def test_what_was_made_as_wished_is_left_alone_when_its_answer_was_lost(bench: Bench) -> None:
    await bench.remembered()
    await settle()
    wish = a_wish(participants=(InviteeWish("Maija"), InviteeWish("Casper")))
    bench.service.lost = True
    with pytest.raises(ServiceUnreachable):
        await bench.appointments.make(wish)
    made, links = await bench.appointments.make(wish)
    assert [link.name for link in links] == ["Maija", "Casper"]
    assert "change" not in [asked[0] for asked in bench.service.asked]
    assert [one.id for one in bench.service.items] == ["appointment1", made.id]
    await bench.tasks.close()


async def test_a_draft_that_cant_be_read_takes_no_links_away(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    await bench.remembered()
    await settle()
    bench.drafts.broken = True
    _, links = await bench.appointments.make(a_wish(participants=(InviteeWish("Casper"),)))
    assert [link.name for link in links] == ["Casper"]
    assert "draft.json" in caplog.text
    await bench.tasks.close()


@pytest.mark.parametrize("which", ["made-draft1", "appointment1"])
async def test_a_list_asked_for_before_a_change_takes_nothing_back(
    bench: Bench, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.remembered()
    await settle()
    service, answer = bench.service, asyncio.Event()

    async def slow(access: ServiceAccess, bearer: Bearer) -> tuple[Appointment, ...]:
        listed = service.items
        await answer.wait()
        return listed

    monkeypatch.setattr(service, "listed", slow)
    asked = asyncio.create_task(bench.appointments.refresh())
    await settle()
    if which == "appointment1":
        await bench.appointments.change(which, a_wish(title="Another"))
    else:
        await bench.appointments.make(a_wish(title="Another"))
    answer.set()
    await asked
    assert bench.appointments.find(which) == as_wished(which, a_wish(title="Another"))
    await bench.appointments.refresh()
    assert set(bench.appointments.appointments()) == set(service.items)
    await bench.tasks.close()


async def test_what_could_not_be_made_stays_typed(bench: Bench) -> None:
    await bench.remembered()
    await settle()
    await bench.appointments.keep_draft(a_wish())
    bench.service.refusals = [ServiceUnreachable("")]
    with pytest.raises(ServiceUnreachable):
        await bench.appointments.make(a_wish())
    assert await bench.appointments.draft() == a_wish()
    await bench.appointments.keep_draft(a_wish(draft_id="another"))
    await bench.appointments.make(a_wish())
    assert await bench.appointments.draft() == a_wish(draft_id="another")
    await bench.tasks.close()


async def test_a_draft_is_its_typists_own(bench: Bench) -> None:
    await bench.remembered()
    await bench.appointments.keep_draft(a_wish())
    bench.account.use(signed_in("device2"))
    assert await bench.appointments.draft() == a_wish(), "the same person on another device"
    bench.account.use(None)
    assert await bench.appointments.draft() is None
    await bench.tasks.close()


async def test_changing_cancelling_and_a_new_link(bench: Bench) -> None:
    await bench.remembered()
    await settle()
    changed, _ = await bench.appointments.change("appointment1", a_wish(title="Another talk"))
    assert bench.appointments.find("appointment1") == changed
    link = await bench.appointments.new_link("appointment1", "p1")
    assert link.link.startswith("https://")
    await bench.appointments.cancel("appointment1")
    await settle()
    found = bench.appointments.find("appointment1")
    assert found is not None
    assert found.cancelled
    bench.service.refusals = [MeetingRefused("not-found")]
    with pytest.raises(MeetingRefused):
        await bench.appointments.cancel("nothing")
    await bench.tasks.close()


def test_each_form_has_an_id_of_its_own(bench: Bench) -> None:
    assert bench.appointments.new_draft_id() != bench.appointments.new_draft_id()
