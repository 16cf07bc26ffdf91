"""Broken files, a full disk, false certificates, a power cut, strangers at the door: it goes on and tells."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from demo.phone import command_line
from softphone.adapters.keyring import SERVICE
from softphone.control.place import socket_path
from softphone.control.protocol import MESSAGE_LIMIT, ControlError
from tests.e2e.conftest import (
    SECRET,
    THEM,
    THIRD,
    US,
    NewPhone,
    NewProgram,
    assert_no_errors,
    assert_nothing_leaked,
    sign_in,
)
from tests.lab.baresip import Baresip
from tests.lab.certificates import Authority, KeyPair
from tests.lab.disk import mountable, small_disk
from tests.lab.eavesdropper import Eavesdropper
from tests.lab.kamailio import Kamailio, Options, User
from tests.lab.keyring import SecretService, secret_service
from tests.lab.process import wait_until
from tests.lab.program import Program
from tests.lab.pulse import PulseRig
from tests.lab.sound import level_at, tone, write_wav

pytestmark = pytest.mark.peer

NOISE = b"\xa5 neither JSON nor a database " * 500
OUR_HZ = 1300.0
AUDIBLE_DBFS = -40.0
NOBODY = 65_534
FALSE_HOST = "127.0.0.77"


@pytest.fixture(scope="module")
def whistle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("whistle") / "whistle.wav", tone(800, 30, -20))


def call_them(program: Program, phone: Baresip) -> None:
    established = len(phone.events("CALL_ESTABLISHED"))
    program.control("dial", target=THEM)
    program.call_in("active")
    phone.wait_for("CALL_ESTABLISHED", established + 1)


def call_nobody(program: Program) -> None:
    """A call the server refuses because that phone is not there; it ends up in the history."""
    program.control("dial", target=THIRD)
    program.no_calls()


def history(program: Program) -> list[tuple[str, str]]:
    """Number and outcome of every call on the disk, oldest first; the file must be sound."""
    with closing(sqlite3.connect(program.profile / "history.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return database.execute("SELECT number, outcome FROM history ORDER BY started_at").fetchall()


def settings(program: Program) -> dict[str, object]:
    """The settings on the disk."""
    stored: dict[str, object] = json.loads((program.profile / "settings.json").read_text())
    return stored


def notices(program: Program) -> list[tuple[str, str]]:
    """What people were told: code, and of what."""
    return [(event["code"], str(event["parameters"].get("what", ""))) for event in program.events("notice")]


# --- the disk -------------------------------------------------------------------------------------------


def test_every_file_damaged(
    program: Program, server: Kamailio, authority: Authority, new_program: NewProgram
) -> None:
    sign_in(program, server, authority)
    program.control("settings-set", key="ui.theme", value="dark")
    call_nobody(program)
    assert program.terminate() == 0
    files = [program.profile / name for name in ("settings.json", "history.sqlite", "contacts.sqlite")]
    for file in files:
        file.write_bytes(NOISE)
    program.start()
    assert program.account()["state"] == "signed-out"
    sign_in(program, server, authority)
    program.control("settings-set", key="ui.theme", value="light")
    call_nobody(program)
    assert program.terminate() == 0
    for file in files:
        assert [kept.read_bytes() for kept in file.parent.glob(f"{file.name}.damaged-*")] == [NOISE]
        assert file.name in program.logged
    assert history(program) == [(THIRD, "failed")]
    assert settings(program)["ui.theme"] == "light"


@pytest.mark.skipif(not mountable(), reason="only root may mount a small disk")
def test_a_full_disk_costs_nothing(
    tmp_path: Path,
    new_program: NewProgram,
    new_phone: NewPhone,
    server: Kamailio,
    authority: Authority,
    rig: PulseRig,
    whistle: Path,
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        program = new_program("disk/profile")
        program.start()
        sign_in(program, server, authority)
        phone = new_phone(whistle)
        call_nobody(program)
        program.control("settings-set", key="ui.theme", value="dark")
        before = settings(program)
        disk.fill()
        program.control("settings-set", key="ui.theme", value="light")
        with rig.saying("headset_mic", tone(OUR_HZ, 20, -20)):
            call_them(program, phone)
            heard = wait_until(lambda: level_at(phone.heard(0.5)[0], OUR_HZ) > AUDIBLE_DBFS)
            program.control("hangup")
            program.no_calls()
        failed = [("storage-failed", "settings"), ("storage-failed", "history")]
        program.wait_for(lambda event: notices(program) == failed)
        assert heard
        assert settings(program) == before
        assert program.control("settings-get", key="ui.theme")["settings"] == {"ui.theme": "light"}
        disk.empty()
        program.control("settings-set", key="ui.language", value="sv")
        call_nobody(program)
        again = [*failed, ("storage-recovered", "settings"), ("storage-recovered", "history")]
        program.wait_for(lambda event: notices(program) == again)
        disk.fill()
        assert program.terminate() == 0
        program.start()
        sign_in(program, server, authority)
        assert program.terminate() == 0
        disk.empty()
        assert history(program) == [(THIRD, "failed"), (THEM, "answered"), (THIRD, "failed")]
        assert settings(program)["ui.theme"] == "light"
        assert settings(program)["ui.language"] == "sv"
        assert_nothing_leaked(program)
        assert_no_errors(program)


def test_killed_in_a_call(
    program: Program, new_phone: NewPhone, server: Kamailio, authority: Authority, whistle: Path
) -> None:
    sign_in(program, server, authority, "tls")
    phone = new_phone(whistle)
    program.control("settings-set", key="ui.theme", value="dark")
    call_nobody(program)
    call_them(program, phone)
    program.kill()
    phone.hang_up()
    assert history(program) == [(THIRD, "failed")]
    assert settings(program)["ui.theme"] == "dark"
    program.start()
    sign_in(program, server, authority, "tls")
    call_them(program, phone)
    program.control("hangup")
    program.no_calls()
    assert program.terminate() == 0
    assert history(program) == [(THIRD, "failed"), (THEM, "answered")]


# --- the server -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["expired", "wrong name", "own authority"])
def test_false_certificates_get_nothing(
    tmp_path: Path, program: Program, authority: Authority, fault: str
) -> None:
    issuer = Authority(tmp_path / "stranger") if fault == "own authority" else authority
    name = "localhost" if fault == "wrong name" else FALSE_HOST
    with Eavesdropper(FALSE_HOST, issuer.issue(name, expired=fault == "expired")) as listener:
        for transport in ("tls", "auto"):
            assert refusal(program, authority, transport) == "certificate"
            assert program.account()["reason"] == "certificate"
        assert wait_until(lambda: listener.handshakes >= 2)
        time.sleep(0.3)
    assert (listener.plain, listener.told) == ([], [])


def refusal(program: Program, authority: Authority, transport: str) -> str:
    """The reason for which the eavesdropper's address is refused."""
    with pytest.raises(ControlError) as refused:
        program.sign_in(FALSE_HOST, US, SECRET, transport=transport, ca_file=authority.ca_file)
    return refused.value.code


