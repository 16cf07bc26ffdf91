"""Files of cards, the hostile ones in linear time."""

from __future__ import annotations

import time

import pytest

from softphone.services.vcards import read_cards


def card(*lines: str) -> str:
    return "\r\n".join(("BEGIN:VCARD", "VERSION:3.0", "FN:Aino", "TEL:0401234567", *lines, "END:VCARD", ""))


@pytest.mark.parametrize(
    "hostile",
    [
        "BEGIN:VCARD\n" * 200_000,
        card("TEL;" + "TYPE=a;" * 60 + ":1"),
        card("TEL;" + "TYPE=a;" * 10_000 + "x"),
        card("NOTE;X=" + '"' * 10_001 + ":x"),
        card("a." * 20_000 + "TEL:1"),
        card("PHOTO:" + "\r\n x" * 200_000),
        card("NOTE;ENCODING=QUOTED-PRINTABLE:" + "=\r\n" * 9_000, "TEL;" + "A=b;" * 40 + ":1"),
        card("NOTE:x=", "TEL;" + "A=b;" * 40 + ":1"),
        card(*["TEL;" + "A=b;" * 40 + ":1"] * 5_000),
    ],
    ids=range(9),
)
def test_no_file_takes_longer_than_its_size(hostile: str) -> None:
    began = time.process_time()
    cards = read_cards(hostile)
    assert time.process_time() - began < 5.0
    assert all(contact.numbers == ("0401234567",) for contact in cards.contacts)


def test_an_unreadable_line_spoils_no_card() -> None:
    cards = read_cards(
        card("TEL;;:1", "this is no line", "NOTE;CHARSET=UTF-8:folded\r\n  here", "item1.TEL:0507")
    )
    (contact,) = cards.contacts
    assert (contact.numbers, contact.note) == (("0401234567", "0507"), "folded here")


def test_soft_breaks_of_quoted_printable() -> None:
    cards = read_cards(
        card("NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:M=C3=A4kel=", "=C3=A4", "EMAIL:a@b.example")
    )
    assert (cards.contacts[0].note, cards.contacts[0].email) == ("Mäkelä", "a@b.example")


def test_a_card_within_a_card_is_none() -> None:
    cards = read_cards("BEGIN:VCARD\nFN:A\n" + card() + card())
    assert (len(cards.contacts), cards.skipped) == (1, 2)
