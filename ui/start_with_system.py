"""Start with the computer: an entry of this user alone, written where each system looks for it."""

from __future__ import annotations

import logging
import os
import plistlib
import sys
from pathlib import Path

from PySide6.QtCore import QSettings

log = logging.getLogger(__name__)

NAME = "Softphone"
WINDOWS_RUN = r"HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Run"


def command() -> list[str]:
    """How this program is started again: the frozen program itself, or the interpreter with its script."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    return [sys.executable, str(Path(sys.argv[0]).resolve())]


def apply(on: bool, home: Path | None = None, platform: str = sys.platform) -> None:
    """Make the system's entry as wanted; a refusal of the system is logged and changes nothing else."""
    home = home or Path.home()
    try:
        if platform == "win32":
            _windows(on)
        elif platform == "darwin":
            _write(home / "Library/LaunchAgents/softphone.plist", _launch_agent() if on else None)
        else:
            folder = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
            _write(folder / "autostart/softphone.desktop", _desktop_entry() if on else None)
    except OSError as error:
        log.warning("start with the system: %s", error)


def _write(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    elif not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _desktop_entry() -> bytes:
    """After the Desktop Entry Specification: arguments quoted, percent signs doubled."""
    words = " ".join('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in command())
    escaped = words.replace("%", "%%")
    return f"[Desktop Entry]\nType=Application\nName={NAME}\nExec={escaped}\nTerminal=false\n".encode()


def _launch_agent() -> bytes:
    return plistlib.dumps({"Label": "softphone", "ProgramArguments": command(), "RunAtLoad": True})


def _windows(on: bool) -> None:
    run = QSettings(WINDOWS_RUN, QSettings.Format.NativeFormat)
    if on:
        run.setValue(NAME, " ".join(f'"{part}"' for part in command()))
    else:
        run.remove(NAME)
