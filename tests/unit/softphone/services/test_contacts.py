"""Contacts, their names behind numbers, and vCards in and out."""

from __future__ import annotations

from pathlib import Path

import pytest

from softphone.domain.contact import Contact
from softphone.domain.errors import StorageError
from softphone.domain.events import ContactsChanged, Event
from softphone.runtime.bus import Bus
from softphone.services.contacts import Contacts, Imported
from softphone.services.numbers import Numbers
from softphone.services.vcards import read_cards, write_cards
from tests.doubles.stores import FakeContactStore

AINO = Contact(
    "", "Aino Asiakas", ("0401234567", "sip:aino@vip.example.com"), "Pankki Oy", "aino@example.com", "VIP"
)

CARDS_3 = """BEGIN:VCARD
VERSION:3.0
FN:Matti Meikäläinen
N:Meikäläinen;Matti;;;
ORG:Pankki Oy;Lainat
TEL;TYPE=CELL:+358 50 765 4321
TEL;TYPE=WORK:+358 50 765 4321
EMAIL:matti@example.com
NOTE:Soita iltapäivällä\\, kiitos
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:No number at all
END:VCARD
BEGIN:VCARD
VERSION:3.0
this is not a property
END:VCARD
"""

CARDS_4 = """BEGIN:VCARD
VERSION:4.0
FN:Maija Malli
TEL;VALUE=uri;TYPE="voice,home":tel:+358-9-123456;ext=102
IMPP:sip:maija@vip.example.com
IMPP:xmpp:maija@example.com
END:VCARD
"""


class Bench:
    """Contacts and what the bus said."""

    def __init__(self) -> None:
        self.store = FakeContactStore()
        self.events: list[Event] = []
        bus = Bus()
        bus.subscribe(self.events.append)
        self.contacts = Contacts(self.store, Numbers(), bus)


async def test_put_find_delete() -> None:
    bench = Bench()
    kept = await bench.contacts.put(AINO)
    assert kept.id
    assert bench.events == [ContactsChanged()]
    assert bench.contacts.name_for("+358 40 123 4567") == "Aino Asiakas"
    assert bench.contacts.name_for("sip:AINO@vip.example.com") == "Aino Asiakas"
    assert bench.contacts.name_for("") == ""
    assert await bench.contacts.all("pankki") == [kept]
    await bench.contacts.delete(kept.id)
    assert bench.contacts.name_for("0401234567") == ""


async def test_names_are_known_from_the_start() -> None:
    store = FakeContactStore(Contact("1", "Aino", ("0401234567",)))
    contacts = Contacts(store, Numbers(), Bus())
    assert contacts.name_for("0401234567") == ""
    await contacts.load()
    assert contacts.name_for("0401234567") == "Aino"


async def test_a_disk_that_refuses_is_told_to_who_saves() -> None:
    bench = Bench()
    bench.store.full = True
    with pytest.raises(StorageError):
        await bench.contacts.put(AINO)
    assert bench.events == []


def test_version_3() -> None:
    cards = read_cards(CARDS_3)
    assert cards.skipped == 2
    (matti,) = cards.contacts
    assert (matti.name, matti.numbers) == ("Matti Meikäläinen", ("+358 50 765 4321",))
    assert (matti.company, matti.email) == ("Pankki Oy Lainat", "matti@example.com")
    assert matti.note == "Soita iltapäivällä, kiitos"


def test_version_4() -> None:
    (maija,) = read_cards(CARDS_4).contacts
    assert maija.numbers == ("+358-9-123456", "sip:maija@vip.example.com")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no card",
        "BEGIN:VCARD\nFN:x",
        "BEGIN:VCARD\nBEGIN:VCARD\nFN:x\nTEL:1\nEND:VCARD\n",
        "\x00\xff" * 50,
    ],
)
def test_what_is_no_card_gives_no_contact(text: str) -> None:
    assert read_cards(text).contacts == ()


def test_written_cards_read_back() -> None:
    odd = Contact("2", "Åke; Öberg, jr.", ("+4687000000",), note="två\nrader")
    back = read_cards(write_cards([AINO, odd])).contacts
    for before, after in zip([AINO, odd], back, strict=True):
        assert (after.name, after.numbers, after.company) == (before.name, before.numbers, before.company)
        assert (after.email, after.note) == (before.email, before.note)


async def test_import_and_export_files(tmp_path: Path) -> None:
    bench = Bench()
    file = tmp_path / "people.vcf"
    file.write_text(CARDS_3 + CARDS_4, encoding="utf-8")
    assert await bench.contacts.import_file(file) == Imported(2, 2)
    assert await bench.contacts.import_file(file) == Imported(0, 2)
    assert bench.contacts.name_for("0507654321") == "Matti Meikäläinen"
    out = tmp_path / "out.vcf"
    assert await bench.contacts.export_file(out) == 2
    assert len(read_cards(out.read_text(encoding="utf-8")).contacts) == 2


async def test_an_old_windows_file(tmp_path: Path) -> None:
    bench = Bench()
    file = tmp_path / "old.vcf"
    file.write_bytes(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Pärttyli\r\nTEL:1001\r\nEND:VCARD\r\n".encode("cp1252")
    )
    assert await bench.contacts.import_file(file) == Imported(1, 0)
    assert bench.contacts.name_for("1001") == "Pärttyli"


async def test_files_that_can_not_be_read_or_written(tmp_path: Path) -> None:
    bench = Bench()
    with pytest.raises(StorageError):
        await bench.contacts.import_file(tmp_path / "nothing.vcf")
    with pytest.raises(StorageError):
        await bench.contacts.export_file(tmp_path / "no" / "folder.vcf")