def test_a_server_whose_certificate_turns_false(
    tmp_path: Path, new_program: NewProgram, authority: Authority
) -> None:
    """It comes back with an expired certificate and plain ports wide open; later all is well again."""
    good, expired = authority.issue("localhost"), authority.issue("localhost", expired=True)
    used = KeyPair(tmp_path / "used.pem", tmp_path / "used.key")
    put(good, used)
    server = Kamailio(tmp_path / "server", Options((User(US, SECRET),), certificate=used))
    server.start()
    try:
        program = new_program(settings={"sip.keepalive_s": "2"})
        program.start()
        sign_in(program, server, authority, "tls")
        put(expired, used)
        server.restart()
        assert wait_until(lambda: program.account()["reason"] == "certificate", 10.0, 0.1), program.account()
        put(good, used)
        server.restart()
        program.line_is("registered", 30.0)
    finally:
        server.stop()
    assert {event["account"]["transport"] for event in program.events("account")} <= {"", "tls"}


def put(pair: KeyPair, place: KeyPair) -> None:
    """Let the server find this pair where it looks for its own."""
    place.certificate.write_bytes(pair.certificate.read_bytes())
    place.key.write_bytes(pair.key.read_bytes())


# --- the door -------------------------------------------------------------------------------------------


def say(program: Program, data: bytes) -> dict[str, Any]:
    """Raw bytes to the control socket; the first answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(socket_path(program.profile)))
        connection.sendall(data)
        with connection.makefile("rb") as lines:
            answer: dict[str, Any] = json.loads(lines.readline())
            return answer


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"x" * (MESSAGE_LIMIT + 1), "too-large"),
        (b"x" * 50 * MESSAGE_LIMIT, "too-large"),
        (b"no json\n", "bad-request"),
        (b"\x00\xff\xfe\n", "bad-request"),
        (b"[" * 60_000 + b"\n", "bad-request"),
        (b'["status"]\n', "bad-request"),
        (b'{"command": 5}\n', "bad-request"),
        (b'{"command": "dial", "arguments": {"target": ["1"]}}\n', "bad-request"),
        (b'{"command": "open-the-door"}\n', "bad-request"),
    ],
    ids=["oversized", "huge", "text", "bytes", "deep", "list", "number", "argument", "unknown"],
)
def test_messages_nobody_should_send(strangers: Program, data: bytes, code: str) -> None:
    assert say(strangers, data)["error"]["code"] == code
    assert strangers.account()["state"] == "signed-out"


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory, rig: PulseRig) -> Iterator[Program]:
    """A program that strangers speak to."""
    program = Program(tmp_path_factory.mktemp("strangers") / "program", rig.environment)
    program.start()
    yield program
    program.stop()
    assert_no_errors(program)


ASK = """
import socket, sys
with socket.socket(socket.AF_UNIX) as connection:
    connection.settimeout(10)
    connection.connect(sys.argv[1])
    connection.sendall(b'{"command": "status"}\\n')
    print(connection.makefile().readline(), end="")
