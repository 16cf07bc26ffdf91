"""The ways into a meeting and the form that makes one: every press on the real windows."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from softphone.domain.errors import ServiceUnreachable
from softphone.domain.meeting import SessionState, Trouble
from softphone.presenters.page_views import Stage
from tests.doubles.meetings import a_meeting, the_host
from tests.ui.live import Live
from tests.ui.played_meetings import LINK, Play, Played, run
from ui.widgets.buttons import Button

__all__ = ["run"]


def test_from_the_list_over_the_test_page_into_the_meeting_and_out(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live = played.live
        await live.sign_in()
        main, desk = live.desk.main, live.desk.meetings
        about = played.appointment(id="appointment1")
        await live.on_engine(played.appointments.show, about)
        await live.until(lambda: main.tabs.tabText(2) == "Remote meetings (1)")
        main.tabs.setCurrentIndex(2)
        await live.until(lambda: ("refresh",) in played.appointments.asked)
        main.meetings.cards["appointment1"].join.click()
        await live.until(lambda: desk.page.isVisible() and desk.page.test.isVisible())
        await live.until(lambda: played.cameras.open)
        await played.show(a_meeting(appointment=about, you=the_host(state=SessionState.PREJOIN)))
        await live.until(desk.page.main.isEnabled)
        desk.page.main.click()
        await live.until(lambda: played.asked("join"))
        assert not played.cameras.open
        await played.inside()
        assert desk.page.isVisible()
        assert desk.page.main.text() == "Return to the meeting"
        desk.room.toolbar.leave.click()
        await live.until(live.desk.question.isVisible)
        assert played.asked("leave") == []
        live.desk.question.yes.click()
        await live.until(lambda: not desk.room.isVisible())
        assert desk.page.view is not None
        assert desk.page.view.stage is Stage.OVER
        desk.page.close()
        await live.until(lambda: not desk.page.isVisible())

    run(scenario)


def test_the_equipment_is_tested_days_ahead_from_the_list(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, page = played.live, played.live.desk.meetings.page
        await live.sign_in()
        live.desk.main.tabs.setCurrentIndex(2)
        start = played.now + timedelta(days=3)
        about = played.appointment(id="a", start=start, opens_at=start, closes_at=start + timedelta(hours=1))
        await live.on_engine(played.appointments.show, about)
        await live.until(lambda: "a" in live.desk.main.meetings.cards)
        card = live.desk.main.meetings.cards["a"]
        assert not card.join.isEnabled()
        card.test.click()
        await live.until(lambda: played.asked("open") == [("open", "a")])
        you = the_host(state=SessionState.PREJOIN)
        await played.show(a_meeting(appointment=about, you=you))
        await live.until(page.test.isVisible)
        await live.until(lambda: "3 days" in page.note.text())
        assert not page.main.isEnabled()

    run(scenario)


def test_a_link_leads_in_without_signing_in_and_names_its_server_first(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, page = played.live, played.live.desk.meetings.page
        live.desk.sign_in.meeting.click()
        await live.until(page.isVisible)
        page.link.editor.setText("not a link")
        page.main.click()
        await live.until(lambda: page.view is not None and page.view.link_fault)
        assert page.link.editor.text() == "not a link"
        page.link.editor.setText(LINK)
        QTest.keyClick(page.link.editor, Qt.Key.Key_Return)
        await live.until(lambda: page.heading.text() == "This link leads to meet.example.com")
        assert played.meetings.asked == []
        page.main.click()
        await live.until(lambda: page.main.text() == "Test the equipment")
        page.main.click()
        await live.until(page.test.isVisible)
        await played.show(played.guest(SessionState.WAITING, place=1))
        await live.until(page.lobby.isVisible)
        assert "You are next." in page.lobby.text.text()
        assert page.expert.number.text() == "+358401234567"
        assert not page.expert.call.isVisible()

    run(scenario)


def test_who_waits_comes_back_by_the_button_beside_what_happened(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, page = played.live, played.live.desk.meetings.page
        live.desk.sign_in.meeting.click()
        await played.show(played.guest(SessionState.WAITING, trouble=Trouble.TAKEN_OVER))
        await live.until(page.lobby.trouble.isVisible)
        [back] = [b for b in page.lobby.trouble.findChildren(Button) if b.text() == "Come back here"]
        back.click()
        await live.until(lambda: played.asked("reconnect"))

    run(scenario)


def test_closing_the_sign_in_window_does_not_end_a_meeting_joined_by_link(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, page = played.live, played.live.desk.meetings.page
        await played.show(played.guest(SessionState.WAITING))
        await live.until(page.isVisible)
        live.desk.sign_in.close()
        await asyncio.sleep(0.1)
        assert not live.over
        page.close()
        await live.until(live.desk.sign_in.isVisible)
        assert played.asked("leave") == []

    run(scenario)


async def open_form(live: Live, played: Played) -> None:
    """Signed in, and about to make a meeting."""
    await live.sign_in()
    await live.on_engine(played.appointments.show)
    live.desk.main.meetings.make.click()
    await live.until(live.desk.meetings.form.isVisible)


def test_what_was_typed_into_the_form_survives_refusal_and_closing(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, form = played.live, played.live.desk.meetings.form
        await open_form(live, played)
        form.submit.click()
        await live.until(lambda: form.name.editor.property("fault"))
        QTest.keyClicks(form.name.editor, "Loan talk")
        row = form.people.rows[0]
        QTest.keyClicks(row.name.editor, "Aino Asiakas")
        await live.until(lambda: played.appointments.stored is not None)
        form.close()
        await live.until(lambda: not form.isVisible())
        live.desk.main.meetings.make.click()
        await live.until(lambda: form.isVisible() and form.name.editor.text() == "Loan talk")
        played.appointments.refusal = ServiceUnreachable("", code="server-silent")
        form.submit.click()
        await live.until(lambda: "does not answer" in form.advice.words())
        assert form.people.rows[0].name.editor.text() == "Aino Asiakas"
        form.submit.click()
        await live.until(lambda: form.invitations.rows)
        assert form.heading.text() == "Loan talk: the invitations"
        form.invitations.rows[0].copy.click()
        assert "https://meet.example.com/m#" in QGuiApplication.clipboard().text()
        assert form.invitations.rows[0].copy.text() == "Copied"
        form.cancel.click()
        await live.until(lambda: not form.isVisible())
        await live.until(lambda: live.desk.main.meetings.cards)

    run(scenario)


def test_a_new_link_is_made_only_after_asking(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live = played.live
        await live.sign_in()
        await live.on_engine(played.appointments.show, played.appointment(id="appointment1"))
        listing, question = live.desk.main.meetings, live.desk.question
        await live.until(lambda: "appointment1" in listing.cards)

        def choose() -> None:
            acts = {text: act for _icon, text, act in listing.entries("appointment1")}
            acts["New link for Casper Customer …"]()

        choose()
        assert question.title.text() == "Make a new link for Casper Customer?"
        question.no.click()
        choose()
        question.yes.click()
        form = live.desk.meetings.form
        await live.until(lambda: form.isVisible() and form.invitations.rows)
        made = [asked for asked in played.appointments.asked if asked[0] == "new_link"]
        assert made == [("new_link", "appointment1", "p1")]

    run(scenario)


def test_participants_come_and_go_in_the_form(run: Play) -> None:
    async def scenario(played: Played) -> None:
        live, form = played.live, played.live.desk.meetings.form
        await open_form(live, played)
        form.people.rows[0].language.editor.picked.emit("fi")
        form.people.add.click()
        assert len(form.people.rows) == 2
        QTest.keyClicks(form.people.rows[1].name.editor, "B")
        form.people.rows[0].remove.click()
        assert [person.name for person in form.text().participants] == ["B"]

    run(scenario)


def test_a_calendar_file_is_written_as_the_service_made_it(run: Play, tmp_path: Path) -> None:
    async def scenario(played: Played) -> None:
        live, form = played.live, played.live.desk.meetings.form
        form.invitations.save_wanted.emit(tmp_path / "a.ics", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
        assert (tmp_path / "a.ics").read_bytes() == b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
        form.invitations.save_wanted.emit(tmp_path / "no" / "a.ics", "x")
        await live.until(live.desk.question.isVisible)
        assert live.desk.question.title.text() == "The file could not be written."

    run(scenario)
