"""Appointments: who may make, see and change them, and what becomes of their links."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.domain.errors import RefusedError
from service.domain.principal import User
from service_api.appointments import InviteeDraft, LinkRequest
from service_api.states import AccountRole, Seat
from tests.doubles.service_bench import URL, Bench
from tests.doubles.service_bench import bench as make_bench

CUSTOMER = "+358501112233"


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with make_bench(tmp_path) as made:
        yield made


async def refused(code: str, doing: object) -> None:
    with pytest.raises(RefusedError) as error:
        await doing  # type: ignore[misc]
    assert error.value.code.value == code


async def test_a_professional_makes_one_with_a_link_for_each(bench: Bench) -> None:
    host = await bench.user()
    made = await bench.appointments.make(host, bench.draft())
    appointment = made.appointment
    assert (appointment.seat, appointment.host_name, appointment.title) == (
        Seat.HOST,
        "Anna Ek",
        "Loan advice",
    )
    assert appointment.opens_at == appointment.start - timedelta(minutes=15)
    assert appointment.closes_at == appointment.end + timedelta(minutes=60)
    (link,) = made.links
    assert link.participant_id == appointment.participants[0].id
    assert link.link.startswith(URL + "/m#")
    assert link.link in link.text
    assert "Hej Bo Ek" in link.text
    assert link.link not in repr(link)


async def test_a_participant_makes_none(bench: Bench) -> None:
    customer = await bench.user(CUSTOMER, role=AccountRole.PARTICIPANT)
    await refused("not-allowed", bench.appointments.make(customer, bench.draft()))


async def test_a_draft_used_twice_makes_one_and_both_answers_links_work(bench: Bench) -> None:
    host = await bench.user()
    first = await bench.appointments.make(host, bench.draft())
    second = await bench.appointments.make(host, bench.draft())
    assert second.appointment == first.appointment
    assert bench.board.changed == []
    assert second.links[0].link != first.links[0].link
    assert len((await bench.appointments.list(host, 0, 1e12)).appointments) == 1
    colleague = await bench.user("+358405555555")
    assert (await bench.appointments.make(colleague, bench.draft())).appointment.id != first.appointment.id


async def test_a_draft_used_again_becomes_what_it_says_now(bench: Bench) -> None:
    host = await bench.user()
    bo, cia = InviteeDraft(name="Bo Ek", phone="050 111 2233"), InviteeDraft(name="Cia")
    first = await bench.appointments.make(host, bench.draft(bo, cia))
    later = bench.draft().start + timedelta(hours=3)
    change = {"title": "Mortgage", "start": later, "end": later + timedelta(hours=1)}
    again = await bench.appointments.make(host, bench.draft(InviteeDraft(name="Dan"), bo, **change))
    assert (again.appointment.id, again.appointment.title) == (first.appointment.id, "Mortgage")
    assert again.appointment.start == later
    assert [link.name for link in again.links] == ["Dan", "Bo Ek"]
    assert "Mortgage" in again.links[0].text
    assert "SEQUENCE:1" in again.links[0].ics
    assert again.appointment.participants[1].id == first.appointment.participants[0].id
    assert await bench.appointments.show(host, first.appointment.id) == again.appointment
    assert bench.board.changed == [first.appointment.id]
    assert await bench.reader.participant(first.appointment.participants[1].id) is None
    assert len((await bench.appointments.list(host, 0, 1e12)).appointments) == 1


async def test_two_of_one_name_in_a_draft_stay_two(bench: Bench) -> None:
    host = await bench.user()
    twins = (InviteeDraft(name="Bo Ek"), InviteeDraft(name="Bo Ek"))
    first = await bench.appointments.make(host, bench.draft(*twins))
    again = await bench.appointments.make(host, bench.draft(*twins, title="Mortgage"))
    assert again.appointment.participants == first.appointment.participants
    assert len({link.link for link in (*first.links, *again.links)}) == 4


@pytest.mark.parametrize("title", ["Loan advice", "Mortgage"])
async def test_a_draft_whose_appointment_was_cancelled_brings_nothing_back(bench: Bench, title: str) -> None:
    host = await bench.user()
    made = (await bench.appointments.make(host, bench.draft())).appointment
    await bench.appointments.cancel(host, made.id)
    await refused("meeting-cancelled", bench.appointments.make(host, bench.draft(title=title)))


async def test_a_participant_sees_names_alone_and_strangers_nothing(bench: Bench) -> None:
    host, customer = await bench.user(), await bench.user(CUSTOMER, role=AccountRole.PARTICIPANT)
    people = (
        InviteeDraft(name="Bo Ek", phone="050 111 2233", email="bo@example.org"),
        InviteeDraft(name="Cia", phone="+46 70 123", email="cia@example.org"),
    )
    made = (await bench.appointments.make(host, bench.draft(*people))).appointment
    bench.board.waits[made.id] = 2
    seen = await bench.appointments.show(customer, made.id)
    assert (seen.seat, seen.waiting) == (Seat.PARTICIPANT, 0)
    assert [(one.name, one.email, one.phone) for one in seen.participants] == [
        ("Bo Ek", "", ""),
        ("Cia", "", ""),
    ]
    assert (await bench.appointments.show(host, made.id)).waiting == 2
    assert (await bench.appointments.list(customer, 0, 1e12)).appointments == (seen,)
    for number, role in (("+358401", AccountRole.ADMIN), ("+358402", AccountRole.PROFESSIONAL)):
        stranger = await bench.user(number, role=role)
        await refused("not-found", bench.appointments.show(stranger, made.id))
        await refused("not-found", bench.appointments.cancel(stranger, made.id))
        assert (await bench.appointments.list(stranger, 0, 1e12)).appointments == ()
    await refused("not-allowed", bench.appointments.cancel(customer, made.id))
    await refused("not-allowed", bench.appointments.change(customer, made.id, bench.draft()))


async def test_a_list_has_what_lies_between_its_ends(bench: Bench) -> None:
    host = await bench.user()
    day = datetime.fromtimestamp(bench.clock.time(), UTC)
    for number in (3, 1, 2):
        start = day + timedelta(days=number)
        change = {
            "draft_id": f"d{number}",
            "title": str(number),
            "start": start,
            "end": start + timedelta(hours=1),
        }
        await bench.appointments.make(host, bench.draft(**change))
    begin, end = (day + timedelta(days=2)).timestamp(), (day + timedelta(days=3)).timestamp()
    assert [one.title for one in (await bench.appointments.list(host, 0, 1e12)).appointments] == [
        "1",
        "2",
        "3",
    ]
    assert [one.title for one in (await bench.appointments.list(host, begin, end)).appointments] == ["2"]


async def test_a_change_keeps_who_stays_and_gives_links_to_who_is_new(bench: Bench) -> None:
    host = await bench.user()
    made = (await bench.appointments.make(host, bench.draft())).appointment
    stays = InviteeDraft(id=made.participants[0].id, name="Bo Eklund")
    changed = await bench.appointments.change(
        host, made.id, bench.draft(stays, InviteeDraft(name="Cia"), title="Mortgage")
    )
    assert changed.appointment.title == "Mortgage"
    assert [one.name for one in changed.appointment.participants] == ["Bo Eklund", "Cia"]
    assert [link.name for link in changed.links] == ["Cia"]
    assert changed.appointment.participants[0].id == made.participants[0].id
    assert bench.board.changed == [made.id]
    assert await bench.appointments.show(host, made.id) == changed.appointment
    gone = await bench.appointments.change(host, made.id, bench.draft(stays))
    assert [one.name for one in gone.appointment.participants] == ["Bo Eklund"]
    assert await bench.reader.participant(changed.appointment.participants[1].id) is None


async def test_people_of_another_appointment_and_people_named_twice_are_refused(bench: Bench) -> None:
    host = await bench.user()
    made = (await bench.appointments.make(host, bench.draft())).appointment
    stays = InviteeDraft(id=made.participants[0].id, name="Bo")
    for people, code in (
        ((InviteeDraft(id="foreign", name="X"),), "not-found"),
        ((stays, stays), "bad-request"),
    ):
        await refused(code, bench.appointments.change(host, made.id, bench.draft(*people)))
    assert (await bench.appointments.show(host, made.id)).participants == made.participants


async def test_cancelled_for_good(bench: Bench) -> None:
    host = await bench.user()
    made = (await bench.appointments.make(host, bench.draft())).appointment
    await bench.appointments.cancel(host, made.id)
    assert (await bench.appointments.show(host, made.id)).cancelled
    assert bench.board.changed == [made.id]
    await refused("meeting-cancelled", bench.appointments.change(host, made.id, bench.draft()))


async def test_a_new_link_is_for_somebody_in_it_in_the_language_asked_for(bench: Bench) -> None:
    host = await bench.user()
    made = await bench.appointments.make(host, bench.draft())
    person = made.appointment.participants[0].id
    link = await bench.appointments.new_link(host, made.appointment.id, person, LinkRequest(language="fi"))
    assert "Hei Bo Ek" in link.text
    assert link.link != made.links[0].link
    await refused(
        "not-found", bench.appointments.new_link(host, made.appointment.id, "nobody", LinkRequest())
    )
    assert bench.board.changed == [made.appointment.id]


async def test_the_reader_gives_the_appointment_with_its_window(bench: Bench) -> None:
    host = await bench.user()
    made = (await bench.appointments.make(host, bench.draft())).appointment
    found = await bench.reader.appointment(made.id)
    assert found is not None
    assert found.opens_at == made.opens_at.timestamp()
    assert found.seat(host) is Seat.HOST
    assert found.seat(User("x", CUSTOMER, "B", AccountRole.PARTICIPANT, "d")) is Seat.PARTICIPANT
    assert found.seat(User("x", "", "B", AccountRole.ADMIN, "d")) is None
    assert await bench.reader.appointment("none") is None


@pytest.mark.parametrize("year", [1999, 2200, 9999])
async def test_times_nobody_means_are_refused(bench: Bench, year: int) -> None:
    host = await bench.user()
    start = datetime(year, 12, 31, 22, tzinfo=UTC)
    change = {"start": start, "end": start + timedelta(hours=1)}
    await refused("bad-request", bench.appointments.make(host, bench.draft(**change)))
