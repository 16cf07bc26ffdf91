"""The user's own contacts: list, editor, files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from resources.words import Words
from softphone.domain.contact import Contact
from softphone.domain.errors import SoftphoneError
from softphone.domain.events import ContactsChanged, Event
from softphone.presenters import sentences
from softphone.presenters.parts import Advice, Tone
from softphone.presenters.presenter import Presenter
from softphone.services.contacts import Contacts, Imported
from softphone.services.numbers import Numbers


@dataclass(frozen=True, slots=True)
class ContactRow:
    """One contact in the list; `contact` is what the editor opens."""

    id: str
    title: str
    subtitle: str
    target: str
    spoken: str
    contact: Contact


@dataclass(frozen=True, slots=True)
class ContactsView:
    """`empty` and `empty_action` stand instead of rows; `advice` tells how the last file or save went."""

    rows: tuple[ContactRow, ...]
    empty: str
    empty_action: str
    advice: Advice | None
    loading: bool = False


class ContactsPresenter(Presenter[ContactsView]):
    """By name; the search looks in names, companies and numbers."""

    def __init__(
        self,
        contacts: Contacts,
        numbers: Numbers,
        words: Words,
        emit: Callable[[ContactsView], None],
    ) -> None:
        super().__init__(words, emit)
        self._contacts, self._numbers = contacts, numbers
        self._found: tuple[Contact, ...] | None = None
        self._search = ""
        self._advice: Callable[[], Advice] | None = None

    def compose(self) -> ContactsView:
        """Rows of the contacts at hand."""
        advice = self._advice() if self._advice is not None else None
        if self._found is None:
            return ContactsView((), "", "", advice, loading=True)
        rows = tuple(self._row(contact) for contact in self._found)
        empty = action = ""
        if not rows:
            empty = (
                self._("No contact matches what you typed.")
                if self._search
                else self._("No contacts yet. Add one, or import a vCard file.")
            )
        if not rows and not self._search:
            action = self._("Import a vCard file …")
        return ContactsView(rows, empty, action, advice)

    def _row(self, contact: Contact) -> ContactRow:
        first = contact.numbers[0] if contact.numbers else ""
        number = self._numbers.display(first)
        more = len(contact.numbers) - 1
        if more > 0:
            number = self.words.n("{number} and {count} more", "{number} and {count} more", more).format(
                number=number, count=more
            )
        subtitle = " · ".join(part for part in (number, contact.company) if part)
        return ContactRow(contact.id, contact.name, subtitle, first, f"{contact.name}, {subtitle}", contact)

    def hear(self, event: Event) -> bool:
        """Whether the list must be read again."""
        return isinstance(event, ContactsChanged)

    async def load(self) -> None:
        """Read the list."""
        search = self._search
        try:
            found = tuple(await self._contacts.all(search))
        except SoftphoneError as error:
            self._tell_failure(error)
            found = ()
        if search == self._search:
            self._found = found
            self.render()

    async def search(self, text: str) -> None:
        """Narrow the list."""
        if text.strip() != self._search:
            self._search = text.strip()
            await self.load()

    async def save(self, contact: Contact) -> bool:
        """Add or change a contact; False when the disk refused."""
        return await self._try(self._contacts.put(contact))

    async def delete(self, contact_id: str) -> None:
        """Remove a contact."""
        await self._try(self._contacts.delete(contact_id))

    async def import_file(self, path: Path) -> None:
        """Add the people of a vCard file."""
        try:
            imported = await self._contacts.import_file(path)
        except SoftphoneError as error:
            self._tell_failure(error)
        else:
            self._advice = lambda: self._imported(imported)
        self.render()

    async def export_file(self, path: Path) -> None:
        """Write everybody to a vCard file."""
        try:
            count = await self._contacts.export_file(path)
        except SoftphoneError as error:
            self._tell_failure(error)
        else:
            self._advice = lambda: self._exported(count)
        self.render()

    async def put_away(self) -> None:
        """The person has read the advice."""
        self._advice = None
        self.render()

    async def _try(self, work: Awaitable[object]) -> bool:
        self._advice = None
        try:
            await work
        except SoftphoneError as error:
            self._tell_failure(error)
        self.render()
        return self._advice is None

    def _tell_failure(self, error: SoftphoneError) -> None:
        self._advice = lambda: sentences.failure(self.words, error)

    def _imported(self, imported: Imported) -> Advice:
        text = self.words.n(
            "{count} contact was added.", "{count} contacts were added.", imported.added
        ).format(count=imported.added)
        skipped = self.words.n(
            "{count} card could not be read.", "{count} cards could not be read.", imported.skipped
        ).format(count=imported.skipped)
        return Advice("imported", Tone.GOOD, text, skipped if imported.skipped else "")

    def _exported(self, count: int) -> Advice:
        text = self.words.n("{count} contact was written.", "{count} contacts were written.", count)
        return Advice("exported", Tone.GOOD, text.format(count=count))
