"""Signing in where a company service is named: the password to the service alone, its secret into SIP."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service_api.devices import DeviceRevocation, DeviceSignIn
from softphone.domain.account import Account, Credentials, LineState, Refusal, Transport
from softphone.domain.errors import SignInRefused
from softphone.ports import Discovery
from softphone.services.service_sign_in import device_name
from tests.doubles.application import settle
from tests.doubles.stores import FakeSecrets, FakeSettingsStore
from tests.unit.softphone.services.session_bench import HERE, SERVER, Bench

URL = f"https://meet.{SERVER}"
FIRST_SECRET = "1".zfill(43)


def served(
    store: FakeSettingsStore | None = None, secrets: FakeSecrets | None = None, url: str = URL
) -> Bench:
    """A bench whose server names a company service."""
    bench = Bench(store, secrets)
    bench.directory.found[SERVER] = Discovery(service_url=url)
    return bench


def revoked(bench: Bench) -> list[str]:
    """The devices the service was asked to forget."""
    return [request.device_id for _, request in bench.service.asked if isinstance(request, DeviceRevocation)]


async def test_the_service_gets_the_password_and_sip_what_it_issued() -> None:
    bench = served()
    account = await bench.session.sign_in(HERE)
    assert account == Account(LineState.REGISTERED, "0401234567", SERVER, "tls")
    [(url, asked)] = bench.service.asked
    used = bench.telephony.accounts[0]
    assert url == URL
    assert asked == DeviceSignIn("0401234567", "geheim-42", device_name(), used.instance_id)
    assert (used.host, used.port, used.number, used.auth_user, used.secret, used.transport) == (
        "sip.example.com", 5061, "0401234567", "user1", FIRST_SECRET, "tls",
    )  # fmt: skip


async def test_the_number_goes_in_the_form_the_server_wants() -> None:
    bench = served()
    bench.service.people = {"+358401234567": "geheim-42"}
    bench.directory.found[SERVER] = Discovery(service_url=URL, number_format="international")
    assert (await bench.session.sign_in(HERE)).user == "+358401234567"


async def test_the_keyring_gets_the_issued_secret_and_never_the_password() -> None:
    bench = served()
    await bench.session.sign_in(HERE)
    [kept] = bench.secrets.stored.values()
    assert FIRST_SECRET in kept
    assert "device1" in kept
    assert "geheim-42" not in kept + str(bench.store.values)
    assert FIRST_SECRET not in str(bench.store.values) + repr(bench.session.__dict__)


async def test_a_restart_does_not_ask_the_service() -> None:
    bench = served()
    await bench.session.sign_in(HERE)
    await bench.session.close()
    assert revoked(bench) == []
    again = Bench(bench.store, bench.secrets)
    await again.settings.load()
    assert await again.session.restore()
    await settle()
    assert again.session.account == Account(LineState.REGISTERED, "0401234567", SERVER, "tls")
    used = again.telephony.accounts[0]
    assert (used.host, used.auth_user, used.secret) == ("sip.example.com", "user1", FIRST_SECRET)
    assert again.service.asked == []
    again.service.devices = bench.service.devices
    await again.session.sign_out()
    assert again.service.devices == {}
    assert again.secrets.stored == {}


async def test_what_the_keyring_holds_must_make_sense() -> None:
    bench = served()
    await bench.session.sign_in(HERE)
    again = Bench(bench.store, FakeSecrets(**dict.fromkeys(bench.secrets.stored, "no document")))
    await again.settings.load()
    assert await again.session.restore()
    await settle()
    assert again.line == (LineState.SIGNED_OUT, "")
    assert again.telephony.accounts == []


async def test_signing_out_forgets_here_and_there() -> None:
    bench = served()
    await bench.session.sign_in(HERE)
    await bench.session.sign_out()
    assert (bench.secrets.stored, bench.service.devices) == ({}, {})
    assert bench.line == (LineState.SIGNED_OUT, "")
    assert revoked(bench) == ["device1"]


async def test_a_silent_service_keeps_nobody_from_signing_out() -> None:
    bench = served()
    await bench.session.sign_in(HERE)
    bench.service.silent = True
    await bench.session.sign_out()
    assert bench.secrets.stored == {}
    assert bench.line == (LineState.SIGNED_OUT, "")


@pytest.mark.parametrize("leave", ["sign_out", "close"])
async def test_a_device_nobody_remembers_ends_with_the_line(leave: str) -> None:
    bench = served()
    await bench.session.sign_in(Credentials(SERVER, "0401234567", "geheim-42"))
    assert bench.secrets.stored == {}
    await getattr(bench.session, leave)()
    assert revoked(bench) == ["device1"]


async def test_a_keyring_that_refuses_still_gives_the_device_back() -> None:
    bench = served()
    bench.secrets.unavailable = True
    await bench.session.sign_in(HERE)
    await bench.session.close()
    assert revoked(bench) == ["device1"]


async def test_the_account_before_is_given_back() -> None:
    bench = served()
    bench.service.people["0507654321"] = "anders"
    await bench.session.sign_in(HERE)
    await bench.session.sign_in(Credentials(SERVER, "0507654321", "anders", remember=True))
    await settle()
    assert revoked(bench) == ["device1"]
    assert list(bench.service.devices) == ["device2"]
    [kept] = bench.secrets.stored.values()
    assert "device2" in kept


async def test_from_a_service_to_a_plain_server() -> None:
    bench = served()
    await bench.session.sign_in(HERE)
    await bench.session.sign_in(Credentials("plain.example.net", "1001", "x", remember=True))
    await settle()
    assert revoked(bench) == ["device1"]
    assert list(bench.secrets.stored.values()) == ["x"]
    again = Bench(bench.store, bench.secrets)
    await again.settings.load()
    await again.session.restore()
    await settle()
    assert again.telephony.secret == "x"


async def test_wrong_number_and_wrong_password_are_one_refusal() -> None:
    bench = served()
    for number, password in (("0409999999", "geheim-42"), ("0401234567", "falsch"), ("0401234567", "")):
        refused = await bench.refusal(Credentials(SERVER, number, password))
        assert refused == Refusal.WRONG_CREDENTIALS
    assert bench.telephony.accounts == []


async def test_a_registrar_that_refuses_what_was_issued_is_no_fault_of_the_person() -> None:
    bench = served()
    bench.telephony.refusals = [SignInRefused(Refusal.WRONG_CREDENTIALS, "sip.example.com", 403)]
    assert await bench.refusal(HERE) == Refusal.SERVER_ERROR
    assert bench.service.devices == {}
    bench.telephony.refusals = [SignInRefused(Refusal.CERTIFICATE, "sip.example.com")]
    assert await bench.refusal(HERE) == Refusal.CERTIFICATE


async def test_the_sip_side_in_the_document_is_not_where_the_password_goes() -> None:
    bench = served()
    bench.directory.found[SERVER] = Discovery(sip_domain="sip.elsewhere.example", service_url=URL)
    await bench.session.sign_in(HERE)
    assert bench.telephony.accounts[0].host == "sip.example.com"


@pytest.mark.parametrize(
    "url", [f"https://{SERVER}", f"https://{SERVER.upper()}:8443/a/b/", "https://example.com/phone"]
)
async def test_the_same_house(url: str) -> None:
    bench = served(url=url)
    await bench.session.sign_in(HERE)
    assert bench.service.asked[0][0] == url.rstrip("/")


@pytest.mark.parametrize(
    "host", ["meet.example.net", f"evil{SERVER}", f"{SERVER}.evil.example", "com", "[::1]"]
)
async def test_another_house_is_named_and_gets_nothing(host: str) -> None:
    bench = served(url=f"https://{host}/x")
    with pytest.raises(SignInRefused) as refused:
        await bench.session.sign_in(HERE)
    assert (refused.value.code, refused.value.detail) == (Refusal.OTHER_SERVER, host.strip("[]"))
    assert (bench.service.asked, bench.telephony.accounts) == ([], [])


@pytest.mark.parametrize(
    "url", [f"https://{SERVER}@evil.example", f"https://{SERVER}\\@evil.example", f"https://{SERVER}/?a=b"]
)
async def test_an_address_two_could_read_in_two_ways_gets_nothing(url: str) -> None:
    bench = served(url=url)
    assert await bench.refusal(HERE) == Refusal.SERVER_ERROR
    assert (bench.service.asked, bench.telephony.accounts) == ([], [])


async def test_a_server_that_once_named_a_service_gets_no_password_into_sip() -> None:
    """Whoever can keep the document away must not get the password's digest in exchange."""
    bench = served()
    await bench.session.sign_in(HERE)
    await bench.session.sign_out()
    del bench.directory.found[SERVER]
    assert await bench.refusal(HERE) == Refusal.SERVER_SILENT
    assert len(bench.telephony.accounts) == 1
    bench.directory.found[SERVER] = Discovery()
    await bench.session.sign_in(HERE)
    assert bench.telephony.secret == "geheim-42", "its own verified word that there is none any more counts"


