"""Access and refresh tokens: one step of grace, and an old copy ends the sign-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.domain.errors import RefusedError
from service.domain.principal import User
from service.usecases.tokens import ACCESS_S
from service_api.accounts import TokenRequest
from tests.doubles.service_bench import OTHER, Bench
from tests.doubles.service_bench import bench as make_bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with make_bench(tmp_path) as made:
        await made.add_account()
        yield made


async def refused(bench: Bench, device_id: str, token: str) -> None:
    with pytest.raises(RefusedError, match="not-signed-in"):
        await bench.renewal.renew(TokenRequest(device_id=device_id, refresh_token=token))


async def test_an_access_token_says_who_asks_for_ten_minutes(bench: Bench) -> None:
    issued = await bench.device()
    tokens = await bench.tokens(issued)
    who = await bench.identities.bearer(tokens.access_token)
    assert isinstance(who, User)
    assert (who.number, who.device_id) == ("+358401234567", issued.device_id)
    assert await bench.identities.cookie(tokens.access_token) is None
    assert tokens.expires_in == ACCESS_S
    bench.clock.advance(ACCESS_S)
    assert await bench.identities.bearer(tokens.access_token) is None


async def test_a_refresh_token_works_once_and_a_lost_answer_loses_nothing(bench: Bench) -> None:
    issued = await bench.device()
    first = await bench.tokens(issued)
    again = await bench.tokens(issued)
    assert again.refresh_token != first.refresh_token
    second = await bench.tokens(issued, again.refresh_token)
    assert await bench.identities.bearer(second.access_token) is not None


async def test_an_older_token_ends_the_sign_in_for_somebody_has_a_copy(bench: Bench) -> None:
    issued = await bench.device()
    first = await bench.tokens(issued)
    second = await bench.tokens(issued, first.refresh_token)
    await refused(bench, issued.device_id, issued.refresh_token)
    assert bench.board.gone == [issued.device_id]
    assert bench.board.devices == []
    assert await bench.identities.bearer(second.access_token) is None
    await refused(bench, issued.device_id, second.refresh_token)


async def test_a_token_never_issued_or_of_another_device_ends_nothing(bench: Bench) -> None:
    issued, other = await bench.device(), await bench.device(installation=OTHER)
    spent = await bench.tokens(other)
    await bench.tokens(other, spent.refresh_token)
    await refused(bench, issued.device_id, "x" * 86)
    await refused(bench, issued.device_id, other.refresh_token)
    await refused(bench, "unknown", issued.refresh_token)
    assert bench.board.gone == []
    assert (await bench.tokens(issued)).access_token


async def test_devices_are_listed_and_signed_out_by_their_owner_alone(bench: Bench) -> None:
    laptop, pc = await bench.device(), await bench.device(installation=OTHER)
    bench.clock.advance(60)
    token = (await bench.tokens(pc)).access_token
    who = await bench.identities.bearer(token)
    assert isinstance(who, User)
    listed = (await bench.devices.list(who)).devices
    assert {(device.id, device.current) for device in listed} == {
        (pc.device_id, True),
        (laptop.device_id, False),
    }
    assert [device.seen_at > device.signed_in_at for device in listed if device.current] == [True]
    await bench.devices.sign_out(who, laptop.device_id)
    assert [row.device_id for row in bench.board.devices] == [pc.device_id]
    stranger = await bench.user("+358405555555")
    for user, device in ((who, laptop.device_id), (stranger, pc.device_id)):
        with pytest.raises(RefusedError, match="not-found"):
            await bench.devices.sign_out(user, device)
