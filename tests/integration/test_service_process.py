"""`python -m service` as an administrator runs it: start, end, refusals, and nothing lost by a crash."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from service.adapters.sqlite.migrate import migrate
from service_api.devices import DeviceCredentials, DeviceSignIn
from tests.doubles.service_bench import secret_of
from tests.lab.certificates import Authority
from tests.lab.disk import mountable, small_disk
from tests.lab.meeting_host import MeetingHost
from tests.lab.ports import LOOPBACK, free_port
from tests.lab.process import PeerFailed, wait_until
from tests.lab.service import MODULE, ROOT, Employee, LabService, SignedIn, lab_service

pytestmark = pytest.mark.peer

PHONE, PASSWORD = "0401234567", "Kettle-Harbour-96"
ANNA = Employee(PHONE, PASSWORD, "Anna Ek")


def run(*arguments: str, typed: str = "", timeout_s: float = 30) -> tuple[int, str]:
    """Exit status and standard error of one command."""
    done = subprocess.run(
        [*MODULE, *arguments],
        input=typed,
        text=True,
        capture_output=True,
        cwd=ROOT,
        timeout=timeout_s,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabService]:
    """One for all that leave it as it was."""
    with lab_service(tmp_path_factory.mktemp("service") / "service", ANNA) as running:
        yield running


def test_it_ends_as_it_is_told(tmp_path: Path) -> None:
    service = LabService(tmp_path / "service")
    service.add_user(PHONE, PASSWORD)
    service.start()
    host = service.sign_in(PHONE, PASSWORD)
    made = service.make_appointment(host, ["Bo Ek"])
    assert made.links[0].link.startswith(service.url + "/m#")
    assert service.stop() == 0
    assert not list(service.data.glob("*-wal"))


def test_the_data_is_for_this_user_alone(service: LabService) -> None:
    service.sign_in(PHONE, PASSWORD)
    assert service.data.stat().st_mode & 0o777 == 0o700
    rights = {path.name: path.stat().st_mode & 0o777 for path in service.data.iterdir()}
    rights.pop("service.toml")
    assert set(rights) >= {"service.sqlite", "service.sqlite-wal", "service.key", "service.lock"}
    assert set(rights.values()) == {0o600}


def test_it_says_nothing_of_itself(service: LabService) -> None:
    answer = service.client.get("/.well-known/softphone")
    assert "server" not in answer.headers
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://{service.host}:{service.port}/", trust_env=False)


def guesses(service: LabService) -> list[int]:
    """Statuses of eleven wrong passwords for one number, each by way of a proxy for another address."""
    asked = DeviceSignIn("0409999999", "wrong", "PC", "urn:uuid:5f6c8e3a-0a52-4b61-9b4c-0d4f0c7a9e11")
    headers = [{"X-Forwarded-For": f"203.0.113.{n}"} for n in range(11)]
    answers = (
        service.client.post("/api/v1/devices", content=asked.serialise(), headers=one) for one in headers
    )
    return [answer.status_code for answer in answers]


def test_no_proxy_is_believed_that_was_not_named(service: LabService) -> None:
    assert guesses(service) == [403] * 10 + [429]
    assert "203.0.113" not in service.log


def test_a_proxy_that_was_named_says_who_asks(tmp_path: Path) -> None:
    with lab_service(tmp_path / "service", config='trusted_proxies = ["127.0.0.1"]') as service:
        assert guesses(service) == [403] * 11
        assert "203.0.113.10 refused" in service.log


def test_nothing_that_opens_something_is_in_log_or_data(tmp_path: Path) -> None:
    service = LabService(tmp_path / "service")
    service.add_user(PHONE, PASSWORD, name="Anna Ek")
    service.start("--log-level", "debug")
    try:
        host = service.sign_in(PHONE, PASSWORD)
        made = service.make_appointment(host, ["Bo Ek"])
        secret = secret_of(made.links[0].link)
        wish = {"secret": secret, "client": "program"}
        opened = service.client.post("/api/v1/invitations?secret=" + secret, json=wish).json()
        service.client.get("/api/v1/me?token=" + host.access_token, headers=host.headers)
        issued = host.credentials
        secrets = [PASSWORD, issued.sip_secret, issued.refresh_token, host.access_token, host.refresh_token]
        secrets += [secret, opened["token"]]
        assert "GET /api/v1/me 200" in service.log
        holders = [*service.data.iterdir(), tmp_path / "service" / "service.log"]
        found = [
            (path.name, number)
            for path in holders
            for number, text in enumerate(secrets)
            if text.encode() in path.read_bytes()
        ]
        assert found == []
        assert "Bo Ek" not in service.log
    finally:
        service.stop()


def test_beyond_loopback_it_speaks_tls_alone(tmp_path: Path) -> None:
    status, said = run("serve", "--data", str(tmp_path / "d"), "--listen", "0.0.0.0:0")
    assert status == 1
    assert "needs TLS" in said
    pair = Authority(tmp_path / "ca").issue(LOOPBACK)
    tls = ("--tls-cert", str(pair.certificate), "--tls-key", str(pair.key))
    status, said = run("serve", "--data", str(tmp_path / "d"), "--listen", "0.0.0.0:0", *tls)
    assert (status, "--public-url" in said) == (1, True)


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        place = f"{LOOPBACK}:{taken.getsockname()[1]}"
        status, said = run("serve", "--data", str(tmp_path / "d"), "--listen", place)
    assert (status, said) == (1, f"{place} can't be listened at: Address already in use.\n")


def test_certificates_that_are_none_are_told(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    one, other = authority.issue("a"), authority.issue("b")
    (tmp_path / "empty.pem").touch()
    for certificate, key, reason in (
        (tmp_path / "missing.pem", one.key, "No such file"),
        (tmp_path / "empty.pem", one.key, "no certificate with its key"),
        (one.certificate, other.key, "no certificate with its key"),
    ):
        tls = ("--tls-cert", str(certificate), "--tls-key", str(key))
        status, said = run("serve", "--data", str(tmp_path / "d"), "--listen", f"{LOOPBACK}:0", *tls)
        assert status == 1
        assert reason in said


def test_a_second_service_on_the_same_data_is_refused(service: LabService) -> None:
    status, said = run("serve", "--data", str(service.data), "--listen", f"{LOOPBACK}:0")
    assert (status, said) == (1, f"Another service runs on {service.data}.\n")


def test_data_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        status, said = run("serve", "--data", str(folder), "--listen", f"{LOOPBACK}:0")
        assert status == 1
        assert said.startswith("The data folder") or "can't be read" in said
    newer = tmp_path / "newer"
    newer.mkdir()
    migrate(newer / "service.sqlite")
    with sqlite3.connect(newer / "service.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    status, said = run("serve", "--data", str(newer), "--listen", f"{LOOPBACK}:0")
    assert (status, "newer version" in said) == (1, True)


@pytest.mark.parametrize(
    ("options", "typed", "sentence"),
    [
        (("--phone", "alice", "--role", "admin"), "pw\n", "no phone number"),
        (("--phone", "0401", "--role", "admin"), "\n", "1 to 1024 characters"),
        (("--phone", "0401", "--role", "admin", "--name", "x" * 81), "pw\n", "one line of at most 80"),
        (("--phone", "0401", "--role", "king"), "pw\n", "invalid choice"),
    ],
)
def test_users_that_cannot_be_made(
    tmp_path: Path, options: tuple[str, ...], typed: str, sentence: str
) -> None:
    status, said = run(
        "admin", "add-user", "--data", str(tmp_path), *options, "--password-stdin", typed=typed
    )
    assert status in (1, 2)
    assert sentence in said


def test_a_number_has_one_account_also_while_the_service_runs(service: LabService) -> None:
    again = ("admin", "add-user", "--data", str(service.data), "--role", "admin", "--password-stdin")
    assert run(*again, "--phone", "+358401234567", typed="x\n") == (1, f"{PHONE} has an account already.\n")
    assert run(*again, "--phone", "0405555555", typed="x\n")[0] == 0
    assert service.sign_in("0405555555", "x").credentials.user == "0405555555"


def test_a_renewed_certificate_is_taken_while_it_runs(tmp_path: Path) -> None:
    with lab_service(tmp_path / "service") as service:
        first = served(service)
        service.renew_certificate()
        os.kill(service.pid, signal.SIGHUP)
        assert wait_until(lambda: served(service) != first, 10)
        second = served(service)
        service.spoil_certificate()
        os.kill(service.pid, signal.SIGHUP)
        assert wait_until(lambda: "the certificate stays the former one" in service.log, 10)
        assert served(service) == second


def served(service: LabService) -> str:
    """The certificate it shows now."""
    return ssl.get_server_certificate((service.host, service.port), ca_certs=service.ca_file)


async def test_a_locked_account_is_out_everywhere_until_it_has_another_password(service: LabService) -> None:
    number = ("--data", str(service.data), "--phone", "0407777777")
    service.add_user("0407777777", "first", name="Olli Oja")
    host = service.sign_in("0407777777", "first")
    made = service.make_appointment(host, ["Bo Ek"])
    async with MeetingHost.in_meeting(service, host, made.appointment.id) as meeting:
        assert await asyncio.to_thread(run, "admin", "lock-user", *number) == (0, "")
        await meeting.shut_out()
    assert host.ask("GET", "/devices").status_code == 401
    with pytest.raises(PeerFailed, match="wrong-credentials"):
        service.sign_in("0407777777", "first")
    assert run("admin", "set-password", *number, "--password-stdin", typed="second\n") == (0, "")
    again = service.sign_in("0407777777", "second")
    assert again.ask("GET", f"/appointments/{made.appointment.id}").status_code == 200
    assert listed(service)[-1] == "0407777777\tprofessional\t1\tOlli Oja"
    assert run("admin", "set-password", *number, "--password-stdin", typed="\n")[0] == 1
    assert run("admin", "lock-user", "--data", str(service.data), "--phone", "0408888888") == (
        1,
        "0408888888 has no account.\n",
    )


def listed(service: LabService) -> list[str]:
    """What `list-users` says."""
    command = [*MODULE, "admin", "list-users", "--data", str(service.data)]
    return subprocess.run(command, text=True, capture_output=True, cwd=ROOT, check=True).stdout.splitlines()


class Promises:
    """Asks for things without end, and remembers what was promised before the service was killed."""

    def __init__(self, service: LabService, host: SignedIn) -> None:
        self.service, self.host = service, host
        self.appointments: list[str] = []
        self.places: list[str] = []
        self.devices: list[DeviceCredentials] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Promises:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def wait_for(self, places: int) -> None:
        """Until so many people have opened their links."""
        assert wait_until(lambda: len(self.places) >= places or not self._thread.is_alive(), 60)

    def _ask(self) -> None:
        with suppress(httpx.HTTPError):
            while not self._over.is_set():
                made = self.service.make_appointment(self.host, ["Bo Ek"])
                self.appointments.append(made.appointment.id)
                wish = {"secret": secret_of(made.links[0].link), "client": "program"}
                self.places.append(self.service.client.post("/api/v1/invitations", json=wish).json()["token"])
                if len(self.places) % 5 == 0:
                    self.devices.append(self.service.sign_in(PHONE, PASSWORD).credentials)


@pytest.mark.slow
def test_what_was_promised_survives_a_crash_at_any_moment(tmp_path: Path) -> None:
    table = tmp_path / "subscriber"
    service = LabService(tmp_path / "service", config=f'[sip]\ntable = "{table}"\n')
    service.add_user(PHONE, PASSWORD)
    chance = random.Random(4)
    asked: list[Promises] = []
    try:
        for _ in range(5):
            service.start()
            with Promises(service, service.sign_in(PHONE, PASSWORD)) as promises:
                promises.wait_for(5)
                time.sleep(chance.uniform(0, 0.3))
                service.kill()
            asked.append(promises)
        service.start()
        host = service.sign_in(PHONE, PASSWORD)
        kept = {one["id"] for one in host.ask("GET", "/appointments").json()["appointments"]}
        promised = {one for promises in asked for one in promises.appointments}
        assert len(promised) >= 25
        assert promised <= kept
        rows = {line.partition(":")[0] for line in table.read_text().splitlines()[1:]}
        for promises in asked:
            assert {device.auth_user for device in promises.devices} <= rows
            for place in promises.places[-3:]:
                headers = {"Authorization": f"Bearer {place}"}
                assert service.client.get("/api/v1/invitation", headers=headers).status_code == 200
    finally:
        service.stop()
    assert not re.search(r"ERROR|Traceback", service.log)


@pytest.mark.skipif(not mountable(), reason="no disk of its own can be mounted here")
def test_a_disk_that_is_full_is_told(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        data = disk.folder / "data"
        data.mkdir()
        disk.fill()
        listen = f"{LOOPBACK}:{free_port()}"
        status, said = run("serve", "--data", str(data), "--listen", listen)
        disk.empty()
    assert status == 1
    assert "full" in said or "No space" in said
