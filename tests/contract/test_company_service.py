"""What every company service must do: the double, a small HTTPS server, and our own service as it is run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from service_api.devices import DeviceRevocation, DeviceSignIn
from softphone.adapters.company_service import HttpsCompanyService
from softphone.domain.errors import SignInRefused
from softphone.ports import CompanyService
from tests.doubles.stores import FakeCompanyService
from tests.lab import company_service as lab
from tests.lab.certificates import Authority
from tests.lab.service import Employee, LabService, lab_service

PEOPLE = {"0401234567": "geheim 42 ä"}
ASKED = DeviceSignIn("0401234567", "geheim 42 ä", "Laptop", "urn:uuid:5f6c8e3a-0a52-4b61-9b4c-0d4f0c7a9e11")


class At(NamedTuple):
    """A service and where it is asked."""

    service: CompanyService
    url: str
    ca_file: str

    async def refusal(self, number: str, password: str) -> tuple[str, int, str]:
        """All that a refusal tells."""
        request = DeviceSignIn(number, password, ASKED.device_name, ASKED.instance_id)
        with pytest.raises(SignInRefused) as refused:
            await self.service.sign_in(self.url, request, ca_file=self.ca_file)
        return str(refused.value.code), refused.value.status_code, refused.value.detail


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabService]:
    people = (Employee(number, password) for number, password in PEOPLE.items())
    with lab_service(tmp_path_factory.mktemp("service") / "service", *people) as service:
        yield service


@pytest.fixture(params=["fake", "https", pytest.param("own", marks=pytest.mark.peer)])
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[At]:
    if request.param == "fake":
        yield At(FakeCompanyService(dict(PEOPLE)), "https://service.example", "")
        return
    if request.param == "own":
        service = request.getfixturevalue("own")
        yield At(HttpsCompanyService(), service.api, service.ca_file)
        return
    authority = Authority(tmp_path)
    server = lab.CompanyService(authority.issue("127.0.0.1"), PEOPLE)
    server.start()
    yield At(HttpsCompanyService(), server.url, str(authority.ca_file))
    server.stop()


async def test_every_sign_in_issues_something_new(at: At) -> None:
    first = await at.service.sign_in(at.url, ASKED, ca_file=at.ca_file)
    second = await at.service.sign_in(at.url, ASKED, ca_file=at.ca_file)
    assert first.user == "0401234567"
    assert ASKED.password not in repr(first) + first.serialise().decode()
    for name in ("auth_user", "sip_secret", "device_id"):
        assert getattr(first, name) != getattr(second, name)


async def test_wrong_number_and_wrong_password_are_one_refusal(at: At) -> None:
    wrong = await at.refusal("0401234567", "falsch")
    assert wrong == await at.refusal("0409999999", "geheim 42 ä")
    assert wrong[0] == "wrong-credentials"


async def test_revoked_once_with_its_own_secret(at: At) -> None:
    issued = await at.service.sign_in(at.url, ASKED, ca_file=at.ca_file)
    own = DeviceRevocation(issued.device_id, issued.sip_secret)
    foreign = DeviceRevocation(issued.device_id, "x" * 43)
    asked = [foreign, own, own, DeviceRevocation("unknown", issued.sip_secret)]
    told = [await at.service.revoke(at.url, request, ca_file=at.ca_file) for request in asked]
    assert told == [False, True, False, False]


async def test_the_same_installation_takes_its_own_place(at: At) -> None:
    first = await at.service.sign_in(at.url, ASKED, ca_file=at.ca_file)
    await at.service.sign_in(at.url, ASKED, ca_file=at.ca_file)
    gone = DeviceRevocation(first.device_id, first.sip_secret)
    assert not await at.service.revoke(at.url, gone, ca_file=at.ca_file)
