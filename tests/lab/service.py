"""The company service as a process of its own, over TLS, with people and appointments for tests."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from service_api.appointments import AppointmentDraft, AppointmentMade, InviteeDraft
from service_api.devices import DeviceCredentials, DeviceSignIn
from tests.lab.certificates import Authority
from tests.lab.ports import LOOPBACK, free_port
from tests.lab.process import PeerFailed, Process, wait_until

ROOT = Path(__file__).resolve().parents[2]
MODULE = (sys.executable, "-m", "service")
API = "/api/v1"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One device of somebody, with an access token that is good for ten minutes."""

    credentials: DeviceCredentials
    access_token: str
    refresh_token: str
    client: httpx.Client

    @property
    def headers(self) -> dict[str, str]:
        """What opens requests."""
        return {"Authorization": f"Bearer {self.access_token}"}

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        """A request below the API's address."""
        return self.client.request(method, API + path, json=body, headers=self.headers)


class LabService:
    """`start`, `kill` and `start` again on the same data and address.

    `config` is what stands in service.toml. `url` is where people reach it, `api` the program's service_url,
    `ca_file` what a client must trust.
    """

    def __init__(self, folder: Path, *, host: str = LOOPBACK, port: int = 0, config: str = "") -> None:
        self.host, self.port = host, port or free_port()
        self.data = folder / "data"
        self.data.mkdir(parents=True)
        (self.data / "service.toml").write_text(config)
        self._log = folder / "service.log"
        self._authority = Authority(folder / "ca")
        self._pair = self._authority.issue(host, "localhost")
        self._process: Process | None = None
        self._client: httpx.Client | None = None

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"https://{self.host}:{self.port}"

    @property
    def api(self) -> str:
        """The base of every path in `service_api`."""
        return self.url + API

    @property
    def ca_file(self) -> str:
        """PEM."""
        return str(self._authority.ca_file)

    @property
    def log(self) -> str:
        """Everything the processes wrote."""
        return self._log.read_text(errors="replace")

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.running

    @property
    def pid(self) -> int:
        """Its process id, 0 while it does not run."""
        return 0 if self._process is None else self._process.pid

    @property
    def client(self) -> httpx.Client:
        """Trusts it."""
        if self._client is None:
            context = ssl.create_default_context(cafile=self.ca_file)
            self._client = httpx.Client(base_url=self.url, verify=context, trust_env=False, timeout=20)
        return self._client

    def start(self, *options: str) -> None:
        """Run it and wait until it listens. Raises PeerFailed."""
        said = self.log.count("Listening at") if self._log.exists() else 0
        self._process = Process(
            [*MODULE, "serve", "--data", str(self.data), "--listen", f"{self.host}:{self.port}",
             "--tls-cert", str(self._pair.certificate), "--tls-key", str(self._pair.key), *options],
            self._log,
            cwd=ROOT,
        )  # fmt: skip
        process = self._process
        wait_until(lambda: not process.running or self.log.count("Listening at") > said, 30)
        if self.log.count("Listening at") == said:
            self.kill()
            raise PeerFailed(f"the service did not start: {self.log[-2000:]}")

    def renew_certificate(self) -> None:
        """Another certificate and key stand where the former ones did."""
        renewed = self._authority.issue(self.host, "localhost")
        shutil.copyfile(renewed.certificate, self._pair.certificate)
        shutil.copyfile(renewed.key, self._pair.key)

    def spoil_certificate(self) -> None:
        """What stands there is no certificate."""
        self._pair.certificate.write_text("not a certificate")

    def kill(self) -> None:
        """As a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def stop(self) -> int | None:
        """As an administrator does; its exit status."""
        process, self._process = self._process, None
        if self._client is not None:
            self._client.close()
            self._client = None
        if process is None:
            return None
        process.stop(15)
        return process.wait(1)

    def add_user(self, phone: str, password: str, role: str = "professional", name: str = "") -> None:
        """An account, by the command an administrator uses. Raises PeerFailed."""
        done = subprocess.run(
            [*MODULE, "admin", "add-user", "--data", str(self.data), "--phone", phone, "--role", role,
             "--name", name, "--password-stdin"],
            input=password + "\n", text=True, capture_output=True, cwd=ROOT, timeout=60, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise PeerFailed(done.stderr)

    def sign_in(self, phone: str, password: str, device: str = "Laptop") -> SignedIn:
        """A new device of this person. Raises PeerFailed."""
        asked = DeviceSignIn(phone, password, device, uuid.uuid4().urn)
        answer = self.client.post(API + "/devices", content=asked.serialise())
        if answer.status_code != 200:
            raise PeerFailed(answer.text)
        issued = DeviceCredentials.parse(answer.content)
        wish = {"device_id": issued.device_id, "refresh_token": issued.refresh_token}
        tokens = self.client.post(API + "/tokens", json=wish).json()
        return SignedIn(issued, tokens["access_token"], tokens["refresh_token"], self.client)

    def make_appointment(
        self, host: SignedIn, participants: Sequence[str | InviteeDraft], **members: Any
    ) -> AppointmentMade:
        """An appointment that is open now; `members` of AppointmentDraft may be given. Raises PeerFailed."""
        answer = host.ask(
            "POST", "/appointments", json.loads(draft(participants, **members).model_dump_json())
        )
        if answer.status_code != 200:
            raise PeerFailed(answer.text)
        return AppointmentMade.model_validate_json(answer.content)


def draft(participants: Sequence[str | InviteeDraft], **members: Any) -> AppointmentDraft:
    """What a professional types: an hour from now on, people by name."""
    now = datetime.now(UTC).replace(microsecond=0)
    people = tuple(InviteeDraft(name=one) if isinstance(one, str) else one for one in participants)
    usual: dict[str, Any] = {
        "draft_id": uuid.uuid4().hex,
        "title": "Loan advice",
        "start": now,
        "end": now + timedelta(hours=1),
        "time_zone": "Europe/Helsinki",
    }
    return AppointmentDraft(**{**usual, "participants": people, **members})


class Employee(NamedTuple):
    """Somebody with an account of the service's own."""

    phone: str
    password: str
    name: str = ""


@contextmanager
def lab_service(folder: Path, *people: Employee, config: str = "") -> Iterator[LabService]:
    """One that runs with these people's accounts."""
    service = LabService(folder, config=config)
    for one in people:
        service.add_user(one.phone, one.password, name=one.name)
    try:
        service.start()
        yield service
    finally:
        service.stop()
