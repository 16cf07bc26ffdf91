"""A screen of its own with a window manager: focus and stay-on-top mean nothing without one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.process import PeerFailed, Process, wait_until

SIZE = "3200x2400x24"
"""Large enough for every window at 200 %."""

MANAGER = "for life in 1 2 3 4 5 6 7 8 9; do openbox --sm-disable && break; sleep 0.1; done"
"""openbox 3.6.1 crashes once in some thousands of windows; from then on nothing would have the keyboard."""


@contextmanager
def display(folder: Path, size: str = SIZE) -> Iterator[str]:
    """Start Xvfb and openbox, put DISPLAY into the environment, and end both whatever happens.

    Raises PeerFailed when either does not come up.
    """
    number, server = _server(folder, size)
    before = {name: os.environ.get(name) for name in ("DISPLAY", "QT_QPA_PLATFORM")}
    manager = None
    try:
        os.environ.update(DISPLAY=number, QT_QPA_PLATFORM="xcb")
        manager = Process(["sh", "-c", MANAGER], folder / "openbox.log", environment={"HOME": str(folder)})
        if not wait_until(lambda: _managed(number), 20.0):
            raise PeerFailed(f"openbox did not come up: {manager.output[-400:]}")
        yield number
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        try:
            if manager is not None:
                manager.stop()
        finally:
            _end(server)


def _server(folder: Path, size: str) -> tuple[str, subprocess.Popen[str]]:
    """Xvfb chooses a free number itself and writes it when it listens.

    Without `-noreset` it starts anew whenever its last client leaves, and refuses the next one meanwhile.
    """
    with (folder / "xvfb.log").open("ab") as log:
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", "1", "-screen", "0", size, "-nolisten", "tcp", "-noreset"],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert server.stdout is not None
    with server.stdout as told:
        number = told.readline().strip()
    if not number:
        server.kill()
        server.wait(5)
        raise PeerFailed("Xvfb did not come up")
    return f":{number}", server


def _end(program: subprocess.Popen[str]) -> None:
    program.terminate()
    try:
        program.wait(5)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait(5)


def _managed(number: str) -> bool:
    """Whether a window manager has announced itself (EWMH, _NET_SUPPORTING_WM_CHECK)."""
    asked = subprocess.run(
        ["xprop", "-display", number, "-root", "_NET_SUPPORTING_WM_CHECK"],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    return "window id" in asked.stdout


def press(key: str) -> None:
    """Press a key as a keyboard does: it goes to whichever window has the focus."""
    subprocess.run(["xdotool", "key", key], check=True, timeout=10)


def focused_window() -> int:
    """The X id of the window that has the keyboard."""
    asked = subprocess.run(
        ["xdotool", "getwindowfocus"], capture_output=True, text=True, timeout=10, check=True
    )
    return int(asked.stdout)