async def test_known_tls_stays_whatever_the_service_says() -> None:
    bench = served()
    await bench.session.sign_in(HERE)
    await bench.session.sign_in(Credentials(SERVER, "0401234567", "geheim-42", Transport.UDP))
    used = bench.telephony.accounts[-1]
    assert (used.transport, used.tls_required) == ("tls", True)


async def test_too_old_is_asked_first() -> None:
    bench = served()
    bench.directory.found[SERVER] = Discovery(service_url=URL, minimum_version="9")
    assert await bench.refusal(HERE) == Refusal.TOO_OLD
    assert bench.service.asked == []


async def test_a_service_set_here_goes_before_the_one_the_server_names() -> None:
    bench = Bench(overrides={"service.url": f"https://{SERVER}:8443/api"})
    bench.directory.found[SERVER] = Discovery(service_url=URL)
    await bench.session.sign_in(HERE)
    assert bench.service.asked[0][0] == f"https://{SERVER}:8443/api"


async def test_a_service_elsewhere_is_believed_where_an_administrator_locked_it() -> None:
    elsewhere = "https://meet.example.net/api"
    with pytest.raises(SignInRefused, match=r"meet\.example\.net"):
        await Bench(overrides={"service.url": elsewhere}).session.sign_in(HERE)
    locked = Bench(policy={"service.url": elsewhere})
    await locked.session.sign_in(HERE)
    assert locked.service.asked[0][0] == elsewhere


