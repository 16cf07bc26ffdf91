"""Access tokens: one exchange at a time, the next refresh token safe first, and an end that is heard."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from service_api.devices import DeviceCredentials
from softphone.domain.account import Credentials, ServiceDevice
from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from softphone.domain.events import Event, Notice
from softphone.ports.meetings import Bearer, ServiceAccess
from softphone.runtime.bus import Bus
from softphone.services.account_memory import AccountMemory
from softphone.services.service_account import ServiceAccount
from softphone.services.settings import Settings
from tests.doubles.application import settle
from tests.doubles.appointment_ports import FakeAppointmentService
from tests.doubles.clock import FakeClock
from tests.doubles.stores import FakeSecrets, FakeSettingsStore

URL = "https://meet.example.com/api/v1"
FIRST = "refresh0".ljust(43, "r")


def signed_in(device: str = "device1", refresh: str = FIRST, *, remember: bool = True) -> Credentials:
    """An account as a service issued it."""
    issued = DeviceCredentials(
        "sip.example.com", "tls", "0401234567", "user1", "s" * 43, device, 5061, refresh
    )
    return Credentials(
        "vip.example.com", "0401234567", "", remember=remember, device=ServiceDevice(URL, issued)
    )


class Bench:
    """A service account on doubles; the account is remembered."""

    def __init__(self) -> None:
        self.service, self.secrets, self.clock = FakeAppointmentService(), FakeSecrets(), FakeClock()
        self.service.refresh = FIRST
        self.events: list[Event] = []
        bus = Bus()
        bus.subscribe(self.events.append)
        self.settings = Settings(FakeSettingsStore(), bus)
        self.memory = AccountMemory(self.secrets, self.settings, bus)
        self.account = ServiceAccount(self.service, self.memory, self.settings, self.clock)
        self.changes = 0
        self.account.listen(self._changed)

    def _changed(self) -> None:
        self.changes += 1

    async def remembered(self, account: Credentials | None = None) -> None:
        """As after a sign-in."""
        kept = account or signed_in()
        await self.memory.keep(kept)
        self.account.use(kept)

    def kept(self) -> DeviceCredentials:
        """What the keyring holds."""
        return DeviceCredentials.parse(self.secrets.stored["0401234567@vip.example.com"].encode())

    async def tokens(self, times: int = 1) -> list[str]:
        """Access tokens, asked for at once."""
        opened = await asyncio.gather(*(self.account.opened() for _ in range(times)))
        return [bearer.token for _, bearer in opened]


async def test_everybody_who_asks_at_once_shares_one_exchange() -> None:
    bench = Bench()
    await bench.remembered()
    assert await bench.tokens(5) == ["access1"] * 5
    assert [asked[0] for asked in bench.service.asked] == ["tokens"]


async def test_the_next_refresh_token_is_in_the_keyring_before_the_access_token_is_used() -> None:
    bench = Bench()
    await bench.remembered()
    seen: list[str] = []

    async def question(access: ServiceAccess, bearer: Bearer) -> str:
        seen.append(bench.kept().refresh_token)
        return bearer.token

    assert await bench.account.ask(question) == "access1"
    assert seen == [bench.service.refresh] != [FIRST]
    assert bench.kept().sip_secret == "s" * 43, "the rest stays"


async def test_a_token_is_good_until_shortly_before_its_end() -> None:
    bench = Bench()
    await bench.remembered()
    await bench.tokens()
    bench.clock.advance(569)
    assert await bench.tokens() == ["access1"]
    bench.clock.advance(2)
    assert await bench.tokens() == ["access2"]


async def test_a_token_the_service_does_not_take_is_replaced_once() -> None:
    bench = Bench()
    await bench.remembered()
    refused = [MeetingRefused("not-signed-in"), MeetingRefused("not-signed-in")]
    used: list[str] = []

    async def question(access: ServiceAccess, bearer: Bearer) -> str:
        used.append(bearer.token)
        if refused and len(used) == 1:
            raise refused.pop(0)
        return bearer.token

    assert await bench.account.ask(question) == "access2"

    async def never(access: ServiceAccess, bearer: Bearer) -> None:
        raise MeetingRefused("not-signed-in")

    with pytest.raises(MeetingRefused):
        await bench.account.ask(never)
    assert bench.service.issued == 3


async def test_another_refusal_is_the_answer() -> None:
    bench = Bench()
    await bench.remembered()

    async def question(access: ServiceAccess, bearer: Bearer) -> None:
        raise MeetingRefused("not-found")

    with pytest.raises(MeetingRefused) as refused:
        await bench.account.ask(question)
    assert refused.value.code == "not-found"
    assert bench.service.issued == 1


async def test_a_device_that_was_signed_out_asks_no_more_until_somebody_signs_in() -> None:
    bench = Bench()
    await bench.remembered()
    bench.service.revoked = True
    for _ in range(3):
        with pytest.raises(MeetingRefused) as refused:
            await bench.tokens()
        assert refused.value.code == "not-signed-in"
    assert len(bench.service.asked) == 1
    bench.service.revoked, bench.service.refresh = False, "again".ljust(43, "a")
    bench.account.use(signed_in("device2", bench.service.refresh))
    assert await bench.tokens() == ["access1"]


async def test_a_service_that_is_away_ends_nothing() -> None:
    bench = Bench()
    await bench.remembered()
    bench.service.refusals = [ServiceUnreachable("away")]
    with pytest.raises(ServiceUnreachable):
        await bench.tokens()
    assert await bench.tokens() == ["access1"]
    assert bench.kept().refresh_token == bench.service.refresh


async def test_whoever_remembers_an_older_refresh_token_does_not_bring_it_back() -> None:
    """The line keeps its account when it registers, maybe after the tokens went on."""
    bench = Bench()
    await bench.remembered()
    await bench.tokens()
    await bench.memory.keep(signed_in())
    assert bench.kept().refresh_token == bench.service.refresh
    bench.account.use(signed_in())
    bench.clock.advance(1000)
    assert await bench.tokens() == ["access2"]
    assert bench.changes == 1, "it is the same device"


async def test_without_a_keyring_it_goes_on_and_the_person_is_told() -> None:
    bench = Bench()
    await bench.remembered()
    bench.secrets.unavailable = True
    assert await bench.tokens() == ["access1"]
    assert Notice("secrets-unavailable") in bench.events
    bench.clock.advance(1000)
    assert await bench.tokens() == ["access2"]


async def test_not_remembered_is_written_nowhere() -> None:
    bench = Bench()
    await bench.remembered(signed_in(remember=False))
    await bench.tokens()
    assert bench.secrets.stored == {}


async def test_signed_out_while_it_asks_gets_no_token_and_leaves_no_trace() -> None:
    bench = Bench()
    await bench.remembered()
    bench.service.pause = asyncio.Event()
    asked = asyncio.create_task(bench.account.opened())
    await settle()
    await bench.memory.forget()
    bench.account.use(None)
    bench.service.pause.set()
    with pytest.raises(MeetingRefused):
        await asked
    assert bench.secrets.stored == {}
    assert bench.account.access is None


@pytest.mark.parametrize(
    "account", [None, Credentials("vip.example.com", "0401234567", "geheim"), signed_in(refresh="")]
)
async def test_other_accounts_open_nothing(account: Credentials | None) -> None:
    bench = Bench()
    bench.account.use(account)
    assert (bench.account.access, bench.account.person, bench.changes) == (None, "", 0)
    with pytest.raises(MeetingRefused):
        await bench.account.opened()
    assert bench.service.asked == []


async def test_the_way_to_the_service_is_trusted_as_the_account_was() -> None:
    bench = Bench()
    bench.account.use(replace(signed_in(), ca_file="/etc/company.pem"))
    assert bench.account.access == ServiceAccess(URL, "/etc/company.pem")
    assert bench.account.person == f"0401234567@{URL}"
    values: dict[str, Any] = vars(bench.account)
    assert FIRST not in repr(values), "no token shows"
