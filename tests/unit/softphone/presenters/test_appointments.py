"""The list of remote meetings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from resources.words import Words
from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from softphone.domain.events import AppointmentsChanged, MeetingChanged
from softphone.domain.meeting import Seat
from softphone.presenters.appointments import AppointmentRow, AppointmentsPresenter, AppointmentsView
from softphone.presenters.parts import SystemNotice, Tone
from tests.doubles.meeting_scenes import at, now
from tests.doubles.meetings import a_meeting
from tests.doubles.stage import Stage


def rows(stage: Stage) -> dict[str, AppointmentRow]:
    return {row.id: row for group in stage.view(AppointmentsView).groups for row in group.rows}


async def test_before_the_service_has_answered_the_list_is_neither_empty_nor_full(stage: Stage) -> None:
    stage.board.meetings.list.render()
    view = stage.view(AppointmentsView)
    assert (view.loading, view.groups) == (True, ())


async def test_meetings_stand_under_today_coming_and_past(stage: Stage) -> None:
    moment = now(stage)
    stage.appointments.show(
        at(stage, id="later", start=moment + timedelta(days=4)),
        at(stage, id="now"),
        at(stage, id="before", start=moment - timedelta(days=3)),
        at(stage, id="called off", start=moment + timedelta(hours=1), cancelled=True),
        at(stage, id="long ago", start=moment - timedelta(days=30)),
    )
    groups = [(group.title, [row.id for row in group.rows]) for group in stage.view(AppointmentsView).groups]
    assert groups == [
        ("Today", ["now"]),
        ("Coming", ["later"]),
        ("Past", ["called off", "before", "long ago"]),
    ]


async def test_join_opens_fifteen_minutes_before_and_the_time_until_then_runs(stage: Stage) -> None:
    stage.appointments.show(at(stage, id="a", start=now(stage) + timedelta(minutes=27)))
    row = rows(stage)["a"]
    assert (row.join, row.can_join, row.main) == ("Join", False, False)
    assert row.note == "You can join in 12 min. Check meanwhile that your equipment works."
    assert row.test == "Test the equipment"
    stage.doubles.clock.advance(11 * 60 + 15)
    stage.board.meetings.list.tick()
    assert rows(stage)["a"].note.startswith("You can join in 45 s.")
    assert stage.view(AppointmentsView).badge == 0
    stage.doubles.clock.advance(45)
    stage.board.meetings.list.tick()
    row = rows(stage)["a"]
    assert (row.can_join, row.main, row.note, row.test) == (True, True, "", "")
    assert stage.view(AppointmentsView).badge == 1


async def test_only_the_next_meeting_is_the_main_action(stage: Stage) -> None:
    stage.appointments.show(
        at(stage, id="second"), at(stage, id="first", start=now(stage) - timedelta(hours=1))
    )
    assert {row.id: row.main for row in rows(stage).values()} == {"first": True, "second": False}
    assert stage.view(AppointmentsView).badge == 2


async def test_a_meeting_that_is_over_can_neither_be_joined_nor_counted(stage: Stage) -> None:
    stage.appointments.show(at(stage, id="a"), at(stage, id="b", cancelled=True))
    stage.doubles.clock.advance(5 * 3600)
    stage.board.meetings.list.tick()
    assert [(row.join, row.over) for row in rows(stage).values()] == [("", True), ("", True)]
    assert stage.view(AppointmentsView).badge == 0


async def test_who_waits_is_told_before_that_it_goes_on(stage: Stage) -> None:
    stage.appointments.show(
        at(stage, id="two", waiting=2), at(stage, id="one", waiting=1), at(stage, id="none"),
        at(stage, id="no", cancelled=True, waiting=1),
    )  # fmt: skip
    said = {row.id: (row.sign.text, row.sign.tone) for row in rows(stage).values() if row.sign is not None}
    assert said == {
        "two": ("2 wait in the lobby", Tone.WARN),
        "one": ("1 waits in the lobby", Tone.WARN),
        "none": ("Going on now", Tone.ACCENT),
        "no": ("Cancelled", Tone.BAD),
    }


async def test_the_meeting_one_is_in_is_returned_to(stage: Stage) -> None:
    about = at(stage, id="a")
    stage.appointments.show(about)
    stage.meetings.show(a_meeting(appointment=about))
    assert (rows(stage)["a"].join, rows(stage)["a"].main) == ("Return", True)
    stage.meetings.show(None)
    assert rows(stage)["a"].join == "Join"


async def test_a_host_may_change_and_a_guest_only_join(stage: Stage) -> None:
    stage.appointments.show(
        at(stage, id="mine", office="Helsinki"),
        at(stage, id="theirs", seat=Seat.PARTICIPANT, host_name="Henna Hallitus", office=""),
    )
    assert (rows(stage)["mine"].mine, rows(stage)["mine"].where) == (True, "You · Helsinki")
    assert (rows(stage)["theirs"].mine, rows(stage)["theirs"].where) == (False, "Henna Hallitus")


async def test_a_silent_service_leaves_the_last_known_list_and_says_so(stage: Stage) -> None:
    stage.appointments.show(at(stage, id="a"))
    stage.appointments.refusal = ServiceUnreachable("")
    await stage.board.meetings.list.refresh()
    stage.appointments.show(*stage.appointments.listed, stale=True)
    view = stage.view(AppointmentsView)
    assert view.advice is not None
    assert "known last" in view.advice.what_to_do
    assert [row.id for row in rows(stage).values()] == ["a"]


async def test_a_certificate_nobody_trusts_is_no_silent_service(stage: Stage) -> None:
    event = AppointmentsChanged((at(stage, id="a"),), stale=True, reason="certificate")
    stage.program.bus.publish(event)
    advice = stage.view(AppointmentsView).advice
    assert advice is not None
    assert "certificate" in advice.text


async def test_without_a_company_service_only_a_link_leads_into_a_meeting(stage: Stage) -> None:
    stage.appointments.online = False
    stage.appointments.show()
    view = stage.view(AppointmentsView)
    assert (view.can_make, view.empty_action) == (False, "")
    assert "by its link" in view.empty
    stage.appointments.asked.clear()
    await stage.board.meetings.list.refresh()
    assert stage.appointments.asked == []


async def test_a_refusal_is_told_until_it_is_put_away(stage: Stage) -> None:
    stage.appointments.show(at(stage, id="a"))
    stage.appointments.refusal = MeetingRefused("conflict")
    await stage.board.meetings.list.cancel("a")
    advice = stage.view(AppointmentsView).advice
    assert advice is not None
    assert "at the same time" in advice.text
    await stage.board.meetings.list.put_away()
    assert stage.view(AppointmentsView).advice is None
    await stage.board.meetings.list.cancel("a")
    assert rows(stage)["a"].over


async def test_a_meeting_that_cannot_be_opened_is_told_in_the_list(stage: Stage) -> None:
    stage.appointments.show(at(stage, id="a"))
    stage.meetings.refusal = MeetingRefused("meeting-over")
    await stage.board.meetings.open("a")
    advice = stage.view(AppointmentsView).advice
    assert advice is not None
    assert advice.text == "The meeting is over."


async def test_a_meeting_that_opens_and_who_comes_to_its_lobby_are_told_once(stage: Stage) -> None:
    told: list[SystemNotice] = []
    clock = stage.doubles.clock
    presenter = AppointmentsPresenter(stage.appointments, clock, Words("en"), lambda view: None, told.append)
    soon = at(stage, id="a", title="Loan talk", start=now(stage) + timedelta(minutes=16))
    presenter.hear(AppointmentsChanged((soon,)))
    assert told == []
    clock.advance(61)
    presenter.tick()
    presenter.tick()
    assert told == [SystemNotice("Loan talk", "You can join the meeting now.")]
    for waiting in (1, 1, 2, 1):
        presenter.hear(AppointmentsChanged((replace(soon, waiting=waiting),)))
    assert [notice.text for notice in told[1:]] == ["1 waits in the lobby", "2 wait in the lobby"]
    presenter.hear(MeetingChanged(a_meeting(appointment=soon)))
    presenter.hear(AppointmentsChanged((replace(soon, waiting=5),)))
    assert len(told) == 3


async def test_the_list_speaks_the_persons_language(stage: Stage) -> None:
    stage.appointments.show(at(stage, id="a"))
    await stage.board.speak(Words("fi"))
    assert stage.view(AppointmentsView).groups[0].title == "Tänään"
    assert rows(stage)["a"].join == "Liity"
