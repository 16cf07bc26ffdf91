"""Contacts as vCards (3.0 and RFC 6350): reading skips broken ones, writing is 3.0, which all read."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import vobject

from softphone.domain.contact import Contact
from softphone.services.ids import new_id
from softphone.services.vcard_lines import cards_of

log = logging.getLogger(__name__)

BROKEN = (vobject.base.ParseError, ValueError, KeyError, IndexError, AttributeError, StopIteration)
"""What the parser is known to raise on cards that are not."""


@dataclass(frozen=True, slots=True)
class Cards:
    """What a file held: the contacts, and how many cards could not be used."""

    contacts: tuple[Contact, ...]
    skipped: int


def read_cards(text: str) -> Cards:
    """Read every card of a file, each on its own so that a broken one spoils no other."""
    cards, begun = cards_of(text)
    contacts = [contact for card in cards if (contact := _read_card(card)) is not None]
    return Cards(tuple(contacts), begun - len(contacts))


def write_cards(contacts: list[Contact]) -> str:
    """All contacts as vCard 3.0."""
    return "".join(_write_card(contact) for contact in contacts)


def _read_card(text: str) -> Contact | None:
    """One card, or None where it is broken or holds no name or no number."""
    try:
        card = vobject.readOne(text, ignoreUnreadable=True)
    except BROKEN as error:
        log.info("a card was skipped: %s", type(error).__name__)
        return None
    lines = [line for kind in ("tel", "impp") for line in _lines(card, kind)]
    numbers = tuple(dict.fromkeys(_number(line.value) for line in lines))
    company = _first(card, "org")
    name = _first(card, "fn") or _spelled_name(card) or company
    numbers = tuple(number for number in numbers if number)
    if not name or not numbers:
        return None
    return Contact(new_id(), name, numbers, company, _first(card, "email"), _first(card, "note"))


def _write_card(contact: Contact) -> str:
    card = vobject.vCard()
    card.add("fn").value = contact.name
    given, _, family = contact.name.rpartition(" ")
    card.add("n").value = vobject.vcard.Name(family=family, given=given)
    for number in contact.numbers:
        kind = "impp" if number.lower().startswith(("sip:", "sips:")) else "tel"
        card.add(kind).value = number
    if contact.company:
        card.add("org").value = [contact.company]
    for kind in ("email", "note"):
        if value := getattr(contact, kind):
            card.add(kind).value = value
    return str(card.serialize())


def _lines(card: Any, kind: str) -> list[Any]:
    return list(card.contents.get(kind, []))


def _first(card: Any, kind: str) -> str:
    for line in _lines(card, kind):
        value = line.value
        text = " ".join(str(part) for part in value if part) if isinstance(value, list) else str(value)
        if text.strip():
            return text.strip()
    return ""


def _spelled_name(card: Any) -> str:
    for line in _lines(card, "n"):
        name = line.value
        if isinstance(name, vobject.vcard.Name):
            return " ".join(part for part in (str(name.given), str(name.family)) if part.strip()).strip()
    return ""


def _number(value: object) -> str:
    """A number or SIP address; vCard 4.0 writes `tel:` URIs with parameters."""
    text = str(value).strip()
    if text.lower().startswith("tel:"):
        return text[4:].partition(";")[0]
    return text if ":" not in text or text.lower().startswith(("sip:", "sips:")) else ""
