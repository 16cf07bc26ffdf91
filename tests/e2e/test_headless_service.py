"""A headless program signs in at the company service, and registers at Kamailio with what that issued."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from softphone.adapters.keyring import SystemKeyring
from softphone.control.protocol import ControlError
from tests.lab.certificates import Authority
from tests.lab.kamailio import REALM, Kamailio, Options
from tests.lab.keyring import SecretService, in_environment
from tests.lab.process import PeerFailed
from tests.lab.program import Program
from tests.lab.service import LabService

pytestmark = pytest.mark.peer

HOST = "127.0.0.7"
ELSEWHERE = "127.0.0.8"
PASSWORD = "Kettle-Harbour-96"
NUMBER = "0403333333"


class House:
    """A company: its service at HTTPS's own port, its registrar, and a person's computer with a keyring."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        registrar_pair = Authority(folder / "authority").issue("127.0.0.1")
        self.registrar = Kamailio(folder / "kamailio", Options((), store="ha1", certificate=registrar_pair))
        self.table = folder / "kamailio" / "db" / "subscriber"
        self.service = LabService(folder / "service", host=HOST, port=443, config=self._config())
        self.service.add_user(NUMBER, PASSWORD)
        self.ca_file = folder / "both.pem"
        self.ca_file.write_bytes(
            (folder / "authority" / "ca.pem").read_bytes() + Path(self.service.ca_file).read_bytes()
        )
        self.keyring = SecretService(folder / "keyring")
        self.program: Program

    def _config(self) -> str:
        """The registrar's table is written where the registrar reads it."""
        return (
            f'[sip]\ndomain = "127.0.0.1"\nport = {self.registrar.tls_port}\ntransport = "tls"\n'
            f'realm = "{REALM}"\ntable = "{self.table}"\n'
        )

    @property
    def rows(self) -> list[list[str]]:
        """What the registrar may know: user, realm, nothing, HA1, number."""
        return [line.split(":") for line in self.table.read_text().splitlines()[1:]]

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
        except PeerFailed as failed:
            if "Permission denied" not in str(failed):
                raise
            pytest.skip("port 443 of loopback is for root here")
        made.start()
        yield made
    finally:
        made.stop()
    assert made.files_with(PASSWORD) == []
    assert "Traceback" not in made.program.output + made.program.logged + made.service.log


def test_the_password_stays_with_the_service_and_sip_gets_its_secret(house: House) -> None:
    assert house.sign_in() == "registered"
    account = house.program.account()
    assert (account["user"], account["server"], account["transport"]) == (NUMBER, HOST, "tls")
    [(auth_user, _, _, ha1, number)] = house.rows
    assert number == NUMBER
    kept = house.kept() or ""
    assert auth_user in kept
    assert PASSWORD not in kept
    secret = re.search(r'"sip_secret":"([^"]+)"', kept)
    assert secret is not None
    assert house.files_with(secret[1]) == []
    holders = {path.name.removesuffix("-wal") for path in house.files_with(ha1)}
    assert holders == {"subscriber", "service.sqlite"}, "HA1, with the service and in the registrar's table"


def test_a_restart_registers_without_the_service_and_sign_out_revokes(house: House) -> None:
    assert house.sign_in() == "registered"
    assert house.program.terminate() == 0
    assert len(house.rows) == 1
    house.service.stop()
    house.program.start()
    house.program.line_is("registered", 20)
    house.service.start()
    house.program.control("sign-out")
    assert house.rows == []
    assert house.kept() is None
    assert house.program.terminate() == 0
    house.program.start()
    house.program.line_stays("signed-out")


def test_a_computer_signed_out_from_elsewhere_registers_no_more(house: House) -> None:
    """A lost computer: its owner signs it out from another one."""
    assert house.sign_in() == "registered"
    assert house.program.terminate() == 0
    other = house.service.sign_in(NUMBER, PASSWORD, "Another computer")
    devices = other.ask("GET", "/devices").json()["devices"]
    [lost] = [device["id"] for device in devices if not device["current"]]
    assert other.ask("DELETE", f"/devices/{lost}").status_code == 204
    assert [row[0] for row in house.rows] == [other.credentials.auth_user]
    house.program.start()
    house.program.line_is("refused", 20)


def test_not_remembered_is_given_back_at_the_end(house: House) -> None:
    assert house.sign_in(remember=False) == "registered"
    assert house.kept() is None
    assert house.program.terminate() == 0
    assert house.rows == []


def test_wrong_number_and_wrong_password_are_one_refusal(house: House) -> None:
    assert house.sign_in(number="0409999999") == "wrong-credentials"
    assert house.sign_in(password="something else") == "wrong-credentials"
    assert house.rows == []
    assert house.program.account()["state"] == "refused"


def test_a_service_in_another_house_gets_nothing(house: House) -> None:
    house.service.stop()
    setup = house.service.data / "service.toml"
    setup.write_text(f'public_url = "https://{ELSEWHERE}"\n{setup.read_text()}')
    house.service.start()
    assert house.sign_in() == "other-server"
    assert "/.well-known/softphone" in house.service.log
    assert "/devices" not in house.service.log
