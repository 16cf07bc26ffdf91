"""The program's command line, as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from softphone.control import client
from softphone.control.protocol import ControlError

ROOT = Path(__file__).resolve().parents[2]
MAIN = [sys.executable, str(ROOT / "main.py")]
AWAY = {"DBUS_SESSION_BUS_ADDRESS": "disabled:"}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The program to its end."""
    return subprocess.run(
        [*MAIN, *arguments],
        env={**os.environ, **AWAY, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def launched(command: list[str], profile: Path, typed: bytes = b"") -> Iterator[subprocess.Popen[bytes]]:
    """A headless program that is gone after the block, whatever happened there."""
    process = subprocess.Popen(
        [*command, "--profile", str(profile), "--headless"],
        env={**os.environ, **AWAY, "HOME": str(profile.parent)},
        stdin=subprocess.PIPE,
    )
    try:
        assert process.stdin is not None
        process.stdin.write(typed)
        process.stdin.close()
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def started(profile: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A headless program that answers."""
    with launched([*MAIN, *arguments], profile) as process:
        until_told(profile, process, "state", "signed-out")
        yield process


def until_told(profile: Path, process: subprocess.Popen[bytes], field: str, value: str) -> None:
    """Wait until the account is told to be so; fails when the program ends before, or never says so."""
    told: object = None
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            told = client.request(profile, "status", {}, 5.0)["account"]
        except ControlError as error:
            told = error
        if isinstance(told, dict) and told[field] == value:
            return
        time.sleep(0.05)
    raise AssertionError(f"{field} is not {value}: {told!r}, ended with {process.poll()}")


def test_selftest_tells_what_is_missing(tmp_path: Path) -> None:
    done = run("--profile", str(tmp_path / "p"), "selftest", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 1, "there is no keyring in this test"
    assert [name for name, check in found.items() if not check["ok"]] == ["keyring"]
    assert {"version", "windows", "keyring", "sound", "headset", "codecs", "tls", "data"} == set(found)
    plain = run("--profile", str(tmp_path / "p"), "selftest", "--optional", "keyring")
    assert plain.returncode == 0
    assert "MISSING keyring" in plain.stdout


@pytest.mark.parametrize("pair", ["no.such=1", "ui.theme=pink", "call.auto_answer"])
def test_a_setting_that_makes_no_sense_is_a_usage_error(tmp_path: Path, pair: str) -> None:
    done = run("--profile", str(tmp_path / "p"), "--headless", "--set", pair)
    assert done.returncode == 2
    assert pair.partition("=")[0] in done.stderr


def test_a_profile_that_can_not_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = run("--profile", str(tmp_path / "file" / "p"), "--headless")
    assert done.returncode == 1
    assert "file" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path / "p") as process:
        process.send_signal(number)
        assert process.wait(20) == 0
    assert not (tmp_path / "p" / "control").exists()
    assert "ended" in (tmp_path / "p" / "log" / "softphone.log").read_text()


def test_after_a_kill_it_starts_again(tmp_path: Path) -> None:
    with started(tmp_path / "p") as process:
        process.kill()
        process.wait()
    with started(tmp_path / "p", "--set", "ui.theme=dark") as again:
        assert client.request(tmp_path / "p", "settings-get", {"key": "ui.theme"}, 5.0) == {
            "settings": {"ui.theme": "dark"}
        }
        assert run("--profile", str(tmp_path / "p"), "--headless").returncode == 0, "handed over"
        loaded = Path(f"/proc/{again.pid}/maps").read_text() if sys.platform == "linux" else ""
        assert "PySide6" not in loaded
        again.terminate()
        assert again.wait(20) == 0


def test_starting_signed_in_reads_the_password(tmp_path: Path) -> None:
    account = ("--server", "no-such-server.invalid", "--user", "1001", "--password-stdin")
    with launched([*MAIN, *account], tmp_path / "p", b"Kettle-Harbour-95\n") as process:
        until_told(tmp_path / "p", process, "reason", "server-not-found")
        process.terminate()
        assert process.wait(20) == 0
    written = [path for path in (tmp_path / "p").rglob("*") if path.is_file()]
    assert written
    for file in written:
        assert b"Kettle-Harbour-95" not in file.read_bytes()


LOOKUP_THAT_HANGS = """
import socket, sys, time
sys.path.insert(0, {root!r})
found = socket.getaddrinfo
def hangs(host, *rest, **more):
    return time.sleep(60) if host == "dead.invalid" else found(host, *rest, **more)
socket.getaddrinfo = hangs
import main
main.leave(main.main(sys.argv[1:]))
"""


def test_a_name_lookup_that_hangs_keeps_nobody_from_leaving(tmp_path: Path) -> None:
    account = ("--server", "dead.invalid", "--user", "1001", "--password-stdin")
    program = LOOKUP_THAT_HANGS.format(root=str(ROOT))
    command = [sys.executable, "-c", program, *account]
    with launched(command, tmp_path / "p", b"Kettle-Harbour-95\n") as process:
        until_told(tmp_path / "p", process, "state", "signing-in")
        began = time.monotonic()
        process.terminate()
        assert process.wait(20) == 0
        assert time.monotonic() - began < 5.0
    assert "ended" in (tmp_path / "p" / "log" / "softphone.log").read_text()
