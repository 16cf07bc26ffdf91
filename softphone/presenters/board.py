"""All presenters of one running program, fed from the bus; made and used on the engine thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from resources.words import Words
from softphone import __version__
from softphone.domain.account import LineState
from softphone.domain.events import Event, Notice
from softphone.ports import Screenshot
from softphone.presenters.calls import CallsPresenter
from softphone.presenters.contacts import ContactsPresenter
from softphone.presenters.device_test import DeviceTestPresenter, MicrophonePresenter
from softphone.presenters.general import GeneralPresenter
from softphone.presenters.headset import HeadsetPresenter
from softphone.presenters.history import HistoryPresenter
from softphone.presenters.levels import LevelsPresenter
from softphone.presenters.line import LinePresenter
from softphone.presenters.meeting_board import MeetingBoard, MeetingServices
from softphone.presenters.preshift import PreshiftPresenter
from softphone.presenters.sign_in import SignInPresenter
from softphone.runtime.bus import Bus
from softphone.runtime.engine import Engine
from softphone.runtime.tasks import Tasks
from softphone.services.calls import Calls
from softphone.services.contacts import Contacts
from softphone.services.history import History
from softphone.services.numbers import Numbers
from softphone.services.preshift import Preshift
from softphone.services.ringing import Ringing
from softphone.services.session import Session


class Services(MeetingServices, Protocol):
    """What the presenters need of the assembled program."""

    @property
    def engine(self) -> Engine: ...
    @property
    def bus(self) -> Bus: ...
    @property
    def session(self) -> Session: ...
    @property
    def calls(self) -> Calls: ...
    @property
    def ringing(self) -> Ringing: ...
    @property
    def history(self) -> History: ...
    @property
    def contacts(self) -> Contacts: ...
    @property
    def preshift(self) -> Preshift: ...
    @property
    def numbers(self) -> Numbers: ...


class Program(Services, Protocol):
    """The assembled program, as whoever runs its windows sees it."""

    screenshot: Screenshot | None
    on_quit: Callable[[], None]

    async def start(self) -> None: ...
    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class WindowWanted:
    """Somebody started the program again, or a link: the windows come up."""


class Board:
    """Owns the presenters. `emit` hears every new view state; its type says which screen it is for."""

    def __init__(self, services: Services, words: Words, emit: Callable[[object], None]) -> None:
        s = services
        self._emit = emit
        self.sign_in = SignInPresenter(s.session, words, emit)
        self.line = LinePresenter(
            s.session, s.calls, s.devices, s.history, s.contacts, s.numbers, words, emit
        )
        self.calls = CallsPresenter(
            s.calls, s.ringing, s.contacts, s.devices, s.numbers, s.clock, words, emit
        )
        self.levels = LevelsPresenter(s.devices, words, emit)
        self.history = HistoryPresenter(s.history, s.contacts, s.numbers, s.clock, words, emit)
        self.contacts = ContactsPresenter(s.contacts, s.numbers, words, emit)
        self.headset = HeadsetPresenter(s.devices, s.settings, words, emit)
        self.general = GeneralPresenter(s.settings, __version__, words, emit)
        self.device_test = DeviceTestPresenter(s.device_test, s.devices, words, emit)
        self.microphone = MicrophonePresenter(s.device_test, s.devices, words, emit)
        self.preshift = PreshiftPresenter(s.preshift, s.session, words, emit)
        self._settings, self._session = s.settings, s.session
        self._tasks = Tasks()
        self.meetings = MeetingBoard(s, words, emit, self._tasks)
        self._leave = s.bus.subscribe(self._hear)

    async def start(self) -> None:
        """Tell every screen how things stand, and follow from now on."""
        for presenter in self._all():
            presenter.render()
        await self.line.count_missed()
        self._tasks.spawn(self.calls.run(), "call timers")
        self._tasks.spawn(self.meetings.run(), "meeting timers")
        self._tasks.spawn(self.history.load(), "history")
        self._tasks.spawn(self.contacts.load(), "contacts")

    async def remembered_line(self, longest_s: float = 1.5) -> None:
        """Wait a moment while a remembered account signs in, so that no sign-in form flashes by."""
        remembered = self._session.remembered()
        waited = 0.0
        while remembered.remember and waited < longest_s:
            if self._session.account.state is not LineState.SIGNED_OUT:
                return
            await asyncio.sleep(0.05)
            waited += 0.05

    async def close(self) -> None:
        """Stop following."""
        self._leave()
        await self._tasks.close()

    async def speak(self, words: Words) -> None:
        """Say everything in another language."""
        for presenter in self._all():
            await presenter.speak(words)

    async def headset_page_wanted(self) -> bool:
        """Whether the headset page has yet to open by itself; true once in a profile's life."""
        if self._settings.flag("ui.headset_page_shown"):
            return False
        await self._settings.set("ui.headset_page_shown", True)
        return True

    def _all(self) -> tuple[_AnyPresenter, ...]:
        return (
            self.general,
            self.sign_in,
            self.line,
            self.calls,
            self.levels,
            self.history,
            self.contacts,
            self.headset,
            self.device_test,
            self.microphone,
            self.preshift,
            *self.meetings.all(),
        )

    def _hear(self, event: Event) -> None:
        if isinstance(event, Notice) and event.code in ("show-window", "dial-confirm"):
            self._emit(WindowWanted())
        for presenter in (self.sign_in, self.line, self.calls, self.levels, self.headset, self.general):
            presenter.hear(event)
        for test in (self.device_test, self.microphone, self.preshift):
            test.hear(event)
        self.meetings.hear(event)
        if self.history.hear(event):
            self._tasks.spawn(self.history.load(), "history")
        if self.contacts.hear(event):
            self._tasks.spawn(self.contacts.load(), "contacts")


class _AnyPresenter(Protocol):
    def render(self) -> None: ...
    async def speak(self, words: Words) -> None: ...
