"""The program's side of appointments and meetings at the real service."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from service_api.meeting import End, Knock, Leave, Say
from service_api.states import Seat
from softphone.adapters.meeting_service import HttpsAppointments
from softphone.adapters.meeting_socket import WebSockets
from softphone.domain.errors import ServiceUnreachable
from softphone.domain.meeting import InviteeWish
from softphone.ports.meetings import Bearer, ServiceAccess
from softphone.services.meeting_links import read_link
from tests.integration.meeting_side import TOKEN, a_hello, a_wish, refusal, socket_at
from tests.lab.service import Employee, LabService, SignedIn, lab_service

pytestmark = pytest.mark.peer

NUMBER, PASSWORD = "0401000009", "Lantern-Orchard-71"


@dataclass(frozen=True, slots=True)
class Office:
    """The real service, and a professional's device there."""

    service: LabService
    account: SignedIn
    access: ServiceAccess

    @property
    def bearer(self) -> Bearer:
        """What opens the professional's requests."""
        return Bearer(self.account.access_token)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    erja = Employee(NUMBER, PASSWORD, "Erja Expert")
    with lab_service(tmp_path_factory.mktemp("office") / "service", erja) as service:
        account = service.sign_in(NUMBER, PASSWORD)
        yield Office(service, account, ServiceAccess(service.api, service.ca_file))


async def test_a_draft_sent_again_is_the_appointment_wished_now(office: Office) -> None:
    port, access, bearer = HttpsAppointments(), office.access, office.bearer
    wish = a_wish(draft_id="again", participants=(InviteeWish("Casper", phone="040 123 4567"),))
    made, [link] = await port.make(access, bearer, wish)
    assert link.name == "Casper"
    wish = replace(wish, title="Another talk", participants=(*wish.participants, InviteeWish("Maija")))
    again, links = await port.make(access, bearer, wish)
    assert (again.id, again.title) == (made.id, "Another talk")
    assert [one.name for one in again.participants] == [one.name for one in links] == ["Casper", "Maija"]
    assert [one.id for one in await port.listed(access, bearer)].count(made.id) == 1


async def test_appointments_from_draft_to_cancelled(office: Office) -> None:
    port, access, bearer = HttpsAppointments(), office.access, office.bearer
    wish = a_wish()
    made, links = await port.make(access, bearer, wish)
    assert (made.title, made.office, made.seat, made.host_name) == (
        "Loan advice", "Main street", Seat.HOST, "Erja Expert",
    )  # fmt: skip
    assert made.start == wish.start
    assert [one.name for one in links] == ["Casper Customer", "Maija"]
    assert links[0].link in links[0].text
    assert links[0].ics.startswith("BEGIN:VCALENDAR")
    again, _ = await port.make(access, bearer, wish)
    assert again.id == made.id, "the same draft is the same appointment"
    stays = tuple(InviteeWish(one.name, id=one.id) for one in made.participants)
    more = replace(wish, title="Another talk", participants=(*stays, InviteeWish("Third")))
    changed, new = await port.change(access, bearer, made.id, more)
    assert changed.title == "Another talk"
    assert [one.name for one in new] == ["Third"]
    link = await port.new_link(access, bearer, made.id, made.participants[1].id)
    assert link.name == "Maija"
    assert made.id in [one.id for one in await port.listed(access, bearer)]
    await port.cancel(access, bearer, made.id)
    assert await refusal(port.open_link(access, read_link(link.link).secret, "Test", "")) in (
        "meeting-cancelled", "link-unknown",
    )  # fmt: skip


async def test_tokens_are_exchanged_and_an_old_one_ends_the_sign_in(office: Office) -> None:
    port, access = HttpsAppointments(), office.access
    device = office.service.sign_in(NUMBER, PASSWORD, "Other")
    first, seconds, refresh = await port.tokens(access, device.credentials.device_id, device.refresh_token)
    assert seconds > 60
    assert await port.listed(access, Bearer(first)) is not None
    _, _, newest = await port.tokens(access, device.credentials.device_id, refresh)
    assert await refusal(port.tokens(access, device.credentials.device_id, TOKEN)) == "not-signed-in"
    assert newest != refresh


