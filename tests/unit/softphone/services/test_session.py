"""Signing in: address and number forms, discovery, refusals, remembering."""

from __future__ import annotations

import asyncio

import pytest

from softphone.domain.account import Account, Credentials, LineState, Refusal, Transport
from softphone.domain.errors import SignInRefused
from softphone.domain.events import AccountChanged, Event, Notice
from softphone.ports import Discovery
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.account_memory import AccountMemory
from softphone.services.numbers import Numbers
from softphone.services.session import Session
from softphone.services.settings import Settings
from tests.doubles.application import settle
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


async def test_sign_in() -> None:
    bench = Bench()
    account = await bench.session.sign_in(HERE)
    assert account == Account(LineState.REGISTERED, "0401234567", SERVER, "tls")
    assert bench.states == [LineState.SIGNING_IN, LineState.REGISTERED]
    used = bench.telephony.accounts[0]
    assert (used.host, used.number, used.secret, used.transport) == (
        SERVER,
        "0401234567",
        "geheim-42",
        "auto",
    )
    assert used.instance_id.startswith("urn:uuid:")
    assert bench.directory.asked == [SERVER]


async def test_the_installation_keeps_its_instance_id() -> None:
    bench = Bench()
    await bench.session.sign_in(HERE)
    await bench.session.sign_in(HERE)
    first, second = bench.telephony.accounts
    assert first.instance_id == second.instance_id
    assert ("sign_out",) in bench.telephony.commands


async def test_the_secret_is_in_the_keyring_alone() -> None:
    bench = Bench()
    await bench.session.sign_in(HERE)
    assert list(bench.secrets.stored.values()) == ["geheim-42"]
    assert "geheim-42" not in str(bench.store.values)
    assert "geheim-42" not in repr(HERE) + repr(bench.telephony.accounts)
    assert bench.session.remembered() == Credentials(SERVER, "040 123 4567", "", remember=True)


async def test_not_remembered_leaves_no_secret() -> None:
    bench = Bench()
    await bench.session.sign_in(HERE)
    await bench.session.sign_in(Credentials(SERVER, "040 123 4567", "geheim-42"))
    assert bench.secrets.stored == {}
    assert not bench.session.remembered().remember


async def test_another_number_replaces_the_remembered_secret() -> None:
    bench = Bench()
    await bench.session.sign_in(HERE)
    await bench.session.sign_in(Credentials(SERVER, "0507654321", "anders", remember=True))
    assert list(bench.secrets.stored.values()) == ["anders"]


async def test_keyring_that_refuses() -> None:
    bench = Bench()
    bench.secrets.unavailable = True
    account = await bench.session.sign_in(HERE)
    assert account.state is LineState.REGISTERED
    assert Notice("secrets-unavailable") in bench.events
    assert "geheim-42" not in str(bench.store.values)
    assert not bench.session.remembered().remember


async def test_sign_out_forgets() -> None:
    bench = Bench()
    await bench.session.sign_in(HERE)
    await bench.session.sign_out()
    assert bench.session.account == Account()
    assert bench.secrets.stored == {}
    assert not bench.telephony.registered
    left = bench.session.remembered()
    assert (left.server, left.user, left.remember) == (SERVER, "", False)
    assert not await bench.session.restore()


async def test_closing_keeps_what_is_remembered() -> None:
    bench = Bench()
    await bench.session.sign_in(HERE)
    await bench.session.close()
    assert not bench.telephony.registered
    again = Bench(bench.store, bench.secrets)
    await again.settings.load()
    assert await again.session.restore()
    await settle()
    assert again.session.account.state is LineState.REGISTERED
    assert again.telephony.secret == "geheim-42"


@pytest.mark.parametrize("refusal", [Refusal.NO_NETWORK, Refusal.SERVER_SILENT, Refusal.SERVER_NOT_FOUND])
async def test_a_start_without_network_tries_again(refusal: Refusal) -> None:
    bench = Bench()
    await bench.session.sign_in(HERE)
    again = Bench(bench.store, bench.secrets)
    await again.settings.load()
    again.telephony.refusals = [SignInRefused(refusal)] * 7
    assert await again.session.restore()
    await settle(100)
    assert again.session.account.state is LineState.REGISTERED
    assert LineState.RECONNECTING in again.states
    assert again.pauses == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


