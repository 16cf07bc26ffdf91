"""A headless program at real servers: forms of the number, the keyring over a restart, a late server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from softphone.control.protocol import ControlError
from tests.lab.kamailio import Kamailio, Options, User
from tests.lab.keyring import SecretService, secret_service
from tests.lab.program import Program

pytestmark = pytest.mark.peer

SECRET = "Kettle-Harbour-96"
NATIONAL, INTERNATIONAL = "0403333333", "+358403333333"

NewServer = Callable[..., Kamailio]


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[NewServer]:
    made: list[Kamailio] = []

    def make(number: str, **options: object) -> Kamailio:
        chosen = Options((User(number, SECRET),), **options)  # type: ignore[arg-type]
        made.append(Kamailio(tmp_path / f"kamailio{len(made)}", chosen))
        made[-1].start()
        return made[-1]

    yield make
    for server in made:
        server.stop()


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[SecretService]:
    with secret_service(tmp_path / "keyring") as service:
        yield service


@pytest.fixture
def new_program(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    made: list[Program] = []

    def make(**environment: str) -> Program:
        made.append(Program(tmp_path / "program", environment))
        return made[-1]

    yield make
    for program in made:
        program.stop()
    for program in made:
        assert SECRET not in program.output + program.logged
        assert "Traceback" not in program.output + program.logged


def enter(
    program: Program, server: Kamailio, number: str, secret: str = SECRET, *, remember: bool = False
) -> dict[str, object]:
    """Sign in over TCP."""
    return program.sign_in(f"127.0.0.1:{server.port}", number, secret, transport="tcp", remember=remember)


def remembered(new_program: Callable[..., Program], server: Kamailio, keyring: SecretService) -> Program:
    """A program that was signed in, remembers it, and has ended."""
    program: Program = new_program(**keyring.environment)
    program.start()
    enter(program, server, NATIONAL, remember=True)
    assert program.terminate() == 0
    return program


def test_the_other_form_of_the_number_is_found_and_remembered(
    new_server: NewServer, new_program: Callable[..., Program]
) -> None:
    server = new_server(INTERNATIONAL, unknown_status=404)
    program = new_program()
    program.start()
    assert enter(program, server, "040 333 3333")["user"] == INTERNATIONAL
    program.control("sign-out")
    assert enter(program, server, NATIONAL)["user"] == INTERNATIONAL
    kept = (program.profile / "settings.json").read_text()
    assert f"127.0.0.1:{server.port}=international" in kept


def test_wrong_number_and_wrong_password_are_one_refusal(
    new_server: NewServer, new_program: Callable[..., Program]
) -> None:
    server = new_server(NATIONAL, unknown_status=404)
    program = new_program()
    program.start()
    codes = []
    for number, secret in (("0409999999", SECRET), (NATIONAL, "something else")):
        with pytest.raises(ControlError) as refused:
            enter(program, server, number, secret)
        codes.append(refused.value.code)
    assert codes == ["wrong-credentials"] * 2


def test_remembered_in_the_keyring_until_signed_out(
    new_server: NewServer, new_program: Callable[..., Program], keyring: SecretService
) -> None:
    server = new_server(NATIONAL)
    program = remembered(new_program, server, keyring)
    program.start()
    program.line_is("registered")
    assert program.account()["user"] == NATIONAL
    program.control("sign-out")
    assert program.terminate() == 0
    program.start()
    program.line_stays("signed-out")
    written = [*keyring.files(), *(p for p in program.profile.rglob("*") if p.is_file())]
    assert not [path for path in written if SECRET.encode() in path.read_bytes()]


def test_a_start_before_the_server_is_there(
    new_server: NewServer, new_program: Callable[..., Program], keyring: SecretService
) -> None:
    """The remembered account waits for its server, as after a power cut in the whole house."""
    server = new_server(NATIONAL)
    program = remembered(new_program, server, keyring)
    server.kill()
    program.start()
    program.line_is("reconnecting", 40)
    server.start()
    program.line_is("registered", 40)


def test_without_a_keyring_the_session_goes_on(
    new_server: NewServer, new_program: Callable[..., Program]
) -> None:
    server = new_server(NATIONAL)
    program = new_program()
    program.start()
    assert enter(program, server, NATIONAL, remember=True)["state"] == "registered"
    program.wait_for(lambda event: event.get("code") == "secrets-unavailable")
    written = [path for path in program.profile.rglob("*") if path.is_file()]
    assert not [path for path in written if SECRET.encode() in path.read_bytes()]
