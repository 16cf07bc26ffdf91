"""The list of past calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo

from resources.words import Words, marked
from softphone.domain.call import Direction
from softphone.domain.events import ContactsChanged, Event, HistoryChanged
from softphone.domain.history import HistoryEntry, Outcome
from softphone.domain.quality import CallQuality, QualityWord
from softphone.ports import Clock
from softphone.presenters import moments
from softphone.presenters.parts import Tone
from softphone.presenters.presenter import Presenter
from softphone.services.contacts import Contacts
from softphone.services.history import History
from softphone.services.numbers import Numbers

OUTCOMES = {
    Outcome.MISSED: (marked("Missed"), "phone-missed", Tone.BAD),
    Outcome.DECLINED: (marked("Declined"), "phone-missed", Tone.QUIET),
    Outcome.NOT_ANSWERED: (marked("No answer"), "phone-out", Tone.QUIET),
    Outcome.FAILED: (marked("Failed"), "phone-out", Tone.WARN),
}
QUALITY = {
    QualityWord.GOOD: marked("good"),
    QualityWord.FAIR: marked("fair"),
    QualityWord.POOR: marked("poor"),
}


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One past call. `spoken` is the whole row for a screen reader; `target` is what a call back dials."""

    id: str
    icon: str
    tone: Tone
    title: str
    subtitle: str
    time: str
    detail: str
    target: str
    known: bool
    spoken: str


@dataclass(frozen=True, slots=True)
class HistoryView:
    """`empty` is the sentence shown instead of rows, "" while rows are there; `loading` before the first."""

    rows: tuple[HistoryRow, ...]
    empty: str
    loading: bool = False


class HistoryPresenter(Presenter[HistoryView]):
    """Newest first; the search narrows it."""

    def __init__(
        self,
        history: History,
        contacts: Contacts,
        numbers: Numbers,
        clock: Clock,
        words: Words,
        emit: Callable[[HistoryView], None],
        *,
        zone: tzinfo | None = None,
    ) -> None:
        super().__init__(words, emit)
        self._history, self._contacts, self._numbers, self._clock = history, contacts, numbers, clock
        self._zone = zone
        self._entries: tuple[HistoryEntry, ...] | None = None
        self._search = ""

    def compose(self) -> HistoryView:
        """Rows of the entries at hand."""
        if self._entries is None:
            return HistoryView((), "", loading=True)
        rows = tuple(self._row(entry) for entry in self._entries)
        if rows:
            return HistoryView(rows, "")
        searched = self._("No call matches what you typed. Press Call to dial it.")
        return HistoryView((), searched if self._search else self._("No calls yet. Type a number to call."))

    def _row(self, entry: HistoryEntry) -> HistoryRow:
        number = self._numbers.display(entry.number or entry.uri)
        name = self._contacts.name_for(entry.number or entry.uri) or entry.name
        came = entry.direction is Direction.INCOMING
        word, icon, tone = OUTCOMES.get(entry.outcome, ("", "phone-in" if came else "phone-out", Tone.QUIET))
        direction = self._("Incoming") if came else self._("Outgoing")
        outcome = self._(word) if word else direction
        time = moments.when(self.words, entry.started_at, self._clock.time(), self._zone)
        detail = self._detail(entry)
        title = name or number or self._("Unknown number")
        subtitle = f"{outcome} · {number}" if name and number else outcome
        spoken = ", ".join(part for part in (title, outcome, number if name else "", time, detail) if part)
        target = entry.number or entry.uri
        return HistoryRow(entry.id, icon, tone, title, subtitle, time, detail, target, bool(name), spoken)

    def _detail(self, entry: HistoryEntry) -> str:
        if entry.outcome is not Outcome.ANSWERED:
            return ""
        length = moments.duration(self.words, entry.duration_s)
        if entry.mos is None:
            return length
        return f"{length} · {self._(QUALITY[CallQuality(entry.mos, 0, 0, None, 0).word])}"

    def hear(self, event: Event) -> bool:
        """Whether the list must be read again."""
        return isinstance(event, HistoryChanged | ContactsChanged)

    async def load(self) -> None:
        """Read the list."""
        search = self._search
        entries = tuple(await self._history.recent(200, search))
        if search == self._search:
            self._entries = entries
            self.render()

    async def search(self, text: str) -> None:
        """Narrow the list to names and numbers that hold `text`."""
        if text.strip() != self._search:
            self._search = text.strip()
            await self.load()

    async def seen(self) -> None:
        """The person looks at the list: missed calls are no news any more."""
        if await self._history.missed():
            await self._history.mark_seen()

    async def delete(self, entry_id: str) -> None:
        """Remove one call."""
        await self._history.delete(entry_id)

    async def clear(self) -> None:
        """Remove all calls."""
        await self._history.clear()
