"""A headless program that signs in at a company service, and registers at Kamailio with what that issued."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from softphone.adapters.keyring import SystemKeyring
from softphone.control.protocol import ControlError
from tests.lab.certificates import Authority
from tests.lab.company_service import WELL_KNOWN, CompanyService, DeviceRow, SipSide
from tests.lab.kamailio import Kamailio, Options
from tests.lab.keyring import SecretService, in_environment
from tests.lab.program import Program

pytestmark = pytest.mark.peer

HOST = "127.0.0.7"
ELSEWHERE = "127.0.0.8"
PASSWORD = "Kettle-Harbour-96"
NUMBER = "0403333333"


class House:
    """A company: its service at HTTPS's own port, its registrar, and a person's computer with a keyring."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        authority = Authority(folder / "authority")
        self.ca_file = authority.ca_file
        registrar_pair = authority.issue("127.0.0.1")
        self.registrar = Kamailio(folder / "kamailio", Options((), store="ha1", certificate=registrar_pair))
        self.service = CompanyService(
            authority.issue(HOST),
            {NUMBER: PASSWORD},
            SipSide(port=self.registrar.tls_port),
            host=HOST,
            port=443,
            changed=self._admit,
        )
        self.service.document = {"service_url": self.service.url}
        self.keyring = SecretService(folder / "keyring")
        self.program: Program

    def _admit(self, rows: list[DeviceRow]) -> None:
        self.registrar.admit((row.auth_user, row.ha1, row.number) for row in rows)

    def start(self) -> None:
        """Everything but the service, which must be there already, and the program's line."""
        self.registrar.start()
        self.keyring.start()
        self.program = Program(self.folder / "program", self.keyring.environment)
        self.program.start()

    def sign_in(self, number: str = NUMBER, password: str = PASSWORD, *, remember: bool = True) -> str:
        """The line's state, or the code of the refusal."""
        try:
            account = self.program.sign_in(
                HOST, number, password, transport="auto", ca_file=self.ca_file, remember=remember
            )
        except ControlError as refused:
            return str(refused.code)
        return str(account["state"])

    def kept(self) -> str | None:
        """What the keyring holds for this account."""
        with in_environment(self.keyring.environment):
            return asyncio.run(SystemKeyring().get(f"{NUMBER}@{HOST}"))

    def files_with(self, text: str) -> list[Path]:
        """Every file of service, registrar, program and keyring in which this stands."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        assert len(files) > 10
        return [path for path in files if text.encode() in path.read_bytes()]

    def stop(self) -> None:
        """End everything."""
        if hasattr(self, "program"):
            self.program.stop()
        self.keyring.stop()
        self.registrar.stop()
        self.service.stop()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    try:
        try:
            made.service.start()
        except PermissionError:
            pytest.skip("port 443 of loopback is for root here")
        made.start()
        yield made
    finally:
        made.stop()
    assert made.files_with(PASSWORD) == []
    for secret in made.service.issued:
        assert made.files_with(secret) == []
    assert "Traceback" not in made.program.output + made.program.logged


def test_the_password_stays_with_the_service_and_sip_gets_its_secret(house: House) -> None:
    assert house.sign_in() == "registered"
    account = house.program.account()
    assert (account["user"], account["server"], account["transport"]) == (NUMBER, HOST, "tls")
    [(device_id, row)] = house.service.devices.items()
    kept = house.kept() or ""
    assert house.service.issued[0] in kept
    assert device_id in kept
    assert PASSWORD not in kept
    table = house.files_with(row.ha1)
    assert [path.name for path in table] == ["subscriber"], "HA1, in the registrar's table alone"


def test_a_restart_registers_without_the_service_and_sign_out_revokes(house: House) -> None:
    assert house.sign_in() == "registered"
    assert house.program.terminate() == 0
    assert len(house.service.devices) == 1
    house.service.stop()
    house.program.start()
    house.program.line_is("registered", 20)
    house.service.start()
    house.program.control("sign-out")
    assert house.service.devices == {}
    assert house.kept() is None
    assert len((house.folder / "kamailio" / "db" / "subscriber").read_text().splitlines()) == 1
    assert house.program.terminate() == 0
    house.program.start()
    house.program.line_stays("signed-out")


def test_what_was_revoked_registers_no_more(house: House) -> None:
    """A lost computer: somebody at the company deletes its row."""
    assert house.sign_in() == "registered"
    assert house.program.terminate() == 0
    house.registrar.admit(())
    house.program.start()
    house.program.line_is("refused", 20)


def test_not_remembered_is_given_back_at_the_end(house: House) -> None:
    assert house.sign_in(remember=False) == "registered"
    assert house.kept() is None
    assert house.program.terminate() == 0
    assert house.service.devices == {}


def test_wrong_number_and_wrong_password_are_one_refusal(house: House) -> None:
    assert house.sign_in(number="0409999999") == "wrong-credentials"
    assert house.sign_in(password="something else") == "wrong-credentials"
    assert house.service.issued == []
    assert house.program.account()["state"] == "refused"


def test_a_service_in_another_house_gets_nothing(house: House) -> None:
    house.service.document = {"service_url": house.service.url.replace(HOST, ELSEWHERE)}
    assert house.sign_in() == "other-server"
    assert house.service.asked == [WELL_KNOWN]