async def test_a_start_with_a_wrong_password_gives_up() -> None:
    bench = Bench()
    await bench.session.sign_in(HERE)
    again = Bench(bench.store, bench.secrets)
    await again.settings.load()
    again.telephony.refusals = [SignInRefused(Refusal.WRONG_CREDENTIALS, SERVER, 401)]
    await again.session.restore()
    await settle()
    assert again.session.account.state is LineState.REFUSED
    assert again.session.account.reason == "wrong-credentials"
    assert again.pauses == []
    assert again.secrets.stored, "a refused password may be the server's fault: it is not thrown away"


async def test_while_the_keyring_thinks_the_line_is_signing_in() -> None:
    bench = Bench()
    await bench.session.sign_in(HERE)
    again = Bench(bench.store, FakeSecrets())
    await again.settings.load()
    assert await again.session.restore()
    assert again.session.account.state is LineState.SIGNING_IN
    await settle()
    assert again.session.account == Account(), "the secret is gone: the form is shown"


async def test_a_call_that_can_not_wait_hurries_the_sign_in() -> None:
    bench = Bench()
    pause = asyncio.Event()

    async def sleep(seconds: float) -> None:
        await pause.wait()

    bench.session._sleep = sleep
    assert not await bench.session.hurry()
    bench.telephony.refusals = [SignInRefused(Refusal.NO_NETWORK)] * 2
    bench.session.keep_signing_in(HERE)
    await settle()
    assert not await bench.session.hurry()
    assert bench.line == (LineState.RECONNECTING, "no-network")
    assert await bench.session.hurry()
    assert bench.line == (LineState.REGISTERED, "")
    pause.set()
    await settle()
    assert len(bench.telephony.accounts) == 3
    assert await bench.session.hurry()


async def test_signing_in_by_hand_ends_the_retries() -> None:
    bench = Bench()
    bench.telephony.refusals = [SignInRefused(Refusal.NO_NETWORK)]
    bench.session.keep_signing_in(Credentials("elsewhere.example", "1001", "x"))
    await settle(2)
    await bench.session.sign_in(HERE)
    await settle()
    assert bench.session.account.server == SERVER
    assert bench.telephony.accounts[-1].host == SERVER


async def test_cancelled_by_the_person() -> None:
    bench = Bench()
    bench.telephony.server_answers.clear()
    attempt = asyncio.ensure_future(bench.session.sign_in(HERE))
    await settle()
    assert bench.session.account.state is LineState.SIGNING_IN
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    assert bench.session.account == Account()


@pytest.mark.parametrize("user", ["", "+12", "a b", "x@y", "\x00"])
async def test_bad_numbers(user: str) -> None:
    bench = Bench()
    assert await bench.refusal(Credentials(SERVER, user, "x")) == Refusal.BAD_NUMBER
    assert bench.telephony.accounts == []


async def test_bad_address() -> None:
    assert await Bench().refusal(Credentials("http://x", "1001", "x")) == Refusal.BAD_ADDRESS


async def test_the_refusal_of_the_user_agent_is_passed_on() -> None:
    bench = Bench()
    bench.telephony.refusals = [SignInRefused(Refusal.CERTIFICATE, SERVER)]
    assert await bench.refusal(HERE) == Refusal.CERTIFICATE
    assert bench.secrets.stored == {}


# --- what the server says of itself


async def test_too_old() -> None:
    bench = Bench()
    bench.directory.found[SERVER] = Discovery(minimum_version="0.2")
    assert await bench.refusal(HERE) == Refusal.TOO_OLD
    assert bench.telephony.accounts == []


async def test_the_document_decides_domain_transport_and_form() -> None:
    bench = Bench()
    bench.directory.found[SERVER] = Discovery(
        sip_domain="sip.vip.example.com",
        transport="tls",
        number_format="international",
        minimum_version="0.1.0",
    )
    account = await bench.session.sign_in(Credentials(f"{SERVER}:5060", "0401234567", "x"))
    used = bench.telephony.accounts[0]
    assert (used.host, used.port, used.transport, used.number) == (
        "sip.vip.example.com",
        0,
        "tls",
        "+358401234567",
    )
    assert account.user == "+358401234567"


