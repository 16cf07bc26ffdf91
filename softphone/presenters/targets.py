"""From what a person types to what is dialled: a name stands for the one contact who has it."""

from __future__ import annotations

from softphone.domain.errors import SoftphoneError
from softphone.services.contacts import Contacts


class SeveralContacts(SoftphoneError):
    """The typed name fits more than one contact."""

    code = "several-contacts"


async def resolve(text: str, contacts: Contacts) -> str:
    """The number of the contact named, else the text itself, which may be a number or an address.

    Raises SeveralContacts, and StorageError from the contacts.
    """
    text = text.strip()
    if not any(sign.isalpha() for sign in text) or "@" in text or ":" in text:
        return text
    found = [contact for contact in await contacts.all(text) if contact.numbers]
    named = [contact for contact in found if contact.name.casefold() == text.casefold()]
    fitting = named or found
    if len(fitting) > 1:
        raise SeveralContacts(f"{len(fitting)} contacts fit")
    return fitting[0].numbers[0] if fitting else text