async def test_a_link_is_a_place_and_the_same_place_again(office: Office) -> None:
    port, access = HttpsAppointments(), office.access
    _, [link, _] = await port.make(access, office.bearer, a_wish(draft_id="place"))
    found = read_link(link.link)
    assert (found.service_url, found.server) == (office.service.api, office.service.url[8:])
    offer, token = await port.open_link(access, found.secret, "Laptop", "")
    assert (offer.name, offer.appointment.title, offer.other_device) == (
        "Casper Customer", "Loan advice", False,
    )  # fmt: skip
    assert offer.appointment.seat is Seat.PARTICIPANT
    again, same = await port.open_link(access, found.secret, "Laptop", token)
    assert (again.other_device, same) == (False, token)
    other, another = await port.open_link(access, found.secret, "Phone", "")
    assert (other.other_device, another != token) == (True, True)


async def test_what_the_service_refuses_has_its_own_code(office: Office) -> None:
    port, access, bearer = HttpsAppointments(), office.access, office.bearer
    assert await refusal(port.listed(access, Bearer(TOKEN))) == "not-signed-in"
    assert await refusal(port.cancel(access, bearer, "nothing")) == "not-found"
    assert await refusal(port.cancel(access, bearer, "../appointments")) == "not-found"
    assert await refusal(port.open_link(access, "s" * 43, "Laptop", "")) == "link-unknown"
    assert await refusal(port.open_link(access, "short", "Laptop", "")) == "link-unknown"
    backwards = a_wish()
    backwards = replace(backwards, end=backwards.start - timedelta(hours=1))
    assert await refusal(port.make(access, bearer, backwards)) == "bad-request"
    assert await refusal(port.make(access, bearer, a_wish(title=""))) == "bad-request"
    assert await refusal(port.make(access, bearer, a_wish(time_zone="Moon/Base"))) == "bad-request"


async def test_a_meetings_socket_from_hello_to_the_end(office: Office) -> None:
    port, access = HttpsAppointments(), office.access
    made, [link, _] = await port.make(access, office.bearer, a_wish(draft_id="socket"))
    _, token = await port.open_link(access, read_link(link.link).secret, "Laptop", "")
    async with (
        socket_at(access, made.id, office.bearer) as (host, told),
        socket_at(access, made.id, Bearer(token)) as (guest, heard),
    ):
        await host.send(a_hello())
        assert told.kinds()[0] == "welcome"
        await host.send(Knock(id="k"))
        await guest.send(a_hello())
        await guest.send(Knock(id="k"))
        await told.until(lambda: "knocked" in told.kinds())
        assert await refusal(guest.send(Say(id="s", text="let me in"))) == "wrong-state"
        assert (await host.send(Knock(id="k"))).id == "k", "the same command twice is one"
        await host.send(End(id="end"))
        await heard.until(lambda: heard.lost)
        assert heard.kinds()[-1] == "ended"
        assert heard.lost == ["meeting-over"]
        with pytest.raises(ServiceUnreachable):
            await guest.send(Leave(id="l"))


async def test_the_same_place_elsewhere_ends_this_one(office: Office) -> None:
    port, access = HttpsAppointments(), office.access
    made, _ = await port.make(access, office.bearer, a_wish(draft_id="twice"))
    async with (
        socket_at(access, made.id, office.bearer) as (first, told),
        socket_at(access, made.id, office.bearer) as (second, _),
    ):
        await first.send(a_hello())
        await second.send(a_hello())
        await told.until(lambda: told.lost)
        assert (told.kinds()[-1], told.lost) == ("taken-over", ["taken-over"])


async def test_who_may_not_connect_reads_why(office: Office) -> None:
    made, _ = await HttpsAppointments().make(office.access, office.bearer, a_wish(draft_id="who"))

    async def connect(appointment: str, bearer: Bearer) -> None:
        async with socket_at(office.access, appointment, bearer) as (socket, _):
            await socket.send(a_hello())

    assert await refusal(connect(made.id, Bearer(TOKEN))) == "not-signed-in"
    assert await refusal(connect("nothing", office.bearer)) in ("not-found", "not-allowed")


async def test_a_service_that_dies_is_lost_and_not_refused(office: Office) -> None:
    made, _ = await HttpsAppointments().make(office.access, office.bearer, a_wish(draft_id="dies"))
    async with socket_at(office.access, made.id, office.bearer) as (socket, heard):
        await socket.send(a_hello())
        await asyncio.to_thread(office.service.kill)
        await heard.until(lambda: heard.lost)
        assert heard.lost == [""]
        assert await refusal(HttpsAppointments().listed(office.access, office.bearer)) == "server-silent"
        assert (
            await refusal(WebSockets().connect(office.access, made.id, office.bearer, print, print))
            == "server-silent"
        )
    await asyncio.to_thread(office.service.start)
