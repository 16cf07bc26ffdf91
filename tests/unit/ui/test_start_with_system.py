"""The entry by which each system starts the program with the computer."""

from __future__ import annotations

import plistlib
import shlex
import sys
from pathlib import Path

import pytest

from ui import start_with_system


def test_linux_gets_a_desktop_entry_that_starts_this_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "my phone" / "main.py")])
    entry = tmp_path / ".config/autostart/softphone.desktop"
    start_with_system.apply(True, tmp_path, "linux")
    lines = dict(line.split("=", 1) for line in entry.read_text().splitlines()[1:])
    assert shlex.split(lines["Exec"]) == [sys.executable, str(tmp_path / "my phone" / "main.py")]
    start_with_system.apply(True, tmp_path, "linux")
    start_with_system.apply(False, tmp_path, "linux")
    start_with_system.apply(False, tmp_path, "linux")
    assert not entry.exists()


def test_macos_gets_a_launch_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    start_with_system.apply(True, tmp_path, "darwin")
    agent = plistlib.loads((tmp_path / "Library/LaunchAgents/softphone.plist").read_bytes())
    assert agent == {"Label": "softphone", "ProgramArguments": [sys.executable], "RunAtLoad": True}


def test_a_system_that_refuses_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / ".config").write_text("a file in the way")
    start_with_system.apply(True, tmp_path, "linux")
    assert "start with the system" in caplog.text
