"""The program with its windows at a switchboard, and other people's phones there."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from tests.e2e.window_alone import module_command
from tests.e2e.window_rig import Windowed, beside, fill, keys, until, xdo
from tests.lab.baresip import Baresip
from tests.lab.kamailio import Kamailio
from tests.lab.keyring import SecretService, in_environment, secret_service
from tests.lab.process import Process, wait_until
from tests.lab.switchboard import PASSWORD, Switchboard
from ui.incoming.popup import IncomingPopup

US, AINO, MATTI, LIISA, NOBODY = "1001", "1002", "1003", "1004", "1009"
PEKKA, RIITTA = "1005", "1006"


@pytest.fixture(scope="module")
def aino(board: Switchboard) -> Baresip:
    """Her phone speaks openly and answers at once."""
    return board.phone(AINO)


@pytest.fixture(scope="module")
def matti(board: Switchboard) -> Baresip:
    """His phone encrypts, and answers at once."""
    return board.phone(MATTI, transport="tls", media_encryption="dtls_srtp")


@pytest.fixture(scope="module")
def liisa(board: Switchboard) -> Baresip:
    """Her phone is like Aino's."""
    return board.phone(LIISA)


@pytest.fixture
def other_program(tmp_path: Path, qapp: QApplication) -> Iterator[Path]:
    """Somebody's other program that fills the screen; the file says what it was given."""
    written = tmp_path / "written"
    process = Process(module_command("other", written), tmp_path / "other.log")
    try:
        assert wait_until(written.exists), process.output
        yield written
    finally:
        process.stop()


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[SecretService]:
    with secret_service(tmp_path / "keyring") as service, in_environment(service.environment):
        yield service


def at_server(folder: Path, server: Kamailio, transport: str = "udp", **options: Any) -> Windowed:
    """The program, signed in at this server from its start; its first headset page has been seen before."""
    port = server.tls_port if transport == "tls" else server.port
    settings = {"ui.headset_page_shown": "true", **options.pop("settings", {})}
    given = {"user": US, "password": PASSWORD, "transport": transport, "settings": settings, **options}
    return Windowed(folder, server=f"localhost:{port}", **given)


async def ringing(program: Windowed) -> IncomingPopup:
    """The popup that comes up."""
    popups = program.desk.popups
    await until(lambda: any(popup.isVisible() for popup in popups.values()), "a popup")
    return next(popup for popup in popups.values() if popup.isVisible())


async def dialled(program: Windowed, number: str) -> None:
    """Dial by typing, and wait until there is talk."""
    await fill(program.desk.main.dial.field, number)
    await keys("Return")
    await talking(program)


async def talking(program: Windowed) -> None:
    """Wait until the call window counts the time."""
    call = program.desk.call
    await until(lambda: call.isVisible() and re.fullmatch(r"\d+:\d\d", call.timer.text()), "a timer")


async def free(program: Windowed) -> None:
    """Wait until no call and no window of one is left."""
    await until(lambda: not program.desk.calls and not program.desk.call.isVisible(), "a free line", 15.0)


def closed(phone: Baresip) -> int:
    """How many calls of this phone have ended."""
    return len(phone.events("CALL_CLOSED"))


async def ended(phone: Baresip, before: int) -> str:
    """Wait for the next end of a call there, and how it was put."""
    event = await beside(phone.wait_for, "CALL_CLOSED", before + 1)
    return str(event.get("param", ""))


async def to_front(title: str) -> None:
    """Bring a window of another program to the front, and click into it."""
    found = await xdo("search", "--sync", "--name", f"^{title}$")
    await xdo("windowactivate", "--sync", found.splitlines()[-1])
    await xdo("mousemove", "120", "80", "click", "1")


async def click_title(window: QWidget) -> None:
    """Bring one of our windows to the front as its button in a task bar does, again if need be."""
    for _press in range(3):
        await xdo("windowactivate", str(int(window.winId())))
        with suppress(AssertionError):
            return await until(window.isActiveWindow, "the window in front", timeout_s=3)
    raise AssertionError("the window never came to the front")


async def insist(
    window: QWidget, action: Callable[[], Awaitable[None]], condition: Callable[[], bool], what: str
) -> None:
    """Do something at a window in front, again if need be.

    On a very busy machine openbox now and then gives the focus to nobody and keeps the press that was to
    bring the window back; a person then presses once more.
    """
    for _press in range(3):
        await click_title(window)
        await action()
        with suppress(AssertionError):
            return await until(condition, what, timeout_s=3)
    raise AssertionError(f"tried in vain: {what}")
