"""Calls that come in, in the windows of the program, with other people's phones, by mouse and keyboard."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from softphone.domain.contact import Contact
from tests.e2e.window_calls import (
    AINO,
    US,
    aino,
    at_server,
    click_title,
    closed,
    ended,
    free,
    matti,
    other_program,
    ringing,
    talking,
    to_front,
)
from tests.e2e.window_rig import Windowed, beside, click, keys, story, type_text, until, words_in, xdo
from tests.lab.baresip import Baresip
from tests.lab.switchboard import Switchboard

__all__ = ["aino", "matti", "other_program"]

pytestmark = [pytest.mark.peer, pytest.mark.usefixtures("qapp")]
NAME = "Aino Asiakas"


@story
async def test_a_call_comes_while_somebody_types_elsewhere(
    board: Switchboard, aino: Baresip, other_program: Path, tmp_path: Path
) -> None:
    """The popup is above everything and takes no key; the mouse answers, and the window tells the truth."""
    async with at_server(tmp_path / "program", board.kamailio) as program:
        desk = program.desk
        await program.registered()
        await program.ask(program.application.contacts.put(Contact("", NAME, (AINO,))))
        await to_front("Other program")
        await type_text("before ")
        holder = await xdo("getwindowfocus")
        before = closed(aino)
        await beside(aino.dial, US)
        popup = await ringing(program)
        assert popup.name.text() == NAME
        await type_text("and after ")
        await keys("Return", "space", "Return")
        await until(lambda: json.loads(other_program.read_text())["entered"] == 2, "both Enters elsewhere")
        assert json.loads(other_program.read_text())["text"] == "before and after  "
        assert await xdo("getwindowfocus") == holder
        assert QApplication.focusWindow() is None
        assert [call["state"] for call in await program.calls()] == ["ringing"]
        assert (await stacked()).index(int(popup.winId())) > (await stacked()).index(int(holder))
        await screen_picture(program, "popup-above-everything")
        await click(popup.answer)
        await talking(program)
        await beside(aino.wait_for, "CALL_ESTABLISHED")
        assert desk.call.name.text() == NAME
        started = desk.call.timer.text()
        await until(lambda: desk.call.timer.text() != started, "the timer to run")
        assert words_in(desk.call.lock) == ["Not encrypted"]
        program.picture("call-not-encrypted", desk.call)
        await screen_picture(program, "call-window-in-front")
        await click(desk.call.hang_up)
        await ended(aino, before)
        await free(program)
        await until(lambda: desk.main.history.list.rows, "a row")
        row = desk.main.history.list.rows[0]
        assert (row.title, row.icon) == (NAME, "phone-in")
        assert AINO in row.subtitle


async def stacked() -> list[int]:
    """The windows from the lowest to the highest, as the window manager tells (EWMH)."""
    told = await beside(
        lambda: subprocess.run(
            ["xprop", "-root", "_NET_CLIENT_LIST_STACKING"],
            capture_output=True, text=True, timeout=10, check=True,
        ).stdout
    )  # fmt: skip
    return [int(window, 16) for window in re.findall(r"0x[0-9a-f]+", told)]


async def screen_picture(program: Windowed, name: str) -> None:
    """Keep the whole screen, other programs included."""
    folder = program.folder / "pictures"
    folder.mkdir(exist_ok=True)
    screen = QApplication.primaryScreen()
    assert screen.grabWindow(0).save(str(folder / f"{name}.png"))


@story
async def test_a_missed_call_shows_and_a_declined_one_is_told(
    board: Switchboard, aino: Baresip, other_program: Path, tmp_path: Path
) -> None:
    async with at_server(tmp_path / "program", board.kamailio) as program:
        desk, line = program.desk, program.desk.main
        await program.registered()
        await to_front("Other program")
        before = closed(aino)
        await beside(aino.dial, US)
        await ringing(program)
        await beside(aino.hang_up)
        await until(lambda: not desk.popups, "the popup gone")
        await until(lambda: desk.line is not None and desk.line.missed == 1, "a missed call")
        assert line.tabs.tabText(0) == "Calls (1)"
        assert desk.line is not None and desk.line.tray_text.endswith("1 missed call")
        await ended(aino, before)
        await click_title(line)
        await until(lambda: line.tabs.tabText(0) == "Calls", "the missed call looked at")
        await beside(aino.dial, US)
        popup = await ringing(program)
        program.picture("popup", popup)
        await click(popup.decline)
        assert re.search("486|603", await ended(aino, before + 1))
        await until(lambda: not desk.popups, "the popup gone")
        assert not desk.call.isVisible()


@story
async def test_the_lock_closes_only_where_it_is_true(
    board: Switchboard, matti: Baresip, tmp_path: Path
) -> None:
    ca_file = str(board.authority.ca_file)
    async with at_server(tmp_path / "program", board.kamailio, "tls", ca_file=ca_file) as program:
        await program.registered()
        await beside(matti.dial, US)
        await click((await ringing(program)).answer)
        await talking(program)
        lock = program.desk.call.lock
        await until(lambda: words_in(lock) != ["Not encrypted"], "the lock, once keys are agreed on")
        assert words_in(lock) == ["Encrypted to localhost"]
        program.picture("call-encrypted", program.desk.call)
        before = closed(matti)
        await click(program.desk.call.hang_up)
        await ended(matti, before)
        await free(program)
