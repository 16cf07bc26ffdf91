"""Personal links: opened after a press, bound to the device, and ended with what ends them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.domain.errors import RefusedError
from service.domain.invitation import MOST_PLACES
from service.domain.principal import Guest
from service.usecases.invitations import AFTERWARDS_S, Opened
from service_api.appointments import AppointmentMade, InviteeDraft, LinkExchange, LinkRequest
from service_api.states import Assurance, Seat
from tests.doubles.service_bench import Bench, secret_of
from tests.doubles.service_bench import bench as make_bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with make_bench(tmp_path) as made:
        yield made


async def made_by_host(bench: Bench, **changed: object) -> AppointmentMade:
    host = await bench.user()
    people = (InviteeDraft(name="Bo", language="sv"), InviteeDraft(name="Cia", email="cia@example.org"))
    return await bench.appointments.make(host, bench.draft(*people, **changed))


async def open_link(bench: Bench, link: str, *, token: str = "", cookie: str = "") -> Opened:
    asked = LinkExchange(
        secret=secret_of(link),
        client="browser" if cookie else "program",
        device_name="Phone",
        device_token=token or None,
    )
    return await bench.invitations.exchange(asked, cookie)


async def refused(code: str, bench: Bench, link: str) -> None:
    with pytest.raises(RefusedError) as error:
        await open_link(bench, link)
    assert error.value.code.value == code


async def test_a_link_gives_a_place_and_shows_what_it_is_about(bench: Bench) -> None:
    made = await made_by_host(bench)
    opened = await open_link(bench, made.links[0].link)
    shown = opened.invitation
    assert (shown.name, shown.language, shown.server, shown.other_device) == ("Bo", "sv", "meet.test", False)
    assert shown.appointment.seat is Seat.PARTICIPANT
    assert [one.email for one in shown.appointment.participants] == ["", ""]
    guest = await bench.identities.bearer(opened.token)
    assert isinstance(guest, Guest)
    assert (guest.appointment_id, guest.assurance) == (made.appointment.id, Assurance.LINK)
    assert guest == await bench.identities.cookie(opened.token)
    assert bench.board.opened == [guest]
    assert await bench.invitations.invitation(guest) == shown
    async with bench.store.read() as tables:
        found = await tables.appointments.get(made.appointment.id)
    assert found is not None
    assert [one.opened_at for one in found.participants] == [bench.clock.time(), None]


async def test_the_same_device_gets_its_place_back(bench: Bench) -> None:
    link = (await made_by_host(bench)).links[0].link
    first = await open_link(bench, link)
    again = await open_link(bench, link, token=first.token)
    by_cookie = await open_link(bench, link, cookie=first.token)
    assert again.token == by_cookie.token == first.token
    assert not again.invitation.other_device
    assert len(bench.board.opened) == 1


async def test_a_second_device_is_told_of_and_stays_known_as_one(bench: Bench) -> None:
    link = (await made_by_host(bench)).links[0].link
    first = await open_link(bench, link)
    second = await open_link(bench, link, token="t" * 43)
    assert second.invitation.other_device
    assert second.token != first.token
    assert [guest.other_device for guest in bench.board.opened] == [False, True]
    assert (await open_link(bench, link, token=second.token)).invitation.other_device is True
    former = await bench.identities.bearer(first.token)
    assert isinstance(former, Guest)
    assert not former.other_device


async def test_one_browser_with_links_of_two_meetings_stays_one_device(bench: Bench) -> None:
    made = await made_by_host(bench)
    bo, cia = (link.link for link in made.links)
    first = await open_link(bench, bo)
    other = await open_link(bench, cia, cookie=first.token)
    assert not other.invitation.other_device
    back = await open_link(bench, bo, cookie=other.token)
    assert not back.invitation.other_device
    assert await bench.identities.cookie(first.token) is None, "the browser holds one cookie: the newest"
    assert len(bench.board.opened) == 2


async def test_links_that_open_nothing(bench: Bench) -> None:
    made = await made_by_host(bench)
    link = made.links[0].link
    await refused("link-unknown", bench, "https://meet.test/m#" + "x" * 43)
    bench.clock.advance(3 * 3600)
    await open_link(bench, link)
    bench.clock.advance(1)
    await refused("link-expired", bench, link)


async def test_a_link_of_a_cancelled_meeting_says_so(bench: Bench) -> None:
    made = await made_by_host(bench)
    link = made.links[0].link
    opened = await open_link(bench, link)
    host = await bench.user("+358405555555")
    async with bench.store.read() as tables:
        found = await tables.appointments.get(made.appointment.id)
    assert found is not None
    owner = host.__class__(found.host_id, host.number, host.name, host.role, "d")
    await bench.appointments.cancel(owner, made.appointment.id)
    await refused("meeting-cancelled", bench, link)
    guest = await bench.identities.bearer(opened.token)
    assert isinstance(guest, Guest)
    assert (await bench.invitations.invitation(guest)).appointment.cancelled


async def test_a_new_link_ends_the_former_one_and_the_places_it_opened(bench: Bench) -> None:
    host = await bench.user()
    made = await bench.appointments.make(host, bench.draft())
    opened = await open_link(bench, made.links[0].link)
    person = made.appointment.participants[0].id
    fresh = await bench.appointments.new_link(host, made.appointment.id, person, LinkRequest())
    await refused("link-unknown", bench, made.links[0].link)
    assert await bench.identities.bearer(opened.token) is None
    again = await open_link(bench, fresh.link, token=opened.token)
    assert not again.invitation.other_device
    assert isinstance(await bench.identities.bearer(again.token), Guest)
    assert await bench.identities.bearer(opened.token) is None, "whoever had it must not be in again"
    assert (await open_link(bench, fresh.link, token=again.token)).token == again.token
    assert (await open_link(bench, fresh.link, token=opened.token)).invitation.other_device


async def test_a_link_is_opened_at_a_handful_of_places(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    host = await bench.user()
    made = await bench.appointments.make(host, bench.draft())
    link, person = made.links[0].link, made.appointment.participants[0].id
    places = [await open_link(bench, link) for _ in range(MOST_PLACES)]
    await refused("link-unknown", bench, link)
    assert f"{person}: the link was opened at {MOST_PLACES} places" in caplog.text
    assert (await open_link(bench, link, token=places[0].token)).token == places[0].token
    fresh = await bench.appointments.new_link(host, made.appointment.id, person, LinkRequest())
    assert (await open_link(bench, fresh.link)).token


async def test_who_is_removed_from_the_appointment_has_no_place(bench: Bench) -> None:
    host = await bench.user()
    made = await bench.appointments.make(host, bench.draft())
    opened = await open_link(bench, made.links[0].link)
    await bench.appointments.change(host, made.appointment.id, bench.draft(InviteeDraft(name="Cia")))
    assert await bench.identities.bearer(opened.token) is None
    await refused("link-unknown", bench, made.links[0].link)


async def test_a_place_shows_the_appointment_until_the_day_after(bench: Bench) -> None:
    made = await made_by_host(bench)
    opened = await open_link(bench, made.links[0].link)
    guest = await bench.identities.bearer(opened.token)
    assert isinstance(guest, Guest)
    assert opened.until == made.appointment.closes_at.timestamp() + AFTERWARDS_S
    bench.clock.advance(3 * 3600 + AFTERWARDS_S)
    await bench.invitations.invitation(guest)
    bench.clock.advance(1)
    with pytest.raises(RefusedError, match="link-expired"):
        await bench.invitations.invitation(guest)
