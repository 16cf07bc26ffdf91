"""Who is let in, by whom, and who is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service_api.meeting import (
    Admit,
    AdmitAll,
    Close,
    Decline,
    Knock,
    Knocked,
    Leave,
    LobbySay,
    OtherDevice,
    PutBack,
    Redeem,
    Remove,
    Ticket,
)
from service_api.states import Assurance, SessionState
from tests.doubles.meeting_hall import APPOINTMENT, HOST, START, Hall, a_guest, an_appointment


@pytest.fixture
def hall() -> Hall:
    return Hall()


async def test_all_are_admitted_but_those_below_the_level_and_on_second_devices() -> None:
    hall = Hall(an_appointment(demanded=Assurance.PHONE))
    host = await hall.host()
    low = await hall.waiting(a_guest(1))
    sure = await hall.waiting(a_guest(2, assurance=Assurance.PHONE))
    second = await hall.waiting(a_guest(3, other_device=True, assurance=Assurance.STRONG))
    assert (await host.done(AdmitAll)).passed_over == 2
    assert (low.state(), sure.state(), second.state()) == (
        SessionState.WAITING,
        SessionState.ADMITTED,
        SessionState.WAITING,
    )
    await host.done(Admit, session=low.session)
    await host.done(Admit, session=second.session)
    assert not host.picture.appointment.waiting


async def test_declined_with_a_reason_and_free_to_knock_again(hall: Hall) -> None:
    host = await hall.host()
    guest = await hall.waiting(a_guest())
    await host.done(Decline, session=guest.session, reason="Ten minutes more")
    assert (guest.state(), guest.picture.reason) == (SessionState.DECLINED, "Ten minutes more")
    resumed = await hall.open(a_guest(), resume=guest.resume_token)
    assert resumed.picture.reason == "Ten minutes more"
    anew = await hall.open(a_guest())
    assert (anew.state(), anew.picture.reason) == (SessionState.PREJOIN, "")
    await anew.done(Knock)
    assert len(host.events(Knocked)) == 2


async def test_put_back_ends_media_and_what_is_said_meanwhile_stays_inside(hall: Hall) -> None:
    host = await hall.host()
    guest = await hall.waiting(a_guest())
    await host.done(Admit, session=guest.session)
    await guest.done(Redeem, ticket=guest.ticket)
    await host.done(PutBack, session=guest.session)
    assert guest.state() is SessionState.WAITING
    assert guest.picture.place == 1
    assert hall.engine.names() == {host.session}
    assert not guest.sees() and not guest.picture.feeds
    await host.done(Admit, session=guest.session)
    assert len(guest.events(Ticket)) == 2
    await guest.done(Redeem, ticket=guest.ticket)
    assert hall.engine.names() == {host.session, guest.session}


async def test_a_removed_person_is_out_on_every_device(hall: Hall) -> None:
    host = await hall.host()
    guest = await hall.waiting(a_guest())
    await host.done(Admit, session=guest.session)
    await host.done(Remove, session=guest.session)
    elsewhere = await hall.open(a_guest(place="another", other_device=True))
    assert (await elsewhere.refused(Knock)).code == "not-allowed"
    assert len(host.events(Knocked)) == 1
    await host.done(Admit, session=guest.session)
    assert guest.state() is SessionState.ADMITTED
    await elsewhere.done(Knock)


async def test_removing_takes_the_person_out_on_every_device_they_are_on(hall: Hall) -> None:
    host, bystander = await hall.host(), await hall.waiting(a_guest(2))
    first = await hall.waiting(a_guest())
    second, third = [await hall.waiting(a_guest(place=place, other_device=True)) for place in "bc"]
    for client in (first, second):
        await host.done(Admit, session=client.session)
        await client.done(Redeem, ticket=client.ticket)
    await host.done(Remove, session=second.session, reason="Good bye")
    assert hall.engine.names() == {host.session}
    for client in (first, second, third):
        assert (client.state(), client.picture.reason) == (SessionState.REMOVED, "Good bye")
    assert bystander.state() is SessionState.WAITING


async def test_whom_the_host_lets_in_again_may_come_again_with_every_device(hall: Hall) -> None:
    host, first = await hall.host(), await hall.waiting(a_guest())
    second = await hall.waiting(a_guest(place="another", other_device=True))
    await host.done(Remove, session=first.session)
    await host.done(Admit, session=second.session)
    assert (first.state(), second.state()) == (SessionState.LEFT, SessionState.ADMITTED)
    await second.done(Leave)
    for who in (a_guest(), a_guest(place="another", other_device=True)):
        assert (await hall.waiting(who)).state() is SessionState.WAITING


async def test_one_who_was_removed_is_not_let_in_with_all(hall: Hall) -> None:
    waiting = await hall.waiting(a_guest())
    second = await hall.waiting(a_guest(place="another", other_device=True))
    kept = hall.store.sessions[second.session]
    hall.store.sessions[second.session] = replace(kept, state=SessionState.REMOVED, waiting_since=None)
    await hall.restart()
    host, waiting = await hall.host(), await hall.open(a_guest())
    assert (await host.done(AdmitAll)).passed_over == 1
    assert waiting.state() is SessionState.WAITING


@pytest.mark.parametrize("kind", [Admit, PutBack])
async def test_one_who_was_removed_and_went_away_may_knock_after_being_let_in_again(
    hall: Hall, kind: type[Admit]
) -> None:
    host = await hall.host()
    guest = await hall.waiting(a_guest())
    await host.done(Remove, session=guest.session)
    await hall.lose(guest)
    await host.done(kind, session=guest.session)
    assert host.sees()[guest.session].state is SessionState.LEFT
    assert guest.session not in hall.engine.ever
    back = await hall.open(a_guest())
    await back.done(Knock)


async def test_letting_in_one_whose_connection_is_away_lets_them_in_when_they_are_back(hall: Hall) -> None:
    host = await hall.host()
    guest = await hall.waiting(a_guest())
    await hall.lose(guest)
    assert host.sees()[guest.session].state is SessionState.WAITING
    await host.done(Admit, session=guest.session)
    back = await hall.open(a_guest(), resume=guest.resume_token)
    await back.done(Redeem, ticket=back.ticket)
    assert back.state() is SessionState.CONNECTED


@pytest.mark.parametrize("kind", [Admit, Decline, PutBack, Remove])
async def test_hosts_are_not_moved_and_strangers_not_found(hall: Hall, kind: type[Admit]) -> None:
    host = await hall.host()
    assert (await host.refused(kind, session=host.session)).code == "not-allowed"
    assert (await host.refused(kind, session="nobody")).code == "not-found"


async def test_what_the_table_does_not_have_is_wrong_state(hall: Hall) -> None:
    host = await hall.host()
    guest = await hall.open(a_guest())
    assert (await host.refused(Admit, session=guest.session)).code == "wrong-state"
    assert (await host.refused(Decline, session=guest.session)).code == "wrong-state"
    assert (await host.refused(PutBack, session=guest.session)).code == "wrong-state"
    assert guest.state() is SessionState.PREJOIN


async def test_a_host_on_the_test_page_sees_the_lobby_and_lets_nobody_in_yet(hall: Hall) -> None:
    guest = await hall.waiting(a_guest())
    host = await hall.open(HOST)
    assert host.sees()[guest.session].waiting_since is not None
    assert (await host.refused(Admit, session=guest.session)).code == "wrong-state"
    await host.done(LobbySay, text="A moment, please", session=guest.session)
    await host.done(Knock)
    await host.done(Admit, session=guest.session)


async def test_a_second_device_is_announced_and_never_let_in_by_itself() -> None:
    hall = Hall(an_appointment(lobby=False))
    host = await hall.host()
    second = a_guest(place="another", other_device=True)
    await hall.meetings.place_opened(second)
    assert [one.participant for one in host.events(OtherDevice)] == ["p1"]
    guest = await hall.waiting(second)
    assert guest.state() is SessionState.WAITING
    assert host.sees()[guest.session].other_device
    assert [one.session for one in host.events(Knocked)] == [guest.session]


async def test_a_first_device_is_no_news(hall: Hall) -> None:
    host = await hall.host()
    await hall.meetings.place_opened(a_guest())
    assert not host.events(OtherDevice)


async def test_without_a_lobby_everybody_waits_for_the_host_and_then_comes_in() -> None:
    hall = Hall(an_appointment(lobby=False))
    first, second = await hall.waiting(a_guest(1)), await hall.waiting(a_guest(2))
    assert first.state() is SessionState.WAITING_FOR_OTHERS
    assert not first.sees() and not second.sees()
    host = await hall.host()
    assert {first.state(), second.state()} == {SessionState.ADMITTED}
    assert not host.events(Knocked)
    late = await hall.waiting(a_guest(3))
    assert late.state() is SessionState.ADMITTED
    assert set(late.sees()) == {host.session, first.session, second.session}


@pytest.mark.parametrize("changed", [{"lobby": True}, {"demanded": Assurance.STRONG}])
async def test_who_waits_for_the_host_is_asked_for_where_the_host_has_changed_the_rules_meanwhile(
    changed: dict[str, object],
) -> None:
    hall = Hall(an_appointment(lobby=False))
    first = await hall.waiting(a_guest(1))
    hall.clock.advance(5)
    second = await hall.waiting(a_guest(2))
    hall.desk.appointments[APPOINTMENT] = an_appointment(**({"lobby": False} | changed))
    await hall.meetings.appointment_changed(APPOINTMENT)
    host = await hall.host()
    assert {first.state(), second.state()} == {SessionState.WAITING}
    assert (first.picture.place, second.picture.place) == (1, 2)
    assert hall.engine.names() == {host.session}
    await host.done(Admit, session=first.session)
    assert (first.state(), second.picture.place) == (SessionState.ADMITTED, 1)


async def test_who_waits_for_the_host_keeps_their_turn_in_the_lobby() -> None:
    hall = Hall(an_appointment(lobby=False))
    early = await hall.waiting(a_guest(1))
    hall.clock.advance(5)
    hall.desk.appointments[APPOINTMENT] = an_appointment()
    late = await hall.waiting(a_guest(2))
    hall.clock.advance(5)
    await hall.host()
    assert {early.state(), late.state()} == {SessionState.WAITING}
    assert (early.picture.place, late.picture.place) == (1, 2)


async def test_without_a_lobby_who_is_below_the_level_is_looked_at() -> None:
    hall = Hall(an_appointment(lobby=False, demanded=Assurance.PHONE))
    host = await hall.host()
    guest = await hall.waiting(a_guest(1))
    assert guest.state() is SessionState.WAITING
    await host.done(Admit, session=guest.session)


async def test_an_absent_host_ends_nothing_and_early_guests_are_kept(hall: Hall) -> None:
    early = await hall.waiting(a_guest(1))
    host = await hall.host()
    await host.done(Admit, session=early.session)
    await hall.lose(host)
    await hall.after(61)
    assert early.state() is SessionState.ADMITTED
    assert not early.sees()
    late = await hall.waiting(a_guest(2))
    assert late.state() is SessionState.WAITING


async def test_too_early_for_guests_and_never_for_the_host() -> None:
    hall = Hall(an_appointment(start=START + 3600, end=START + 7200))
    assert await hall.refused(a_guest()) == "too-early"
    await hall.host()
    assert await hall.refused(a_guest()) == "too-early"
    hall.clock.advance(2700)
    assert (await hall.open(a_guest())).state() is SessionState.PREJOIN


async def test_after_the_end_the_meeting_goes_on_while_somebody_is_in_it() -> None:
    hall = Hall(an_appointment(start=START, end=START + 60))
    host, waiting = await hall.host(), await hall.waiting(a_guest(1))
    await hall.after(60 + 3600)
    assert (await hall.open(a_guest(2))).state() is SessionState.PREJOIN
    await hall.lose(host)
    await hall.after(59)
    assert waiting.ended_by() is None
    await hall.after(1)
    assert waiting.ended_by() is Close.OVER
    assert await hall.refused(a_guest(1)) == "meeting-over"
    assert await hall.refused(HOST) == "meeting-over"


async def test_a_meeting_that_was_ended_and_put_off_opens_again() -> None:
    hall = Hall(an_appointment(start=START, end=START + 60))
    await hall.waiting(a_guest(1))
    await hall.after(60 + 3600)
    assert await hall.refused(a_guest(1)) == "meeting-over"
    tomorrow = START + 86400
    hall.desk.appointments[APPOINTMENT] = an_appointment(start=tomorrow, end=tomorrow + 60)
    hall.clock.advance(86400 - 3600)
    assert (await hall.open(a_guest(1))).state() is SessionState.PREJOIN


async def test_strangers_are_not_told_that_there_is_a_meeting(hall: Hall) -> None:
    assert await hall.refused(a_guest(), "other") == "not-found"
    assert await hall.refused(a_guest(appointment_id="other")) == "not-found"
    assert await hall.refused(replace(HOST, user_id="colleague")) == "not-found"
    assert await hall.refused(a_guest(9)) == "link-expired"


async def test_an_invited_account_comes_signed_in_and_as_a_participant(hall: Hall) -> None:
    host = await hall.host()
    colleague = replace(HOST, user_id="colleague", number="+358409999999", device_id="tablet")
    guest = await hall.waiting(colleague)
    shown = host.sees()[guest.session]
    assert (shown.participant, shown.assurance, shown.seat) == ("p4", Assurance.SIGNED_IN, "participant")


async def test_a_cancelled_meeting_ends_and_stays_closed(hall: Hall) -> None:
    host, guest = await hall.host(), await hall.waiting(a_guest())
    hall.desk.appointments[APPOINTMENT] = an_appointment(cancelled=True)
    await hall.meetings.appointment_changed(APPOINTMENT)
    assert {host.ended_by(), guest.ended_by()} == {Close.OVER}
    assert not hall.engine.names()
    assert await hall.refused(a_guest()) == "meeting-cancelled"


async def test_who_is_no_longer_invited_goes_at_once(hall: Hall) -> None:
    host, guest = await hall.host(), await hall.waiting(a_guest(2))
    await host.done(Admit, session=guest.session)
    await guest.done(Redeem, ticket=guest.ticket)
    people = an_appointment().participants
    hall.desk.appointments[APPOINTMENT] = an_appointment(participants=people[:1])
    await hall.meetings.appointment_changed(APPOINTMENT)
    assert guest.ended_by() is Close.REFUSED
    assert hall.engine.names() == {host.session}
    assert [one.id for one in host.picture.appointment.participants] == ["p1"]
    assert await hall.refused(a_guest(2)) == "link-expired"


async def test_who_was_taken_out_and_invited_anew_stays_when_something_else_is_changed(hall: Hall) -> None:
    colleague = replace(HOST, user_id="colleague", number="+358409999999", device_id="tablet")
    host = await hall.host()
    first, people = await hall.open(colleague), an_appointment().participants
    anew = replace(people[3], participant_id="p9")
    for title, invited in (("Loan", people[:3]), ("Loan", (*people[:3], anew))):
        hall.desk.appointments[APPOINTMENT] = an_appointment(title=title, participants=invited)
        await hall.meetings.appointment_changed(APPOINTMENT)
    assert first.ended_by() is Close.REFUSED
    again = await hall.waiting(colleague)
    assert host.sees()[again.session].participant == "p9"
    hall.desk.appointments[APPOINTMENT] = an_appointment(title="Other", participants=(*people[:3], anew))
    await hall.meetings.appointment_changed(APPOINTMENT)
    assert (again.ended_by(), again.state()) == (None, SessionState.WAITING)


async def test_whose_link_was_replaced_loses_the_media_and_must_show_a_good_one(hall: Hall) -> None:
    host, guest = await hall.host(), await hall.waiting(a_guest())
    await host.done(Admit, session=guest.session)
    await guest.done(Redeem, ticket=guest.ticket)
    guest.credentials_good = False
    await hall.meetings.appointment_changed(APPOINTMENT)
    assert guest.ended_by() is Close.GOING_AWAY
    assert host.ended_by() is None
    assert host.sees()[guest.session].state is SessionState.RECONNECTING
    assert hall.engine.names() == {host.session}


async def test_a_device_that_is_signed_out_is_out_of_its_meeting(hall: Hall) -> None:
    host = await hall.host()
    await hall.meetings.device_gone("another")
    assert host.ended_by() is None
    await hall.meetings.device_gone(HOST.device_id)
    assert host.ended_by() is Close.NOT_SIGNED_IN
    assert not hall.engine.names()


async def test_how_many_wait_is_known_to_the_list_of_appointments(hall: Hall) -> None:
    assert hall.meetings.waiting(APPOINTMENT) == 0
    guest = await hall.waiting(a_guest(1))
    await hall.waiting(a_guest(2))
    assert hall.meetings.waiting(APPOINTMENT) == 2
    await hall.lose(guest)
    await hall.after(60)
    assert hall.meetings.waiting(APPOINTMENT) == 1
