"""The program's command line, as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
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


def started(profile: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """A headless program that answers."""
    process = subprocess.Popen(
        [*MAIN, "--profile", str(profile), "--headless", *arguments],
        env={**os.environ, **AWAY, "HOME": str(profile.parent)},
        stdin=subprocess.DEVNULL,
    )
    for _ in range(600):
        try:
            client.request(profile, "status", {}, 5.0)
        except ControlError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
        else:
            return process
    process.kill()
    process.wait()
    raise AssertionError("it does not answer")


def test_selftest_tells_what_is_missing(tmp_path: Path) -> None:
    done = run("--profile", str(tmp_path / "p"), "selftest", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 1, "there is no keyring in this test"
    assert [name for name, check in found.items() if not check["ok"]] == ["keyring"]
    assert {"version", "windows", "keyring", "sound", "codecs", "tls", "data"} == set(found)
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
    process = started(tmp_path / "p")
    try:
        process.send_signal(number)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
    assert not (tmp_path / "p" / "control").exists()
    assert "ended" in (tmp_path / "p" / "log" / "softphone.log").read_text()


def test_after_a_kill_it_starts_again(tmp_path: Path) -> None:
    process = started(tmp_path / "p")
    process.kill()
    process.wait()
    again = started(tmp_path / "p", "--set", "ui.theme=dark")
    try:
        assert client.request(tmp_path / "p", "settings-get", {"key": "ui.theme"}, 5.0) == {
            "settings": {"ui.theme": "dark"}
        }
        assert run("--profile", str(tmp_path / "p"), "--headless").returncode == 0, "handed over"
        loaded = Path(f"/proc/{again.pid}/maps").read_text() if sys.platform == "linux" else ""
        assert "PySide6" not in loaded
    finally:
        again.terminate()
        assert again.wait(20) == 0


def test_starting_signed_in_reads_the_password(tmp_path: Path) -> None:
    account = ("--server", "no-such-server.invalid", "--user", "1001", "--password-stdin")
    process = subprocess.Popen(
        [*MAIN, "--profile", str(tmp_path / "p"), "--headless", *account],
        env={**os.environ, **AWAY},
        stdin=subprocess.PIPE,
    )
    try:
        assert process.stdin is not None
        process.stdin.write(b"Kettle-Harbour-95\n")
        process.stdin.close()
        reasons: set[str] = set()
        deadline = time.monotonic() + 30
        while "server-not-found" not in reasons and time.monotonic() < deadline:
            try:
                told = client.request(tmp_path / "p", "status", {}, 5.0)["account"]
            except ControlError:
                time.sleep(0.1)
                continue
            assert isinstance(told, dict)
            reasons.add(str(told["reason"]))
        assert "server-not-found" in reasons
    finally:
        process.terminate()
        assert process.wait(20) == 0
    for file in (path for path in (tmp_path / "p").rglob("*") if path.is_file()):
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
    process = subprocess.Popen(
        [sys.executable, "-c", program, "--profile", str(tmp_path / "p"), "--headless", *account],
        env={**os.environ, **AWAY},
        stdin=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                told = client.request(tmp_path / "p", "status", {}, 5.0)["account"]
            except ControlError:
                time.sleep(0.1)
                continue
            if isinstance(told, dict) and told["state"] == "signing-in":
                break
        began = time.monotonic()
        process.terminate()
        assert process.wait(20) == 0
        assert time.monotonic() - began < 5.0
    finally:
        process.kill()
        process.wait()
    assert "ended" in (tmp_path / "p" / "log" / "softphone.log").read_text()
