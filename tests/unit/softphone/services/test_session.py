"""Signing in: address and number forms, refusals, remembering, and the line afterwards."""

from __future__ import annotations

import asyncio

import pytest

from softphone.domain.account import Account, Credentials, LineState, Refusal
from softphone.domain.errors import SignInRefused
from softphone.domain.events import Notice
from tests.doubles.application import settle
from tests.doubles.stores import FakeSecrets
from tests.unit.softphone.services.session_bench import HERE, SERVER, Bench


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
