"""Devices that somebody else signs out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.domain.account import Device
from service.domain.errors import ServiceError
from tests.doubles.service_bench import OTHER, Bench
from tests.doubles.service_bench import bench as make_bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with make_bench(tmp_path) as made:
        await made.add_account()
        yield made


async def test_a_device_taken_from_the_data_is_noticed_once_and_told_to_everybody(bench: Bench) -> None:
    await bench.devices.start()
    try:
        laptop, phone = await bench.device(), await bench.device(installation=OTHER)
        assert len(bench.board.devices) == 2
        async with bench.store.write() as tables:
            await tables.devices.remove(laptop.device_id)
        await bench.devices.look()
        assert [one.device_id for one in bench.board.devices] == [phone.device_id]
        assert bench.board.gone == [laptop.device_id]
        await bench.devices.look()
        assert bench.board.gone == [laptop.device_id]
    finally:
        await bench.devices.close()


async def test_a_registrar_that_can_not_be_told_keeps_nobody_in_a_meeting_and_is_told_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop = await bench.device()
    async with bench.store.write() as tables:
        await tables.devices.remove(laptop.device_id)
    with monkeypatch.context() as broken:
        broken.setattr(bench.board, "admit", failing)
        with pytest.raises(ServiceError):
            await bench.devices.look()
    assert bench.board.gone == [laptop.device_id]
    assert len(bench.board.devices) == 1
    await bench.devices.look()
    assert not bench.board.devices


async def test_a_sign_out_the_registrar_can_not_be_told_of_ends_the_meeting_and_is_told_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop = await bench.device()
    await bench.devices.look()
    with monkeypatch.context() as broken:
        broken.setattr(bench.board, "admit", failing)
        with pytest.raises(ServiceError):
            await bench.devices.forget(laptop.device_id)
        with pytest.raises(ServiceError):
            await bench.devices.look()
    assert bench.board.gone == [laptop.device_id]
    assert len(bench.board.devices) == 1
    await bench.devices.look()
    assert not bench.board.devices


async def test_a_sign_in_the_registrar_could_not_be_told_of_is_told_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(bench.board, "admit", failing)
        with pytest.raises(ServiceError):
            await bench.device()
    assert not bench.board.devices
    await bench.devices.look()
    assert len(bench.board.devices) == 1


async def test_a_registrar_that_knows_everything_is_told_nothing_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.device()
    await bench.devices.look()
    monkeypatch.setattr(bench.board, "admit", failing)
    await bench.devices.look()


@pytest.mark.parametrize("name", [" ", "\xa0", "x" * 200])
async def test_a_device_is_listed_whatever_it_is_called(bench: Bench, name: str) -> None:
    user = await bench.user("+358409999999")
    thief = Device("thief", user.user_id, OTHER, name, bench.clock.time(), bench.clock.time())
    async with bench.store.write() as tables:
        await tables.devices.add(thief)
    (listed,) = (await bench.devices.list(user)).devices
    assert (listed.id, listed.name) == ("thief", name)


async def failing(_devices: object) -> None:
    raise ServiceError("the disk is full")


async def test_a_sign_out_of_ones_own_is_told_once(bench: Bench) -> None:
    laptop = await bench.device()
    await bench.devices.look()
    await bench.devices.forget(laptop.device_id)
    await bench.devices.look()
    assert bench.board.gone == [laptop.device_id]