"""


def ask_as_nobody(program: Program) -> subprocess.CompletedProcess[str]:
    """Another user's process asks for the status."""
    place = str(socket_path(program.profile))
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
    return subprocess.run(
        [python, "-c", ASK, place],
        user=NOBODY, group=NOBODY, extra_groups=(), cwd="/",
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip


@pytest.mark.skipif(not mountable(), reason="only root may become somebody else")
def test_another_users_process_is_refused(rig: PulseRig) -> None:
    """The file's mode keeps it out; where that was loosened, the peer check does."""
    with tempfile.TemporaryDirectory(prefix="softphone-") as folder:
        program = Program(Path(folder) / "program", rig.environment)
        program.start()
        try:
            place = socket_path(program.profile)
            assert "PermissionError" in ask_as_nobody(program).stderr
            for path, mode in ((Path(folder), 0o755), (program.profile, 0o755), (place, 0o666)):
                path.chmod(mode)
            answer = ask_as_nobody(program)
            assert '"code":"not-granted"' in answer.stdout, answer
            assert program.account()["state"] == "signed-out"
        finally:
            program.stop()
        assert f"user {NOBODY}" in program.logged


def test_a_second_program_hands_over_and_ends(
    program: Program, server: Kamailio, authority: Authority
) -> None:
    sign_in(program, server, authority)
    assert second(program).returncode == 0
    program.wait_for(lambda event: event.get("code") == "show-window")
    assert second(program, f"tel:{THEM}").returncode == 0
    asked = program.wait_for(lambda event: event.get("code") == "dial-confirm")
    assert THEM in asked["parameters"]["target"]
    assert (program.calls(), program.account()["state"]) == ([], "registered")


def second(program: Program, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Another program with the same profile, to its end."""
    command = [*command_line(), "--profile", str(program.profile), "--headless", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


# --- the keyring ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecretService]:
    with secret_service(tmp_path_factory.mktemp("keyring")) as service:
        yield service


def test_remembered_by_the_keyring_alone(
    keyring: SecretService, new_program: NewProgram, server: Kamailio, authority: Authority
) -> None:
    bus = {"DBUS_SESSION_BUS_ADDRESS": keyring.environment["DBUS_SESSION_BUS_ADDRESS"]}
    program = new_program(environment=bus)
    program.start()
    sign_in(program, server, authority, "tls", remember=True)
    assert kept_by(keyring, server) == SECRET
    assert program.terminate() == 0
    began = time.monotonic()
    program.start()
    program.line_is("registered")
    print(f"registered by itself {time.monotonic() - began:.2f} s after the start")
    assert program.account()["user"] == US
    program.control("sign-out")
    assert program.account()["state"] == "signed-out"
    assert program.terminate() == 0
    program.start()
    program.line_stays("signed-out")
    assert kept_by(keyring, server) == ""


def kept_by(keyring: SecretService, server: Kamailio) -> str:
    """What the person's keyring holds for this account, asked by another program."""
    command = [sys.executable, "-m", "keyring", "-b", "keyring.backends.SecretService.Keyring"]
    account = ("get", SERVICE, f"{US}@localhost:{server.tls_port}")
    environment = {**os.environ, **keyring.environment}
    return subprocess.run(
        [*command, *account], env=environment, capture_output=True, text=True, timeout=30, check=False
    ).stdout.strip()