def devices_told(bench: Bench) -> list[str]:
    """The devices that whoever asks the service was told of, "" for none."""
    return [told.device.issued.device_id if told and told.device else "" for told in bench.devices]


async def test_whoever_asks_the_service_is_told_the_device_and_its_end() -> None:
    bench = served()
    await bench.session.sign_in(HERE)
    assert devices_told(bench) == ["", "device1"]
    await bench.session.sign_out()
    assert devices_told(bench)[-1] == ""


async def test_the_device_is_known_while_the_line_is_not_up() -> None:
    bench = served()
    await bench.session.sign_in(HERE)
    await bench.session.close()
    again = Bench(bench.store, bench.secrets)
    await again.settings.load()
    again.telephony.refusals = [SignInRefused(Refusal.SERVER_SILENT)] * 3
    await again.session.restore()
    await settle(3)
    assert again.session.account.state is not LineState.REGISTERED
    assert devices_told(again)[0] == "device1"
    await again.tasks.close()


async def test_a_plain_server_has_no_such_device() -> None:
    bench = Bench()
    await bench.session.sign_in(HERE)
    assert set(devices_told(bench)) == {""}


async def test_a_refresh_token_that_went_on_makes_no_other_device() -> None:
    """The line registers again with what it knew at its start; its own device is not given back for that."""
    bench = served()
    await bench.session.sign_in(HERE)
    [_, account] = bench.devices
    assert account is not None
    await bench.memory.rotate(account, "next".ljust(43, "n"))
    again = Bench(bench.store, bench.secrets)
    await again.settings.load()
    again.service.devices = bench.service.devices
    await again.session.restore()
    await settle()
    await again.memory.rotate(account, "after".ljust(43, "a"))
    await again.session.sign_in(replace(HERE, password="", device=account.device))
    await settle()
    assert revoked(again) == []
    assert "after" in str(again.secrets.stored)
    await again.session.sign_out()
    assert revoked(again) == ["device1"]
