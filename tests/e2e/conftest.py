"""Around every end-to-end test: a sound server, a certificate authority, peers that end, and nosy eyes.

Whatever a program wrote anywhere is read after each test: no secret may be in it, no error nobody expected.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from tests.lab.baresip import Baresip, Phone
from tests.lab.certificates import Authority
from tests.lab.faults import assert_none_logged
from tests.lab.kamailio import REALM, Kamailio, Options, User
from tests.lab.program import Program
from tests.lab.pulse import PulseRig, pulse_rig

FIRST = -10
SECRET = "Kettle-Harbour-93"
US, THEM, THIRD = "0401000001", "0401000002", "0401000003"
USERS = tuple(User(number, SECRET) for number in (US, THEM, THIRD))
SETTINGS = {
    "phone.region": "FI",
    "audio.microphone": "pulse:headset_mic",
    "audio.speaker": "pulse:headset",
    "audio.ring": "pulse:speakers",
    "audio.echo_cancel": "off",
    "audio.noise_suppression": "off",
}

NewProgram = Callable[..., Program]
NewPhone = Callable[..., Baresip]


@pytest.fixture(scope="session", autouse=True)
def unhurried() -> None:
    """Sound servers usually run before everything else; here everything that carries sound does.

    What a busy machine does to speech is no question of these tests. Where the system forbids it, it stays.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, FIRST)


@pytest.fixture(autouse=True)
def no_errors_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A program that runs in this process tells of no fault of its own either."""
    yield
    assert_none_logged(caplog)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PulseRig]:
    with pulse_rig(tmp_path_factory.mktemp("pulse")) as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Kamailio]:
    options = Options(USERS, certificate=authority.issue("localhost", "127.0.0.1"))
    kamailio = Kamailio(tmp_path_factory.mktemp("kamailio") / "server", options)
    kamailio.start()
    yield kamailio
    kamailio.stop()


@pytest.fixture
def new_program(tmp_path: Path, rig: PulseRig) -> Iterator[NewProgram]:
    """Makes programs on the virtual headset; they end with the test, and are searched then."""
    made: list[Program] = []

    def make(
        name: str = "program",
        settings: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Program:
        chosen = {**SETTINGS, **(settings or {})}
        made.append(Program(tmp_path / name, {**rig.environment, **(environment or {})}, chosen))
        return made[-1]

    yield make
    for program in made:
        program.stop()
    for program in made:
        assert_nothing_leaked(program)
        assert_no_errors(program)


@pytest.fixture
def program(new_program: NewProgram) -> Program:
    """A running program, signed in nowhere."""
    made = new_program()
    made.start()
    return made


@pytest.fixture
def new_phone(tmp_path: Path, server: Kamailio, authority: Authority) -> Iterator[NewPhone]:
    """Makes other people's phones, registered at the server."""
    made: list[Baresip] = []

    def make(microphone: Path, **options: object) -> Baresip:
        given = {
            "number": THEM,
            "transport": "udp",
            "answer": "auto",
            "ca_file": authority.ca_file,
            **options,
        }
        port = server.tls_port if given["transport"] == "tls" else server.port
        phone = Phone(password=SECRET, server=f"127.0.0.1:{port}", microphone=microphone, **given)  # type: ignore[arg-type]
        made.append(Baresip(tmp_path / f"phone-{phone.number}", phone))
        made[-1].start()
        return made[-1]

    yield make
    for phone in made:
        phone.stop()


def sign_in(
    program: Program,
    server: Kamailio,
    authority: Authority,
    transport: str = "udp",
    *,
    user: str = US,
    remember: bool = False,
) -> None:
    """Sign the program in. Raises ControlError with the reason when it is refused."""
    port = server.tls_port if transport == "tls" else server.port
    account = program.sign_in(
        f"localhost:{port}",
        user,
        SECRET,
        transport=transport,
        ca_file=authority.ca_file,
        remember=remember,
    )
    assert account["state"] == "registered"
    assert transport in ("auto", account["transport"])


def assert_nothing_leaked(program: Program) -> None:
    """No file of the program holds the password or what is as good as it."""
    secrets = [SECRET.encode(), *(_ha1(user.number) for user in USERS)]
    for folder in program.folders:
        for file in (path for path in folder.rglob("*") if path.is_file()):
            content = file.read_bytes()
            assert not any(secret in content for secret in secrets), f"a secret is in {file.name}"


def _ha1(number: str) -> bytes:
    return hashlib.md5(f"{number}:{REALM}:{SECRET}".encode(), usedforsecurity=False).hexdigest().encode()


def assert_no_errors(program: Program) -> None:
    """Neither its log nor its output tells of a fault of its own."""
    for text in (program.output, program.logged):
        faults = [line for line in text.splitlines() if " ERROR " in line or "Traceback" in line]
        assert not faults, text[-4000:]
