"""Past calls and contacts."""

from __future__ import annotations

from pathlib import Path

from softphone.domain.contact import Contact
from softphone.presenters.contacts import ContactsView
from softphone.presenters.history import HistoryView
from softphone.presenters.parts import Tone
from tests.doubles.stage import Stage

CARD = "BEGIN:VCARD\nVERSION:3.0\nFN:Kaisa Kortti\nTEL:0407654321\nEND:VCARD\nBEGIN:VCARD\nEND:VCARD\n"


async def test_an_empty_list_says_what_to_do(stage: Stage) -> None:
    await stage.board.history.load()
    view = stage.view(HistoryView)
    assert (view.rows, view.loading) == ((), False)
    assert view.empty == "No calls yet. Type a number to call."


async def test_rows_say_who_when_how_long_and_how_well(stage: Stage) -> None:
    await stage.fill()
    rows = stage.view(HistoryView).rows
    first = rows[0]
    assert (first.title, first.subtitle, first.detail) == (
        "Aino Asiakas",
        "Incoming · 040 1234567",
        "3 min · good",
    )
    assert rows[1].tone is Tone.BAD
    assert rows[1].subtitle == "Missed"
    assert not rows[1].known
    assert rows[2].detail == "1 h 2 min · fair"
    assert rows[3].subtitle == "No answer · +46 8 123 456 78"
    assert "Aino Asiakas, Incoming, 040 1234567" in first.spoken


async def test_the_search_narrows_the_list_and_says_when_nothing_fits(stage: Stage) -> None:
    await stage.fill()
    await stage.board.history.search("lending")
    assert [row.title for row in stage.view(HistoryView).rows] == ["Service number Lending"]
    await stage.board.history.search("nobody at all")
    assert "Press Call" in stage.view(HistoryView).empty


async def test_calls_are_removed_one_by_one_and_all_at_once(stage: Stage) -> None:
    await stage.fill()
    before = len(stage.view(HistoryView).rows)
    await stage.board.history.delete("0")
    await stage.board.history.load()
    assert len(stage.view(HistoryView).rows) == before - 1
    await stage.board.history.clear()
    await stage.board.history.load()
    assert stage.view(HistoryView).rows == ()


async def test_contacts_by_name_with_their_first_number(stage: Stage) -> None:
    await stage.fill()
    rows = stage.view(ContactsView).rows
    assert [row.title for row in rows] == [
        "Aino Asiakas",
        "Bertil Björkbacka-Österlund",
        "Matti Meikäläinen",
    ]
    assert rows[0].subtitle == "040 1234567 and 1 more · Esimerkki Oy"
    assert rows[0].target == "0401234567"


async def test_no_contacts_offers_an_import(stage: Stage) -> None:
    await stage.board.contacts.load()
    view = stage.view(ContactsView)
    assert view.empty == "No contacts yet. Add one, or import a vCard file."
    assert view.empty_action
    await stage.board.contacts.search("x")
    view = stage.view(ContactsView)
    assert view.empty == "No contact matches what you typed."
    assert view.empty_action == ""


async def test_a_contact_is_saved_and_deleted(stage: Stage) -> None:
    assert await stage.board.contacts.save(Contact("7", "Uusi", ("112",)))
    await stage.board.contacts.load()
    assert [row.id for row in stage.view(ContactsView).rows] == ["7"]
    await stage.board.contacts.delete("7")
    await stage.board.contacts.load()
    assert stage.view(ContactsView).rows == ()


async def test_files_come_in_and_go_out_and_say_how_it_went(stage: Stage, tmp_path: Path) -> None:
    cards = tmp_path / "in.vcf"
    cards.write_text(CARD, encoding="utf-8")
    await stage.board.contacts.import_file(cards)
    advice = stage.view(ContactsView).advice
    assert advice is not None
    assert (advice.text, advice.what_to_do) == ("1 contact was added.", "1 card could not be read.")
    await stage.board.contacts.export_file(tmp_path / "out.vcf")
    advice = stage.view(ContactsView).advice
    assert advice is not None
    assert advice.text == "1 contact was written."
    assert "Kaisa Kortti" in (tmp_path / "out.vcf").read_text(encoding="utf-8")
    await stage.board.contacts.put_away()
    assert stage.view(ContactsView).advice is None


async def test_a_file_that_is_not_there_is_told(stage: Stage, tmp_path: Path) -> None:
    await stage.board.contacts.import_file(tmp_path / "nothing.vcf")
    advice = stage.view(ContactsView).advice
    assert advice is not None
    assert advice.id == "failure-storage"
    await stage.board.contacts.export_file(tmp_path / "no folder" / "out.vcf")
    assert stage.view(ContactsView).advice is not None