@pytest.mark.parametrize("domain", [SERVER, "VIP.example.com.", "a.b.vip.example.com", "example.com"])
async def test_the_password_may_go_to_the_same_house(domain: str) -> None:
    bench = Bench()
    bench.directory.found[SERVER] = Discovery(sip_domain=domain)
    await bench.session.sign_in(HERE)
    assert bench.telephony.accounts[0].host == domain


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        (SERVER, "sip.example.com"),
        (SERVER, "evil.example"),
        (SERVER, "evilvip.example.com"),
        (SERVER, "vip.example.com.evil.example"),
        (SERVER, "com"),
        ("192.0.2.10", "2.10"),
        ("192.0.2.10", "192.0.2.1"),
        ("192.0.2.10", "evil.192.0.2.10"),
    ],
)
async def test_the_password_goes_to_no_server_nobody_typed(typed: str, domain: str) -> None:
    bench = Bench()
    bench.directory.found[typed] = Discovery(sip_domain=domain)
    assert await bench.refusal(Credentials(typed, "1001", "x")) == Refusal.OTHER_SERVER
    assert bench.telephony.accounts == []


async def test_other_form_once_after_404_then_remembered() -> None:
    bench = Bench()
    bench.telephony.refusals = [SignInRefused(Refusal.WRONG_CREDENTIALS, "", 404)]
    await bench.session.sign_in(HERE)
    assert [a.number for a in bench.telephony.accounts] == ["0401234567", "+358401234567"]
    await bench.session.sign_in(HERE)
    assert [a.number for a in bench.telephony.accounts][2:] == ["+358401234567"]


async def test_404_in_both_forms_is_the_end() -> None:
    bench = Bench()
    bench.telephony.refusals = [SignInRefused(Refusal.WRONG_CREDENTIALS, "", 404)] * 2
    assert await bench.refusal(HERE) == Refusal.WRONG_CREDENTIALS
    assert len(bench.telephony.accounts) == 2


async def test_a_wrong_password_is_never_tried_in_the_other_form() -> None:
    bench = Bench()
    bench.telephony.refusals = [SignInRefused(Refusal.WRONG_CREDENTIALS, "", 403)]
    await bench.refusal(HERE)
    assert len(bench.telephony.accounts) == 1


# --- transports


async def test_where_tls_worked_nothing_less_is_tried() -> None:
    bench = Bench()
    await bench.session.sign_in(HERE)
    await bench.session.sign_in(Credentials(SERVER, "0401234567", "x", Transport.UDP))
    used = bench.telephony.accounts[-1]
    assert (used.transport, used.tls_required) == ("tls", True)


async def test_an_administrator_may_choose_less() -> None:
    bench = Bench(policy={"sip.transport": "tcp"})
    await bench.settings.set("account.tls_servers", (SERVER,))
    await bench.session.sign_in(HERE)
    assert (bench.telephony.accounts[0].transport, bench.telephony.accounts[0].tls_required) == ("tcp", False)


async def test_an_administrator_who_leaves_it_open_weakens_nothing() -> None:
    bench = Bench(policy={"sip.transport": "auto"})
    await bench.session.sign_in(HERE)
    await bench.session.sign_in(HERE)
    used = bench.telephony.accounts[-1]
    assert (used.transport, used.tls_required) == ("tls", True)


@pytest.mark.parametrize(
    ("server", "chosen", "setting", "used"),
    [
        (SERVER, Transport.AUTO, "auto", "auto"),
        (SERVER, Transport.TCP, "udp", "tcp"),
        (SERVER, Transport.AUTO, "udp", "udp"),
        ("sips:vip.example.com", Transport.UDP, "auto", "tls"),
    ],
)
async def test_who_decides_the_transport(server: str, chosen: Transport, setting: str, used: str) -> None:
    bench = Bench(overrides={"sip.transport": setting, "sip.ca_file": "/ca.pem"})
    await bench.session.sign_in(Credentials(server, "1001", "x", chosen))
    assert bench.telephony.accounts[0].transport == used
    assert bench.telephony.accounts[0].ca_file == "/ca.pem"


# --- the line afterwards


async def test_lost_and_regained() -> None:
    bench = Bench()
    await bench.session.sign_in(HERE)
    bench.telephony.lose_registration("no-network")
    assert (bench.session.account.state, bench.session.account.reason) == (
        LineState.RECONNECTING,
        "no-network",
    )
    bench.telephony.regain_registration()
    assert (bench.session.account.state, bench.session.account.reason) == (LineState.REGISTERED, "")
    bench.telephony.refuse_registration("no-right", 403)
    assert (bench.session.account.state, bench.session.account.reason) == (LineState.REFUSED, "no-right")


async def test_late_word_after_sign_out_changes_nothing() -> None:
    bench = Bench()
    await bench.session.sign_in(HERE)
    await bench.session.sign_out()
    bench.telephony.lose_registration()
    bench.telephony.regain_registration()
    assert bench.session.account == Account()
