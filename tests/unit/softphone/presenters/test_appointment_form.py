"""Making and changing an appointment."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest

from softphone.adapters.meeting_shapes import draft
from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from softphone.domain.meeting import AppointmentWish, Assurance
from softphone.presenters.appointment_form import FormView
from softphone.presenters.form_text import (
    MOST_LINE,
    MOST_NAME,
    MOST_TEXT,
    MOST_TITLE,
    FormText,
    InviteeText,
)
from tests.doubles.meeting_scenes import at, invited, now
from tests.doubles.stage import Stage

HELSINKI = "Europe/Helsinki"


def text(stage: Stage) -> FormText:
    found = stage.view(FormView).text
    assert found is not None
    return found


async def typed(stage: Stage) -> FormText:
    """A form that can be sent."""
    await stage.board.meetings.form.open_new(HELSINKI)
    people = (InviteeText("Aino Asiakas", "aino@example.com", "040 123 4567", "sv"), InviteeText())
    return replace(text(stage), title=" Loan talk ", participants=people, demanded="phone")


async def test_a_new_form_proposes_the_next_whole_hour_here(stage: Stage) -> None:
    await stage.board.meetings.form.open_new(HELSINKI)
    found, moment = text(stage), now(stage).astimezone(ZoneInfo(HELSINKI))
    assert (found.time_zone, found.start.minute) == (HELSINKI, 0)
    start = moment.replace(
        year=found.day.year, month=found.day.month, day=found.day.day,
        hour=found.start.hour, minute=0, second=0,
    )  # fmt: skip
    assert timedelta(0) < start - moment <= timedelta(hours=12)
    assert found.start < found.end


async def test_late_in_the_evening_the_next_morning_is_proposed(stage: Stage) -> None:
    evening = now(stage).astimezone(ZoneInfo(HELSINKI)).replace(hour=22, minute=30)
    stage.doubles.clock.advance(evening.timestamp() - stage.doubles.clock.time())
    await stage.board.meetings.form.open_new(HELSINKI)
    assert (text(stage).day, text(stage).start) == ((evening + timedelta(days=1)).date(), time(9))


async def test_an_unknown_zone_becomes_utc(stage: Stage) -> None:
    await stage.board.meetings.form.open_new("Mars/Olympus")
    assert text(stage).time_zone == "UTC"


async def test_what_is_typed_becomes_a_wish_with_its_zone(stage: Stage) -> None:
    form = await typed(stage)
    await stage.board.meetings.form.submit(form)
    (method, wish), *rest = stage.appointments.asked
    assert (method, rest) == ("make", [])
    assert isinstance(wish, AppointmentWish)
    assert (wish.title, wish.demanded, wish.start.utcoffset()) == (
        "Loan talk",
        Assurance.PHONE,
        wish.start.replace(tzinfo=ZoneInfo(HELSINKI)).utcoffset(),
    )
    assert [(person.name, person.language) for person in wish.participants] == [("Aino Asiakas", "sv")]


async def test_after_making_the_invitations_stand_there_and_are_forgotten_when_closed(stage: Stage) -> None:
    await stage.board.meetings.form.submit(await typed(stage))
    view = stage.view(FormView)
    (card,) = view.cards
    assert (card.name, view.done, card.file_name) == (
        "Aino Asiakas",
        "Loan talk: the invitations",
        "Aino Asiakas.ics",
    )
    assert "https://meet.example.com/m#" in card.text
    assert card.text not in repr(view)
    await stage.board.meetings.form.close()
    assert stage.view(FormView).cards == ()
    assert not stage.view(FormView).open


async def test_what_is_wrong_stands_at_its_field_and_nothing_is_sent(stage: Stage) -> None:
    form = await typed(stage)
    people = (
        InviteeText("", "aino at example", "40-x"),
        InviteeText(),
        InviteeText("B", "b@example.com", "+358 40 1"),
    )
    wrong = replace(form, title=" ", end=form.start, expert_number="call me", participants=people)
    await stage.board.meetings.form.submit(wrong)
    assert dict(stage.view(FormView).faults) == {
        "title": "Give the meeting a name.",
        "end": "The end must be after the start.",
        "expert_number": "This is not a phone number.",
        "participants.0.name": "Fill in this field.",
        "participants.0.email": "This is not an e-mail address.",
        "participants.0.phone": "This is not a phone number.",
    }
    assert stage.appointments.asked == []
    past = replace(form, day=form.day - timedelta(days=2))
    await stage.board.meetings.form.submit(past)
    assert dict(stage.view(FormView).faults) == {"day": "This time has passed."}


async def test_what_is_too_long_for_the_service_is_told_at_its_field(stage: Stage) -> None:
    form = await typed(stage)
    fits = replace(
        form,
        title="a" * MOST_TITLE,
        office="b" * MOST_LINE,
        description="c" * MOST_TEXT,
        participants=(InviteeText("d" * MOST_NAME),),
    )
    beyond = replace(
        fits,
        title=fits.title + "a",
        office=fits.office + "b",
        description=fits.description + "c",
        participants=(InviteeText("d" * MOST_NAME + "d"),),
    )
    await stage.board.meetings.form.submit(beyond)
    assert dict(stage.view(FormView).faults) == {
        name: f"This is too long: write at most {most} characters."
        for name, most in {
            "title": MOST_TITLE,
            "office": MOST_LINE,
            "description": MOST_TEXT,
            "participants.0.name": MOST_NAME,
        }.items()
    }
    assert stage.appointments.asked == []
    await stage.board.meetings.form.submit(fits)
    assert draft(stage.appointments.asked[0][1])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MeetingRefused("not-allowed"), "Your account may not make or change this meeting."),
        (ServiceUnreachable("", code="server-silent"), "The meeting service does not answer."),
        (MeetingRefused("bad-request"), "The meeting service does not accept what was typed."),
        (MeetingRefused("a new one"), "That is not possible right now."),
    ],
)
async def test_a_failure_says_why_and_sending_again_sends_the_same_draft(
    stage: Stage, error: Exception, said: str
) -> None:
    form = await typed(stage)
    stage.appointments.refusal = error  # type: ignore[assignment]
    await stage.board.meetings.form.submit(form)
    view = stage.view(FormView)
    assert view.advice is not None
    assert (view.advice.text, view.open, view.busy) == (said, True, False)
    await stage.board.meetings.form.submit(form)
    first, second = (wish for method, wish in stage.appointments.asked if method == "make")
    assert isinstance(first, AppointmentWish)
    assert isinstance(second, AppointmentWish)
    assert first.draft_id == second.draft_id


async def test_what_was_typed_comes_back_after_closing_and_can_be_thrown_away(stage: Stage) -> None:
    form = await typed(stage)
    await stage.board.meetings.form.typed(form)
    await stage.board.meetings.form.close()
    await stage.board.meetings.form.open_new("UTC")
    view = stage.view(FormView)
    assert (text(stage).title, text(stage).time_zone) == ("Loan talk", HELSINKI)
    assert view.advice is not None
    assert view.advice.action == "fresh"
    await stage.board.meetings.form.open_new("UTC", fresh=True)
    assert (text(stage).title, stage.view(FormView).advice) == ("", None)
    assert stage.appointments.stored is None


@pytest.mark.parametrize(
    ("people", "same"),
    [
        ((InviteeText("Aino Asiakas", "aino@example.com"), InviteeText("Bertil")), True),
        ((InviteeText("Aino A.", "aino@example.com"),), True),
        ((InviteeText("Aino A.", phone="0401234567"),), True),
        ((InviteeText(),), True),
        ((InviteeText("Bertil", "bertil@example.com"),), False),
    ],
)
async def test_what_is_back_and_is_changed_for_somebody_else_is_another_appointment(
    stage: Stage, people: tuple[InviteeText, ...], same: bool
) -> None:
    form = await typed(stage)
    await stage.board.meetings.form.typed(form)
    kept = stage.appointments.stored
    assert kept is not None
    await stage.board.meetings.form.close()
    await stage.board.meetings.form.open_new("UTC")
    form = replace(form, participants=people)
    await stage.board.meetings.form.typed(form)
    now_kept = stage.appointments.stored
    assert now_kept is not None
    assert (now_kept.draft_id == kept.draft_id) is same
    stage.appointments.refusal = ServiceUnreachable("")
    await stage.board.meetings.form.submit(form)
    await stage.board.meetings.form.submit(form)
    wishes = [asked[1] for asked in stage.appointments.asked if asked[0] == "make"]
    assert {wish.draft_id for wish in wishes if isinstance(wish, AppointmentWish)} == {now_kept.draft_id}


async def test_a_form_in_which_nothing_was_typed_is_not_told_to_be_back(stage: Stage) -> None:
    await stage.board.meetings.form.open_new(HELSINKI)
    await stage.board.meetings.form.typed(text(stage))
    await stage.board.meetings.form.close()
    await stage.board.meetings.form.open_new(HELSINKI)
    assert stage.view(FormView).advice is None


async def test_changing_keeps_who_is_invited_and_shows_the_links_of_new_people_alone(stage: Stage) -> None:
    about = at(stage, id="a", start=now(stage) + timedelta(days=1), participants=invited("Aino", "Bertil"))
    stage.appointments.show(about)
    await stage.board.meetings.change("a")
    form = text(stage)
    assert [person.id for person in form.participants] == ["p1", "p2"]
    await stage.board.meetings.form.typed(form)
    assert stage.appointments.stored is None
    await stage.board.meetings.form.submit(replace(form, participants=(*form.participants, InviteeText("C"))))
    method, which, wish = stage.appointments.asked[-1]
    assert (method, which) == ("change", "a")
    assert isinstance(wish, AppointmentWish)
    assert [person.id for person in wish.participants] == ["p1", "p2", ""]
    assert [card.name for card in stage.view(FormView).cards] == ["C"]


async def test_a_change_that_invites_nobody_closes_the_form(stage: Stage) -> None:
    stage.appointments.show(at(stage, id="a", start=now(stage) + timedelta(days=1)))
    await stage.board.meetings.change("a")
    await stage.board.meetings.form.submit(text(stage))
    assert not stage.view(FormView).open


async def test_a_new_link_is_shown_once_like_the_first(stage: Stage) -> None:
    stage.appointments.show(at(stage, id="a", participants=invited("Aino", "Bertil")))
    await stage.board.meetings.new_link("a", "p2")
    assert [card.name for card in stage.view(FormView).cards] == ["Bertil"]
    stage.appointments.refusal = MeetingRefused("not-found")
    await stage.board.meetings.new_link("a", "p1")
    view = stage.view(FormView)
    assert view.cards == ()
    assert view.advice is not None
    assert view.advice.text == "This meeting is no longer there."


async def test_two_presses_make_one_appointment(stage: Stage) -> None:
    form = await typed(stage)
    await stage.board.meetings.form.submit(form)
    made = [asked for asked in stage.appointments.asked if asked[0] == "make"]
    await stage.board.meetings.form.close()
    assert len(made) == 1
    assert stage.appointments.stored is None
