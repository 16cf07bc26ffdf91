"""Signing devices in and out, on a real file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.domain.errors import SignInRefusedError
from service.domain.fingerprint import ha1
from service.usecases.sign_in_limits import MOST_WAITING, PER_DEVICE, PER_NETWORK, PER_NUMBER, WINDOW_S
from service_api.devices import DeviceRevocation, DeviceSignIn, ErrorCode
from tests.doubles.service_bench import LAPTOP, OTHER, PASSWORD, Bench
from tests.doubles.service_bench import bench as make_bench

WRONG = "Kettle-Harbour-69"
HOME, CAFE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with make_bench(tmp_path) as made:
        await made.add_account()
        yield made


async def refusal(
    bench: Bench, phone: str = "0401234567", password: str = WRONG, device: str = OTHER, network: str = HOME
) -> ErrorCode:
    with pytest.raises(SignInRefusedError) as refused:
        await bench.sign_in.sign_in(DeviceSignIn(phone, password, "PC", device), network)
    return refused.value.code


async def test_a_device_is_issued_its_own_secret_and_the_registrar_its_hash(bench: Bench) -> None:
    issued = await bench.device()
    assert (issued.sip_domain, issued.sip_port, issued.transport) == ("sip.test", 5061, "tls")
    assert issued.user == "0401234567"
    (row,) = bench.board.devices
    assert row.ha1 == ha1("MD5", issued.auth_user, "phone.test", issued.sip_secret)
    assert (row.auth_user, row.number, row.realm) == (issued.auth_user, "0401234567", "phone.test")
    assert issued.sip_secret not in repr(row)


@pytest.mark.parametrize("written", ["040 123 4567", "+358401234567", "00358 40 1234567", "040-1234567"])
async def test_one_account_however_its_number_is_written(bench: Bench, written: str) -> None:
    issued = await bench.device(written.replace(" ", ""))
    assert issued.user == "0401234567"


async def test_unknown_number_and_wrong_password_are_one_answer_and_one_work(bench: Bench) -> None:
    assert await refusal(bench) is ErrorCode.WRONG_CREDENTIALS
    assert await refusal(bench, phone="0409999999") is ErrorCode.WRONG_CREDENTIALS
    assert bench.passwords.verified == [f"kept {PASSWORD}", None]


async def test_what_is_no_number_is_told_so_before_anything_is_looked_up(bench: Bench) -> None:
    assert await refusal(bench, phone="alice") is ErrorCode.BAD_NUMBER
    assert bench.passwords.verified == []


async def test_the_same_installation_takes_its_own_place(bench: Bench) -> None:
    first, second = await bench.device(), await bench.device()
    assert [row.auth_user for row in bench.board.devices] == [second.auth_user]
    assert bench.board.gone == [first.device_id]
    await bench.device(installation=OTHER)
    assert len(bench.board.devices) == 2


async def test_revoked_once_with_its_own_secret(bench: Bench) -> None:
    issued = await bench.device()
    own = DeviceRevocation(issued.device_id, issued.sip_secret)
    wrong = (
        DeviceRevocation(issued.device_id, "x" * 43),
        DeviceRevocation("unknown", issued.sip_secret),
    )
    for request in wrong:
        with pytest.raises(SignInRefusedError, match="wrong-credentials"):
            await bench.sign_in.revoke(request)
    await bench.sign_in.revoke(own)
    assert bench.board.devices == []
    assert bench.board.gone == [issued.device_id]
    with pytest.raises(SignInRefusedError, match="wrong-credentials"):
        await bench.sign_in.revoke(own)


async def test_who_guesses_a_number_locks_out_nobody_elsewhere(bench: Bench) -> None:
    known = await bench.device(network=CAFE)
    for _ in range(PER_NUMBER):
        assert await refusal(bench) is ErrorCode.WRONG_CREDENTIALS
    assert await refusal(bench) is ErrorCode.TOO_MANY_TRIES
    assert await refusal(bench, password=PASSWORD) is ErrorCode.TOO_MANY_TRIES
    assert len(bench.passwords.verified) == PER_NUMBER + 1
    assert (await bench.device(installation=OTHER, network=CAFE)).user == known.user
    assert (await bench.device(network=HOME)).user == known.user, "a known device has a budget of its own"


async def test_a_known_device_has_its_own_limit(bench: Bench) -> None:
    await bench.device()
    for _ in range(PER_DEVICE):
        assert await refusal(bench, device=LAPTOP) is ErrorCode.WRONG_CREDENTIALS
    assert await refusal(bench, device=LAPTOP) is ErrorCode.TOO_MANY_TRIES
    assert (await bench.device(installation=OTHER)).user, "strangers from the same network are not counted"


async def test_a_network_that_tries_many_numbers_has_to_wait(bench: Bench) -> None:
    for number in range(PER_NETWORK):
        assert await refusal(bench, phone=f"0501{number:06}") is ErrorCode.WRONG_CREDENTIALS
    assert await refusal(bench, phone="0502000000") is ErrorCode.TOO_MANY_TRIES
    bench.clock.advance(WINDOW_S / PER_NETWORK + 1)
    assert await refusal(bench, phone="0502000000") is ErrorCode.WRONG_CREDENTIALS


async def test_signing_in_costs_no_budget(bench: Bench) -> None:
    for _ in range(PER_NUMBER * 2):
        await bench.device()


async def test_strangers_stand_in_line_and_known_devices_go_past(bench: Bench) -> None:
    await bench.device()
    bench.passwords.gate.clear()
    tries = [
        asyncio.create_task(refusal(bench, phone=f"0501{n:06}", network=f"198.51.100.{n}"))
        for n in range(MOST_WAITING)
    ]
    await bench.passwords.asked()
    before = len(bench.passwords.verified)
    known = asyncio.create_task(bench.device())
    await bench.passwords.asked()
    assert len(bench.passwords.verified) == before + 1, "one stranger is looked at, and the known device"
    assert await refusal(bench, phone="0502000000", network=CAFE) is ErrorCode.TOO_MANY_TRIES
    bench.passwords.gate.set()
    assert (await known).user == "0401234567"
    assert set(await asyncio.gather(*tries)) == {ErrorCode.WRONG_CREDENTIALS}


async def test_a_password_that_is_changed_while_it_is_looked_at_opens_nothing(bench: Bench) -> None:
    bench.passwords.gate.clear()
    late = asyncio.create_task(refusal(bench, password=PASSWORD))
    await bench.passwords.asked()
    async with bench.store.write() as tables:
        account = await tables.accounts.of_number("+358401234567")
        assert account is not None
        await tables.accounts.set_password(account.account_id, "kept another")
    bench.passwords.gate.set()
    assert await late is ErrorCode.WRONG_CREDENTIALS
    async with bench.store.read() as tables:
        assert not await tables.devices.ids()
    assert not bench.board.devices


@pytest.mark.parametrize(("device", "limit"), [(OTHER, PER_NUMBER), (LAPTOP, PER_DEVICE)])
async def test_guesses_made_at_once_are_as_many_as_one_after_the_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, device: str, limit: int
) -> None:
    await bench.device()
    before = len(bench.passwords.verified)
    exceeded, asked, all_came = bench.limits.exceeded, [], asyncio.Event()

    def looked(number: str, network: str, known: str | None) -> bool:
        asked.append(number)
        if len(asked) == MOST_WAITING:
            all_came.set()
        return exceeded(number, network, known)

    monkeypatch.setattr(bench.limits, "exceeded", looked)
    bench.passwords.gate.clear()
    tries = [asyncio.create_task(refusal(bench, device=device)) for _ in range(MOST_WAITING)]
    await all_came.wait()
    bench.passwords.gate.set()
    answers = await asyncio.gather(*tries)
    assert len(bench.passwords.verified) - before == limit
    assert answers.count(ErrorCode.WRONG_CREDENTIALS) == limit
    assert answers.count(ErrorCode.TOO_MANY_TRIES) == MOST_WAITING - limit
