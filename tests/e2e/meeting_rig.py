"""A company with meetings: its registrar, its service, a professional's and a customer's program."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import NewProgram
from tests.lab.certificates import Authority
from tests.lab.kamailio import Kamailio, Options
from tests.lab.keyring import secret_service
from tests.lab.ports import LOOPBACK, free_port
from tests.lab.process import PeerFailed, wait_until
from tests.lab.program import Program
from tests.lab.scenarios import bye, callee, recv, reply
from tests.lab.service import LabService
from tests.lab.sipp import Sipp

NUMBER, PASSWORD, HOST = "0401000009", "Lantern-Orchard-71", "Erja Expert"
EXPERT = "0401000077"
"""The number in the invitation; whoever answers there sends back what is heard."""

PATIENCE_S = 20.0
Json = dict[str, Any]


class Company:
    """`start` brings up registrar and service; programs are made beside it."""

    def __init__(self, folder: Path) -> None:
        authority = Authority(folder / "sip-authority")
        self._folder, self._expert = folder, free_port()
        routes = ((EXPERT, self._expert),)
        options = Options((), store="ha1", certificate=authority.issue(LOOPBACK), routes=routes)
        self.registrar = Kamailio(folder / "kamailio", options)
        self.service = LabService(folder / "service", config=self._config(folder))
        self.ca_file = folder / "both.pem"
        self.ca_file.write_text(authority.ca_file.read_text() + Path(self.service.ca_file).read_text())

    def _config(self, folder: Path) -> str:
        table = folder / "kamailio" / "db" / "subscriber"
        return (
            f'[sip]\ndomain = "{LOOPBACK}"\nport = {self.registrar.tls_port}\ntransport = "tls"\n'
            f'realm = "{self.registrar.options.realm}"\ntable = "{table}"\n'
        )

    def start(self) -> None:
        """Registrar first: the service writes its table."""
        self.registrar.start()
        self.service.add_user(NUMBER, PASSWORD, name=HOST)
        self.service.start()

    @contextmanager
    def expert_answers(self) -> Iterator[None]:
        """Somebody picks up at EXPERT, once."""
        answered = reply("200 OK", "a", version=1, headers="[last_Record-Route:]\n")
        scenario = callee(recv("INVITE"), answered, recv("ACK"), bye())
        phone = Sipp(self._folder / "expert", scenario, port=self._expert, echo=True)
        phone.start()
        try:
            yield
        finally:
            phone.stop()

    def kill_engine(self) -> None:
        """The media engine's process dies."""
        threads = Path(f"/proc/{self.service.pid}/task").iterdir()
        children = [pid for thread in threads for pid in (thread / "children").read_text().split()]
        engine = [int(pid) for pid in children if b"resource_tracker" not in _command_of(pid)]
        if not engine:
            raise PeerFailed(f"the service has no engine: {children}")
        for pid in engine:
            os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """End everything."""
        self.service.stop()
        self.registrar.stop()


def _command_of(pid: str) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


class Attendee:
    """A program in meetings, driven by its commands; each answer as `ctl --json` has it."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def ask(self, action: str, **arguments: object) -> Json:
        """`meeting ACTION`."""
        return self.program.control(f"meeting-{action}", **arguments)

    @property
    def status(self) -> Json:
        """`meeting status`."""
        return self.ask("status")

    def until(self, wanted: Callable[[Json], object], what: str, timeout_s: float = PATIENCE_S) -> Json:
        """The first status that `wanted` accepts. Raises PeerFailed."""
        found: list[Json] = []

        def there() -> bool:
            found[:] = [self.status]
            return bool(wanted(found[0]))

        if not wait_until(there, timeout_s, 0.05):
            raise PeerFailed(f"never {what}: {json.dumps(found, indent=1)[-6000:]}")
        return found[0]

    def is_in(self, state: str, timeout_s: float = PATIENCE_S) -> Json:
        """Wait until one's own state is this."""
        return self.until(lambda status: status["state"] == state, state, timeout_s)

    def sees(self, kind: str = "video", timeout_s: float = PATIENCE_S) -> Json:
        """Wait until something flows from somebody else: the track."""

        def flowing(status: Json) -> list[Json]:
            return [
                track
                for person in status.get("participants", [])
                for track in person["tracks"]
                if track["kind"] == kind and (kind == "audio" or track["height"])
            ]

        status = self.until(flowing, f"{kind} of somebody else", timeout_s)
        return flowing(status)[0]

    def has_nowhere(self, *secrets: str) -> None:
        """No file this program may write holds any of these."""
        for folder in self.program.folders:
            for file in (path for path in folder.rglob("*") if path.is_file()):
                content = file.read_bytes()
                assert not any(secret.encode() in content for secret in secrets), f"a secret is in {file}"


def an_hour_from_now(**members: object) -> Json:
    """An appointment that is open, as FILE.json has it."""
    now = datetime.now(UTC).replace(microsecond=0)
    return {
        "title": "Loan advice",
        "description": "Terms of a new loan",
        "start": now.isoformat(),
        "end": (now + timedelta(hours=1)).isoformat(),
        "time_zone": "Europe/Helsinki",
        "expert_number": EXPERT,
        "participants": [{"name": "Casper Customer", "phone": "0405555555"}],
        **members,
    }


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """One for all tests of a module."""
    made = Company(tmp_path_factory.mktemp("company"))
    try:
        made.start()
        yield made
    finally:
        made.stop()
    faults = [line for line in made.service.log.splitlines() if " ERROR " in line or "Traceback" in line]
    assert not faults, made.service.log[-4000:]


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """The environment of a session with a keyring."""
    with secret_service(tmp_path / "keyring") as service:
        yield service.environment


@pytest.fixture
def host(company: Company, new_program: NewProgram, keyring: Mapping[str, str]) -> Attendee:
    """The professional, signed in."""
    program = new_program("host", settings_of(company), keyring)
    program.start()
    account = program.sign_in(
        LOOPBACK, NUMBER, PASSWORD, transport="auto", ca_file=company.ca_file, remember=True
    )
    assert account["state"] == "registered"
    return Attendee(program)


@pytest.fixture
def customer(company: Company, new_program: NewProgram, keyring: Mapping[str, str]) -> Attendee:
    """Somebody who is signed in nowhere."""
    program = new_program("customer", settings_of(company), keyring)
    program.start()
    return Attendee(program)


def settings_of(company: Company) -> dict[str, str]:
    """What a computer of this company is set to."""
    return {
        "service.url": company.service.api,
        "sip.ca_file": os.fspath(company.ca_file),
        "video.camera": "fake:test",
    }
