"""Secrets in a real SecretService: open, locked, gone, never there."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from softphone.adapters import keyring as adapter
from softphone.adapters.keyring import SystemKeyring
from softphone.domain.account import Credentials
from softphone.domain.errors import SecretsUnavailable
from softphone.domain.events import Notice
from tests.doubles.application import Doubles, running_application
from tests.lab.keyring import SecretService, in_environment, secret_service

pytestmark = [
    pytest.mark.peer,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

SECRET = "pä$$wörd-42"


@pytest.fixture(autouse=True)
def sockets_left_behind() -> Iterator[None]:
    """The keyring library leaves its D-Bus sockets to the garbage collector: collect them here, not later."""
    yield
    gc.collect()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[SecretService]:
    with secret_service(tmp_path / "keyring") as service, in_environment(service.environment):
        yield service


async def test_store_read_replace_delete(service: SecretService) -> None:
    keyring = SystemKeyring()
    assert await keyring.get("0401234567@vip.example.com") is None
    await keyring.set("0401234567@vip.example.com", "first")
    await keyring.set("0401234567@vip.example.com", SECRET)
    assert await SystemKeyring().get("0401234567@vip.example.com") == SECRET
    assert await keyring.get("another@vip.example.com") is None
    await keyring.delete("0401234567@vip.example.com")
    await keyring.delete("0401234567@vip.example.com")
    assert await keyring.get("0401234567@vip.example.com") is None
    assert "SecretService" in await keyring.name()


async def test_the_secret_is_nowhere_in_the_clear(service: SecretService, tmp_path: Path) -> None:
    doubles = Doubles()
    doubles.secrets = SystemKeyring()
    async with running_application(tmp_path / "profile", doubles) as (application, _):
        await application.session.sign_in(Credentials("vip.example.com", "0401234567", SECRET, remember=True))
    assert await SystemKeyring().get("0401234567@vip.example.com") == SECRET
    written = [*service.files(), *(p for p in (tmp_path / "profile").rglob("*") if p.is_file())]
    assert written
    assert not [path for path in written if SECRET.encode() in path.read_bytes()]


async def test_remembered_over_a_restart_and_gone_after_sign_out(
    service: SecretService, tmp_path: Path
) -> None:
    doubles = Doubles()
    doubles.secrets = SystemKeyring()
    async with running_application(tmp_path / "profile", doubles) as (application, _):
        await application.session.sign_in(Credentials("vip.example.com", "0401234567", SECRET, remember=True))
    again = Doubles()
    again.secrets = SystemKeyring()
    async with running_application(tmp_path / "profile", again) as (application, _):
        async with asyncio.timeout(10):
            while not again.telephony.registered:
                await asyncio.sleep(0.02)
        assert again.telephony.secret == SECRET
        await application.session.sign_out()
    assert await SystemKeyring().get("0401234567@vip.example.com") is None


async def test_a_keyring_that_dies_and_comes_back(service: SecretService) -> None:
    keyring = SystemKeyring()
    await keyring.set("a", SECRET)
    service.stop_keyring()
    with pytest.raises(SecretsUnavailable):
        await keyring.get("a")
    service.start_keyring()
    assert await keyring.get("a") == SECRET


async def test_a_locked_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is there to type the password: the keyring refuses or never answers, the session goes on."""
    monkeypatch.setattr(adapter, "PATIENCE_S", 3.0)
    service = SecretService(tmp_path / "keyring")
    try:
        service.start(unlocked=False)
        with in_environment(service.environment):
            doubles = Doubles()
            doubles.secrets = SystemKeyring()
            async with running_application(tmp_path / "profile", doubles) as (application, _):
                account = await application.session.sign_in(
                    Credentials("vip.example.com", "0401234567", SECRET, remember=True)
                )
            assert account.state == "registered"
            assert Notice("secrets-unavailable") in doubles.events
    finally:
        service.stop()
    assert not [
        path for path in tmp_path.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()
    ]


async def test_no_keyring_at_all(tmp_path: Path) -> None:
    with (
        in_environment({"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/nothing"}),
        pytest.raises(SecretsUnavailable),
    ):
        await SystemKeyring().get("a")
