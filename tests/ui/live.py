"""The whole program with windows over doubles: engine thread, border and all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import qasync
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QWidget

from tests.doubles.program import DoubledProgram
from ui.app import Windows

PATIENCE_S = 10.0
STEP_S = 0.01
KEPT = 20
"""Steps after which a window's having the keyboard is believed."""
ASK_AGAIN = 50


class Live:
    """What a test drives: the windows on this thread, the doubles on the engine's."""

    def __init__(self, windows: Windows, doubles: DoubledProgram, life: asyncio.Task[int]) -> None:
        self.windows, self.doubles = windows, doubles
        self.desk = windows.desk
        self.life = life

    @property
    def over(self) -> bool:
        """Whether the program has ended by itself."""
        return self.life.done()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something is so; fails when it never is."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            await asyncio.sleep(STEP_S)

    async def to_front(self, window: QWidget) -> None:
        """Give a window the keyboard, again if need be, until it keeps it.

        The window manager answers in its own time: a window closed just before may still hand the keyboard
        to a third one after this one asked for it.
        """
        kept = 0
        for step in range(int(PATIENCE_S / STEP_S)):
            kept = kept + 1 if window.isActiveWindow() else 0
            if kept == KEPT:
                return
            if not kept and step % ASK_AGAIN == ASK_AGAIN - 1:
                window.activateWindow()
            await asyncio.sleep(STEP_S)
        raise AssertionError("the window never came to the front")

    async def on_engine(self, function: Callable[..., object], *arguments: object) -> object:
        """Do something where the doubles live."""

        async def do() -> object:
            return function(*arguments)

        return await self.windows.bridge.ask(do())

    def type_account(self) -> None:
        """Fill the sign-in form."""
        form = self.desk.sign_in
        form.server.editor.setText("vip.example.com")
        form.user.editor.setText("0401234567")
        form.password.editor.setText("a secret of nobody")

    async def sign_in(self) -> None:
        """Sign in through the form."""
        self.type_account()
        self.desk.sign_in.submit.click()
        await self.until(lambda: self.desk.main.isVisible())


def play(
    qapp: QApplication,
    folder: Path,
    scenario: Callable[[Live], Awaitable[None]],
    prepare: Callable[[DoubledProgram], None] = lambda doubles: None,
) -> DoubledProgram:
    """Run the program, let the scenario drive it, end it as a person would; `prepare` comes before."""
    doubles = DoubledProgram(folder)
    prepare(doubles)
    with qasync.QEventLoop(qapp) as loop:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(_play(qapp, doubles, scenario))
        finally:
            asyncio.set_event_loop(None)
    for window in QApplication.topLevelWidgets():
        window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return doubles


async def _play(
    qapp: QApplication, doubles: DoubledProgram, scenario: Callable[[Live], Awaitable[None]]
) -> None:
    windows = Windows(qapp, doubles.application)
    life = asyncio.get_running_loop().create_task(windows.run())
    live = Live(windows, doubles, life)
    try:
        await live.until(lambda: live.desk.open or live.over)
        await scenario(live)
    finally:
        windows.stop()
        assert await life == 0
