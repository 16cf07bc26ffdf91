"""The service's use cases on a real file, with clock, chance, passwords and neighbours of our own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from service.adapters.sqlite.database import Database
from service.adapters.sqlite.migrate import migrate
from service.adapters.sqlite.store import SqliteStore
from service.adapters.wording import CatalogueWords
from service.domain.account import Account, SipCredential
from service.domain.appointment import Window
from service.domain.numbers import Numbering
from service.domain.principal import Guest, User
from service.usecases.appointments import Appointments
from service.usecases.appointments_reader import StoredAppointments
from service.usecases.devices import Devices
from service.usecases.identities import StoredIdentities
from service.usecases.invitations import Invitations
from service.usecases.ports import Passwords
from service.usecases.registrar_table import RegistrarTable
from service.usecases.sign_in import SignIn, SipSide
from service.usecases.sign_in_limits import SignInLimits
from service.usecases.tokens import RefreshTokens, Renewal
from service_api.accounts import TokenRequest, Tokens
from service_api.appointments import AppointmentDraft, InviteeDraft
from service_api.devices import DeviceCredentials, DeviceSignIn
from service_api.states import AccountRole
from tests.doubles.clock import FakeClock
from tests.doubles.meeting_hall import CountingChance, FixedKeys

URL = "https://meet.test"
WINDOW = Window(900, 3600)
PASSWORD = "Kettle-Harbour-96"
LAPTOP = "urn:uuid:5f6c8e3a-0a52-4b61-9b4c-0d4f0c7a9e11"
OTHER = "urn:uuid:5f6c8e3a-0a52-4b61-9b4c-0d4f0c7a9e12"


class PlainPasswords:
    """Implements Passwords without the work; `verified` holds what each was compared with.

    Where `gate` is cleared nothing is answered; `asked` waits for the next one that is compared.
    """

    def __init__(self) -> None:
        self.verified: list[str | None] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._asked = asyncio.Event()

    async def asked(self) -> None:
        """Until there is one more."""
        self._asked.clear()
        await self._asked.wait()

    async def hash(self, password: str) -> str:
        """See Passwords."""
        return f"kept {password}"

    async def verify(self, kept: str | None, password: str) -> bool:
        """See Passwords."""
        self.verified.append(kept)
        self._asked.set()
        await self.gate.wait()
        return kept == f"kept {password}"

    def close(self) -> None:
        """See Passwords."""


@dataclass
class Board:
    """Implements Registrar and Watcher; remembers what it was told."""

    devices: Sequence[SipCredential] = ()
    changed: list[str] = field(default_factory=list)
    opened: list[Guest] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    waits: dict[str, int] = field(default_factory=dict)

    async def admit(self, devices: Sequence[SipCredential]) -> None:
        """See Registrar."""
        self.devices = devices

    def waiting(self, appointment_id: str) -> int:
        """See Watcher."""
        return self.waits.get(appointment_id, 0)

    async def appointment_changed(self, appointment_id: str) -> None:
        """See Watcher."""
        self.changed.append(appointment_id)

    async def place_opened(self, guest: Guest) -> None:
        """See Watcher."""
        self.opened.append(guest)

    async def device_gone(self, device_id: str) -> None:
        """See Watcher."""
        self.gone.append(device_id)


class Bench:
    """Everything that stands on accounts and appointments."""

    def __init__(self, database: Database, passwords: Passwords | None = None) -> None:
        self.clock, self.chance = FakeClock(), CountingChance()
        self.passwords, self.board = PlainPasswords(), Board()
        used = passwords or self.passwords
        self.numbering = Numbering()
        self.store = store = SqliteStore(database)
        refresh = RefreshTokens(self.chance, FixedKeys())
        self.devices = Devices(store, RegistrarTable(store, self.board, self.numbering), self.board)
        self.limits = SignInLimits(self.clock)
        self.used_passwords = used
        self.sign_in = SignIn(
            store,
            used,
            self.limits,
            self.devices,
            refresh,
            SipSide("sip.test", 5061, "tls", "phone.test"),
            self.numbering,
            self.clock,
            self.chance,
        )
        self.renewal = Renewal(store, refresh, self.devices, self.clock, self.chance)
        self.identities = StoredIdentities(store, self.clock)
        words = CatalogueWords(URL, self.clock)
        self.appointments = Appointments(
            store, words, self.board, self.numbering, WINDOW, self.clock, self.chance
        )
        self.reader = StoredAppointments(store, WINDOW)
        self.invitations = Invitations(store, self.board, self.clock, self.chance, WINDOW, "meet.test")

    async def add_account(
        self,
        number: str = "+358401234567",
        role: AccountRole = AccountRole.PROFESSIONAL,
        name: str = "Anna Ek",
    ) -> Account:
        """Somebody who signs in with PASSWORD."""
        kept = await self.used_passwords.hash(PASSWORD)
        account = Account(self.chance.token(), number, name, role, kept, self.clock.time())
        async with self.store.write() as tables:
            assert await tables.accounts.add(account)
        return account

    async def device(
        self, phone: str = "0401234567", installation: str = LAPTOP, network: str = "192.0.2.1"
    ) -> DeviceCredentials:
        """Sign one in."""
        return await self.sign_in.sign_in(DeviceSignIn(phone, PASSWORD, "Laptop", installation), network)

    async def tokens(self, issued: DeviceCredentials, refresh_token: str = "") -> Tokens:
        """Renew them, with the token that came with the sign-in where no other is given."""
        shown = refresh_token or issued.refresh_token
        return await self.renewal.renew(TokenRequest(device_id=issued.device_id, refresh_token=shown))

    async def user(self, number: str = "+358401234567", **account: object) -> User:
        """A new account, as it asks."""
        made = await self.add_account(number, **account)  # type: ignore[arg-type]
        return User(made.account_id, made.number, made.name, made.role, "device")

    def draft(self, *people: InviteeDraft, **changed: object) -> AppointmentDraft:
        """An appointment an hour from now, for an hour."""
        start = datetime.fromtimestamp(self.clock.time() + 3600, UTC)
        made = AppointmentDraft(
            draft_id="draft-1",
            title="Loan advice",
            start=start,
            end=datetime.fromtimestamp(self.clock.time() + 7200, UTC),
            time_zone="Europe/Helsinki",
            office="Espoo",
            expert_number="010 123",
            participants=people or (InviteeDraft(name="Bo Ek", phone="050 111 2233", language="sv"),),
        )
        return made.model_copy(update=changed)


@asynccontextmanager
async def bench(folder: Path, passwords: Passwords | None = None) -> AsyncIterator[Bench]:
    """On a new file; `passwords` in place of the plain ones."""
    path = folder / "service.sqlite"
    migrate(path)
    database = Database(path)
    try:
        yield Bench(database, passwords)
    finally:
        await database.close()


def secret_of(link: str) -> str:
    """What stands in a link's fragment."""
    return link.partition("#")[2]
