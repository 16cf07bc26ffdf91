"""A session on doubles: signing in with a server, a keyring and a directory that are played."""

from __future__ import annotations

import asyncio

import pytest

from softphone.domain.account import Credentials, LineState
from softphone.domain.errors import SignInRefused
from softphone.domain.events import AccountChanged, Event
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.account_memory import AccountMemory
from softphone.services.numbers import Numbers
from softphone.services.session import Session
from softphone.services.settings import Settings
from tests.doubles.stores import FakeCompanyService, FakeDirectory, FakeSecrets, FakeSettingsStore
from tests.doubles.telephony import FakeTelephony

SERVER = "vip.example.com"
HERE = Credentials(SERVER, "040 123 4567", "geheim-42", remember=True)


class Bench:
    """A session on doubles; `pauses`: how long it slept between attempts, `devices`: accounts it told."""

    def __init__(
        self,
        store: FakeSettingsStore | None = None,
        secrets: FakeSecrets | None = None,
        policy: dict[str, object] | None = None,
        overrides: dict[str, str] | None = None,
    ) -> None:
        self.telephony, self.directory = FakeTelephony(), FakeDirectory()
        self.service = FakeCompanyService({"0401234567": "geheim-42"})
        self.secrets, self.store = secrets or FakeSecrets(), store or FakeSettingsStore()
        self.events: list[Event] = []
        self.pauses: list[float] = []
        self.devices: list[Credentials | None] = []
        bus = Bus()
        bus.subscribe(self.events.append)
        self.settings = Settings(self.store, bus, policy=policy, overrides=overrides)
        self.tasks = Tasks()
        self.memory = AccountMemory(self.secrets, self.settings, bus)
        self.session = Session(
            self.telephony,
            self.directory,
            self.service,
            self.memory,
            self.settings,
            Numbers(),
            bus,
            self.tasks,
            version="0.1.0",
            sleep=self._sleep,
            on_device=self.devices.append,
        )

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    @property
    def states(self) -> list[LineState]:
        """The line's states in the order in which they were told."""
        return [event.account.state for event in self.events if isinstance(event, AccountChanged)]

    @property
    def line(self) -> tuple[LineState, str]:
        """State and reason now."""
        return self.session.account.state, self.session.account.reason

    async def refusal(self, credentials: Credentials) -> str:
        """Sign in and return the code of the refusal."""
        with pytest.raises(SignInRefused) as refused:
            await self.session.sign_in(credentials)
        assert self.session.account.reason == refused.value.code
        assert self.session.account.state is LineState.REFUSED
        return str(refused.value.code)
